"""The in-process hub: who watches which layer, and which agents are connected here.

Frames reach browsers by plain calls in the event loop; the channel layer carries them only between web processes. (It
would cost four times as much for one process, and it drops silently beyond its capacity.) Everything here runs in the
event loop; other threads come in through ``post``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from annotator.announce.messages import EventOut, Held, People, Person, RunInfo, RunUpdate, SmartAnswer
from annotator.announce.notices import (
    AgentGone,
    AgentNotice,
    ClearedNotice,
    EventNotice,
    IssueNotice,
    LookAgain,
    Notice,
    NotifiedNotice,
    PeopleNotice,
    PredictionFrame,
    RunNotice,
    SmartNotice,
)
from annotator.live.outlet import Outlet

PEOPLE_EVERY_S = 0.2
"""How often who is where is told at most."""
FAR_BEHIND = 500
"""Events out of order that are kept; beyond it the readers refetch."""


class AgentPort(Protocol):
    """An agent's connection."""

    def command(self, notice: AgentNotice) -> None:
        """Tell the agent something, after all that it was told before."""
        ...

    def show_out(self) -> None:
        """Close the connection: its token is good no more."""
        ...


@dataclass(eq=False, slots=True)
class Watcher:
    """One browser connection on a layer."""

    user: int
    person: Person
    outlet: Outlet
    project: int = 0
    recheck: Callable[[str], None] = lambda _: None
    """Look again what the person may do, given what happened in words."""
    answer: Callable[[SmartAnswer], None] = lambda _: None
    """Take an answer to the person's clicks."""


@dataclass(eq=False)
class Room:
    """Everybody on one layer. ``revision``: of the last event that has gone out; None: not known yet."""

    layer: int
    revision: int | None = None
    watchers: dict[str, Watcher] = field(default_factory=dict)
    elsewhere: dict[str, list[Person]] = field(default_factory=dict)
    held: dict[int, EventOut] = field(default_factory=dict)
    users: int = 0

    def begin(self, revision: int) -> None:
        """The layer's revision, as it was read after the room was made."""
        if self.revision is None:
            self.revision = revision
            self._release()

    def offer(self, event: EventOut) -> None:
        """Send an event on, in the order of revisions, each once, from whichever way it came first."""
        if self.revision is not None and event.revision <= self.revision:
            return
        self.held[event.revision] = event
        self._release()

    def skip_to(self, event: EventOut) -> None:
        """Go on from an event far ahead: readers see the gap and refetch."""
        self.revision = event.revision - 1
        self.held = {event.revision: event}
        self._release()

    def _release(self) -> None:
        if self.revision is None:
            return
        while (event := self.held.pop(self.revision + 1, None)) is not None:
            self.revision = event.revision
            text = event.model_dump_json()
            for watcher in self.watchers.values():
                if event.kind == "predictions":
                    watcher.outlet.text(text)
                else:
                    watcher.outlet.change(text)
                if event.kind == "import":
                    # It may have brought labels along.
                    watcher.recheck("")
        for late in [revision for revision in self.held if revision <= self.revision]:
            del self.held[late]
        if len(self.held) > FAR_BEHIND:
            self.skip_to(self.held[max(self.held)])

    def cleared(self, notice: ClearedNotice) -> None:
        """Predictions are stale from now on: everybody takes them off the screen."""
        text = notice.cleared.model_dump_json()
        for watcher in self.watchers.values():
            watcher.outlet.change(text)

    def run(self, notice: RunNotice) -> None:
        """Tell how a run stands: to its owner as their own."""
        texts = {
            mine: RunUpdate(run=notice.run.model_copy(update={"mine": mine})).model_dump_json()
            for mine in (False, True)
        }
        for watcher in self.watchers.values():
            watcher.outlet.state(str(notice.run.id), texts[watcher.user == notice.owner])

    def issue(self, notice: IssueNotice) -> None:
        """Something was said or done in an issue: of each its newest state counts."""
        text = notice.changed.model_dump_json()
        for watcher in self.watchers.values():
            watcher.outlet.state(f"issue {notice.changed.id}", text)

    def hold(self, held: Held) -> None:
        """What runs find can't be stored for now, or can be again."""
        text = held.model_dump_json()
        for watcher in self.watchers.values():
            watcher.outlet.state("held", text)

    def predictions(self, frame: PredictionFrame) -> None:
        """Hand a batch to everybody in the room; who is behind gets the newest, and told what it missed."""
        for watcher in self.watchers.values():
            watcher.outlet.predictions(frame)

    @property
    def here(self) -> list[Person]:
        """Who is connected to this process."""
        return [watcher.person for watcher in self.watchers.values()]

    @property
    def people(self) -> list[Person]:
        """Everybody, wherever they are connected."""
        return [*self.here, *(person for people in self.elsewhere.values() for person in people)]


