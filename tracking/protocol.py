"""What the server and an agent say to each other over ``/ws/agent/`` (one WebSocket, opened by the agent).

The agent authenticates with ``Authorization: Bearer <token>``. Text frames carry one JSON object with ``type``; binary
frames carry predictions: a u32 (little-endian) length, that many bytes of JSON (``Batch``), then the packed tables
(``tracking/shapes/chunks.py``) that it lists, one after the other. A table is what the server stores and what browsers
get, so every kind of geometry travels alike. A prompt carries a table of one row, in base64.
"""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from tracking.shapes.checks import SHAPE_BYTES as SHAPE_BYTES
from tracking.shapes.chunks import Row, Table
from tracking.shapes.payloads import shape_of, single
from tracking.shapes.values import Shape
from tracking.types import Box, Click, Clicked

PROTOCOL = 12
WORK_AHEAD = 64
"""How many unacknowledged model steps of one run an agent may be ahead of the server."""
BYTES_AHEAD = 32 * 2**20
"""About how many bytes of tables that may be at most: large masks fill it before the steps do."""
BATCH_BYTES = 2**20
"""A batch carries about so many bytes of tables at most, or a single shape."""
HELD_BYTES = 2**20
"""A leg carries about so many bytes of tables with points that stay as they are; farther frames are done as a whole."""
MOST_LOG_LINES = 2000
"""An agent keeps, and tells, so many lines of its log."""
MOST_SEEN = 500
"""A preview carries so many objects at most."""
MOST_TRIED = 32
"""A preview carries the shapes of one object on so many frames at most."""
PICTURE_BYTES = 3 * 2**19
"""A picture that comes with a preview has so many bytes at most: it travels in one message."""
MESSAGE_BYTES = 16 * 2**20
"""Longest message that the server takes on a socket, from a browser or from an agent."""

Setting = float | int | str | bool
"""What a setting of a model may be; the catalogue says which names a model knows."""


def _texts(given: object) -> Iterator[str]:
    """Every text in what JSON may hold, keys too."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, dict):
        yield from (text for part in (*given.keys(), *given.values()) for text in _texts(part))
    elif isinstance(given, list):
        yield from (text for part in given for text in _texts(part))


class AgentMessage(BaseModel):
    """Base of what travels between server and agent; unknown fields, and numbers that are none, are refused."""

    model_config = ConfigDict(allow_inf_nan=False, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_nul(cls, given: object) -> object:
        if any("\0" in text for text in _texts(given)):
            raise ValueError("No text may hold the character NUL, which databases can't keep; one does.")
        return given


class ClickAt(AgentMessage):
    """A click, in px of the frame; `positive`: on the object, else beside it."""

    x: float
    y: float
    positive: bool


class Clicks(AgentMessage):
    """What a person clicked, in this order, and the box that they drew, until the shape was right. `box`: x1, y1, x2,
    y2 in px; null: none."""

    clicks: list[ClickAt] = []
    box: tuple[float, float, float, float] | None = None

    @property
    def value(self) -> Clicked:
        return Clicked(
            tuple(Click(each.x, each.y, each.positive) for each in self.clicks),
            None if self.box is None else Box(*self.box),
        )


class RunPrompt(AgentMessage):
    """A shape to start or go on from. `table`: a packed table of its one row, base64; it says the frame too. `clicked`:
    what the shape came of, for models that take clicks; null: that isn't known."""

    object: str
    table: str
    epoch: int = 0
    clicked: Clicks | None = None

    @classmethod
    def of(cls, object_id: str, row: Row, *, epoch: int = 0, clicked: Clicks | None = None) -> RunPrompt:
        return cls(object=object_id, table=prompt_text(row), epoch=epoch, clicked=clicked)

    @cached_property
    def row(self) -> Row:
        """Raises ChunkError or ValueError when `table` is none of one row."""
        return prompt_row(self.table)

    @property
    def frame(self) -> int:
        return self.row.frame

    @property
    def shape(self) -> Shape:
        return shape_of(self.row)


def prompt_text(row: Row) -> str:
    """A row as a prompt carries it."""
    return b64encode(single(row).pack()).decode()


def prompt_row(text: str) -> Row:
    """What ``prompt_text`` was given. Raises ChunkError or ValueError when it is no table of one row."""
    table = Table.unpack(b64decode(text, validate=True))
    if len(table) != 1:
        raise ValueError(f"A prompt is one shape on one frame; a table of {len(table)} rows came.")
    return table.row(0)


