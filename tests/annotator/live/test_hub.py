from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from annotator.announce.messages import EventOut, Person
from annotator.announce.notices import NOTICE, AgentNotice, EventNotice
from annotator.live.hub import FAR_BEHIND, Hub, Room, Watcher
from annotator.live.outlet import Outlet
from tracking.protocol import Stop


def event(revision: int) -> EventOut:
    return EventOut(
        revision=revision,
        kind="edit",
        edit=uuid4(),
        undoes=None,
        author=None,
        author_name="",
        summary="",
        at="2026-01-01T00:00:00+00:00",
        operations=[],
        run=None,
    )


class Listener(Outlet):
    """Remembers the revisions it was given."""

    def __init__(self) -> None:
        super().__init__(lambda message: asyncio.sleep(0))
        self.revisions: list[int] = []

    def text(self, text: str) -> None:
        self.revisions.append(EventOut.model_validate_json(text).revision)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def room(listener: Listener) -> Room:
    room = Room(layer=1)
    person = Person(connection="a", user=1, name="A", colour="", frame=0, tracks=[])
    room.watchers["a"] = Watcher(1, person, listener)
    return room


def test_events_go_out_in_order_and_once(room: Room, listener: Listener) -> None:
    room.begin(4)
    for revision in (6, 5, 5, 7, 6, 3):
        room.offer(event(revision))
    assert listener.revisions == [5, 6, 7]


def test_events_before_the_revision_is_known_wait_for_it(room: Room, listener: Listener) -> None:
    for revision in (5, 6):
        room.offer(event(revision))
    assert listener.revisions == []
    room.begin(5)
    assert listener.revisions == [6]


def test_a_room_far_behind_goes_on_from_the_newest(room: Room, listener: Listener) -> None:
    room.begin(0)
    for revision in range(2, FAR_BEHIND + 4):
        room.offer(event(revision))
    room.offer(event(FAR_BEHIND + 4))
    assert listener.revisions[-1] == FAR_BEHIND + 4


async def test_a_room_lasts_as_long_as_somebody_is_in_it() -> None:
    hub = Hub(asyncio.get_running_loop())
    room = hub.enter(7)
    assert hub.enter(7) is room
    hub.leave(room)
    assert 7 in hub.rooms
    hub.leave(room)
    assert 7 not in hub.rooms


async def test_other_web_processes_are_told_too() -> None:
    hub = Hub(asyncio.get_running_loop())
    forwarded: list[object] = []
    hub.forward = forwarded.append
    notice = EventNotice(layer=1, event=event(1))
    hub.publish(notice)
    assert forwarded == [notice]


def test_a_notice_survives_the_way_to_another_process() -> None:
    notice = AgentNotice(agent=1, layer=2, message=Stop(run="r"), doubtful_below=0.5)
    assert NOTICE.validate_json(notice.model_dump_json()) == notice
