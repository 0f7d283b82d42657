"""What an agent's batches become: shown at once, stored a moment later.

A batch goes out to everybody watching in the same turn of the event loop in which it came. What has come is stored
every ``STORE_EVERY_S`` in one transaction, beside the event loop; only then is it acknowledged to the agent, which may
be a bounded number of batches ahead.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from annotator.actions.runs.store import EndedLeg, PredictedRow, fail_run, store_predictions
from annotator.announce.notices import AgentNotice, PredictionFrame
from annotator.live.hub import Hub, Room
from annotator.live.relay import in_thread
from annotator.models import Run, RunState
from tracking.protocol import (
    Batch,
    Correct,
    Extend,
    Leg,
    LegDone,
    Predicted,
    RunDone,
    RunFailed,
    RunNote,
    Start,
    Stop,
    Stored,
)
from tracking.shapes.chunks import ChunkError, Flag, Kind, Row, Table, tables_of
from tracking.types import TrackingError

STORE_EVERY_S = 0.2
RETRY_S = 1.0
SPEED_OVER_S = 2.0
"""Time over which the speed of a run is taken."""

log = logging.getLogger(__name__)


class BadBatch(TrackingError):
    """A batch that no agent should send."""


@dataclass
class Pending:
    """What has come of one run and isn't stored yet."""

    rows: list[PredictedRow] = field(default_factory=list)
    ended: list[EndedLeg] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: bool = False
    failure: str = ""
    sequence: int = 0

    def before(self, later: Pending) -> Pending:
        """Both, in order: for another try."""
        return Pending(
            self.rows + later.rows,
            self.ended + later.ended,
            self.notes + later.notes,
            self.done or later.done,
            self.failure or later.failure,
            max(self.sequence, later.sequence),
        )


@dataclass
class LiveRun:
    """A run as the web process that holds its agent knows it: what the agent was told last."""

    id: UUID
    room: Room
    doubtful_below: float
    legs: dict[str, list[Leg]] = field(default_factory=dict)
    heard: bool = False
    """Whether anything has come since the start: an agent that ends a run without a word has failed."""
    arrivals: list[tuple[float, int]] = field(default_factory=list)

    def leg_of(self, item: Predicted) -> Leg | None:
        """The leg of its object that a row lies on, as they are since its last correction; None: it isn't wanted."""
        legs = self.legs.get(item.object, ())
        return next((leg for leg in legs if item.epoch == leg.prompt.epoch and _covers(leg, item.frame)), None)

    def start(self, legs: Sequence[Leg]) -> None:
        self.legs = {}
        for leg in legs:
            self.legs.setdefault(leg.prompt.object, []).append(leg)
        self.heard = False

    def extend(self, extend: Extend) -> None:
        for name, legs in self.legs.items():
            if extend.objects is None or name in extend.objects:
                self.legs[name] = [
                    leg.model_copy(update={"last": extend.last}) if leg.direction == extend.direction else leg
                    for leg in legs
                ]

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

    def follow(self, notice: AgentNotice) -> None:
        """Learn from what is sent to the agent what it will be expected to send."""
        message = notice.message
        match message:
            case Start():
                run = self.runs.get(UUID(message.run))
                if run is None:
                    room = self.hub.enter(notice.layer)
                    run = self.runs[UUID(message.run)] = LiveRun(UUID(message.run), room, notice.doubtful_below)
                run.start(message.legs)
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
            self.hub.speeds.pop(str(run_id), None)
            self.hub.leave(run.room)

    # ------------------------------------------------------------ what the agent says

    def take(self, batch: Batch, numbers: NDArray[np.float32]) -> None:
        """Show a batch to everybody watching, and keep it to be stored.

        Args:
            numbers: (n, 5) x1, y1, x2, y2 in px and confidence of the batch's rows.

        Raises:
            BadBatch: coordinates that are no numbers, or not one row for each.
        """
        run = self._known(batch.run)
        if run is None:
            return
        if numbers.shape != (len(batch.rows), 5) or not np.isfinite(numbers).all():
            raise BadBatch(
                f"A batch has five finite numbers for each of its {len(batch.rows)} rows; these don't fit: "
                f"{numbers.shape}."
            )
        rows = [
            PredictedRow(
                UUID(item.object), item.epoch, _row(item, values, run.doubtful_below), run.room.revision, leg.check
            )
            for item, values in zip(batch.rows, numbers.tolist(), strict=True)
            if (leg := run.leg_of(item)) is not None
        ]
        run.heard = True
        if shown := [row for row in rows if not row.check]:
            self.hub.publish(_frame(run, shown))
        if rows:
            self.hub.speeds[str(run.id)] = run.speed(len(rows))
        pending = self._of(run.id)
        pending.rows += rows
        pending.sequence = batch.sequence

    def ended(self, leg: LegDone) -> None:
        if (run := self._known(leg.run)) is not None:
            run.heard = True
            self._of(run.id).ended.append(EndedLeg(UUID(leg.object), leg.direction, leg.epoch, leg.problem))

    def noted(self, message: RunNote) -> None:
        if (run := self._known(message.run)) is not None:
            self._of(run.id).notes.append(message.message)

    def done(self, message: RunDone) -> None:
        if (run := self._known(message.run)) is None:
            return
        if run.heard:
            self._of(run.id).done = True
        else:
            self._of(run.id).failure = "Its agent ended the run without doing anything. Start it again."

    def failed(self, message: RunFailed) -> None:
        log.warning("Run %s failed: %s\n%s", message.run, message.message, message.detail)
        if (run := self._known(message.run)) is not None:
            self._of(run.id).failure = message.message

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
        """Store everything that has come."""
        async with self._storing:
            for run_id in list(self._pending):
                await self._store(run_id, self._pending.pop(run_id))

    async def close(self) -> None:
        """Store what is left and forget the runs: the agent is gone."""
        await self.flush()
        for run_id in list(self.runs):
            self._forget(run_id)

    async def _store(self, run_id: UUID, pending: Pending) -> None:
        try:
            run = await in_thread(
                store_predictions,
                run_id=run_id,
                rows=pending.rows,
                ended=pending.ended,
                notes=pending.notes,
                done=pending.done and not pending.failure,
            )
            if pending.failure:
                await in_thread(fail_run, run_id=run_id, message=pending.failure)
            if pending.failure or (run.state, run.agent_id) != (RunState.RUNNING, self.agent):
                self._forget(run_id)
        except Run.DoesNotExist:
            self._forget(run_id)
            self._send(Stop(run=str(run_id)))
        except ChunkError as error:
            self._forget(run_id)
            self._send(Stop(run=str(run_id)))
            await in_thread(fail_run, run_id=run_id, message=str(error))
        except Exception:
            log.exception("Predictions of run %s can't be stored; trying again.", run_id)
            self._pending[run_id] = pending.before(self._pending.get(run_id, Pending()))
            await asyncio.sleep(RETRY_S)
            self._something.set()
        else:
            if pending.sequence:
                self._send(Stored(run=str(run_id), sequence=pending.sequence))


