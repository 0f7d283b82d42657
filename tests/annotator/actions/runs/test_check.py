"""The forward-backward check: an object is followed back from its end, and compared with what is stored."""

from __future__ import annotations

from uuid import UUID

import pytest

from annotator.actions.runs.presence import agent_connected, agent_disconnected
from annotator.actions.runs.store import EndedLeg, PredictedRow, store_predictions
from annotator.announce.messages import RunOptions
from annotator.announce.outgoing import run_info
from annotator.models import Agent, Event, EventKind, Run, RunState
from tests.annotator.desk import Desk
from tests.annotator.worlds import do, draw, frames_of, keyframe, predicted, put, rows_of
from tracking.protocol import Correct, Device, Hello, Leg, Start
from tracking.shapes.chunks import Flag, Kind, Row

BOTH = RunOptions(check_both_ways=True)


@pytest.fixture
def checked(desk: Desk) -> tuple[Run, UUID]:
    """A run whose only object has come to its end at frame 20, and goes back."""
    track = draw(desk.world, 0)
    run = desk.start(track, last=20, options=BOTH)
    desk.predict(run, track, 1, 20)
    store_predictions(run_id=run.pk, ended=[EndedLeg(track, "forward", 0)])
    return run, track


def go_back(run: Run, track: UUID, first: int, last: int, *, by: float = 0, done: bool = False) -> None:
    rows = [PredictedRow(track, 1, predicted(frame, frame + by), check=True) for frame in range(first, last - 1, -1)]
    ended = [EndedLeg(track, "backward", 1)] if done else []
    store_predictions(run_id=run.pk, rows=rows, ended=ended, done=done)


def doubtful(track: UUID) -> list[int]:
    return [row.frame for row in rows_of(track) if row.flags & Flag.DOUBTFUL]


