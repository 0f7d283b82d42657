"""A correction of single joints leaves the others as they were tracked."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest

from annotator.actions.runs import store
from annotator.actions.runs.presence import agent_connected
from annotator.actions.runs.store import PredictedRow
from annotator.models import Agent, Run
from tests.annotator.desk import Desk
from tests.annotator.worlds import create, do, frames_of, put
from tracking.engine.local import leg_value
from tracking.protocol import PROTOCOL, Correct, Device, Hello, Leg, Start
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.payloads import row_of
from tracking.shapes.values import VISIBLE, Points

pytestmark = pytest.mark.django_db
REST = np.array([[100, 100], [150, 100], [150, 160], [100, 160]], np.float32)


def joints(frame: int, *moved: int, by: float = 8, count: int = 4) -> Points:
    """Points that go right with the frames, of which some are ``by`` px lower."""
    xy = REST[:count] + np.float32([frame, 0])
    xy[list(moved)] += np.float32([0, by])
    return Points(xy, np.full(count, VISIBLE, np.uint8))


def drawn(frame: int, *moved: int, **more: float) -> Row:
    return row_of(joints(frame, *moved, **more), frame, Flag.KEYFRAME, 1.0)  # type: ignore[arg-type]


def predict(
    run: Run, track: UUID, first: int, last: int, *moved: int, by: float = 8, epoch: int = 0, done: bool = False
) -> None:
    rows = [row_of(joints(frame, *moved, by=by), frame, Flag.PREDICTED, 0.5) for frame in range(first, last + 1)]
    ended = [store.EndedLeg(track, "forward", epoch)] if done else []
    store.store_predictions(
        run_id=run.pk, rows=[PredictedRow(track, epoch, row) for row in rows], ended=ended, done=done
    )


@pytest.fixture
def run(desk: Desk) -> tuple[Run, UUID]:
    """A run that has come to frame 30 of 60."""
    Agent.objects.update(info={"models": ["framewise-flow"]})
    desk.world.car.geometry_kinds = ["points"]
    desk.world.car.save()
    track = UUID(int=1)
    do(desk.world, create(track, desk.world.car), put(track, [drawn(0)]))
    started = desk.start(track, last=60)
    predict(started, track, 1, 30)
    return started, track


def corrected(desk: Desk, run: Run, track: UUID, row: Row) -> Leg:
    """What the agent is told of a correction."""
    do(desk.world, put(track, [row]))
    desk.correct(run, track, row.frame)
    (leg,) = desk.told(Correct)[-1].legs
    return leg


def held(leg: Leg) -> dict[int, list[int]]:
    """Points by frame."""
    return {row.frame: held.points for held in leg.held for row in held.rows}


def test_the_agent_is_told_which_joints_were_left_alone_also_where_the_run_has_come_to(desk: Desk, run) -> None:
    leg = corrected(desk, *run, drawn(30, 2))
    assert (leg.held, leg.untouched) == ([], [0, 1, 3])
    assert leg_value(leg).untouched == (0, 1, 3)
    predict(*run, 31, 33, epoch=1)
    assert corrected(desk, *run, drawn(33, 1)).untouched == [0, 2, 3]
    assert corrected(desk, *run, drawn(20, 0, 1, 2, 3)).untouched == [], "all were moved"


def test_the_agent_is_told_which_joints_stay_and_where_they_were(desk: Desk, run) -> None:
    leg = corrected(desk, *run, drawn(10, 2))
    assert held(leg) == {frame: [0, 1, 3] for frame in range(11, 31)}
    (told,) = leg.held
    assert told.rows[0].bounds == row_of(joints(11), 11, Flag.PREDICTED, 0.5).bounds


@pytest.mark.parametrize("row", [drawn(10, 0, 1, 2, 3), drawn(10, count=3), drawn(10)], ids=["all", "one less", "none"])
def test_all_is_redone_where_no_joint_was_moved_alone(desk: Desk, run, row: Row) -> None:
    assert held(corrected(desk, *run, row)) == {}


def test_two_edits_of_a_frame_are_one_correction(desk: Desk, run) -> None:
    do(desk.world, put(run[1], [drawn(10, 2)]))
    assert held(corrected(desk, *run, drawn(10, 2, 3)))[11] == [0, 1]


def test_a_correction_on_the_way_of_another_leaves_what_both_left(desk: Desk, run) -> None:
    corrected(desk, *run, drawn(10, 2))
    predict(*run, 11, 15, 2, epoch=1)
    leg = corrected(desk, *run, drawn(12, 2, 3))
    assert held(leg) == {frame: [0, 1, 2] if frame <= 15 else [0, 1] for frame in range(13, 31)}


def test_another_agent_is_told_the_same(desk: Desk, run) -> None:
    corrected(desk, *run, drawn(10, 2))
    predict(*run, 11, 12, 2, epoch=1)
    device = Device(name="CPU", kind="cpu", memory_bytes=1)
    hello = Hello(protocol=PROTOCOL, version="0", host="test", devices=[device], models=["framewise-flow"])
    agent_connected(agent_id=Agent.objects.get().pk, connection="2", hello=hello)
    (leg,) = desk.told(Start)[-1].legs
    assert held(leg)[13] == [0, 1, 3]


def test_a_joint_that_goes_another_way_keeps_the_rest_away_however_many_stay(desk: Desk, run) -> None:
    """It is a px off: of four joints' mean distance that is as good as nothing."""
    predict(*run, 31, 60, done=True)
    do(desk.world, put(run[1], [drawn(10, 2)]))
    desk.correct(*run, 10)
    assert held(desk.told(Start)[-1].legs[0])[60] == [0, 1, 3]
    predict(*run, 11, 30, 2, by=1, epoch=1)
    assert frames_of(run[1])[-1] == 30
    predict(*run, 31, 40, epoch=1)
    assert frames_of(run[1])[-1] == 60
