"""Every message that changes something, on frames of one's own job and of another's, by everybody, over the socket.

A new message belongs into ``MESSAGES``, or the first test fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from annotator.actions.runs import ask
from annotator.announce.messages import (
    ClientMessage,
    Edit,
    EventOut,
    Ping,
    Pong,
    PromptIn,
    Refused,
    RunCorrect,
    RunExtend,
    RunStart,
    RunStop,
)
from annotator.live.relay import in_thread
from annotator.models import Attribute, Job, Label, Membership, Role, Run, Stage, Track, User
from annotator.operations import Operation, TrackFields
from tests.annotator.live.sockets import Browser
from tests.annotator.worlds import (
    World,
    clear,
    create,
    do,
    edit,
    keyframe,
    make_agent,
    make_world,
    put,
    rows_of,
    update,
)

pytestmark = pytest.mark.django_db(transaction=True)
MINE, OTHERS = (0, 99), (100, 199)


@dataclass
class Place:
    """The frames of one job with what lies on them. ``spanning``: a track that lies on both jobs' frames."""

    world: World
    first: int
    track: UUID
    deleted: UUID
    spanning: UUID
    run: UUID
    bike: int
    attribute: str

    def at(self, offset: int) -> int:
        return self.first + offset

    @property
    def last(self) -> int:
        return self.first + 99


Make = Callable[[Place], BaseModel]


def of(make: Callable[[Place], Operation | list[Operation]]) -> Make:
    def made(place: Place) -> Edit:
        operations = make(place)
        return edit(*operations) if isinstance(operations, list) else edit(operations)

    return made


def said(**fields: Any) -> Make:
    return of(lambda place: update(place.track, **fields))


def new_track(place: Place) -> list[Operation]:
    track = uuid4()
    return [create(track, place.world.car), put(track, [keyframe(place.at(70))])]


def started(place: Place, track: UUID) -> RunStart:
    return RunStart(
        id=uuid4(), prompts=[PromptIn(track=track, frame=place.at(50))], first=place.at(40), last=place.at(60)
    )


def stepped(place: Place, track: UUID) -> Operation:
    former = Track.objects.get(pk=track).frame_attributes.get(place.attribute, [])
    steps = sorted([*([frame, value] for frame, value in former if frame != place.at(51)), [place.at(51), "far"]])
    return update(track, frame_attributes={place.attribute: steps})


MESSAGES: dict[str, Make] = {
    "draw": of(lambda place: put(place.track, [keyframe(place.at(55))])),
    "clear": of(lambda place: clear(place.track, place.at(55), place.at(56))),
    "clear all that is predicted": of(lambda place: clear(place.track, place.first, place.last, keep_keyframes=True)),
    "a new track": of(new_track),
    "relabel": of(lambda place: update(place.track, label=place.bike)),
    "renumber": of(lambda place: update(place.track, number=place.at(1000))),
    "recolour": said(colour="#00ff00"),
    "lock": said(locked=True),
    "make a candidate": said(candidate=True),
    "unlock": of(lambda place: update(place.deleted, locked=False)),
    "an attribute": of(lambda place: update(place.track, attributes={place.attribute: "far"})),
    "an attribute by frame": of(lambda place: stepped(place, place.track)),
    "an attribute by frame of a track on both": of(lambda place: stepped(place, place.spanning)),
    "bring back what was deleted before": of(lambda place: update(place.deleted, deleted=False)),
    "run.start": lambda place: started(place, place.spanning),
    "run.extend": lambda place: RunExtend(run=place.run, first=place.at(10), last=place.at(30)),
    "run.correct": lambda place: RunCorrect(run=place.run, track=place.track, frame=place.at(20)),
    "run.stop of a track": lambda place: RunStop(run=place.run, tracks=[uuid4()]),
    "run.stop": lambda place: RunStop(run=place.run),
    "delete": said(deleted=True),
}
OF_BOTH: dict[str, dict[str, Any]] = {
    "relabel": {"label": 0},
    "recolour": {"colour": "#00ff00"},
    "lock": {"locked": True},
    "make a candidate": {"candidate": True},
    "renumber": {"number": 5000},
    "delete": {"deleted": True},
}
"""What is said of a whole track, of which nobody may say it who has but part of its frames."""


def test_the_table_has_every_message_and_every_field_of_a_track() -> None:
    sent = {str(kind.model_fields["type"].default) for kind in get_args(get_args(ClientMessage)[0])}
    # Clicks change nothing: what is made of their answer is an edit. Nor does what somebody had on screen.
    harmless = {"presence", "received", "ping", "smart.clicks", "shown"}
    # A part of an edit is an edit once all parts are there.
    runs = {name.partition(" ")[0] for name in MESSAGES if name.startswith("run.")}
    assert sent - harmless - {"edit", "edit.part"} == runs
    named = {"label", "number", "colour", "locked", "candidate", "attributes", "frame_attributes", "deleted"}
    assert set(TrackFields.model_fields) == named, "a new field needs a line in MESSAGES"


@pytest.fixture
def world(transactional_db: None) -> World:
    world = make_world()
    make_agent(world, connected=False)
    zoe = User.objects.create(username="zoe", email="zoe@example.org")
    Membership.objects.create(workspace=world.workspace, user=zoe, role=Role.ANNOTATOR)
    world.people["zoe"] = zoe
    return world