class Hub:
    """One per web process (per event loop)."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.process = uuid4().hex
        self.rooms: dict[int, Room] = {}
        self.agents: dict[int, AgentPort] = {}
        self.speeds: dict[str, float] = {}
        self.stalls: dict[str, float] = {}
        """For how many seconds runs of this process's agents should have got on and haven't."""
        self.forward: Callable[[Notice | PredictionFrame], None] = lambda _: None
        self._telling: set[int] = set()

    def post(self, notice: Notice) -> None:
        """From any thread: deliver a notice here, and to the other web processes."""
        with suppress(RuntimeError):  # The loop is closing: nobody is left to tell.
            self.loop.call_soon_threadsafe(self.publish, notice)

    def publish(self, notice: Notice | PredictionFrame) -> None:
        """Deliver here and to the other web processes."""
        if isinstance(notice, RunNotice):
            self._tell_pace(notice.run)
        self.deliver(notice)
        self.forward(notice)

    def _tell_pace(self, run: RunInfo) -> None:
        """What only this process knows of a run: how fast it is, or for how long it has stood still."""
        name = str(run.id)
        run.stalled_s = self.stalls.get(name) if run.state == "running" else None
        run.fps = self.speeds.get(name, 0.0) if run.stalled_s is None else 0.0

    def deliver(self, notice: Notice | PredictionFrame) -> None:
        """Deliver to the sockets of this process."""
        if isinstance(notice, AgentNotice):
            if (port := self.agents.get(notice.agent)) is not None:
                port.command(notice)
            return
        if isinstance(notice, AgentGone):
            if (port := self.agents.get(notice.agent)) is not None:
                port.show_out()
            return
        if isinstance(notice, LookAgain):
            self._recheck(notice)
            return
        if isinstance(notice, NotifiedNotice):
            self._notify(notice)
            return
        room = self.rooms.get(notice.layer)
        if room is None:
            return
        match notice:
            case PredictionFrame():
                room.predictions(notice)
            case EventNotice():
                room.offer(notice.event)
            case ClearedNotice():
                room.cleared(notice)
            case RunNotice():
                room.run(notice)
            case IssueNotice():
                room.issue(notice)
            case SmartNotice():
                if (watcher := room.watchers.get(notice.connection)) is not None:
                    watcher.answer(notice.answer)
            case PeopleNotice():
                room.elsewhere[notice.process] = notice.people
                self._tell_people(room)

    def _notify(self, notice: NotifiedNotice) -> None:
        text = notice.notified.model_dump_json()
        for room in self.rooms.values():
            for watcher in room.watchers.values():
                if watcher.user == notice.user:
                    watcher.outlet.text(text)

    def _recheck(self, notice: LookAgain) -> None:
        for room in list(self.rooms.values()):
            for watcher in list(room.watchers.values()):
                if (
                    notice.layer in (None, room.layer)
                    and notice.project in (None, watcher.project)
                    and notice.user in (None, watcher.user)
                ):
                    watcher.recheck(notice.why)

    # ------------------------------------------------------------ rooms

    def enter(self, layer: int) -> Room:
        """The room of a layer, kept while anybody is in it; ``leave`` as often as you entered."""
        room = self.rooms.setdefault(layer, Room(layer))
        room.users += 1
        return room

    def leave(self, room: Room) -> None:
        """Once for each ``enter``; with the last one the room is forgotten."""
        room.users -= 1
        if room.users == 0:
            self.rooms.pop(room.layer, None)

    def join(self, room: Room, watcher: Watcher) -> None:
        """A browser connected: it hears what is said in the room from now on."""
        room.watchers[watcher.person.connection] = watcher
        self.moved(room)

    def part(self, room: Room, connection: str) -> None:
        """A browser is gone; a second time nothing happens."""
        if room.watchers.pop(connection, None) is not None:
            self.moved(room)

    def moved(self, room: Room) -> None:
        """Somebody came, went or moved: tell it soon, and not more often than it can be followed."""
        if room.layer not in self._telling:
            self._telling.add(room.layer)
            self.loop.call_later(PEOPLE_EVERY_S, self._tell_moved, room)

    def _tell_moved(self, room: Room) -> None:
        self._telling.discard(room.layer)
        self._tell_people(room)
        self.forward(PeopleNotice(layer=room.layer, process=self.process, people=room.here))

    @staticmethod
    def _tell_people(room: Room) -> None:
        text = People(people=room.people).model_dump_json()
        for watcher in room.watchers.values():
            watcher.outlet.state("people", text)

    def behind(self, revisions: Iterable[tuple[int, int]]) -> list[Room]:
        """The rooms that a newer revision exists for."""
        pairs = ((self.rooms.get(layer), revision) for layer, revision in revisions)
        return [room for room, revision in pairs if room and room.revision is not None and revision > room.revision]