def now(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def brief(leg: Leg) -> tuple[int, int, str, int, bool, float]:
    return leg.prompt.frame, leg.last, leg.direction, leg.prompt.epoch, leg.check, leg.prompt.row.bounds[0]


def test_an_object_at_its_end_is_followed_back(desk: Desk, checked: tuple[Run, UUID]) -> None:
    (leg,) = desk.told(Correct)[-1].legs
    assert brief(leg) == (20, 1, "backward", 1, True, 20)
    assert now(checked[0]).state == RunState.RUNNING


def test_where_both_ways_disagree_what_is_stored_becomes_doubtful(checked: tuple[Run, UUID]) -> None:
    run, track = checked
    before = rows_of(track)
    go_back(run, track, 19, 11)
    go_back(run, track, 10, 8, by=25)
    go_back(run, track, 7, 1, by=2, done=True)
    assert doubtful(track) == [8, 9, 10]
    assert [row.bounds for row in rows_of(track)] == [row.bounds for row in before]
    assert (now(run).state, now(run).frames_done, now(run).frames_total) == (RunState.DONE, 20, 20)


def test_the_way_back_counts_from_the_beginning(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, last=20, options=BOTH)
    assert now(run).frames_total == 20 + 19
    desk.predict(run, track, 1, 20)
    assert (now(run).frames_done, now(run).frames_total, run_info(now(run)).checking) == (20, 39, False)
    store_predictions(run_id=run.pk, ended=[EndedLeg(track, "forward", 0)])
    assert (now(run).frames_done, now(run).frames_total, run_info(now(run)).checking) == (20, 39, True)


def test_one_event_names_the_doubtful_frames(checked: tuple[Run, UUID]) -> None:
    run, track = checked
    go_back(run, track, 19, 15, by=25)
    event = Event.objects.get(kind=EventKind.RUN)
    (operation,) = event.payload["operations"]
    assert (operation["ranges"], operation["keep_keyframes"]) == ([[15, 19]], True)


def test_a_way_back_that_loses_the_object_says_where(checked: tuple[Run, UUID]) -> None:
    run, track = checked
    gone = Row(12, Kind.BOX, Flag.PREDICTED | Flag.OUTSIDE, 0.1, (12, 20, 42, 60))
    rows, ended = [PredictedRow(track, 1, gone, check=True)], [EndedLeg(track, "backward", 1)]
    store_predictions(run_id=run.pk, rows=rows, ended=ended, done=True)
    assert (doubtful(track), now(run).state) == ([12], RunState.DONE)


def test_a_person_s_shape_is_never_doubtful(desk: Desk, checked: tuple[Run, UUID]) -> None:
    run, track = checked
    do(desk.world, put(track, [keyframe(10, 10)]))
    go_back(run, track, 12, 8, by=25)
    assert doubtful(track) == [8, 9, 11, 12]


def test_the_run_stands_where_it_came_to_while_it_goes_back(checked: tuple[Run, UUID]) -> None:
    run, track = checked
    go_back(run, track, 19, 10)
    assert run_info(now(run)).heads == {str(track): 20}


def test_another_agent_begins_the_way_back_anew(desk: Desk, checked: tuple[Run, UUID]) -> None:
    run, track = checked
    go_back(run, track, 19, 10)
    device = Device(name="CPU", kind="cpu", memory_bytes=1)
    hello = Hello(protocol=1, version="0", host="h", devices=[device], models=["framewise-cf"])
    agent = Agent.objects.get()
    agent_connected(agent_id=agent.pk, connection="1", hello=hello)
    agent_disconnected(agent_id=agent.pk, connection="1")
    agent_connected(agent_id=agent.pk, connection="2", hello=hello)
    (leg,) = desk.told(Start)[-1].legs
    assert brief(leg)[:2] == (20, 1)


def test_a_correction_ends_the_way_back_and_is_checked_itself(desk: Desk, checked: tuple[Run, UUID]) -> None:
    run, track = checked
    desk.correct(run, track, 15)
    (leg,) = desk.told(Correct)[-1].legs
    assert brief(leg)[:5] == (15, 20, "forward", 2, False)
    desk.predict(run, track, 16, 20, epoch=2, by=9)
    store_predictions(run_id=run.pk, ended=[EndedLeg(track, "forward", 2)])
    (leg,) = desk.told(Correct)[-1].legs
    assert brief(leg)[:5] == (20, 16, "backward", 3, True)


def test_an_extension_is_checked_as_far_as_it_went(desk: Desk, checked: tuple[Run, UUID]) -> None:
    run, track = checked
    go_back(run, track, 19, 1, done=True)
    desk.extend(run, 30)
    desk.predict(run, track, 21, 30, epoch=2)
    store_predictions(run_id=run.pk, ended=[EndedLeg(track, "forward", 2)])
    (leg,) = desk.told(Correct)[-1].legs
    assert brief(leg)[:3] == (30, 21, "backward")


def test_an_agent_that_is_done_already_is_asked_again(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, last=20, options=BOTH)
    desk.predict(run, track, 1, 20, done=True)
    (leg,) = desk.told(Start)[-1].legs
    assert (brief(leg)[:2], now(run).state) == ((20, 1), RunState.RUNNING)


def test_an_object_that_left_is_followed_back_from_its_last_box(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, last=20, options=BOTH)
    desk.predict(run, track, 1, 9)
    gone = Row(10, Kind.BOX, Flag.PREDICTED | Flag.OUTSIDE, 0.1, (12, 20, 42, 60))
    store_predictions(run_id=run.pk, rows=[PredictedRow(track, 0, gone)], ended=[EndedLeg(track, "forward", 0)])
    (leg,) = desk.told(Correct)[-1].legs
    assert brief(leg) == (9, 1, "backward", 1, True, 9)


def test_without_the_option_a_run_ends_at_its_end(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, last=20)
    desk.predict(run, track, 1, 20, done=True)
    assert (now(run).state, frames_of(track)) == (RunState.DONE, list(range(21)))
