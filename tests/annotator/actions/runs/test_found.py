"""Objects that nobody prompted: they get tracks, labels and numbers, and go again by one undo."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from pydantic import ValidationError

from annotator.actions.errors import ActionError
from annotator.actions.runs.dispatch import requeue_runs_of
from annotator.actions.runs.found import FoundTrack
from annotator.actions.runs.presence import agent_heard
from annotator.actions.runs.store import EndedLeg, PredictedRow, store_predictions
from annotator.announce.messages import FindOptions, RunOptions
from annotator.announce.notices import EventNotice
from annotator.announce.outgoing import run_info
from annotator.models import Agent, Event, EventKind, Label, Run, RunState, Track
from annotator.operations import OPERATIONS
from tests.annotator.desk import Desk
from tests.annotator.worlds import do, draw, frames_of, predicted, update
from tracking.protocol import Correct, Extend, Find, Load, Start
from tracking.shapes.chunks import Flag

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
    wanted = Find(finder="spotting", every=5, classes=["car"], direction="forward", frame=0, last=99)
    assert desk.told(Start)[0].find == wanted


def test_it_waits_for_an_agent_that_can_look(desk: Desk) -> None:
    Agent.objects.update(info={"models": ["framewise-cf"], "finders": []})
    run = desk.start(draw(desk.world, 0), options=looking(desk))
    assert (run.state, run.waiting) == ("queued", "It waits for an agent that can run Framewise CF and Spotting.")
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


# ---------------------------------------------------------------- without a prompt


@pytest.fixture
def seeking(desk: Desk) -> Run:
    return desk.start(options=looking(desk))


def search(run: Run, searched: int, *, done: bool = False) -> None:
    store_predictions(run_id=run.pk, searched=searched, done=done)


def test_a_run_without_prompts_looks_from_its_first_frame_on(desk: Desk, seeking: Run) -> None:
    (start,) = desk.told(Start)
    assert (start.model, start.legs) == ("framewise-cf", [])
    assert (start.find.direction, start.find.frame, start.find.last) == ("forward", 0, 99)


@pytest.mark.parametrize(
    ("direction", "way", "frames"), [("backward", "backward", (99, 0)), ("both", "forward", (0, 99))]
)
def test_it_looks_in_one_direction(desk: Desk, direction: str, way: str, frames: tuple[int, int]) -> None:
    desk.start(options=looking(desk), direction=direction)
    (start,) = desk.told(Start)
    assert (start.find.direction, (start.find.frame, start.find.last)) == (way, frames)


def test_with_prompts_it_looks_from_the_first_of_them_on(desk: Desk) -> None:
    desk.start(draw(desk.world, 30), frame=30, options=looking(desk), direction="both")
    assert (desk.told(Start)[0].find.direction, desk.told(Start)[0].find.frame) == ("forward", 30)


def test_it_is_done_when_it_has_looked_at_all_and_what_it_found_has_ended(desk: Desk, seeking: Run) -> None:
    search(seeking, 5)
    assert (now(seeking).frames_done, now(seeking).frames_total) == (6, 100)
    find(seeking, NEW, last=99)
    search(seeking, 99)
    assert now(seeking).state == RunState.RUNNING
    store_predictions(run_id=seeking.pk, ended=[EndedLeg(NEW, "forward", 0)], done=True)
    assert now(seeking).state == RunState.DONE
    told = run_info(now(seeking))
    assert (told.frames_done, told.frames_total, told.searched) == (95, 95, None)


def test_what_it_wants_is_told(desk: Desk) -> None:
    labels = {"car": desk.world.car.pk}
    wanted = FindOptions(finder="spotting", labels=labels, confidence=0.4, region=(0, 0, 50, 40))
    desk.start(options=RunOptions(find=wanted))
    assert (desk.told(Start)[0].find.confidence, desk.told(Start)[0].find.region) == (0.4, (0, 0, 50, 40))


def test_another_agent_goes_on_where_it_had_looked(desk: Desk, seeking: Run) -> None:
    search(seeking, 40)
    agent = Agent.objects.get()
    requeue_runs_of(agent.pk)
    assert desk.told(Start)[-1].find.frame == 45


def test_the_last_frame_is_gone_to_by_another_agent_also_between_two_looks(desk: Desk, seeking: Run) -> None:
    search(seeking, 95)
    requeue_runs_of(Agent.objects.get().pk)
    assert desk.told(Start)[-1].find.frame == 99
    search(seeking, 99, done=True)
    assert now(seeking).state == RunState.DONE


@pytest.mark.parametrize(("searched", "done"), [(-5, 0), (10**30, 100)])
def test_frames_that_it_does_not_look_at_count_for_nothing(desk: Desk, seeking: Run, searched: int, done: int) -> None:
    search(seeking, searched)
    assert now(seeking).frames_done == done


def test_stopping_it_ends_the_looking(desk: Desk, seeking: Run) -> None:
    find(seeking, NEW)
    desk.stop(seeking, NEW)
    assert now(seeking).state == RunState.RUNNING
    desk.stop(seeking)
    assert now(seeking).state == RunState.STOPPED


def test_it_is_extended_while_it_looks_and_when_it_is_done(desk: Desk) -> None:
    run = desk.start(options=looking(desk), last=50)
    desk.extend(run, 60)
    (told,) = desk.told(Extend)
    assert (told.last, told.search, told.objects) == (60, True, [])
    search(run, 60, done=True)
    assert now(run).state == RunState.DONE
    desk.extend(run, 80)
    assert (desk.told(Start)[-1].find.frame, desk.told(Start)[-1].find.last) == (65, 80)


def test_a_run_with_neither_prompt_nor_finder_is_refused(desk: Desk) -> None:
    with pytest.raises(ActionError, match="neither a prompt nor a finder"):
        desk.start()


@pytest.mark.parametrize("region", [(10, 10, 10, 20), (0, 0, float("nan"), 4), (0, 0, 1e9, 4)])
def test_a_region_without_an_area_is_refused(region: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValidationError):
        FindOptions(finder="spotting", labels={"car": 1}, region=region)


def test_what_lies_on_a_shape_that_is_there_gets_no_track(desk: Desk, seeking: Run) -> None:
    draw(desk.world, 0, 10, left=5)
    find(seeking, NEW)
    assert not Track.objects.filter(pk=NEW).exists()
    assert "where shapes are already" in now(seeking).message
    assert desk.told(Correct)[-1] == Correct(run=str(seeking.pk), object=str(NEW), legs=[])


def test_what_lies_on_a_deleted_shape_gets_one(desk: Desk, seeking: Run) -> None:
    do(desk.world, update(draw(desk.world, 0, 10, left=5), deleted=True))
    find(seeking, NEW)
    assert Track.objects.filter(pk=NEW).exists()


# ---------------------------------------------------------------- candidates


@pytest.fixture
def careful(desk: Desk) -> Run:
    find = FindOptions(finder="spotting", every=5, labels={"car": desk.world.car.pk}, least_frames=10)
    return desk.start(options=RunOptions(find=find))


def is_candidate(track: UUID = NEW) -> bool:
    return Track.objects.get(pk=track).candidate


def test_what_is_found_is_a_candidate_until_it_was_followed_for_long_enough(desk: Desk, careful: Run) -> None:
    find(careful, NEW, last=13)
    assert is_candidate()
    desk.predict(careful, NEW, 14, 14)
    assert not is_candidate()
    (event,) = Event.objects.filter(kind=EventKind.RUN, author=None)
    assert (event.summary, event.run) == ("Followed a candidate", careful)
    desk.predict(careful, NEW, 15, 16)
    assert Event.objects.filter(kind=EventKind.RUN).count() == 2


def test_frames_on_which_it_is_hidden_do_not_count(desk: Desk, careful: Run) -> None:
    find(careful, NEW, last=10)
    hidden = [replace(predicted(at, at), flags=Flag.PREDICTED | Flag.OCCLUDED) for at in range(11, 60)]
    store_predictions(run_id=careful.pk, rows=[PredictedRow(NEW, 0, row) for row in hidden])
    assert is_candidate()


def test_a_person_takes_or_dismisses_a_candidate_and_undoes_it(desk: Desk, careful: Run) -> None:
    find(careful, NEW, last=8)
    taken = do(desk.world, update(NEW, candidate=False))
    assert not is_candidate()
    do(desk.world, *OPERATIONS.validate_python(taken.inverse))
    assert is_candidate()
    dismissed = do(desk.world, update(NEW, deleted=True))
    assert Track.objects.filter(deleted_at=None).count() == 0
    do(desk.world, *OPERATIONS.validate_python(dismissed.inverse))
    assert is_candidate()


def test_without_a_least_length_nothing_is_a_candidate(desk: Desk, seeking: Run) -> None:
    find(seeking, NEW, last=6)
    assert not is_candidate()
