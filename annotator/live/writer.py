"""What an agent's batches become: shown at once, stored a moment later.

A batch goes out to everybody watching in the same turn of the event loop in which it came. What has come is stored
every ``STORE_EVERY_S`` in one transaction, beside the event loop; only then is it acknowledged to the agent, which may
be a bounded number of batches ahead.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from uuid import UUID

import numpy as np

from annotator.actions.runs.found import FoundTrack
from annotator.actions.runs.presence import announce_runs
from annotator.actions.runs.sentences import MOST_LETTERS, MOST_SENTENCES
from annotator.actions.runs.store import (
    EndedLeg,
    PredictedRow,
    begin_again,
    fail_run,
    store_predictions,
)
from annotator.announce.messages import Held
from annotator.announce.notices import AgentNotice, PredictionFrame
from annotator.faults import Complaint, Fault, fault_of
from annotator.live.hub import Hub, Room
from annotator.live.relay import in_thread, in_writing_thread, own
from annotator.models import Run, RunState
from tracking.protocol import (
    BYTES_AHEAD,
    Batch,
    BatchTable,
    Correct,
    Extend,
    FoundObject,
    Leg,
    LegDone,
    RunDone,
    RunFailed,
    RunNote,
    RunPrompt,
    Start,
    Stop,
    Stored,
)
from tracking.shapes.checks import ANY_PICTURE, Picture, ShapeError, check_geometry
from tracking.shapes.chunks import ChunkError, Flag, Row, Table, quantised

STORE_EVERY_S = 0.2
MOST_BYTES = 3 * BYTES_AHEAD
"""Tables of a run that wait to be stored. An agent waits long before that."""
RETRY_S = 1.0
SPEED_OVER_S = 2.0
"""Time over which the speed of a run is taken."""

BROKEN = "What it found can't be stored: something is wrong on the server, and its log says what."

log = logging.getLogger(__name__)
_unstorable = Complaint(log, "Predictions can't be stored for now; they are kept and tried again.")


@dataclass
class Pending:
    """What has come of one run and isn't stored yet."""

    rows: list[PredictedRow] = field(default_factory=list)
    found: list[FoundTrack] = field(default_factory=list)
    ended: dict[tuple[UUID, str, int], EndedLeg] = field(default_factory=dict)
    """By track, way and epoch: while nothing can be stored an agent may say the same for hours."""
    notes: list[str] = field(default_factory=list)
    """At most ``MOST_SENTENCES``, each once."""
    searched: int | None = None
    """The frame up to which new objects were looked for."""
    done: bool = False
    failure: str = ""
    lost: str = ""
    """What carried the run out is gone: what happened."""
    sequence: int = 0
    bytes: int = 0
    """Of the tables that ``rows`` came in."""

    def clear_stored(self) -> None:
        """What is left to be done beside storing stays."""
        self.rows, self.found, self.ended, self.notes = [], [], {}, []
        self.sequence = self.bytes = 0

    def before(self, later: Pending) -> Pending:
        """Both, in order: for another try."""
        return Pending(
            self.rows + later.rows,
            self.found + later.found,
            later.ended | self.ended,
            list(dict.fromkeys(self.notes + later.notes))[:MOST_SENTENCES],
            self.searched if later.searched is None else later.searched,
            self.done or later.done,
            self.failure or later.failure,
            self.lost or later.lost,
            max(self.sequence, later.sequence),
            self.bytes + later.bytes,
        )


