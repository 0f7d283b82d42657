"""Every message of the live channel ``/ws/layers/<id>/``, declared once; ``make types`` writes the TypeScript.

Text frames carry one JSON object with ``type``. Binary frames carry predictions: a u32 (little-endian) length, that
many bytes of JSON (``Predictions``), then its tables (``tracking/shapes/chunks.py``) one after the other.

Frames are 0-based. What a run starts or goes on from is named, not sent: a track and a frame, whose shape is what the
layer shows there (the edit that made it comes first on the same socket). A field that may be absent says what absence
means; null always means "none".
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, TypeAdapter

from annotator.announce.issues import IssueOut
from annotator.announce.labels import LabelOut
from annotator.models import JobState, Stage
from annotator.operations import Conflict, EventKindName, Frame, Message, Operation, TrackVerdicts
from tracking.protocol import SegmentStage

SIGNED_OUT, NOT_THERE = 4401, 4404
"""Codes with which a connection is closed for good. Of the codes that WebSockets have of their own, autobahn lets an
application send 1000 alone."""
COME_BACK = 4503
"""Code with which a connection is closed that the server can't go on with: the other side connects again."""
SUMMARY_CHARACTERS = 200
"""In the words of a change for the history panel."""
MOST_SELECTED = 50
"""Selected tracks that others are told of."""
EDIT_BYTES = 64 * 2**20
"""Of one edit as JSON. What is larger is made as several edits, one after the other."""
PART_BYTES = 512 * 2**10
"""Of an edit as JSON in one message: a longer one comes in parts, between which other messages get through."""
MOST_SHOWN = 500
"""Stretches of frames that one message says were on screen."""
MOST_PROMPTS = 300
"""Tracks that one run starts from."""
MOST_CLICKS = 200
"""On one object, on one frame."""
MOST_CLICKED = 100
"""Masks whose clicks one edit brings."""
PREDICTIONS_IN_FLIGHT = 64
"""How many prediction messages a connection gets ahead of its last `Received`."""

# ---------------------------------------------------------------- browser -> server


def _with_an_area(region: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = region
    if not (x1 < x2 and y1 < y2):
        raise ValueError(f"A region is x1, y1, x2, y2 with x1 < x2 and y1 < y2; {x1:g}, {y1:g}, {x2:g}, {y2:g} came.")
    return region


Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Region = Annotated[tuple[Coordinate, Coordinate, Coordinate, Coordinate], AfterValidator(_with_an_area)]


class Click(Message):
    """A click of the smart tool, in px of the frame; `positive`: on the object, else beside it."""

    x: float = Field(ge=0, le=1e6)
    y: float = Field(ge=0, le=1e6)
    positive: bool


class ClickedOn(Message):
    """What a person clicked, and the box that they drew, until the mask of an object was right."""

    clicks: list[Click] = Field([], max_length=MOST_CLICKS, description="In the order they were made.")
    box: Region | None = Field(None, description="x1, y1, x2, y2 in px; null: none.")


class ClickedShape(ClickedOn):
    """What a mask on a frame of a track came of. `alone`: of that alone, not of another mask before."""

    track: UUID
    frame: Frame
    alone: bool = False


class Edit(Message):
    """A person's edit: all of its operations happen, or none. Sent again after a lost connection it counts once."""

    type: Literal["edit"] = "edit"
    id: UUID = Field(description="Chosen by the client, the same when it is sent again.")
    operations: list[Operation] = Field(min_length=1)
    undoes: UUID | None = Field(None, description="The id of the edit that this one takes back; null: none.")
    base: int | None = Field(
        None,
        ge=0,
        description="The layer's revision that its author had seen: what others did since is merged. null: not told.",
    )
    summary: str = Field("", max_length=SUMMARY_CHARACTERS, description="In words, for the history panel.")
    clicked: list[ClickedShape] = Field(
        [], max_length=MOST_CLICKED, description="What masks that it puts were clicked with, to go on from."
    )


class EditPart(Message):
    """A part of an `Edit` that is too long for one message: a piece of its JSON. With the last part it counts as if it
    had come whole. Each is answered by a `Pong`, so that a slow connection isn't taken for a dead one."""

    type: Literal["edit.part"] = "edit.part"
    edit: UUID = Field(description="The id of the edit.")
    index: int = Field(ge=0, description="Parts come in order, counted from 0.")
    last: bool
    text: str = Field(max_length=PART_BYTES)


class PromptIn(Message):
    """What a run starts from: what the layer shows of a track on a frame."""

    track: UUID
    frame: Frame
    clicked: ClickedOn | None = Field(
        None, description="What that mask came of, for models that take clicks; null: that isn't known."
    )


class FindOptions(Message):
    """Look for objects that nobody prompted, and follow them from where they were found."""

    finder: str = Field(max_length=64, description="A finder's id in the catalogue.")
    every: int = Field(10, ge=1, le=1000, description="On every so-many-th frame.")
    labels: dict[str, int] = Field(
        min_length=1,
        max_length=1000,
        description="Which of its classes are wanted, by name, and the label each gets. Of a finder that looks by a "
        "word these are the words.",
    )
    confidence: float | None = Field(
        None, ge=0, le=1, description="What it is less sure of is left; null: as it is made."
    )
    region: Region | None = Field(
        None, description="x1, y1, x2, y2 in px: what has its middle outside is left; null: the whole frame."
    )
    least_frames: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="What is followed over fewer frames is a candidate, for a person to take or dismiss.",
    )
    linked: str | None = Field(
        None,
        max_length=64,
        description="The id of the association that links what a detector sees into tracks; null: the model follows "
        "what is found. What a person corrects is followed by the model from there on.",
    )
    mask_model: str | None = Field(
        None,
        max_length=64,
        description="What carries masks, for an association that wants some, by its id in the catalogue; null: the "
        "default.",
    )


