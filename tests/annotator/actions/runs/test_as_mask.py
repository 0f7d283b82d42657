"""Runs that follow boxes and polygons as masks: what is taken, and what an agent is told."""

from __future__ import annotations

from uuid import UUID

import pytest

from annotator.actions.errors import ActionError
from annotator.actions.runs.presence import agent_connected
from annotator.actions.runs.store import PredictedRow, store_predictions
from annotator.announce.messages import AsMaskOptions, RunOptions
from annotator.models import Agent, Run
from tests.annotator.desk import Desk
from tests.annotator.worlds import create, do, put, rows_of
from tests.tracking.geometry import as_kind
from tracking import catalog
from tracking.protocol import PROTOCOL, AsMask, Correct, Device, Hello, Start
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.payloads import row_of, shape_of
from tracking.shapes.values import Box, GeometryKind, Polygon

MODEL = catalog.DEFAULT_TRACKER["mask"]
CLICKS = catalog.DEFAULT_SEGMENTER
KINDS: tuple[GeometryKind, ...] = ("box", "rotated_box", "polygon", "polyline", "mask")


def options(segmenter: str | None = None, **fields: object) -> RunOptions:
    return RunOptions(as_mask=AsMaskOptions(segmenter=segmenter), **fields)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def agent(desk: Desk) -> Agent:
    desk.world.car.geometry_kinds = list(KINDS)
    desk.world.car.save()
    Agent.objects.update(info={"models": [entry.id for entry in catalog.TRACKERS], "segmenters": [CLICKS]})
    return Agent.objects.get()


def at(kind: GeometryKind, frame: int, flags: Flag = Flag.PREDICTED) -> Row:
    return row_of(as_kind(kind, Box(100 + frame, 100, 180 + frame, 160)), frame, flags, 0.5)


def drawn(desk: Desk, kind: GeometryKind, number: int = 1) -> UUID:
    track = UUID(int=number)
    do(desk.world, create(track, desk.world.car), put(track, [at(kind, 0, Flag.KEYFRAME)]))
    return track


def predict(run: Run, track: UUID, kind: GeometryKind, last: int, epoch: int = 0, first: int = 1) -> None:
    rows = [PredictedRow(track, epoch, at(kind, frame)) for frame in range(first, last + 1)]
    store_predictions(run_id=run.pk, rows=rows)


def test_they_share_a_run_of_a_model_of_masks_with_masks(desk: Desk) -> None:
    tracks = [drawn(desk, kind, number) for number, kind in enumerate(("box", "rotated_box", "polygon", "mask"), 1)]
    desk.start(*tracks, options=options())
    (told,) = desk.told(Start)
    assert (told.model, told.as_mask) == (MODEL, AsMask(segmenter=CLICKS))
    # As they were drawn: what makes masks of them is where the pictures are.
    assert [type(leg.prompt.shape).__name__ for leg in told.legs] == ["Box", "RotatedBox", "Polygon", "Mask"]


def test_without_it_a_box_goes_to_a_model_of_boxes(desk: Desk) -> None:
    desk.start(drawn(desk, "box"))
    assert desk.told(Start)[0].as_mask is None


@pytest.mark.parametrize(
    ("kind", "model", "segmenter", "why"),
    [
        ("polyline", None, None, "Followed as masks are"),
        ("box", "framewise-cf", None, "follows box; a mask came"),
        ("box", None, "nobody", "'nobody' is none of them"),
    ],
)
def test_what_can_not_be_is_refused_in_words(
    desk: Desk, kind: GeometryKind, model: str | None, segmenter: str | None, why: str
) -> None:
    with pytest.raises(ActionError, match=why):
        desk.start(drawn(desk, kind), model=model, options=options(segmenter))
    assert not Run.objects.exists()


def test_the_segmenter_that_was_asked_for_is_taken_where_the_agent_has_it(desk: Desk, agent: Agent) -> None:
    Agent.objects.update(info={**agent.info, "segmenters": [CLICKS, "sam-base"]})
    run = desk.start(drawn(desk, "box"), options=options("sam-base"))
    assert (desk.told(Start)[0].as_mask, run.message) == (AsMask(segmenter="sam-base"), "")


def test_another_one_in_its_place_is_said(desk: Desk, agent: Agent) -> None:
    run = desk.start(drawn(desk, "box"), options=options("sam-base"))
    assert desk.told(Start)[0].as_mask == AsMask(segmenter=CLICKS)
    run.refresh_from_db()
    assert run.message == (
        f"The agent {agent.name} doesn't have SAM ViT-B: what is in boxes is found by Framewise Click."
    )


def test_a_correction_is_taken_as_a_whole_however_few_vertices_were_moved(desk: Desk) -> None:
    track = drawn(desk, "polygon")
    run = desk.start(track, options=options())
    predict(run, track, "polygon", 20)
    shape = shape_of(at("polygon", 10))
    assert isinstance(shape, Polygon)
    xy = shape.xy.copy()
    xy[2] += 7
    do(desk.world, put(track, [row_of(Polygon(xy), 10, Flag.KEYFRAME, 1.0)]))
    desk.correct(run, track, 10)
    (leg,) = desk.told(Correct)[-1].legs
    assert (leg.prompt.frame, leg.held) == (10, [])


def test_what_was_tracked_before_comes_back_where_the_run_agrees(desk: Desk) -> None:
    track = drawn(desk, "polygon")
    run = desk.start(track, options=options(), last=60)
    predict(run, track, "polygon", 60)
    desk.correct(run, track, 5)
    predict(run, track, "polygon", 15, epoch=1, first=6)
    assert [row.frame for row in rows_of(track)] == list(range(61))


def test_another_agent_is_told_the_same(desk: Desk, agent: Agent) -> None:
    track = drawn(desk, "box")
    run = desk.start(track, options=options())
    predict(run, track, "box", 7)
    device = Device(name="CPU", kind="cpu", memory_bytes=1)
    hello = Hello(protocol=PROTOCOL, version="0", host="test", devices=[device], models=[MODEL], segmenters=[CLICKS])
    agent_connected(agent_id=agent.pk, connection="2", hello=hello)
    told = desk.told(Start)[-1]
    assert told.as_mask == AsMask(segmenter=CLICKS)
    assert (told.legs[0].prompt.frame, told.legs[0].prompt.shape) == (7, Box(107, 100, 187, 160))
