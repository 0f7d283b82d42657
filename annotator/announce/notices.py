"""What actions tell the sockets, and web processes tell each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from annotator.announce.messages import Cleared, EventOut, IssueChanged, Notified, Person, RunInfo, SmartAnswer
from annotator.operations import Message
from tracking.protocol import ToAgent


class EventNotice(Message):
    """A change of a layer was committed."""

    notice: Literal["event"] = "event"
    layer: int
    event: EventOut


class ClearedNotice(Message):
    """Stale predictions go from the screens."""

    notice: Literal["cleared"] = "cleared"
    layer: int
    cleared: Cleared


class RunNotice(Message):
    """A run began, moved on or ended. ``owner``: the id of the person who started it; None: deleted since."""

    notice: Literal["run"] = "run"
    layer: int
    run: RunInfo
    owner: int | None


class AgentNotice(Message):
    """A message for an agent, whichever web process holds its connection."""

    notice: Literal["agent"] = "agent"
    agent: int
    layer: int | None = Field(description="null: it is about the machine, not about a run.")
    message: ToAgent
    doubtful_below: float = Field(0.0, description="Of a Start: predictions less confident than this are doubtful.")


class AgentGone(Message):
    """An agent is let in no more."""

    notice: Literal["agent_gone"] = "agent_gone"
    agent: int


class LookAgain(Message):
    """What somebody may do, or what is said around a layer, has changed: their sockets look it up.

    ``user``: whose; None: everybody's. ``layer``, ``project``: where; None: everywhere. ``why``: what happened, in
    words; empty: not told.
    """

    notice: Literal["look"] = "look"
    user: int | None = None
    layer: int | None = None
    project: int | None = None
    why: str = ""


class PeopleNotice(Message):
    """Who is on a layer by another web process."""

    notice: Literal["people"] = "people"
    layer: int
    process: str
    people: list[Person]


class SmartNotice(Message):
    """An answer to somebody's clicks, for the one connection that asked."""

    notice: Literal["smart"] = "smart"
    layer: int
    connection: str
    answer: SmartAnswer


class IssueNotice(Message):
    """Something was said or done in an issue."""

    notice: Literal["issue"] = "issue"
    layer: int
    changed: IssueChanged


class NotifiedNotice(Message):
    """How many notifications somebody has not read: for all pages that they have open."""

    notice: Literal["notified"] = "notified"
    user: int
    notified: Notified


Notice = Annotated[
    EventNotice
    | ClearedNotice
    | RunNotice
    | AgentNotice
    | AgentGone
    | LookAgain
    | PeopleNotice
    | SmartNotice
    | IssueNotice
    | NotifiedNotice,
    Field(discriminator="notice"),
]
NOTICE: TypeAdapter[Notice] = TypeAdapter(Notice)


@dataclass(frozen=True, slots=True)
class PredictionFrame:
    """Predictions on their way to everybody watching a layer.

    ``head``: the JSON of ``Predictions`` up to and without what differs from reader to reader; ``body``: its tables;
    ``covers``: (track, first, last), what a reader who doesn't get it misses. Without a body it only says what was lost
    on the way.
    """

    layer: int
    head: str
    body: bytes
    covers: tuple[tuple[str, int, int], ...]