class AsMaskOptions(Message):
    """Follow boxes, rotated boxes and polygons as masks, by a model of masks, and keep each as what it is."""

    segmenter: str | None = Field(
        None,
        max_length=64,
        description="What finds the object in a box, by its id in the catalogue; null: the default. A model that takes "
        "boxes finds it by itself.",
    )


class RunOptions(Message):
    """The Track settings panel."""

    detect_off_screen: bool = Field(True, description="Stop an object that left, and mark it outside.")
    until_keyframe: bool = Field(True, description="Stop an object at its next keyframe instead of going past it.")
    check_both_ways: bool = Field(
        False, description="Track back from each object's end, and mark frames on which both ways disagree as doubtful."
    )
    redo: bool = Field(
        False,
        description="The tracks were corrected on their prompts' frames: their predictions beyond disappear at once, "
        "and come back from where the run agrees with them.",
    )
    confidence_threshold: float = Field(0.0, ge=0, le=1, description="Below it, predictions are marked doubtful.")
    find: FindOptions | None = Field(None, description="null: only what is prompted is followed.")
    as_mask: AsMaskOptions | None = Field(None, description="null: shapes are followed as what they are.")


class RunStart(Message):
    """Start a run. `id` is chosen by the client; frames `first..last` bound it on both sides. Without prompts it
    follows what it finds, as `options.find` says, from its first frame on (backward: from its last)."""

    type: Literal["run.start"] = "run.start"
    id: UUID
    model: str | None = Field(None, description="A catalogue id; null: the default for the prompts.")
    prompts: list[PromptIn] = Field(max_length=MOST_PROMPTS, description="None: only with `options.find`.")
    machine: int | None = Field(
        None, ge=1, le=2**31 - 1, description="The id of the only machine that it may go to; null: the best one."
    )
    first: Frame
    last: Frame
    direction: Literal["forward", "backward", "both"] = "forward"
    options: RunOptions = RunOptions()
    settings: dict[str, float | int | str | bool] = Field(
        {}, max_length=32, description="Of the model, by its names in the catalogue; absent ones are its defaults."
    )