class Held(AgentMessage):
    """Some frames of a corrected object as they were: there these `points` of it, by number, stay as they are in the
    `table`, which is packed and in base64."""

    points: list[int]
    table: str

    @cached_property
    def rows(self) -> list[Row]:
        """Raises ChunkError or ValueError when `table` is none."""
        return list(Table.unpack(b64decode(self.table, validate=True)).rows())


class Leg(AgentMessage):
    """One object's way in one direction: follow it from `prompt.frame` to `last`, both included.

    `emit_first` is False when `prompt` is only where an interrupted run goes on from: that frame is stored already.
    `check`: its boxes are only compared with what is stored; that is for the server to know. `linked`: as `Start.link`
    says, instead of by the model.
    """

    prompt: RunPrompt
    direction: Literal["forward", "backward"]
    last: int
    emit_first: bool = False
    check: bool = False
    held: list[Held] = Field(
        [],
        description="What a correction of single points leaves as it is; of two rows on a frame the later one counts.",
    )
    linked: bool = False
    untouched: list[int] = Field(
        [], description="The points, by number, that a correction left where the model had put them."
    )


class VideoAccess(AgentMessage):
    """Where to read the video: URLs, relative to the server, that expire; both answer range requests."""

    key: str = Field(description="Names the video's bytes for ever: the agent's cache key.")
    source: str
    index: str
    width: int
    height: int
    frame_count: int


# ---------------------------------------------------------------- server -> agent


class Accepted(AgentMessage):
    """The server knows the agent: under this name, with this id."""

    type: Literal["accepted"] = "accepted"
    agent: int
    name: str


class Find(AgentMessage):
    """Look for objects that nobody prompted, on every `every`-th frame from `frame` to `last`, whether or not anything
    is followed there."""

    finder: str = Field(description="Which one, by its id in the catalogue.")
    every: int = Field(ge=1)
    classes: list[str] = Field(
        description="The classes, by the finder's own names, that are wanted, others are left; or the words that it "
        "looks for."
    )
    direction: Literal["forward", "backward"]
    frame: int
    last: int
    confidence: float | None = Field(None, ge=0, le=1, description="What is less sure is left; null: as it is made.")
    region: tuple[float, float, float, float] | None = Field(
        None, description="x1, y1, x2, y2 in px: what has its middle outside is left; null: the whole frame."
    )


class Link(AgentMessage):
    """A detector looks at every `every`-th frame, counted from `origin`, and an association links what it sees into
    tracks. What `find` finds is linked too."""

    association: str = Field(description="Which one, by its id in the registry.")
    detector: str = Field(description="What looks, by its id in the catalogue.")
    origin: int
    every: int = Field(ge=1)
    rate: float = Field(gt=0, description="Frames of the video a second.")
    kinds: dict[str, str] = Field(
        description="By the detector's class, what it counts as: only what counts as the same becomes one track. "
        "Classes without are left alone."
    )
    objects: dict[str, str] = Field({}, description="What those of the run count as that are linked already.")
    confidence: float | None = Field(
        None, ge=0, le=1, description="How sure a detection is that begins a track; null: as the two are set."
    )
    mask_model: str | None = Field(
        None, description="What carries masks, for an association that wants some, by its id in the catalogue."
    )


class AsMask(AgentMessage):
    """Boxes, rotated boxes and polygons are followed as masks; their batches hold what they were prompted as."""

    segmenter: str = Field(description="What finds the object in a box, by its id in the catalogue.")


class Start(AgentMessage):
    """Run these legs. Sent again after a reconnect for whatever isn't finished; it replaces the run that an agent
    still holds under this id, whose batches then count from 1 again."""

    type: Literal["start"] = "start"
    run: str
    model: str
    settings: dict[str, Setting] = Field({}, description="Of the model, by its names; absent ones are its defaults.")
    video: VideoAccess
    legs: list[Leg]
    detect_off_screen: bool = True
    find: Find | None = Field(None, description="null: only what was prompted is followed.")
    as_mask: AsMask | None = Field(None, description="null: shapes are followed as what they are.")
    link: Link | None = Field(None, description="null: every leg is followed by the model.")


class Correct(AgentMessage):
    """Replace every leg of `object` in this run by `legs` (none: drop it). Batches of a lower epoch are stale."""

    type: Literal["correct"] = "correct"
    run: str
    object: str
    legs: list[Leg]