@dataclass
class LiveRun:
    """A run as the web process that holds its agent knows it: what the agent was told last."""

    id: UUID
    room: Room
    doubtful_below: float
    legs: dict[str, list[Leg]] = field(default_factory=dict)
    picture: Picture = ANY_PICTURE
    """What its shapes lie on."""
    heard: bool = False
    """Whether anything has come since the start: an agent that ends a run without a word has failed."""
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    furthest: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """Epoch and frame that each object's leg in a direction has come to."""
    unstored_bytes: int = 0
    held: Fault | None = None
    """Why what it finds can't be stored for now, as everybody was told last."""
    unborn: set[str] = field(default_factory=set)
    """Objects that were found and whose tracks aren't made yet: browsers get to know them by the event that does."""

    def meet(self, batch: Batch, tables: Sequence[Table]) -> list[FoundTrack]:
        """Follow what the run's finder came upon from its first row on."""
        met: list[FoundTrack] = []
        for found in batch.found:
            first = _first_row(found, batch, tables)
            if first is None or found.object in self.legs:
                continue
            prompt = RunPrompt.of(found.object, first)
            self.legs[found.object] = [Leg(prompt=prompt, direction=found.direction, last=found.last, emit_first=True)]
            self.unborn.add(found.object)
            met.append(FoundTrack(UUID(found.object), found.label, first, found.direction))
        return met

    def wanted(self, item: BatchTable, table: Table) -> Iterator[tuple[Leg, Table]]:
        """The rows of a table that lie on the legs of its object, as they are since its last correction, by leg."""
        open_rows = np.ones(len(table), np.bool_)
        for leg in self.legs.get(item.object, ()):
            if leg.prompt.epoch == item.epoch:
                low, high = sorted((leg.prompt.frame, leg.last))
                covered = open_rows & (table.frames >= low) & (table.frames <= high)
                open_rows &= ~covered
                if covered.any():
                    yield leg, table.take(covered)

    def has(self, ended: LegDone) -> bool:
        """Whether that is a leg of the run, as it is since its object's last correction."""
        return any(
            (leg.direction, leg.prompt.epoch) == (ended.direction, ended.epoch)
            for leg in self.legs.get(ended.object, ())
        )

    def start(self, legs: Sequence[Leg]) -> None:
        """The run begins on an agent, or does again: only what it says from now on counts."""
        self.legs = {}
        for leg in legs:
            self.legs.setdefault(leg.prompt.object, []).append(leg)
        self.heard = False

    def extend(self, extend: Extend) -> None:
        """Its unfinished legs in that direction end elsewhere."""
        for name, legs in self.legs.items():
            if extend.objects is None or name in extend.objects:
                self.legs[name] = [
                    leg.model_copy(update={"last": extend.last}) if leg.direction == extend.direction else leg
                    for leg in legs
                ]

    def fresh(self, leg: Leg, table: Table) -> int:
        """How many frames of a table a leg hadn't come to yet: others are told again, and better."""
        key, step = (leg.prompt.object, leg.direction), 1 if leg.direction == "forward" else -1
        epoch, frame = self.furthest.get(key, (-1, 0))
        ahead = (table.frames - frame) * step > 0 if epoch == leg.prompt.epoch else np.ones(len(table), np.bool_)
        if ahead.any():
            self.furthest[key] = (leg.prompt.epoch, int((table.frames * step).max()) * step)
        return int(ahead.sum())

    def speed(self, arrived: int) -> float:
        """Object-frames per second lately."""
        now = monotonic()
        self.arrivals.append((now, arrived))
        while self.arrivals[0][0] < now - SPEED_OVER_S:
            self.arrivals.pop(0)
        spent = now - self.arrivals[0][0]
        # What came at the beginning of the stretch took its time before it.
        return sum(count for _, count in self.arrivals[1:]) / spent if spent > 0 else 0.0


