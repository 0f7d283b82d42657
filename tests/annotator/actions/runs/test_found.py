"""Objects that nobody prompted: they get tracks, labels and numbers, and go again by one undo."""

from __future__ import annotations

from uuid import UUID

import pytest

from annotator.actions.errors import ActionError
from annotator.actions.runs.found import FoundTrack
from annotator.actions.runs.presence import agent_heard
from annotator.actions.runs.store import EndedLeg, PredictedRow, store_predictions
from annotator.announce.messages import FindOptions, RunOptions
from annotator.announce.notices import EventNotice
from annotator.models import Agent, Event, EventKind, Label, Run, RunState, Track
from annotator.operations import OPERATIONS
from tests.annotator.desk import Desk
from tests.annotator.worlds import do, draw, frames_of, predicted
from tracking.protocol import Correct, Find, Load, Start

NEW = UUID(int=77)


@pytest.fixture(autouse=True)
def finders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_FINDERS", "tests.tracking.fakes:FINDERS")


def looking(desk: Desk, **labels: int) -> RunOptions:
    return RunOptions(find=FindOptions(finder="spotting", every=5, labels=labels or {"car": desk.world.car.pk}))


@pytest.fixture
def run(desk: Desk) -> Run:
    return desk.start(draw(desk.world, 0), options=looking(desk))


def find(run: Run, *tracks: UUID, label: str = "car", frame: int = 5, last: int = 20) -> None:
    rows = [PredictedRow(track, 0, predicted(at, at)) for track in tracks for at in range(frame, last + 1)]
    found = [FoundTrack(track, label, predicted(frame, frame), "forward") for track in tracks]
    store_predictions(run_id=run.pk, rows=rows, found=found)


def now(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def test_the_agent_is_told_what_to_look_for(desk: Desk, run: Run) -> None:
    assert desk.told(Start)[0].find == Find(finder="spotting", every=5, classes=["car"])


def test_it_waits_for_an_agent_that_can_look(desk: Desk) -> None:
    Agent.objects.update(info={"models": ["framewise-cf"], "finders": []})
    run = desk.start(draw(desk.world, 0), options=looking(desk))
    assert (run.state, run.message) == ("queued", "It waits for an agent that can run Framewise CF and Spotting.")
    agent_heard(agent_id=Agent.objects.get().pk, load=Load(cpu=0, memory_bytes=1, runs=0, finders=["spotting"]))
    assert now(run).state == RunState.RUNNING


def test_a_run_without_the_wish_looks_for_nothing(desk: Desk) -> None:
    desk.start(draw(desk.world, 0))
    assert desk.told(Start)[0].find is None


def test_what_is_found_becomes_a_track_with_its_rows(desk: Desk, run: Run) -> None:
    find(run, NEW)
    track = Track.objects.get(pk=NEW)
    assert (track.number, track.label, track.source, track.created_by) == (2, desk.world.car, run.model, run.created_by)
    assert frames_of(NEW) == list(range(5, 21))


def test_everybody_learns_of_the_track_before_its_shapes(desk: Desk, run: Run) -> None:
    desk.notices.clear()
    find(run, NEW)
    made, stored = [notice.event for notice in desk.notices if isinstance(notice, EventNotice)]
    assert [operation.op for operation in made.operations] == ["track.create"]
    assert (made.kind, made.numbers, made.summary) == ("run", {str(NEW): 2}, "Found an object")
    assert (stored.kind, stored.touched) == ("predictions", [(NEW, 5, 20)])


def test_one_undo_takes_all_that_were_found_together(desk: Desk, run: Run) -> None:
    find(run, NEW, UUID(int=78))
    event = Event.objects.get(kind=EventKind.RUN)
    assert event.author == run.created_by
    do(desk.world, *OPERATIONS.validate_python(event.inverse))
    assert Track.objects.filter(deleted_at=None).count() == 1
    # The agent is told to let go of them.
    assert {message.object for message in desk.told(Correct)} == {str(NEW), str(UUID(int=78))}


def test_it_is_part_of_the_run_from_then_on(desk: Desk, run: Run) -> None:
    find(run, NEW)
    store_predictions(run_id=run.pk, ended=[EndedLeg(NEW, "forward", 0)])
    assert now(run).state == RunState.RUNNING
    rows = [PredictedRow(NEW, 0, predicted(at, at)) for at in range(21, 100)]
    store_predictions(run_id=run.pk, rows=rows)
    assert frames_of(NEW)[-1] == 99
    desk.correct(run, NEW, 30)
    (leg,) = desk.told(Correct)[-1].legs
    assert (leg.prompt.frame, leg.prompt.epoch) == (30, 1)


def test_a_lost_connection_makes_no_second_track_of_it(desk: Desk, run: Run) -> None:
    find(run, NEW)
    find(run, NEW)
    assert Event.objects.filter(kind=EventKind.RUN).count() == 1
    assert Track.objects.count() == 2


@pytest.mark.parametrize("label", ["person", "dog"])
def test_what_was_not_asked_for_is_left_out_and_said(desk: Desk, run: Run, label: str) -> None:
    find(run, NEW, label=label)
    assert not Track.objects.filter(pk=NEW).exists()
    assert f"{label} as a box" in now(run).message
    assert desk.told(Correct)[-1] == Correct(run=str(run.pk), object=str(NEW), legs=[])


def test_what_its_label_may_not_be_drawn_as_is_left_out_and_said(desk: Desk, run: Run) -> None:
    Label.objects.update(geometry_kinds=["polygon"])
    find(run, NEW)
    assert not Track.objects.filter(pk=NEW).exists()
    assert "Left out what was found" in now(run).message


def test_a_label_of_another_project_is_refused(desk: Desk) -> None:
    with pytest.raises(ActionError, match="labels of the project"):
        desk.start(draw(desk.world, 0), options=looking(desk, car=desk.world.car.pk + 1000))


def test_a_class_that_the_finder_does_not_know_is_refused(desk: Desk) -> None:
    with pytest.raises(ActionError, match="zebra is none of them"):
        desk.start(draw(desk.world, 0), options=looking(desk, zebra=desk.world.car.pk))


def test_an_unknown_finder_is_refused(desk: Desk) -> None:
    options = RunOptions(find=FindOptions(finder="oracle", labels={"car": desk.world.car.pk}))
    with pytest.raises(ActionError, match="oracle"):
        desk.start(draw(desk.world, 0), options=options)
