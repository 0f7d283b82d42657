"""Objects that nobody drew are found in several videos, and what was found is taken over."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied

from annotator.actions.class_labels import class_labels
from annotator.actions.edits.apply import apply_edit
from annotator.actions.errors import ActionError
from annotator.actions.runs.ask import correct_run
from annotator.actions.runs.found import FoundTrack
from annotator.actions.runs.presence import agent_disconnected
from annotator.actions.runs.store import PredictedRow, fail_run, store_predictions
from annotator.actions.sweeps.standing import standing_of
from annotator.actions.sweeps.target import main_layer, take_result_over
from annotator.announce.messages import FindOptions, RunCorrect
from annotator.models import Agent, Label, Project, Run, RunState, Sweep, SweptVideo, Video
from tests.annotator.actions.sweeps.conftest import Sweeping
from tests.annotator.worlds import edit, frames_of, keyframe, make_agent, predicted, put
from tracking.protocol import Start

NEW = UUID(int=77)


@pytest.fixture
def empty(sweeping: Sweeping) -> Video:
    return sweeping.add_video("empty.mp4", drawn=False)


def find_one(run: Run, *, first: int = 10, searched: int = 30) -> None:
    """A car is found on a frame and followed to where the search has come."""
    rows = [PredictedRow(NEW, 0, predicted(frame, frame)) for frame in range(first, searched + 1)]
    found = [FoundTrack(NEW, "car", predicted(first, first), "forward")]
    store_predictions(run_id=run.pk, rows=rows, found=found, searched=searched)


def test_an_agent_looks_through_each_video_and_follows_what_it_finds(sweeping: Sweeping, empty: Video) -> None:
    sweep = sweeping.find([empty])
    (run,) = sweeping.runs(sweep)
    (start,) = sweeping.desk.told(Start)
    assert (start.legs, start.find.finder, start.find.every) == ([], "spotting", 5)
    find_one(run)
    standing = standing_of(sweep)
    assert (standing.done, standing.total, standing.videos[0].tracks) == (31 + 21, 100 + 90, 1)
    with sweeping.commit(execute=True):
        store_predictions(run_id=run.pk, searched=99)
    sweeping.end(run)
    assert sweeping.states(sweep) == ["done"]
    assert frames_of(NEW) == list(range(10, 100))


def test_words_are_looked_for_and_those_that_nobody_can_look_for_are_refused(sweeping: Sweeping, empty: Video) -> None:
    labels = {"traffic cone": sweeping.world.car.pk}
    make_agent(sweeping.world, "words", finders=["owlv2-base"])
    sweeping.find([empty], find=FindOptions(finder="owlv2-base", labels=labels))
    (start,) = sweeping.desk.told(Start)
    assert (start.find.finder, start.find.classes) == ("owlv2-base", ["traffic cone"])
    for word, why in (("", "letters or digits"), ("a\0b", "letters or digits"), ("x" * 10_000, "10,000 came")):
        with pytest.raises(ActionError, match=why):
            sweeping.find([empty], find=FindOptions(finder="owlv2-base", labels={word: sweeping.world.car.pk}))


def test_the_mapping_of_classes_is_remembered_for_the_project(sweeping: Sweeping, empty: Video) -> None:
    sweeping.find([empty])
    assert class_labels(Project.objects.get(pk=sweeping.world.project.pk)) == {"car": sweeping.world.car.pk}


def test_videos_that_somebody_annotated_are_left_alone_where_that_is_wanted(sweeping: Sweeping, empty: Video) -> None:
    sweep = sweeping.find([sweeping.add_video("drawn.mp4"), empty])
    assert sweeping.states(sweep) == ["skipped", "running"]
    assert sweep.videos.first().message == "Its main layer has 1 track already."  # type: ignore[union-attr]


def test_looking_goes_on_where_a_lost_agent_stopped(sweeping: Sweeping, empty: Video) -> None:
    sweep = sweeping.find([empty])
    find_one(sweeping.runs(sweep)[0])
    first = Agent.objects.get()
    Agent.objects.update(info=first.info | {"connection": "one"})
    make_agent(sweeping.world, "second")
    with sweeping.commit(execute=True):
        agent_disconnected(agent_id=first.pk, connection="one")
    start = sweeping.desk.told(Start)[-1]
    assert [(leg.prompt.frame, leg.last) for leg in start.legs] == [(30, 99)]
    assert (start.find.frame, start.find.last) == (35, 99)


def test_a_video_that_failed_goes_on_from_where_it_was(sweeping: Sweeping, empty: Video) -> None:
    sweep = sweeping.find([empty])
    run = sweeping.runs(sweep)[0]
    find_one(run)
    with sweeping.commit(execute=True):
        fail_run(run_id=run.pk, message="Out of memory.")
    sweeping.step(sweep, "retry")
    again = sweeping.runs(sweep)[-1]
    assert (again.first, again.last, list(again.objects_state)) == (30, 99, [str(NEW)])


def test_what_failed_after_all_was_looked_through_is_done_when_it_is_tried_again(
    sweeping: Sweeping, empty: Video
) -> None:
    sweep = sweeping.find([empty])
    (run,) = sweeping.runs(sweep)
    store_predictions(run_id=run.pk, searched=99)
    with sweeping.commit(execute=True):
        fail_run(run_id=run.pk, message="Out of memory.")
    sweeping.step(sweep, "retry")
    assert sweeping.states(sweep) == ["done"]


def test_a_finder_needs_a_model_that_follows_boxes_and_labels_of_the_project(sweeping: Sweeping, empty: Video) -> None:
    with pytest.raises(ActionError, match="a box, which Framewise Mask doesn't follow"):
        sweeping.find([empty], model="framewise-mask")
    with pytest.raises(ActionError, match="say what looks for them"):
        sweeping.find([empty], find=None)
    Label.objects.filter(pk=sweeping.world.car.pk).delete()
    with pytest.raises(ActionError, match="one of these isn't there"):
        sweeping.find([empty])
    assert not Sweep.objects.exists()


# ---------------------------------------------------------------- taking over


@pytest.fixture
def swept(sweeping: Sweeping, empty: Video) -> SweptVideo:
    """A car was found, in a new layer."""
    sweep = sweeping.find([empty], destination="layer")
    (run,) = sweeping.runs(sweep)
    find_one(run, searched=99)
    sweeping.end(run)
    return sweep.videos.select_related("sweep", "video", "layer__video__project").get()


def test_a_result_is_taken_over_into_the_main_layer(sweeping: Sweeping, swept: SweptVideo) -> None:
    main = main_layer(swept)
    take_result_over(by=sweeping.manager, swept=swept, labels=None)
    assert swept.taken_over == 1
    assert frames_of(main.tracks.get().pk) == list(range(10, 100))


def test_it_is_taken_over_by_label(sweeping: Sweeping, swept: SweptVideo) -> None:
    bus = Label.objects.create(project=sweeping.world.project, name="bus", colour="#00ff00")
    with pytest.raises(ActionError, match="nothing to take over"):
        take_result_over(by=sweeping.manager, swept=swept, labels=[bus.pk])
    take_result_over(by=sweeping.manager, swept=swept, labels=[bus.pk, sweeping.world.car.pk])
    assert swept.taken_over == 1


def test_nothing_is_taken_over_before_it_has_ended_or_by_who_may_not(sweeping: Sweeping, swept: SweptVideo) -> None:
    with pytest.raises(PermissionDenied):
        take_result_over(by=sweeping.world.people["viewer"], swept=swept, labels=None)
    swept.state = "running"
    with pytest.raises(ActionError, match="once it has ended"):
        take_result_over(by=sweeping.manager, swept=swept, labels=None)
    assert not main_layer(swept).tracks.exists()


# ---------------------------------------------------------------- linked


@pytest.fixture
def linked(sweeping: Sweeping, empty: Video, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    monkeypatch.setenv("FRAMEWISE_EXTRA_DETECTORS", "tests.tracking.fakes:DETECTORS")
    Agent.objects.update(info={"models": ["framewise-cf"], "finders": ["repeating"]})
    labels = {"car": sweeping.world.car.pk}
    find = FindOptions(finder="repeating", every=1, labels=labels, linked="ocsort")
    return sweeping.find([empty], destination="layer", find=find)


def test_what_is_linked_goes_into_a_layer_named_after_both(sweeping: Sweeping, linked: Sweep) -> None:
    assert sweeping.desk.told(Start)[0].link.association == "ocsort"
    assert linked.layer_name == "Repeating, OC-SORT"


def test_a_linked_video_that_failed_goes_on_being_linked_where_it_was(sweeping: Sweeping, linked: Sweep) -> None:
    run = sweeping.runs(linked)[0]
    find_one(run)
    with sweeping.commit(execute=True):
        fail_run(run_id=run.pk, message="Out of memory.")
    sweeping.step(linked, "retry")
    start = sweeping.desk.told(Start)[-1]
    assert [(leg.prompt.frame, leg.linked, leg.emit_first) for leg in start.legs] == [(30, True, True)]
    assert (start.find.frame, start.find.last, start.link.every) == (30, 99, 1)


@pytest.mark.parametrize("told", [True, False])
def test_what_a_person_corrects_while_it_is_paused_is_followed_and_not_linked_again(
    sweeping: Sweeping, linked: Sweep, *, told: bool
) -> None:
    (run,) = sweeping.runs(linked)
    find_one(run)
    sweeping.step(linked, "pause")
    with sweeping.commit(execute=True):
        corrected = edit(put(NEW, [keyframe(30, 200)]))
        apply_edit(user=sweeping.manager, layer_id=run.layer_id, edit=corrected)
        if told:
            # As the editor says it, where it tracks again after every change.
            correct_run(user=sweeping.manager, correct=RunCorrect(run=run.pk, track=NEW, frame=30))
    assert sweeping.runs(linked, RunState.QUEUED)
    sweeping.step(linked, "resume")
    start = sweeping.desk.told(Start)[-1]
    assert [(leg.prompt.frame, leg.prompt.shape.x1, leg.linked) for leg in start.legs] == [(30, 200, False)]
    assert (start.link.objects, start.find.frame) == ({}, 30)
    legs = Run.objects.get(pk=run.pk).objects_state[str(NEW)]["legs"]
    assert [leg["linked"] for leg in legs if not leg["ended"]] == [False]