class Writer:
    """Takes what one agent sends. Use from the event loop; ``close`` stores what is left."""

    def __init__(self, hub: Hub, agent: int, send: Callable[[Stored | Stop], None]) -> None:
        self.hub = hub
        self.agent = agent
        self.runs: dict[UUID, LiveRun] = {}
        self._send = send
        self._pending: dict[UUID, Pending] = {}
        self._storing = asyncio.Lock()
        self._something = asyncio.Event()

    # ------------------------------------------------------------ what the agent is told

    def follow(self, notice: AgentNotice, layer: int) -> None:
        """Learn from what is sent to the agent for a run on a layer what it will be expected to send."""
        message = notice.message
        match message:
            case Start():
                run = self.runs.get(UUID(message.run))
                if run is None:
                    room = self.hub.enter(layer)
                    run = self.runs[UUID(message.run)] = LiveRun(UUID(message.run), room, notice.doubtful_below)
                run.start(message.legs)
                run.picture = Picture(message.video.width, message.video.height)
            case Correct():
                if (run := self.runs.get(UUID(message.run))) is not None:
                    run.legs[message.object] = message.legs
            case Extend():
                if (run := self.runs.get(UUID(message.run))) is not None:
                    run.extend(message)
            case Stop():
                self._forget(UUID(message.run))

    def _forget(self, run_id: UUID) -> None:
        if (run := self.runs.pop(run_id, None)) is not None:
            self._hold(run, None)
            self.hub.speeds.pop(str(run_id), None)
            self.hub.stalls.pop(str(run_id), None)
            self.hub.leave(run.room)

    # ------------------------------------------------------------ what the agent says

    def take(self, batch: Batch, tables: Sequence[Table]) -> None:
        """Show a batch to everybody watching, and keep it to be stored. Geometry that no shape can have fails its run.

        Args:
            tables: those that the batch lists, in its order.

        Raises:
            ValueError: more came than an agent may send before it is stored.
        """
        run = self._known(batch.run)
        if run is None:
            return
        pending = self._of(run.id)
        pending.sequence = batch.sequence
        run.heard = True
        self.hub.stalls.pop(str(run.id), None)
        try:
            sound = [_sound(table, run.picture) for table in tables]
        except ShapeError as error:
            pending.failure = f"Its model gave geometry that no shape can have. {error}"
            return
        pending.found += run.meet(batch, sound)
        pending.searched = pending.searched if batch.searched is None else batch.searched
        kept = [
            (item, leg, _marked(part, run.doubtful_below))
            for item, table in zip(batch.tables, sound, strict=True)
            for leg, part in run.wanted(item, table)
        ]
        if shown := [(item, table) for item, leg, table in kept if not leg.check and item.object not in run.unborn]:
            self.hub.publish(_frame(run, shown))
        rows = [
            PredictedRow(UUID(item.object), item.epoch, row, run.room.revision, leg.check)
            for item, leg, table in kept
            for row in table.rows()
        ]
        if rows:
            self.hub.speeds[str(run.id)] = run.speed(sum(run.fresh(leg, table) for _, leg, table in kept))
        pending.rows += rows
        size = sum(item.bytes for item in batch.tables) if rows else 0
        pending.bytes += size
        run.unstored_bytes += size
        if run.unstored_bytes > MOST_BYTES:
            raise ValueError(
                f"An agent sends about {BYTES_AHEAD // 2**20} MiB of a run before it is told that they are stored; "
                f"{run.unstored_bytes // 2**20} MiB came."
            )

    def ended(self, leg: LegDone) -> None:
        """Store with what has come that a leg is over; one of an older epoch is ignored."""
        if (run := self._known(leg.run)) is not None:
            run.heard = True
            if run.has(leg):
                told = EndedLeg(UUID(leg.object), leg.direction, leg.epoch, leg.problem[:MOST_LETTERS])
                self._of(run.id).ended.setdefault((told.track, told.way, told.epoch), told)

    def noted(self, message: RunNote) -> None:
        """Store what the person should know; each sentence once, ``MOST_SENTENCES`` at most."""
        if (run := self._known(message.run)) is not None:
            notes, note = self._of(run.id).notes, message.message[:MOST_LETTERS]
            if note not in notes and len(notes) < MOST_SENTENCES:
                notes.append(note)

    def done(self, message: RunDone) -> None:
        """Store that the run is over. One that did nothing has failed."""
        if (run := self._known(message.run)) is None:
            return
        if run.heard:
            self._of(run.id).done = True
        else:
            self._of(run.id).failure = "Its agent ended the run without doing anything. Start it again."

    def failed(self, message: RunFailed) -> None:
        """Store that the run can't go on, or has to begin again, after all that has come of it; its traceback goes into
        the log."""
        log.warning("Run %s failed: %s\n%s", message.run, message.message, message.detail)
        if (run := self._known(message.run)) is None:
            return
        if message.again:
            self._of(run.id).lost = message.message
        else:
            self._of(run.id).failure = message.message

    async def stalled(self, told: Mapping[str, float]) -> None:
        """Tell everybody watching which runs don't get on, and for how many seconds; and which do again."""
        stalls = {str(run): told[str(run)] for run in self.runs if str(run) in told}
        over = {str(run) for run in self.runs if str(run) in self.hub.stalls} - stalls.keys()
        for run in stalls.keys() - self.hub.stalls.keys():
            log.warning("Run %s: no progress for %.0f s.", run, stalls[run])
        for run in over:
            del self.hub.stalls[run]
        self.hub.stalls.update(stalls)
        if changed := stalls.keys() | over:
            await in_thread(announce_runs, [UUID(run) for run in changed])

    def _known(self, run_id: str) -> LiveRun | None:
        run = self.runs.get(UUID(run_id))
        if run is None:
            self._send(Stop(run=run_id))
        return run

    def _of(self, run_id: UUID) -> Pending:
        self._something.set()
        return self._pending.setdefault(run_id, Pending())

    # ------------------------------------------------------------ storing

    async def run(self) -> None:
        """Store what comes, until cancelled."""
        while True:
            await self._something.wait()
            await asyncio.sleep(STORE_EVERY_S)
            self._something.clear()
            await self.flush()

    async def flush(self) -> None:
        """Store everything that has come, in the order in which it came.

        Whoever waits for it may be cancelled, as when the agent's connection ends; storing goes on. Otherwise what is
        being stored would be lost, and what came after it be stored: a gap that no agent fills any more.
        """
        storing = asyncio.create_task(self._flush())
        own(storing)
        await asyncio.shield(storing)

    async def _flush(self) -> None:
        async with self._storing:
            for run_id in list(self._pending):
                await self._store(run_id, self._pending.pop(run_id))

    async def close(self) -> None:
        """Store what is left and forget the runs: the agent is gone."""
        await self.flush()
        for run_id in list(self.runs):
            self._forget(run_id)

    async def _store(self, run_id: UUID, pending: Pending) -> None:
        """Store what came of one run; what can't be stored for now is kept for the next time."""
        live = self.runs.get(run_id)
        try:
            await self._store_once(run_id, pending)
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                # Not even the rows of before would get any further with these among them.
                log.exception("Predictions of run %s can't be stored.", run_id)
                pending = Pending(failure=str(error) if isinstance(error, ChunkError) else BROKEN, bytes=pending.bytes)
            else:
                _unstorable.note(error)
                self._hold(live, fault)
            self._pending[run_id] = pending.before(self._pending.get(run_id, Pending()))
            await asyncio.sleep(RETRY_S)
            self._something.set()
        else:
            _unstorable.over()
            self._hold(live, None)

    async def _store_once(self, run_id: UUID, pending: Pending) -> None:
        try:
            run = await in_writing_thread(
                store_predictions,
                run_id=run_id,
                agent_id=self.agent,
                rows=pending.rows,
                found=pending.found,
                ended=list(pending.ended.values()),
                notes=pending.notes,
                searched=pending.searched,
                done=pending.done and not pending.failure,
            )
            if pending.failure:
                await in_writing_thread(fail_run, run_id=run_id, message=pending.failure)
        except Run.DoesNotExist:
            self._forget(run_id)
            self._send(Stop(run=str(run_id)))
            return
        if live := self.runs.get(run_id):
            live.unstored_bytes -= pending.bytes
            live.unborn.difference_update(str(item.track) for item in pending.found)
        if pending.failure or (run.state, run.agent_id) != (RunState.RUNNING, self.agent):
            self._forget(run_id)
        if pending.failure:
            self._send(Stop(run=str(run_id)))
        elif pending.sequence:
            self._send(Stored(run=str(run_id), sequence=pending.sequence))
        if pending.lost and not pending.failure and (run.state, run.agent_id) == (RunState.RUNNING, self.agent):
            # Before it begins again: what its agent is told then is learnt anew.
            self._forget(run_id)
            pending.clear_stored()
            await in_writing_thread(begin_again, run_id=run_id, agent_id=self.agent, why=pending.lost)

    def _hold(self, run: LiveRun | None, why: Fault | None) -> None:
        """Tell everybody watching that what a run finds waits to be stored, or (None) does no more."""
        if run is not None and run.held != why:
            run.held = why
            run.room.hold(Held(what="predictions", why=why))


