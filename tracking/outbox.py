"""What one run has to tell the server: kept until the server says it is stored, told again after a lost connection."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tracking.protocol import (
    BATCH_BYTES,
    BYTES_AHEAD,
    SHAPE_BYTES,
    WORK_AHEAD,
    AgentMessage,
    Batch,
    BatchTable,
    FoundObject,
    LegDone,
    RunDone,
    RunFailed,
    RunNote,
    packed_batch,
)
from tracking.session import Found, LegEnd, Step, Tracked
from tracking.shapes.chunks import Row, tables_of
from tracking.types import TrackingError

Wire = str | bytes

ROWS_AT_ONCE = 1000
"""Steps that wait are sent as one batch, up to about this many rows."""
ROW_BYTES = 25
"""What a row takes besides its payload."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A row as it travels."""

    object: str
    epoch: int
    row: Row

    @property
    def bytes(self) -> int:
        return len(self.row.payload) + ROW_BYTES


@dataclass
class _Item:
    """One message; ``sequence``: that of the run's last batch up to and with it, on the connection it was sent on."""

    say: Callable[[int], Wire]
    is_last: bool = False
    sequence: int = 0
    steps = 0
    bytes = 0


class _Rows(_Item):
    """A batch, of one model step, of several, or of a part of one. ``bytes``: about what its tables take;
    ``searched``: as of a ``Step``."""

    def __init__(
        self, run: str, rows: Sequence[_Told], found: Sequence[Found], *, steps: int, searched: int | None
    ) -> None:
        super().__init__(self._batch)
        self.run = run
        self.rows = list(rows)
        self.found = list(found)
        self.steps = steps
        self.searched = searched
        self.bytes = sum(row.bytes for row in rows)

    def add(self, later: _Rows) -> None:
        self.rows += later.rows
        self.found += later.found
        self.steps += later.steps
        self.searched = self.searched if later.searched is None else later.searched
        self.bytes += later.bytes

    def has_room_for(self, later: _Rows) -> bool:
        return len(self.rows) < ROWS_AT_ONCE and self.bytes + later.bytes <= BATCH_BYTES

    def _batch(self, sequence: int) -> bytes:
        tables = packed_tables(self.rows)
        head = Batch(
            run=self.run,
            sequence=sequence,
            tables=[BatchTable(object=name, epoch=epoch, bytes=len(data)) for name, epoch, data in tables],
            found=[_found(found) for found in self.found],
            searched=self.searched,
        )
        return packed_batch(head, [data for _, _, data in tables])