class RunCorrect(Message):
    """The person corrected `track` on `frame`: that object alone goes back there, with what the layer shows of it. Its
    predictions beyond that frame, in the run's direction and up to its next keyframe, disappear at once. The shape is
    saved by an `edit` before this; this message makes the running run follow it."""

    type: Literal["run.correct"] = "run.correct"
    run: UUID
    track: UUID
    frame: Frame
    clicked: ClickedOn | None = Field(None, description="What the mask came of; null: that isn't known.")


class RunExtend(Message):
    """Let the run go on to another end."""

    type: Literal["run.extend"] = "run.extend"
    run: UUID
    first: Frame
    last: Frame


class RunStop(Message):
    """Stop a run, or only some of its tracks; what it stored stays."""

    type: Literal["run.stop"] = "run.stop"
    run: UUID
    tracks: list[UUID] | None = Field(None, description="null: all of them, the run ends.")


class SmartClicks(Message):
    """What mask is meant by clicks and a box on a frame? Of a connection's questions the newest counts. Without a click
    or a box the frame is only looked at, so that clicks are answered soon. Nothing is stored."""

    type: Literal["smart.clicks"] = "smart.clicks"
    request: int = Field(ge=0, le=2**53, description="Comes back with the answers; grows with every question.")
    model: str | None = Field(None, max_length=64, description="A segmenter's id in the catalogue; null: the default.")
    frame: Frame
    clicks: list[Click] = Field([], max_length=MOST_CLICKS, description="In the order they were made.")
    box: tuple[float, float, float, float] | None = Field(None, description="x1, y1, x2, y2 in px; null: none.")
    track: UUID | None = Field(
        None,
        description="The clicks correct the mask that the layer shows of it on the frame; null: they start afresh.",
    )


class Received(Message):
    """Flow control: every prediction message up to `sequence` of this connection has been drawn or dropped. At most
    `PREDICTIONS_IN_FLIGHT` are sent ahead of it; of what comes meanwhile the newest is kept, the rest is `missed`."""

    type: Literal["received"] = "received"
    sequence: int


class Presence(Message):
    """Where this person is."""

    type: Literal["presence"] = "presence"
    frame: Frame
    tracks: list[UUID] = Field([], max_length=MOST_SELECTED, description="What is selected.")


class Shown(Message):
    """Which frames were on screen, as they were at `revision`: sent a few times a minute, as long as there are others.
    What changed since it was shown isn't among them."""

    type: Literal["shown"] = "shown"
    frames: list[tuple[Frame, Frame]] = Field(
        min_length=1, max_length=MOST_SHOWN, description="The first and the last frame of each stretch."
    )
    revision: int = Field(ge=0, description="The layer's.")


class Ping(Message):
    """Every 20 s: a connection from which nothing came for 90 s is closed."""

    type: Literal["ping"] = "ping"


ClientMessage = Annotated[
    Edit | EditPart | RunStart | RunCorrect | RunExtend | RunStop | SmartClicks | Received | Presence | Shown | Ping,
    Field(discriminator="type"),
]

# ---------------------------------------------------------------- server -> browser


class RunInfo(Message):
    """A run as everybody sees it."""

    id: UUID
    model: str
    state: Literal["queued", "running", "done", "stopped", "failed"]
    direction: Literal["forward", "backward", "both"]
    first: int
    last: int
    tracks: list[UUID]
    frames_done: int = Field(
        description="Object-frames stored so far; as long as it goes on, looking for new objects counts as one more "
        "object."
    )
    frames_total: int
    ahead: int | None = Field(
        None,
        description="Runs that come before it, while it waits for an agent or for its turn; null: it is under way.",
    )
    wait_s: float | None = Field(
        None, description="About how many seconds until a waiting run is done; null: not known."
    )
    stalled_s: float | None = Field(
        None, description="For so many seconds its agent should have got on with it and hasn't; null: it gets on."
    )
    searched: int | None = Field(
        None, description="The frame up to which it has looked for new objects; null: it looks for none (any more)."
    )
    chosen: str = Field("", description="Why this model was taken where nobody named one; empty: somebody did.")
    linked: str = Field("", description="The name of what links its objects; empty: the model follows them.")
    checking: bool = Field(False, description="All objects came to their end, and are tracked back to be compared.")
    redone: int = Field(0, description="Of the `stale` object-frames, those that were tracked again.")
    stale: int = Field(0, description="Object-frames that corrections took away; 0: none.")
    fps: float = Field(description="Object-frames per second lately; 0 before the first.")
    heads: dict[str, int] = Field(description="Track id to the frame it has reached.")
    left: dict[str, int] = Field({}, description="Track id to the frame on which it left the picture or was lost.")
    agent: str = Field(description="The agent's name, 'this server' for its own; empty while queued.")
    message: str = Field(description="Why it failed or waits; empty otherwise.")
    created_by: str
    mine: bool = Field(False, description="Whether the reader started it; set per reader.")