class Extend(AgentMessage):
    """Let unfinished legs in this direction end at `last` instead: later than before, or earlier (a leg that is already
    there or beyond ends at once). Legs that have ended stay ended; the server sends `Correct` where they must go on."""

    type: Literal["extend"] = "extend"
    run: str
    direction: Literal["forward", "backward"]
    last: int
    objects: list[str] | None = Field(None, description="Whose legs; null: those of every object.")
    search: bool = Field(False, description="Looking for new objects ends there, too, where it goes on.")


class Stop(AgentMessage):
    """Stop the run within one model step; no more batches of it are wanted."""

    type: Literal["stop"] = "stop"
    run: str


class Stored(AgentMessage):
    """Batches of `run` up to `sequence` are stored; the agent may work that much further ahead."""

    type: Literal["stored"] = "stored"
    run: str
    sequence: int


class Segment(AgentMessage):
    """Answer clicks on a frame. Of a reader's requests the newest counts: those before it that aren't done are dropped.
    Without a click or a box only look at the frame, so that clicks are answered soon."""

    type: Literal["segment"] = "segment"
    reader: str = Field(description="Who waits for it; names no person.")
    request: int = Field(description="Comes back with the answers.")
    model: str
    video: VideoAccess
    frame: int
    clicks: list[ClickAt] = []
    box: tuple[float, float, float, float] | None = Field(None, description="x1, y1, x2, y2 in px; null: none.")
    base: str = Field("", description="A table of one row, base64: the mask that the clicks correct. Empty: none.")


class Fetch(AgentMessage):
    """Get the weights that this machine lacks of a model, check them, and use them. Sent again after a reconnect for
    whatever hasn't ended; a file that came in part goes on where it stopped."""

    type: Literal["fetch"] = "fetch"
    model: str = Field(description="By its id in the catalogue.")
    sources: dict[str, str] = Field(
        {},
        description="Files that the server holds, by their name below the weights folder: their addresses, relative to "
        "the server, which expire and answer range requests. Other files come from where the catalogue says.",
    )


class DropFetch(AgentMessage):
    """Nobody wants these weights any more; what has come of them may stay for the next time."""

    type: Literal["fetch.drop"] = "fetch.drop"
    model: str


class LoadModel(AgentMessage):
    """Have a model in memory before somebody wants it."""

    type: Literal["model.load"] = "model.load"
    model: str = Field(description="By its id in the catalogue.")


class UnloadModel(AgentMessage):
    """Let a model leave memory, at once or when those who use it are done."""

    type: Literal["model.unload"] = "model.unload"
    model: str


class PinModels(AgentMessage):
    """These stay in memory, used or not, and are loaded where they aren't there; all others may leave. Sent when the
    agent is let in, too."""

    type: Literal["models.pin"] = "models.pin"
    models: list[str]


class AskLog(AgentMessage):
    """Tell the lines of the log behind the one with the number `after`."""

    type: Literal["log.ask"] = "log.ask"
    ask: str = Field(description="Comes back with the answer.")
    after: int = Field(ge=0)