class Outbox:
    """The engine's thread puts in (and waits when it is too far ahead, in steps or in bytes), the connection takes
    out, in order.

    Every message costs the agent, the server and each browser about the same, however many rows it carries. So steps
    that wait to be sent leave together.

    Args:
        run: its id.
        wake: called, from any thread, when there is something to take.
    """

    def __init__(self, run: str, wake: Callable[[], None]) -> None:
        self.run = run
        self._wake = wake
        self._changed = threading.Condition()
        self._items: deque[_Item] = deque()
        self._sent = 0
        self._sequence = 0
        self._unstored = 0
        self._unstored_bytes = 0
        self._closed = False
        self._held = False

    # -------------------------------------------------------------- the engine's side (``engine.Sink``)

    def stepped(self, step: Step) -> None:
        """Tell of a step. Raises TrackingError when a shape is larger than ``SHAPE_BYTES``."""
        for batch in _batches(self.run, step):
            self._put(batch)
        for note in step.notes:
            self._put(_Item(partial(_note, self.run, note)))
        for end in step.ends:
            self._put(_Item(partial(_leg_done, self.run, end)))
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or (self._unstored < WORK_AHEAD and self._unstored_bytes < BYTES_AHEAD)
            )

    def done(self) -> None:
        self._put(_Item(lambda sequence: _text(RunDone(run=self.run, sequence=sequence)), is_last=True))

    def failed(self, message: str, detail: str) -> None:
        self._end(RunFailed(run=self.run, message=message, detail=detail))

    def lost(self, message: str) -> None:
        self._end(RunFailed(run=self.run, message=message, again=True))

    def _end(self, last: RunFailed) -> None:
        told = _text(last)
        self._put(_Item(lambda _: told, is_last=True))

    def _put(self, item: _Item) -> None:
        with self._changed:
            if self._closed:
                return
            self._items.append(item)
            self._unstored += item.steps
            self._unstored_bytes += item.bytes
        self._wake()

    # -------------------------------------------------------------- the connection's side

    def take(self) -> Wire | None:
        """The next message to send; None when there is nothing (yet)."""
        with self._changed:
            if self._held or self._sent == len(self._items):
                return None
            item = self._items[self._sent]
            self._sent += 1
            if isinstance(item, _Rows):
                self._gather(item)
                self._sequence += 1
            item.sequence = self._sequence
        # Packing takes a while, and the engine needn't wait for it: nobody changes what is on its way.
        return item.say(item.sequence)

    def _gather(self, batch: _Rows) -> None:
        """Put the steps that wait behind ``batch`` into it."""
        while self._sent < len(self._items):
            later = self._items[self._sent]
            if not isinstance(later, _Rows) or not batch.has_room_for(later):
                return
            batch.add(later)
            del self._items[self._sent]

    def stored(self, sequence: int) -> None:
        """Batches up to ``sequence`` are stored: let the engine go on."""
        with self._changed:
            while self._sent and self._items[0].sequence <= sequence and not self._items[0].is_last:
                item = self._items.popleft()
                self._unstored -= item.steps
                self._unstored_bytes -= item.bytes
                self._sent -= 1
            self._changed.notify_all()

    def hold(self) -> None:
        """The connection is lost: send nothing until ``resume``."""
        with self._changed:
            self._held = True

    def resume(self) -> None:
        """On a new connection: send what isn't stored once more, counted from 1."""
        with self._changed:
            self._held, self._sent, self._sequence = False, 0, 0
        self._wake()

    @property
    def finished(self) -> bool:
        """Whether everything was sent, the end included, and every batch is stored."""
        with self._changed:
            return bool(
                self._sent and self._sent == len(self._items) and not self._unstored and self._items[-1].is_last
            )

    def close(self) -> None:
        """Nobody listens any more: drop everything, and let the engine's thread go."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._sent = self._unstored = self._unstored_bytes = 0
            self._changed.notify_all()


def _batches(run: str, step: Step) -> Iterator[_Rows]:
    """A step as one batch, or where its shapes are large as several, of which the last counts as the step."""
    parts: list[list[_Told]] = [[]]
    for row in map(_told, step.rows):
        if parts[-1] and sum(told.bytes for told in parts[-1]) + row.bytes > BATCH_BYTES:
            parts.append([])
        parts[-1].append(row)
    for part in parts:
        names = {row.object for row in part}
        found = [found for found in step.found if found.object in names]
        ends = part is parts[-1]
        if part or (ends and step.searched is not None):
            yield _Rows(run, part, found, steps=int(ends), searched=step.searched if ends else None)


def _told(tracked: Tracked) -> _Told:
    row = tracked.row
    if len(row.payload) > SHAPE_BYTES:
        size = len(row.payload) / 2**20
        raise TrackingError(
            f"A shape has at most {SHAPE_BYTES // 2**20} MiB; the model gave one of {size:.1f} MiB on frame "
            f"{row.frame}. Track it with another model, or on a smaller video."
        )
    return _Told(tracked.prediction.object, tracked.epoch, row)


def packed_tables(rows: Sequence[_Told]) -> list[tuple[str, int, bytes]]:
    """(object, epoch, table) of a batch's rows, one per window; of two rows on a frame the later one counts."""
    by_object: dict[tuple[str, int], dict[int, Row]] = {}
    for told in rows:
        by_object.setdefault((told.object, told.epoch), {})[told.row.frame] = told.row
    return [
        (name, epoch, table.pack())
        for (name, epoch), newest in by_object.items()
        for table in tables_of(list(newest.values()))
    ]


def _found(found: Found) -> FoundObject:
    return FoundObject(object=found.object, label=found.label, frame=found.frame, direction=found.way, last=found.last)


def _note(run: str, sentence: str, sequence: int) -> str:
    return _text(RunNote(run=run, message=sentence))


def _leg_done(run: str, end: LegEnd, sequence: int) -> str:
    return _text(
        LegDone(run=run, object=end.object, direction=end.way, epoch=end.epoch, sequence=sequence, problem=end.problem)
    )


def _text(message: AgentMessage) -> str:
    return message.model_dump_json()
