"""Objects that an association links: what agents are told, what a correction does, how such a run goes on."""

from __future__ import annotations

from uuid import UUID

import pytest

from annotator.actions.errors import ActionError
from annotator.actions.runs.dispatch import requeue_runs_of
from annotator.actions.runs.found import FoundTrack
from annotator.actions.runs.presence import agent_heard
from annotator.actions.runs.store import EndedLeg, PredictedRow, store_predictions
from annotator.announce.messages import FindOptions, RunOptions
from annotator.announce.outgoing import run_info
from annotator.announce.waiting import carrier_of
from annotator.models import Agent, Run, RunState, Track
from tests.annotator.desk import Desk
from tests.annotator.worlds import draw, frames_of, predicted
from tracking.protocol import Correct, Link, Load, Start

NEW, OTHER = UUID(int=77), UUID(int=78)


@pytest.fixture(autouse=True)
def finders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_DETECTORS", "tests.tracking.fakes:DETECTORS")
    monkeypatch.setenv("FRAMEWISE_EXTRA_FINDERS", "tests.tracking.fakes:FINDERS")


def linking(desk: Desk, **more: object) -> RunOptions:
    labels = {"car": desk.world.car.pk}
    chosen = {"finder": "repeating", "every": 2, "labels": labels, "linked": "bytetrack", **more}
    return RunOptions(find=FindOptions.model_validate(chosen))


@pytest.fixture
def run(desk: Desk) -> Run:
    Agent.objects.update(info={"models": ["framewise-cf"], "finders": ["repeating"], "runs_at_once": 2})
    return desk.start(options=linking(desk))


def find(run: Run, *tracks: UUID, first: int = 5, last: int = 20, left: float = 0) -> None:
    rows = [PredictedRow(track, 0, predicted(at, at + left)) for track in tracks for at in range(first, last + 1)]
    found = [FoundTrack(track, "car", predicted(first, first + left), "forward") for track in tracks]
    store_predictions(run_id=run.pk, rows=rows, found=found, searched=last)


def now(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def test_the_agent_is_told_what_links_and_at_which_rate(desk: Desk, run: Run) -> None:
    (start,) = desk.told(Start)
    assert start.link == Link(
        association="bytetrack",
        detector="repeating",
        origin=0,
        every=2,
        rate=desk.world.video.fps,
        kinds={"car": str(desk.world.car.pk)},
    )
    assert (start.model, start.find.frame, run_info(now(run)).linked) == ("framewise-cf", 0, "ByteTrack")


def test_what_is_linked_says_what_it_was_linked_by(run: Run) -> None:
    find(run, NEW)
    assert (Track.objects.get(pk=NEW).source, frames_of(NEW)) == ("bytetrack", list(range(5, 21)))


def test_linked_objects_that_overlap_are_two_and_those_of_people_stay_theirs(desk: Desk, run: Run) -> None:
    find(run, NEW)
    find(run, OTHER, first=20, left=2)
    assert Track.objects.count() == 2
    draw(desk.world, 40, 50, left=40)
    find(run, UUID(int=79), first=40, left=2)
    assert Track.objects.count() == 3
    assert "where shapes are already" in now(run).message


def test_another_agent_links_on_from_what_is_stored_and_the_card_says_so(desk: Desk, run: Run) -> None:
    find(run, NEW)
    requeue_runs_of(Agent.objects.get().pk)
    start = desk.told(Start)[-1]
    assert [(leg.prompt.frame, leg.linked, leg.emit_first) for leg in start.legs] == [(20, True, False)]
    assert (start.find.frame, start.link.objects) == (20, {str(NEW): str(desk.world.car.pk)})
    assert now(run).message.startswith("Linking began anew on frame 20")


def test_what_a_person_corrects_is_followed_from_there_on(desk: Desk, run: Run) -> None:
    find(run, NEW, OTHER)
    desk.correct(run, NEW, 10)
    (leg,) = desk.told(Correct)[-1].legs
    assert (leg.prompt.frame, leg.linked) == (10, False)
    requeue_runs_of(Agent.objects.get().pk)
    start = desk.told(Start)[-1]
    assert {leg.prompt.object: leg.linked for leg in start.legs} == {str(NEW): False, str(OTHER): True}
    assert list(start.link.objects) == [str(OTHER)]


def test_a_track_that_is_not_seen_again_is_over(run: Run) -> None:
    find(run, NEW)
    store_predictions(run_id=run.pk, ended=[EndedLeg(NEW, "forward", 0)], searched=99, done=True)
    assert (now(run).state, run_info(now(run)).left) == (RunState.DONE, {str(NEW): 20})


def test_what_a_person_drew_is_followed_beside_what_is_linked(desk: Desk, run: Run) -> None:
    desk.start(draw(desk.world, 0), options=linking(desk))
    assert [leg.linked for leg in desk.told(Start)[-1].legs] == [False]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"linked": "sorting"}, "one of: bytetrack"),
        ({"finder": "spotting"}, "Spotting is none"),
        ({"linked": "mcbyte", "mask_model": "framewise-cf"}, "a mask came"),
        ({"linked": "mcbyte", "mask_model": "nobody"}, "'nobody' is none"),
    ],
)
def test_what_links_is_known_and_links_what_a_detector_sees(desk: Desk, more: dict[str, str], why: str) -> None:
    with pytest.raises(ActionError, match=why):
        desk.start(options=linking(desk, **more))


def test_what_links_by_masks_waits_for_an_agent_that_has_what_carries_them(desk: Desk) -> None:
    info = {"models": ["framewise-cf"], "finders": ["repeating"], "runs_at_once": 2}
    Agent.objects.update(info=info)
    run = desk.start(options=linking(desk, linked="mcbyte", mask_model="xmem"))
    assert desk.told(Start) == []
    assert "that can run Framewise CF and Repeating and XMem" in now(run).said
    models = ["framewise-cf", "xmem"]
    agent_heard(agent_id=Agent.objects.get().pk, load=Load(cpu=0, memory_bytes=1, runs=0, models=models))
    (start,) = desk.told(Start)
    assert start.link is not None and (start.link.association, start.link.mask_model) == ("mcbyte", "xmem")


def test_without_a_choice_the_default_carries_masks(desk: Desk) -> None:
    Agent.objects.update(info={"models": ["framewise-cf"], "finders": ["repeating"], "runs_at_once": 2})
    assert "Framewise Mask" in now(desk.start(options=linking(desk, linked="mcbyte"))).said
    assert carrier_of(linking(desk).model_dump(mode="json")) is None