def _covers(leg: Leg, frame: int) -> bool:
    low, high = sorted((leg.prompt.frame, leg.last))
    return low <= frame <= high


def _row(item: Predicted, values: Sequence[float], doubtful_below: float) -> Row:
    x1, y1, x2, y2, confidence = values
    flags = Flag.PREDICTED
    if item.outside:
        flags |= Flag.OUTSIDE
    elif not item.visible:
        flags |= Flag.OCCLUDED
    if confidence < doubtful_below and not item.outside:
        flags |= Flag.DOUBTFUL
    bounds = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    return Row(item.frame, Kind.BOX, flags, confidence, bounds)


def _frame(run: LiveRun, rows: Sequence[PredictedRow]) -> PredictionFrame:
    """Rows as the binary message that browsers get."""
    tables = list(_tables(rows))
    packed = [table.pack() for _, _, table in tables]
    listed = [
        {"track": track, "epoch": epoch, "bytes": len(data)}
        for (track, epoch, _), data in zip(tables, packed, strict=True)
    ]
    return PredictionFrame(
        layer=run.room.layer,
        head=f'{{"type":"predictions","run":"{run.id}","tables":{json.dumps(listed)}',
        body=b"".join(packed),
        covers=tuple((track, int(table.frames[0]), int(table.frames[-1])) for track, _, table in tables),
    )


def _tables(rows: Sequence[PredictedRow]) -> Iterator[tuple[str, int, Table]]:
    """(track, epoch, table), one per window; of two rows on a frame the later one counts."""
    by_track: dict[tuple[UUID, int], dict[int, Row]] = {}
    for item in rows:
        by_track.setdefault((item.track, item.epoch), {})[item.row.frame] = item.row
    for (track, epoch), newest in by_track.items():
        for table in tables_of(list(newest.values())):
            yield str(track), epoch, table