def places(world: World) -> Iterator[Place]:
    bike = Label.objects.create(project=world.project, name="bike", colour="#00ff00")
    attribute = Attribute.objects.create(
        label=world.car, name="distance", kind="select", per_frame=True, choices=["near", "far"]
    )
    spanning = uuid4()
    do(world, create(spanning, world.car), put(spanning, [keyframe(50), keyframe(150)]), by="manager")
    for first, last in (MINE, OTHERS):
        track, deleted = uuid4(), uuid4()
        frames = [first, first + 20, first + 50, first + 99]
        do(world, create(track, world.car), put(track, [keyframe(frame) for frame in frames]), by="manager")
        do(world, create(deleted, world.car), put(deleted, [keyframe(first)]), by="manager")
        do(world, update(deleted, deleted=True, locked=True), by="manager")
        run = ask.start_run(
            user=world.people["manager"],
            layer_id=world.layer.pk,
            start=RunStart(id=uuid4(), prompts=[PromptIn(track=track, frame=first)], first=first, last=last),
        )
        yield Place(world, first, track, deleted, spanning, run.pk, bike.pk, str(attribute.pk))


def state(world: World) -> list[Any]:
    """All of the layer: its revision, tracks, shapes and runs."""
    world.layer.refresh_from_db()
    tracks = list(Track.objects.filter(layer=world.layer).order_by("pk").values())
    rows = [rows_of(track["id"]) for track in tracks]
    return [world.layer.revision, tracks, rows, list(Run.objects.order_by("pk").values())]


async def tried(browser: Browser, message: BaseModel) -> str:
    """What the socket answers: 'done', or why not."""
    await browser.send(message)
    if isinstance(message, Edit):
        answer = await browser.until((EventOut, Refused), edit=message.id)
    else:
        # What is refused comes before the answer to what is sent behind it: there is no such run.
        await browser.send(RunStop(run=(behind := uuid4())))
        answer = await browser.until(Refused)
        if answer.run == behind:
            return "done"
        await browser.until(Refused, run=behind)
    await browser.send(Ping())
    await browser.until(Pong)
    return answer.message if isinstance(answer, Refused) else "done"


async def test_an_annotator_changes_what_lies_in_their_job_and_nothing_beyond(world: World) -> None:
    mine, others = await in_thread(lambda: list(places(world)))
    await in_thread(hand_out, world)
    browser = await Browser.on(world)
    done = {}
    for name, make in MESSAGES.items():
        before = await in_thread(state, world)
        answer = await tried(browser, await in_thread(make, others))
        after = await in_thread(state, world)
        assert answer != "done", f"{name} on another's frames was done"
        assert after[1:] == before[1:], f"{name} on another's frames was refused, and changed something"
        done[name] = await tried(browser, await in_thread(make, mine))
    assert done == dict.fromkeys(MESSAGES, "done")
    await browser.close()


async def test_nobody_says_anything_of_a_whole_track_of_which_they_have_but_a_part(world: World) -> None:
    mine, _ = await in_thread(lambda: list(places(world)))
    await in_thread(hand_out, world)
    browser = await Browser.on(world)
    for name, what in OF_BOTH.items():
        fields = {"label": mine.bike} if "label" in what else what
        before = await in_thread(state, world)
        answer = await tried(browser, edit(update(mine.spanning, **fields)))
        assert "also has shapes outside of your frames (0..99)" in answer, name
        assert await in_thread(state, world) == before, name
    await browser.close()


async def test_a_value_set_by_frame_goes_no_further_than_ones_own_frames(world: World) -> None:
    mine, _ = await in_thread(lambda: list(places(world)))
    await in_thread(hand_out, world)
    browser = await Browser.on(world)
    event = await browser.edited(update(mine.spanning, frame_attributes={mine.attribute: [(50, "far")]}))
    (told,) = event.operations
    assert told.fields.frame_attributes == {mine.attribute: [(50, "far"), (100, None)]}
    await browser.edited(update(mine.spanning, frame_attributes={}))
    assert (await in_thread(Track.objects.get, pk=mine.spanning)).frame_attributes == {}
    await browser.close()


@pytest.mark.parametrize("stage", [Stage.ACCEPTED, "another's"])
async def test_who_has_no_open_job_changes_nothing(world: World, stage: str) -> None:
    mine, others = await in_thread(lambda: list(places(world)))
    await in_thread(hand_out, world)
    jobs = Job.objects.filter(assignee=world.annotator)
    changes = {"assignee": world.people["zoe"]} if stage == "another's" else {"stage": stage}
    await in_thread(lambda: jobs.update(**changes))
    browser = await Browser.on(world)
    before = await in_thread(state, world)
    for make in MESSAGES.values():
        for place in (mine, others):
            assert await tried(browser, await in_thread(make, place)) != "done"
    assert await in_thread(state, world) == before
    await browser.close()


async def test_a_reviewer_changes_everything(world: World) -> None:
    mine, others = await in_thread(lambda: list(places(world)))
    await in_thread(hand_out, world)
    browser = await Browser.on(world, "reviewer")
    for name, make in MESSAGES.items():
        for place in (mine, others):
            assert await tried(browser, await in_thread(make, place)) == "done", name
    await browser.close()


async def test_a_run_in_ones_own_frames_takes_no_track_from_a_run_that_reaches_beyond(world: World) -> None:
    mine, _ = await in_thread(lambda: list(places(world)))
    await in_thread(hand_out, world)
    await in_thread(lambda: Run.objects.filter(pk=mine.run).update(last=150))
    browser = await Browser.on(world)
    answer = await tried(browser, started(mine, mine.track))
    assert answer == (
        "The run of manager writes to the frames 0..150; yours are 0..99. Ask them or a reviewer to change it."
    )
    assert (await in_thread(Run.objects.get, pk=mine.run)).state == "queued"
    await browser.close()


def hand_out(world: World) -> None:
    for (first, last), who in ((MINE, "annotator"), (OTHERS, "zoe")):
        Job.objects.create(video=world.video, layer=world.layer, first=first, last=last, assignee=world.people[who])
