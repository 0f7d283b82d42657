"""A track's rows as columns: what formats read into and write from without a Python object for every shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.chunks import Flag, Kind, Row, Table, parted, quantised
from tracking.shapes.columns import Columns


@dataclass(frozen=True, slots=True, eq=False)
class Rows(Sequence[Row]):
    """The rows of one track in strictly rising frame order; indexed and iterated they are ``Row`` values.

    ``frames``: (n,) int64 · ``kinds``, ``flags``: (n,) uint8 · ``confidence``: (n,) float64 in [0, 1] · ``bounds``:
    (n, 4) float32 px · ``payloads``: one bytes object per row, as a table keeps it.
    """

    frames: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    confidence: NDArray[np.float64]
    bounds: NDArray[np.float32]
    payloads: tuple[bytes, ...]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """Rows in rising frame order as columns."""
        if isinstance(rows, cls):
            return rows
        rows = list(rows)
        return cls(
            frames=np.array([row.frame for row in rows], np.int64),
            kinds=np.array([row.kind for row in rows], np.uint8),
            flags=np.array([row.flags for row in rows], np.uint8),
            confidence=np.array([row.confidence for row in rows], np.float64),
            bounds=np.array([row.bounds for row in rows], np.float32).reshape(len(rows), 4),
            payloads=tuple(row.payload for row in rows),
        )

    @classmethod
    def of_packed(cls, packed: Sequence[bytes]) -> Self:
        """The rows of a track's packed tables, in rising order. Raises ChunkError where one is no table."""
        found = Columns.unpacked(packed)
        confidence = found.confidence / 65535
        return cls(found.frames, found.kinds, found.flags, confidence, found.bounds, found.payloads)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Self:
        """Rows one after the other."""
        if not parts:
            return cls.of(())
        if len(parts) == 1 and isinstance(parts[0], cls):
            return parts[0]
        return cls(
            frames=np.concatenate([part.frames for part in parts]),
            kinds=np.concatenate([part.kinds for part in parts]),
            flags=np.concatenate([part.flags for part in parts]),
            confidence=np.concatenate([part.confidence for part in parts]),
            bounds=np.concatenate([part.bounds for part in parts]),
            payloads=tuple(chain.from_iterable(part.payloads for part in parts)),
        )

    def ordered(self, order: NDArray[np.int64]) -> Self:
        """The rows at the positions ``order`` (n,)."""
        return type(self)(
            self.frames[order],
            self.kinds[order],
            self.flags[order],
            self.confidence[order],
            self.bounds[order],
            tuple(self.payloads[index] for index in order.tolist()),
        )

    def tables(self) -> Iterator[Table]:
        """The rows packed for storing: one table per window that has any, in rising order."""
        confidence = quantised(self.confidence)
        return parted(self.frames, self.kinds, self.flags, confidence, self.bounds, self.payloads)

    def take(self, keep: NDArray[np.bool_]) -> Self:
        """The rows where ``keep`` (n,) is True."""
        if keep.all():
            return self
        return type(self)(
            self.frames[keep],
            self.kinds[keep],
            self.flags[keep],
            self.confidence[keep],
            self.bounds[keep],
            tuple(compress(self.payloads, keep.tolist())),
        )

    def has(self, flag: Flag) -> NDArray[np.bool_]:
        """(n,): which rows have any of the flags."""
        found: NDArray[np.bool_] = (self.flags & int(flag)) != 0
        return found

    @property
    def first(self) -> int | None:
        """The first frame; None where there are no rows."""
        return int(self.frames[0]) if len(self.frames) else None

    @property
    def last(self) -> int | None:
        """The last frame; None where there are no rows."""
        return int(self.frames[-1]) if len(self.frames) else None

    @property
    def shown(self) -> NDArray[np.bool_]:
        """(n,): which rows show something."""
        return ~self.has(Flag.OUTSIDE)

    def __len__(self) -> int:
        return len(self.frames)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return list(self)[index]
        x1, y1, x2, y2 = self.bounds[index].tolist()
        return Row(
            int(self.frames[index]),
            Kind(int(self.kinds[index])),
            Flag(int(self.flags[index])),
            float(self.confidence[index]),
            (x1, y1, x2, y2),
            self.payloads[index],
        )

    def __iter__(self) -> Iterator[Row]:
        columns = zip(
            self.frames.tolist(),
            self.kinds.tolist(),
            self.flags.tolist(),
            self.confidence.tolist(),
            self.bounds.tolist(),
            self.payloads,
            strict=True,
        )
        for frame, kind, flags, confidence, bounds, payload in columns:
            yield Row(frame, _KINDS[kind], _FLAGS[flags], confidence, tuple(bounds), payload)


def batched(parts: Iterable[Rows], count: int = 1 << 16) -> Iterator[Rows]:
    """Rows of several tracks one after the other, about ``count`` at a time: for what is asked of each row, and would
    be asked of many short tracks slowly."""
    several: list[Rows] = []
    waiting = 0
    for part in parts:
        several.append(part)
        waiting += len(part)
        if waiting >= count:
            yield Rows.joined(several)
            several, waiting = [], 0
    if several:
        yield Rows.joined(several)


# Looked up instead of made: a Flag takes ten times as long to make.
_KINDS = tuple(Kind)
_FLAGS = tuple(Flag(value) for value in range(2 * max(Flag)))