class Preview(AgentMessage):
    """Try a model on a frame; nothing is stored of it. `find`: look for all that a finder knows, or for `words`;
    `click`: cut out what `clicks` and `box` mean; `follow`: follow that to the frame `last`."""

    type: Literal["preview"] = "preview"
    preview: str = Field(description="Comes back with the answers.")
    task: Literal["find", "click", "follow"] = "find"
    model: str = Field(description="What looks or follows, by its id in the catalogue.")
    video: VideoAccess | None = Field(description="null: `picture` is looked at.")
    picture: str = Field("", description="A JPEG, PNG or WebP file, base64, where there is no video.")
    frame: int = Field(description="Of the video; 0 of a picture.")
    confidence: float = Field(0, ge=0, le=1, description="Of `find`: what is less sure is left.")
    words: list[str] = Field([], description="Of `find`: what a finder looks for that looks by a word; else none.")
    clicks: list[ClickAt] = []
    box: tuple[float, float, float, float] | None = Field(None, description="x1, y1, x2, y2 in px; null: none.")
    last: int = Field(0, description="Of `follow`: the last frame.")
    segmenter: str = Field(
        "", description="Of `follow`: what cuts out what is meant, for a model that can't begin from that; empty: none."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Preview:
        if (self.video is None) == (not self.picture):
            raise ValueError("A preview has a video or a picture, and not both.")
        return self


class DropPreview(AgentMessage):
    """Nobody waits for this preview any more."""

    type: Literal["preview.drop"] = "preview.drop"
    preview: str


ToAgent = Annotated[
    Accepted
    | Start
    | Correct
    | Extend
    | Stop
    | Stored
    | Segment
    | Fetch
    | DropFetch
    | LoadModel
    | UnloadModel
    | PinModels
    | AskLog
    | Preview
    | DropPreview,
    Field(discriminator="type"),
]

# ---------------------------------------------------------------- agent -> server


class Device(AgentMessage):
    """What computes: a processor with the machine's memory, or a GPU with its own."""

    name: str
    kind: Literal["cpu", "cuda"]
    memory_bytes: int


class OwnDetector(AgentMessage):
    """A detector that only this machine has. Where `problem` says why it can't be used, `Hello.finders` lacks it."""

    id: str = Field(max_length=64, pattern="^own:.")
    name: str = Field(min_length=1, max_length=60)
    classes: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(max_length=1000)
    confidence: float = Field(ge=0, le=1, description="Below it nothing is found unless a run says otherwise.")
    problem: str = Field("", max_length=1000)


class Hello(AgentMessage):
    """First message: what this machine is and which models it can run."""

    type: Literal["hello"] = "hello"
    protocol: int
    version: str
    host: str
    devices: list[Device]
    models: list[str]
    runs_at_once: int = Field(1, ge=1, description="Runs beyond it wait for their turn.")
    segmenters: list[str] = Field([], description="What it can answer clicks with.")
    finders: list[str] = Field([], description="What it can find objects with.")
    own: list[OwnDetector] = Field([], max_length=50, description="Its own detectors.")
    runs: list[str] = Field([], description="Runs it is still working on, after a lost connection.")
    instance: str = Field(
        "", max_length=64, description="Names the program for as long as it lives, so that two with one token are told."
    )


class BatchTable(AgentMessage):
    """One table of a batch: rows of one object in one window, each PREDICTED. OCCLUDED: the model holds the object to
    be lost or hidden, the shape is its best guess. OUTSIDE: the object left the frame; its leg ends here. A frame may
    come again while its leg goes on: what comes later is better."""

    object: str
    epoch: int
    bytes: int = Field(ge=0, description="The table's length.")


class FoundObject(AgentMessage):
    """An object that a finder came upon; its first rows are in the same batch. It is followed to `last`."""

    object: str = Field(description="A UUID, chosen by the agent.")
    label: str = Field(description="Its class, by the finder's name.")
    frame: int
    direction: Literal["forward", "backward"]
    last: int


class Batch(AgentMessage):
    """Header of a binary message. `sequence` counts the run's batches from 1 on this connection."""

    type: Literal["batch"] = "batch"
    run: str
    sequence: int
    tables: list[BatchTable]
    found: list[FoundObject] = []
    searched: int | None = Field(
        None, description="The frame up to which new objects were looked for; null: nothing is new about that."
    )


class LegDone(AgentMessage):
    """An object's leg reached its end (or left the frame)."""

    type: Literal["leg.done"] = "leg.done"
    run: str
    object: str
    direction: Literal["forward", "backward"]
    epoch: int
    sequence: int = Field(description="The run's last batch before this.")
    problem: str = Field("", description="Why it could not begin, for the person; empty: it did.")


class RunNote(AgentMessage):
    """Something that the person should know about a run that goes on, e.g. that the GPU gave out."""

    type: Literal["run.note"] = "run.note"
    run: str
    message: str


class RunDone(AgentMessage):
    """All legs are done (each was named by a `LegDone`); `sequence` is the run's last batch. A `Correct` that crosses
    it on the way is not lost: the server sees what is missing and sends `Start` for it."""

    type: Literal["run.done"] = "run.done"
    run: str
    sequence: int


class RunFailed(AgentMessage):
    """The run can't go on; the agent lives on. `message` is for the person, `detail` (a traceback) for the log.
    `again`: only what carried it out is gone, e.g. a process of a cluster: the server sends `Start` for what isn't
    stored."""

    type: Literal["run.failed"] = "run.failed"
    run: str
    message: str
    detail: str = ""
    again: bool = False


class DeviceLoad(AgentMessage):
    """How busy a device is: the whole machine's processor, or a GPU, whoever uses it."""

    busy: float | None = Field(None, ge=0, le=1, description="Share of its time; null: it doesn't say.")
    memory_bytes: int = Field(ge=0, le=2**53, description="Memory in use.")


class LoadedModel(AgentMessage):
    """A model in memory, or on its way there. `memory_bytes`: about; of its weights alone."""

    model: str = Field(max_length=200, description="By its id in the catalogue.")
    settings: dict[str, Setting] = Field(
        {}, max_length=64, description="Those that who uses it, or used it last, has set; absent ones are its defaults."
    )
    device: Literal["cpu", "cuda"] = "cpu"
    memory_bytes: int = Field(0, ge=0, le=2**53)
    used_s: float = Field(0, ge=0, description="So many seconds ago somebody came or went who uses it.")
    users: list[str] = Field([], max_length=256, description="Runs by id, `clicks`, `previews`; none: it is idle.")
    state: Literal["loading", "ready", "leaving", "failed"] = "ready"
    message: str = Field("", max_length=1000, description="Of `failed`: why.")


class Load(AgentMessage):
    """Every few seconds: how busy the machine is."""

    type: Literal["load"] = "load"
    cpu: float = Field(description="Share of all cores, in [0, 1].")
    memory_bytes: int = Field(description="Resident memory of the agent.")
    runs: int
    models: list[str] | None = Field(
        None, description="Which models it can run by now: weights come and go. null: as it said in `Hello`."
    )
    segmenters: list[str] | None = Field(None, description="What it can answer clicks with by now; null: as before.")
    finders: list[str] | None = Field(None, description="What it can find objects with by now; null: as before.")
    own: list[OwnDetector] | None = Field(None, max_length=50, description="Its own detectors by now; null: as before.")
    devices: list[DeviceLoad] = Field(
        [], max_length=64, description="In the order of those of `Hello`, or of `machine` since that was told."
    )
    machine: list[Device] | None = Field(
        None,
        max_length=64,
        description="What it computes with by now: machines of a cluster come and go. null: as before.",
    )
    runs_at_once: int | None = Field(None, ge=1, description="As of `Hello`, by now; null: as before.")
    loaded: list[LoadedModel] = Field([], max_length=256, description="What is in memory of models.")
    stalled: dict[str, float] = Field(
        {},
        description="Runs that should have got on and haven't for a minute or longer, by id, and for how many seconds. "
        "One that waits for its turn, or for the server to store what it has sent, isn't among them.",
    )


SegmentStage = Literal["fetching", "looking", "ready", "answered", "failed"]
"""How far a request has come: the video is fetched, the frame is looked at, clicks can be answered, they are."""


class Segmented(AgentMessage):
    """How a `Segment` stands. `ready` ends one without clicks, `answered` one with them, `failed` either."""

    type: Literal["segmented"] = "segmented"
    reader: str
    request: int
    stage: SegmentStage
    table: str = Field("", description="Of `answered`: a table of one row, base64; empty: nothing is left of the mask.")
    score: float = Field(0.0, ge=0, le=1, description="The model's own estimate of its IoU with what is meant.")
    message: str = Field("", description="Of `failed`: why, for the person.")


FetchStage = Literal["waiting", "downloading", "checking", "done", "failed", "cancelled"]
"""How far weights have come: others come first, bytes come, they are tried on their network; the last three end it."""


class Fetched(AgentMessage):
    """How a `Fetch` stands, at most twice a second and with every new stage."""

    type: Literal["fetched"] = "fetched"
    model: str
    stage: FetchStage
    done: int = Field(0, ge=0, le=2**53, description="Bytes that are here, of all files that were lacking.")
    total: int | None = Field(None, ge=0, le=2**53, description="Bytes of them all; null: not known.")
    message: str = Field(
        "", max_length=4000, description="Of `failed`: why, and what to do, for the person. Else what they should know."
    )


class SeenObject(AgentMessage):
    """An object of a preview. `same`: those before it in the list, which are surer, whose boxes show the same object:
    where one of them counts and found objects are followed one by one, this one doesn't."""

    label: str = Field(max_length=500, description="Its class, by the finder's name.")
    confidence: float = Field(ge=0, le=1)
    box: tuple[float, float, float, float] = Field(description="x1, y1, x2, y2 in px of the frame.")
    same: list[int] = Field([], max_length=MOST_SEEN)


PreviewStage = Literal["fetching", "looking", "done", "failed"]
"""How far a preview has come: the video is fetched, the frame is looked at; the last two end it."""


class Previewed(AgentMessage):
    """How a `Preview` stands."""

    type: Literal["previewed"] = "previewed"
    preview: str = Field(max_length=64)
    stage: PreviewStage
    seen: list[SeenObject] = Field([], max_length=MOST_SEEN, description="Of `done`: what is there, the surest first.")
    left_out: int = Field(
        0, ge=0, le=2**31 - 1, description="Of `done`: so many less sure ones are too many to be sent."
    )
    seconds: float = Field(0.0, ge=0, le=1e9, description="Of `done`: how long looking took, loading apart.")
    message: str = Field("", max_length=4000, description="Of `failed`: why, for the person.")
    shapes: list[str] = Field(
        [],
        max_length=MOST_TRIED,
        description="Of `done`, where an object was clicked or followed: it, as tables of one row, base64, by frame.",
    )
    notes: list[Annotated[str, Field(max_length=1000)]] = Field(
        [], max_length=20, description="Of `done`: what the person should know, sentence by sentence."
    )


LogLevel = Literal["info", "warning", "error"]


class LogLine(AgentMessage):
    """A line of an agent's log, with what lets somebody in taken out."""

    number: int = Field(ge=1, le=2**53, description="Counts up from 1 since the agent was started.")
    at: float = Field(description="Seconds since 1970.")
    level: LogLevel
    text: str = Field(max_length=5000)


class LogTold(AgentMessage):
    """The answer to an `AskLog`. `lost`: so many lines more were asked for, and are kept no more."""

    type: Literal["log"] = "log"
    ask: str = Field(max_length=64)
    lines: list[LogLine] = Field(max_length=MOST_LOG_LINES)
    lost: int = Field(0, ge=0, le=2**53)


FromAgent = Annotated[
    Hello | Batch | LegDone | RunNote | RunDone | RunFailed | Load | Segmented | Fetched | Previewed | LogTold,
    Field(discriminator="type"),
]

TO_AGENT: TypeAdapter[ToAgent] = TypeAdapter(ToAgent)
FROM_AGENT: TypeAdapter[FromAgent] = TypeAdapter(FromAgent)

# ---------------------------------------------------------------- beside the channel, over HTTP with the same token


class Release(BaseModel):
    """What a server says of itself to an agent, which has to understand it whatever version it is of."""

    version: str
    protocol: int
    now: float = Field(description="The server's clock: seconds since 1970.")


class Check(AgentMessage):
    """Something that an agent needs, and how it stands with it. `mend`: what to do; empty: nothing."""

    name: str = Field(max_length=60)
    state: Literal["passed", "warned", "failed"]
    said: str = Field(max_length=1000)
    mend: str = Field("", max_length=1000)


class CheckReport(AgentMessage):
    """What was checked on a machine, by the agent or by what installs it."""

    host: str = Field(max_length=255)
    version: str = Field(max_length=100, description="Of the agent; empty: there is none yet.")
    checks: list[Check] = Field(max_length=40)


def packed_batch(head: Batch, tables: Iterable[bytes]) -> bytes:
    """A batch as it travels; ``tables`` are those that ``head`` lists, in its order."""
    header = head.model_dump_json().encode()
    return b"".join((struct.pack("<I", len(header)), header, *tables))


def unpacked_batch(message: bytes) -> tuple[Batch, list[Table]]:
    """What ``packed_batch`` was given, trusting nothing.

    Raises:
        ValueError: the message is no batch, or its tables are none (ChunkError).
    """
    if len(message) < 4:
        raise ValueError(f"A binary message begins with the length of its header; {len(message)} bytes came.")
    (length,) = struct.unpack_from("<I", message)
    head = FROM_AGENT.validate_json(message[4 : 4 + length])
    if not isinstance(head, Batch):
        raise ValueError(f"A binary message carries a batch; a {head.type} came.")
    listed = 4 + length + sum(item.bytes for item in head.tables)
    if listed != len(message):
        raise ValueError(f"A batch is as long as its header says, {listed} bytes; {len(message)} came.")
    return head, list(_tables(head, message, 4 + length))


def _tables(head: Batch, message: bytes, at: int) -> Iterator[Table]:
    for item in head.tables:
        yield Table.unpack(message[at : at + item.bytes])
        at += item.bytes