def _first_row(found: FoundObject, batch: Batch, tables: Sequence[Table]) -> Row | None:
    own = (table for item, table in zip(batch.tables, tables, strict=True) if item.object == found.object)
    return next((row for table in own if (row := table.at(found.frame)) is not None), None)


def _sound(table: Table, picture: Picture) -> Table:
    """A table of nothing but predictions. Raises ShapeError when its geometry isn't sound."""
    check_geometry(table, picture)
    if np.any(table.flags & (Flag.KEYFRAME | Flag.DOUBTFUL)):
        raise ShapeError("origin", "A batch holds predictions; one of these rows says that it is something else.")
    return table


def _marked(table: Table, doubtful_below: float) -> Table:
    """The table with the rows marked that are less sure than ``doubtful_below``, in [0, 1]."""
    doubtful = (table.confidence < quantised([doubtful_below])) & ((table.flags & Flag.OUTSIDE) == 0)
    return replace(table, flags=np.where(doubtful, table.flags | Flag.DOUBTFUL, table.flags).astype(np.uint8))


def _frame(run: LiveRun, tables: Sequence[tuple[BatchTable, Table]]) -> PredictionFrame:
    """Tables as the binary message that browsers get."""
    packed = [table.pack() for _, table in tables]
    listed = [
        {"track": item.object, "epoch": item.epoch, "bytes": len(data)}
        for (item, _), data in zip(tables, packed, strict=True)
    ]
    return PredictionFrame(
        layer=run.room.layer,
        head=f'{{"type":"predictions","run":"{run.id}","tables":{json.dumps(listed)}',
        body=b"".join(packed),
        covers=tuple((item.object, int(table.frames[0]), int(table.frames[-1])) for item, table in tables),
    )