class Person(Message):
    """Somebody on this layer. One person may be there with several connections."""

    connection: str
    user: int
    name: str
    colour: str
    frame: int
    tracks: list[UUID]


class Rights(Message):
    """What the reader may do here; sent again whenever it changes."""

    type: Literal["rights"] = "rights"
    ranges: list[tuple[int, int]] = Field(description="Frames whose shapes the reader may change; empty: none.")
    can_manage: bool = Field(description="Whether the reader may bring back an earlier state of the whole layer.")
    can_review: bool = Field(description="Whether the reader may give verdicts.")
    can_settle: bool = Field(description="Whether the reader may resolve and reopen issues that others opened.")
    why: str = Field("", description="What happened, as a sentence; empty: nothing did, or nobody knows what.")


class OpenJob(Message):
    """Of a job, what is shown where it is worked on; `first..last` are its frames."""

    id: int
    first: int
    last: int
    stage: Stage
    state: JobState


class Surroundings(Message):
    """What is said around the tracks of a layer; sent again whenever somebody changes any of it."""

    type: Literal["surroundings"] = "surroundings"
    video: str = Field(description="Its name.")
    layer: str = Field(description="The name of the layer itself.")
    frame_count: int
    width: int = Field(description="px, display-oriented")
    height: int = Field(description="px, display-oriented")
    project: str = Field(description="Its name.")
    archived: bool = Field(description="Whether the project is put away.")
    locks_accepted: bool = Field(description="Whether annotators and runs leave accepted spans as they are.")
    labels: list[LabelOut]
    job: OpenJob | None = Field(description="The one that is open, as it is now; null: none is, or it was removed.")
    why: str = Field("", description="What happened, as a sentence; empty: nothing did, or nobody knows what.")


class Welcome(Message):
    """First message of every connection. `revision` is the layer's: a client behind it refetches what it shows."""

    type: Literal["welcome"] = "welcome"
    connection: str
    revision: int
    rights: Rights
    surroundings: Surroundings
    people: list[Person]
    runs: list[RunInfo]
    unread: int = Field(0, description="Notifications that the reader has not read.")


class EventOut(Message):
    """A committed change. `revision` is the previous one plus 1; a gap means: refetch what you show."""

    type: Literal["event"] = "event"
    revision: int
    kind: EventKindName
    edit: UUID = Field(
        description="The edit's id; to its author this event is the acknowledgement, also when it comes again with an "
        "old revision because the edit was sent again."
    )
    undoes: UUID | None
    author: int | None
    author_name: str
    summary: str
    at: str = Field(description="ISO 8601, UTC.")
    operations: list[Operation] = Field(
        description="Empty for predictions, whose shapes came in binary frames, and for what isn't told."
    )
    told: bool = Field(
        True,
        description="False: an import, or another change that is too large to be sent. Refetch everything; its author "
        "need not.",
    )
    run: UUID | None
    numbers: dict[str, int] = Field({}, description="Numbers the server gave to created tracks, by track id.")
    touched: list[tuple[UUID, int, int]] = Field(
        [],
        description="For predictions: (track, first, last) that were stored. Who missed some, or joined later than "
        "they were sent, refetches these.",
    )
    verdicts: list[TrackVerdicts] = Field(
        [],
        description="Tracks on which verdicts are others now: given by `operations`, or reopened by what they changed.",
    )
    conflicts: list[Conflict] = Field(
        [], description="Where it met what others had done; `operations` are as they were done, not as they were sent."
    )


