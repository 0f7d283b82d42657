"""A run's whole way with every kind of geometry: what it starts from, goes on from, joins, and is checked by."""

from __future__ import annotations

from uuid import UUID

import pytest

from annotator.actions.errors import ActionError
from annotator.actions.runs.presence import agent_connected
from annotator.actions.runs.store import EndedLeg, PredictedRow, store_predictions
from annotator.announce.messages import RunOptions
from annotator.models import Agent, Run
from tests.annotator.desk import Desk
from tests.annotator.worlds import create, do, frames_of, put, rows_of, update
from tests.tracking.fakes import EVERY_KIND
from tests.tracking.geometry import as_kind
from tracking import catalog
from tracking.protocol import PROTOCOL, Correct, Device, Hello, Start
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.payloads import payload_of, row_of
from tracking.shapes.skeletons import numbered
from tracking.shapes.values import GEOMETRY_KINDS, Box, GeometryKind, bounds_of

by_kind = pytest.mark.parametrize("kind", GEOMETRY_KINDS)
PLACE = Box(100, 100, 180, 160)


@pytest.fixture(autouse=True)
def every_kind(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    """A model that follows anything, an agent that has it, and a label that may be drawn as anything."""
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.fakes:ENTRIES")
    Agent.objects.update(info={"models": [EVERY_KIND.id, *(entry.id for entry in catalog.TRACKERS)]})
    car = desk.world.car
    car.geometry_kinds = list(GEOMETRY_KINDS)
    car.skeleton = numbered([(0, 0)] * 4).as_json()
    car.save()


def at(kind: GeometryKind, frame: int, *, by: float = 0.0, flags: Flag = Flag.PREDICTED) -> Row:
    """The shape of an object that moves a px a frame, ``by`` px beside that."""
    x = PLACE.x1 + frame + by
    shape = as_kind(kind, Box(x, PLACE.y1, x + PLACE.width, PLACE.y2))
    return row_of(shape, frame, flags, 1.0 if flags & Flag.KEYFRAME else 0.5)


def drawn(desk: Desk, kind: GeometryKind, *frames: int) -> UUID:
    track = UUID(int=1)
    rows = [at(kind, frame, flags=Flag.KEYFRAME) for frame in frames]
    do(desk.world, create(track, desk.world.car), put(track, rows))
    return track


def predict(run: Run, track: UUID, rows: list[Row], *, epoch: int = 0, check: bool = False, done: bool = False) -> None:
    way = "forward" if rows[0].frame <= rows[-1].frame else "backward"
    store_predictions(
        run_id=run.pk,
        rows=[PredictedRow(track, epoch, row, check=check) for row in rows],
        ended=[EndedLeg(track, way, epoch)] if done else [],
    )


def moving(kind: GeometryKind, first: int, last: int, *, by: float = 0.0) -> list[Row]:
    step = 1 if first <= last else -1
    return [at(kind, frame, by=by) for frame in range(first, last + step, step)]


def start(desk: Desk, track: UUID, **fields: object) -> Run:
    return desk.start(track, model=EVERY_KIND.id, **fields)


@by_kind
def test_it_starts_from_what_the_layer_shows(desk: Desk, kind: GeometryKind) -> None:
    start(desk, drawn(desk, kind, 0))
    (told,) = desk.told(Start)
    (leg,) = told.legs
    expected = at(kind, 0, flags=Flag.KEYFRAME)
    assert (leg.prompt.row.kind, leg.prompt.row.payload, leg.prompt.frame) == (expected.kind, expected.payload, 0)
    assert leg.prompt.row.bounds == pytest.approx(expected.bounds, abs=1e-4)


@by_kind
def test_it_starts_from_an_interpolated_shape_too(desk: Desk, kind: GeometryKind) -> None:
    start(desk, drawn(desk, kind, 0, 20), frame=10)
    row = desk.told(Start)[0].legs[0].prompt.row
    # A mask holds; everything else is on its way.
    assert row.bounds[0] == pytest.approx(100 if kind == "mask" else 110, abs=1e-3)


@by_kind
def test_another_agent_goes_on_from_the_stored_shape(desk: Desk, kind: GeometryKind) -> None:
    track = drawn(desk, kind, 0)
    run = start(desk, track)
    predict(run, track, moving(kind, 1, 7))
    device = Device(name="CPU", kind="cpu", memory_bytes=1)
    models = [EVERY_KIND.id]
    hello = Hello(protocol=PROTOCOL, version="0", host="test", devices=[device], models=models, runs=[])
    agent_connected(agent_id=Agent.objects.get().pk, connection="2", hello=hello)
    (leg,) = desk.told(Start)[-1].legs
    assert (leg.prompt.frame, leg.emit_first) == (7, False)
    assert (leg.prompt.row.kind, leg.prompt.row.payload) == (at(kind, 7).kind, at(kind, 7).payload)


@by_kind
def test_a_correction_is_what_the_layer_shows_by_then(desk: Desk, kind: GeometryKind) -> None:
    track = drawn(desk, kind, 0)
    run = start(desk, track)
    predict(run, track, moving(kind, 1, 10))
    corrected = at(kind, 4, by=30, flags=Flag.KEYFRAME)
    do(desk.world, put(track, [corrected]))
    desk.correct(run, track, 4)
    (leg,) = desk.told(Correct)[-1].legs
    assert (leg.prompt.frame, leg.prompt.epoch, leg.prompt.row.payload) == (4, 1, corrected.payload)
    assert leg.prompt.row.bounds == pytest.approx(corrected.bounds, abs=1e-4)
    assert frames_of(track) == [0, 1, 2, 3, 4]


@by_kind
def test_it_joins_what_was_there_once_ten_frames_agree(desk: Desk, kind: GeometryKind) -> None:
    track = drawn(desk, kind, 0)
    run = start(desk, track, last=60)
    predict(run, track, moving(kind, 1, 60), done=True)
    desk.correct(run, track, 5)
    predict(run, track, moving(kind, 6, 15, by=20), epoch=1)
    assert frames_of(track) == list(range(16))
    predict(run, track, moving(kind, 16, 26), epoch=1)
    assert frames_of(track) == list(range(61))


@by_kind
def test_where_both_ways_disagree_frames_become_doubtful(desk: Desk, kind: GeometryKind) -> None:
    track = drawn(desk, kind, 0)
    run = start(desk, track, last=20, options=RunOptions(check_both_ways=True))
    predict(run, track, moving(kind, 1, 20), done=True)
    (leg,) = desk.told(Correct)[-1].legs
    assert (leg.check, leg.prompt.frame, leg.prompt.row.payload) == (True, 20, at(kind, 20).payload)
    predict(run, track, moving(kind, 19, 11), epoch=1, check=True)
    predict(run, track, moving(kind, 10, 8, by=70), epoch=1, check=True)
    assert [row.frame for row in rows_of(track) if row.flags & Flag.DOUBTFUL] == [8, 9, 10]


@by_kind
def test_an_object_that_left_is_followed_back_from_its_last_shape(desk: Desk, kind: GeometryKind) -> None:
    track = drawn(desk, kind, 0)
    run = start(desk, track, last=20, options=RunOptions(check_both_ways=True))
    gone = at(kind, 6)
    outside = Row(6, gone.kind, gone.flags | Flag.OUTSIDE, 0.5, gone.bounds, gone.payload)
    predict(run, track, [*moving(kind, 1, 5), outside], done=True)
    (leg,) = desk.told(Correct)[-1].legs
    assert (leg.prompt.frame, leg.prompt.row.payload) == (5, at(kind, 5).payload)


@by_kind
def test_an_edit_that_is_undone_is_followed_from_what_was_there(desk: Desk, kind: GeometryKind) -> None:
    track = drawn(desk, kind, 0)
    run = start(desk, track)
    predict(run, track, moving(kind, 1, 10))
    do(desk.world, put(track, [at(kind, 4, by=30, flags=Flag.KEYFRAME)]))
    desk.correct(run, track, 4)
    do(desk.world, put(track, [at(kind, 4, flags=Flag.KEYFRAME)]))
    desk.correct(run, track, 4)
    (leg,) = desk.told(Correct)[-1].legs
    assert leg.prompt.row.bounds == pytest.approx(at(kind, 4).bounds, abs=1e-4)


@by_kind
def test_a_model_refuses_what_it_does_not_follow(desk: Desk, kind: GeometryKind) -> None:
    track = drawn(desk, kind, 0)
    if kind == "box":
        do(desk.world, update(track, deleted=True))
        with pytest.raises(ActionError, match="aren't there"):
            desk.start(track, model="framewise-cf")
        return
    with pytest.raises(ActionError, match=f"follows box; a {kind.replace('_', ' ')} came"):
        desk.start(track, model="framewise-cf")


@by_kind
def test_without_a_choice_the_kind_decides(desk: Desk, kind: GeometryKind) -> None:
    run = desk.start(drawn(desk, kind, 0))
    best = {"box": "nanotrack", "mask": "framewise-mask"}
    assert run.model == best.get(kind, "framewise-flow"), "The agent has every model, and no GPU."


@by_kind
def test_bounds_and_payload_stay_those_of_the_shape(kind: GeometryKind) -> None:
    row = at(kind, 9)
    shape = as_kind(kind, Box(109, 100, 189, 160))
    assert (row.payload, row.bounds) == (payload_of(shape), bounds_of(shape))


def test_settings_reach_the_model(desk: Desk) -> None:
    start(desk, drawn(desk, "box", 0), settings={"pace": 2, "device": "cpu"})
    assert desk.told(Start)[0].settings == {"pace": 2.0, "device": "cpu"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"speed": 1}, "these settings"), ({"pace": "fast"}, "is a number"), ({"device": 3}, "is a text")],
)
def test_settings_that_the_model_does_not_know_are_refused(
    desk: Desk, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ActionError, match=message):
        start(desk, drawn(desk, "box", 0), settings=settings)


def test_nothing_is_followed_from_where_nothing_is_shown(desk: Desk) -> None:
    with pytest.raises(ActionError, match="none on frame 30"):
        start(desk, drawn(desk, "polygon", 0), frame=30)
