"""What the server and an agent say to each other over ``/ws/agent/`` (one WebSocket, opened by the agent).

The agent authenticates with ``Authorization: Bearer <token>``. Text frames carry one JSON object with ``type``; binary
frames carry predictions: a u32 (little-endian) length, that many bytes of JSON (``Batch``), then (n, 5) little-endian
float32 rows ``x1 y1 x2 y2 confidence`` of the boxes it lists, in order.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

PROTOCOL = 1
WORK_AHEAD = 64
"""How many unacknowledged model steps of one run an agent may be ahead of the server."""


class AgentMessage(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RunPrompt(AgentMessage):
    """A box to start or go on from. `direction` absent: the run's."""

    object: str
    frame: int
    box: tuple[float, float, float, float]
    epoch: int = 0


class Leg(AgentMessage):
    """One object's way in one direction: follow it from `prompt.frame` to `last`, both included.

    `emit_first` is False when `prompt` is only where an interrupted run goes on from: that frame is stored already.
    `check`: its boxes are only compared with what is stored; that is for the server to know.
    """

    prompt: RunPrompt
    direction: Literal["forward", "backward"]
    last: int
    emit_first: bool = False
    check: bool = False


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


class Start(AgentMessage):
    """Run these legs. Sent again after a reconnect for whatever isn't finished; it replaces the run that an agent
    still holds under this id, whose batches then count from 1 again."""

    type: Literal["start"] = "start"
    run: str
    model: str
    settings: dict[str, float | int | str | bool] = {}
    video: VideoAccess
    legs: list[Leg]
    detect_off_screen: bool = True


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


class Stop(AgentMessage):
    """Stop the run within one model step; no more batches of it are wanted."""

    type: Literal["stop"] = "stop"
    run: str


class Stored(AgentMessage):
    """Batches of `run` up to `sequence` are stored; the agent may work that much further ahead."""

    type: Literal["stored"] = "stored"
    run: str
    sequence: int


ToAgent = Annotated[Accepted | Start | Correct | Extend | Stop | Stored, Field(discriminator="type")]

# ---------------------------------------------------------------- agent -> server


class Device(AgentMessage):
    name: str
    kind: Literal["cpu", "cuda"]
    memory_bytes: int


class Hello(AgentMessage):
    """First message: what this machine is and which models it can run."""

    type: Literal["hello"] = "hello"
    protocol: int
    version: str
    host: str
    devices: list[Device]
    models: list[str]
    runs_at_once: int = Field(1, ge=1, description="Runs beyond it wait for their turn.")
    runs: list[str] = Field([], description="Runs it is still working on, after a lost connection.")


class Predicted(AgentMessage):
    """One box of a batch; its numbers are the row of the same index behind the header."""

    object: str
    frame: int
    epoch: int
    visible: bool = True
    outside: bool = Field(False, description="The object left the frame; its leg ends here.")


class Batch(AgentMessage):
    """Header of a binary message. `sequence` counts the run's batches from 1 on this connection."""

    type: Literal["batch"] = "batch"
    run: str
    sequence: int
    rows: list[Predicted]


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
    """The run can't go on; the agent lives on. `message` is for the person, `detail` (a traceback) for the log."""

    type: Literal["run.failed"] = "run.failed"
    run: str
    message: str
    detail: str = ""


class Load(AgentMessage):
    """Every few seconds: how busy the machine is."""

    type: Literal["load"] = "load"
    cpu: float = Field(description="Share of all cores, in [0, 1].")
    memory_bytes: int = Field(description="Resident memory of the agent.")
    runs: int
    models: list[str] | None = Field(
        None, description="Which models it can run by now: weights come and go. null: as it said in `Hello`."
    )


FromAgent = Annotated[Hello | Batch | LegDone | RunNote | RunDone | RunFailed | Load, Field(discriminator="type")]

TO_AGENT: TypeAdapter[ToAgent] = TypeAdapter(ToAgent)
FROM_AGENT: TypeAdapter[FromAgent] = TypeAdapter(FromAgent)