class PredictedTable(Message):
    """One table of a binary message."""

    track: UUID
    epoch: int = Field(description="Grows with each correction of this track in this run; lower ones are stale.")
    bytes: int = Field(description="The table's length.")


class Predictions(Message):
    """Header of a binary message. `sequence` counts this connection's prediction messages from 1, without gaps; what
    was dropped for a connection that reads too slowly is named in `missed` of its next message, which may have no
    table at all."""

    type: Literal["predictions"] = "predictions"
    run: UUID | None = Field(description="null: no tables, only `missed`.")
    sequence: int
    tables: list[PredictedTable]
    missed: list[tuple[UUID, int, int]] = Field(
        [],
        description="(track, first, last) that were dropped for this connection since its last message: refetch them, "
        "once the event has come that says they are stored.",
    )


class Cleared(Message):
    """Predictions of `track` in `ranges` are gone from now on; sent before the event that commits it, so that stale
    shapes vanish at once."""

    type: Literal["cleared"] = "cleared"
    run: UUID
    track: UUID
    epoch: int
    ranges: list[tuple[int, int]]


class RunUpdate(Message):
    """A run began, moved on or ended."""

    type: Literal["run"] = "run"
    run: RunInfo


class People(Message):
    """Who is here now, whenever it changes."""

    type: Literal["people"] = "people"
    people: list[Person]


class Refused(Message):
    """Something could not be done. `edit` or `run` name what; the client takes that edit back."""

    type: Literal["refused"] = "refused"
    message: str
    edit: UUID | None = None
    run: UUID | None = None


class Held(Message):
    """Something can't be stored for now. It is kept, and tried again until it can be; what follows it waits."""

    type: Literal["held"] = "held"
    what: Literal["changes", "predictions"] = Field(
        description="changes: what the reader asked for on this connection. predictions: what runs found."
    )
    why: Literal["busy", "full", "away"] | None = Field(
        description="busy: the database is locked. full: the server's disk is. away: the database can't be reached. "
        "null: it is over."
    )


class SmartAnswer(Message):
    """How a `SmartClicks` stands. `fetching`, `looking`: it takes a while; `ready`: the frame was looked at, and no
    click came with the question; `answered`; `failed`: `message` says why."""

    type: Literal["smart.answer"] = "smart.answer"
    request: int
    stage: SegmentStage
    table: str = Field(
        "", description="Of `answered`: a packed table of one row with the mask, base64; empty: nothing is left of it."
    )
    score: float = Field(0.0, description="The model's own estimate of its IoU with what is meant, in [0, 1].")
    message: str = ""


class IssueChanged(Message):
    """Something was said or done in an issue of this layer, or it was deleted. Its comments are fetched by who looks at
    them."""

    type: Literal["issue"] = "issue"
    id: UUID
    issue: IssueOut | None = Field(description="As it is now; null: it is gone.")


class Notified(Message):
    """How many notifications the reader has not read, whenever that changes."""

    type: Literal["notified"] = "notified"
    unread: int
    message: str = Field("", description="What the newest one says; empty: none is new.")


class Gone(Message):
    """There is nothing more to be seen here for the reader; the connection is closed after it, and no other will be
    let in until something changes."""

    type: Literal["gone"] = "gone"
    what: Literal["deleted", "left", "account"] = Field(
        description="deleted: what is shown here was. left: it is no longer shared with the reader. account: the "
        "reader's account was closed."
    )
    message: str = Field(description="What happened, as a sentence.")


class Pong(Message):
    """Answers a `Ping`, and each part of an edit."""

    type: Literal["pong"] = "pong"


ServerMessage = Annotated[
    Welcome
    | Rights
    | Surroundings
    | EventOut
    | Predictions
    | Cleared
    | RunUpdate
    | People
    | Refused
    | Held
    | SmartAnswer
    | IssueChanged
    | Notified
    | Gone
    | Pong,
    Field(discriminator="type"),
]

CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
