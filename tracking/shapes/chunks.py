"""Packed shapes: one track's rows over a window of 256 frames as one little-endian table.

``frontend/src/store/chunks.ts`` reads and writes the same bytes; ``tests/protocol/chunks.json`` holds both to them.
A table is what a ``TrackChunk`` stores, what the API serves, what an edit carries (base64) and what a stream of
predictions appends.

Layout, for ``n`` rows in rising frame order::

    u32     magic            0x31435746, the bytes "FWC1"
    u32     start            first frame of the window, a multiple of 256
    u32     n                0..256
    u32     payload_bytes    length of the payload, a multiple of 4
    f32[4n] bounds           x1 y1 x2 y2 of each row in px: the box itself, or what encloses any other kind
    u32[n+1] offsets         only if payload_bytes > 0: row i's payload is payload[offsets[i]:offsets[i + 1]]
    u16[n]  confidence       0..65535 for 0..1
    u8[n]   frame            frame - start
    u8[n]   kind             Kind
    u8[n]   flags            KEYFRAME | PREDICTED | OUTSIDE | OCCLUDED | DOUBTFUL
    u8[...] padding          zeros up to a multiple of 4
    u8[payload_bytes]        geometry of the rows that are not boxes

Payload of a row by kind, little-endian, padded with zeros to a multiple of 4:
box: none · rotated box: f32 centre_x, centre_y, width, height, angle (radians, clockwise on the screen) ·
polygon, polyline: f32 x, y per vertex · points, skeleton: f32 x, y per point, then u8 per point (0 absent,
1 occluded, 2 visible) · mask: i32 left, top, width, height, then u32 COCO-style run lengths (column-major,
starting with background) of the window · tag: none; it marks whole frames, and its bounds are zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from itertools import chain, compress, pairwise
from operator import attrgetter
from typing import Self

import numpy as np
from numpy.typing import NDArray

WINDOW = 256
MAGIC = 0x31435746
HEADER = np.dtype([("magic", "<u4"), ("start", "<u4"), ("count", "<u4"), ("payload_bytes", "<u4")])


_Columns = tuple[
    NDArray[np.int64],
    NDArray[np.uint8],
    NDArray[np.uint8],
    NDArray[np.uint16],
    NDArray[np.float32],
    tuple[bytes, ...],
]
_NO_FRAMES = np.zeros(0, np.int64)
_NO_BYTES = np.zeros(0, np.uint8)
_NO_CONFIDENCE = np.zeros(0, np.uint16)
_NO_BOUNDS = np.zeros((0, 4), np.float32)
_NO_OFFSETS = np.zeros(1, np.int64)


class Kind(IntEnum):
    """A row's geometry."""

    BOX = 0
    ROTATED_BOX = 1
    POLYGON = 2
    POLYLINE = 3
    POINTS = 4
    SKELETON = 5
    MASK = 6
    TAG = 7

    @property
    def words(self) -> str:
        """As people are told of it, e.g. "rotated box"."""
        return self.name.lower().replace("_", " ")


class Flag(IntFlag):
    """What a row is. A row is a keyframe (a person's) or predicted (a tracker's), never both."""

    KEYFRAME = 1
    PREDICTED = 2
    OUTSIDE = 4
    OCCLUDED = 8
    DOUBTFUL = 16


LAST_KIND = int(max(Kind))
ALL_FLAGS = 2 * int(max(Flag)) - 1


class ChunkError(ValueError):
    """Bytes that are no table, or rows that don't fit one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One shape. ``bounds``: x1, y1, x2, y2 in px; ``confidence`` in [0, 1]; ``payload``: as in the module's text."""

    frame: int
    kind: Kind
    flags: Flag
    confidence: float
    bounds: tuple[float, float, float, float]
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of one table; ``frames`` are absolute and strictly rising.

    ``bounds``: (n, 4) float32 · ``confidence``: (n,) uint16 · ``frames``: (n,) int64 · ``kinds``, ``flags``: (n,) uint8
    · ``payloads``: one bytes object per row.
    """

    start: int
    frames: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    confidence: NDArray[np.uint16]
    bounds: NDArray[np.float32]
    payloads: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.frames)

    @classmethod
    def empty(cls, start: int) -> Self:
        table = cls(start, _NO_FRAMES, _NO_BYTES, _NO_BYTES, _NO_CONFIDENCE, _NO_BOUNDS, ())
        # It is made for every window that is written: of what is checked nothing but the start can be wrong.
        return table.checked() if start % WINDOW or start < 0 else table

    @classmethod
    def of(cls, start: int, rows: Iterable[Row]) -> Self:
        """Pack rows of one window, in any order. Raises ChunkError for a frame outside of it or given twice."""
        return cls(start, *_columns(rows)).checked()

    def checked(self) -> Self:
        """Itself, if its rows fit one window. Raises ChunkError otherwise."""
        if self.start % WINDOW or self.start < 0:
            raise ChunkError(f"A table starts at a multiple of {WINDOW}; this one starts at {self.start}.")
        if len(self) and (self.frames[0] < self.start or self.frames[-1] >= self.start + WINDOW):
            raise ChunkError(
                f"A table from frame {self.start} holds frames {self.start}..{self.start + WINDOW - 1}; "
                f"these are {self.frames[0]}..{self.frames[-1]}."
            )
        if (self.frames[1:] <= self.frames[:-1]).any():
            raise ChunkError("A table holds each frame once, in rising order; these frames repeat or fall.")
        if not np.isfinite(self.bounds).all():
            raise ChunkError("Coordinates must be finite numbers of pixels; these hold NaN or infinity.")
        # Nearly always there are none: boxes have no payload.
        if any(self.payloads) and any(len(payload) % 4 for payload in self.payloads):
            raise ChunkError("A row's payload is padded to a multiple of 4 bytes; one is not.")
        return self

    def rows(self) -> list[Row]:
        return [self.row(index) for index in range(len(self))]

    def row(self, index: int) -> Row:
        x1, y1, x2, y2 = (float(value) for value in self.bounds[index])
        return Row(
            frame=int(self.frames[index]),
            kind=Kind(int(self.kinds[index])),
            flags=Flag(int(self.flags[index])),
            confidence=float(self.confidence[index]) / 65535,
            bounds=(x1, y1, x2, y2),
            payload=self.payloads[index],
        )

    def at(self, frame: int) -> Row | None:
        """The row of a frame; None where there is none."""
        index = int(np.searchsorted(self.frames, frame))
        return self.row(index) if index < len(self) and self.frames[index] == frame else None

    def take(self, keep: NDArray[np.bool_]) -> Self:
        """The rows where ``keep`` (n,) is True."""
        if keep.all():
            return self
        return type(self)(
            start=self.start,
            frames=self.frames[keep],
            kinds=self.kinds[keep],
            flags=self.flags[keep],
            confidence=self.confidence[keep],
            bounds=self.bounds[keep],
            payloads=tuple(compress(self.payloads, keep.tolist())),
        )

    def merged(self, newer: Self) -> Self:
        """This table with the rows of ``newer``, of the same window, put in; on one frame ``newer`` counts."""
        if newer.start != self.start:
            raise ChunkError(f"Only tables of one window merge; these start at {self.start} and {newer.start}.")
        if not len(self) or not len(newer):
            return newer if len(newer) else self
        free = np.ones(WINDOW, np.bool_)
        free[newer.frames - self.start] = False
        kept = self.take(free[self.frames - self.start])
        order = np.argsort(np.concatenate([kept.frames, newer.frames]), kind="stable")
        payloads = kept.payloads + newer.payloads
        if any(payloads):
            payloads = tuple([payloads[index] for index in order.tolist()])
        return type(self)(
            start=self.start,
            frames=np.concatenate([kept.frames, newer.frames])[order],
            kinds=np.concatenate([kept.kinds, newer.kinds])[order],
            flags=np.concatenate([kept.flags, newer.flags])[order],
            confidence=np.concatenate([kept.confidence, newer.confidence])[order],
            bounds=np.concatenate([kept.bounds, newer.bounds])[order],
            payloads=payloads,
        )

    @classmethod
    def concatenated(cls, start: int, tables: Sequence[Self]) -> Self:
        """Tables of the window from ``start``, one after another; each begins behind the last frame of the one before.

        Raises:
            ChunkError: they aren't of this window, or their frames fall.
        """
        if not tables:
            return cls.empty(start)
        if len(tables) == 1 and tables[0].start == start:
            return tables[0]
        if any(table.start != start for table in tables):
            raise ChunkError(f"Only tables of the window from {start} join to one; one is of another.")
        return cls(
            start=start,
            frames=np.concatenate([table.frames for table in tables]),
            kinds=np.concatenate([table.kinds for table in tables]),
            flags=np.concatenate([table.flags for table in tables]),
            confidence=np.concatenate([table.confidence for table in tables]),
            bounds=np.concatenate([table.bounds for table in tables]),
            payloads=tuple(chain.from_iterable(table.payloads for table in tables)),
        ).checked()

    @property
    def packed_bytes(self) -> int:
        """Length of what ``pack`` gives."""
        return table_bytes(len(self), sum(map(len, self.payloads)))

    def pack(self) -> bytes:
        """The table's bytes."""
        count = len(self)
        payload = b"".join(self.payloads)
        header = np.array([(MAGIC, self.start, count, len(payload))], HEADER)
        parts = [header.tobytes(), self.bounds.astype("<f4").tobytes()]
        if payload:
            offsets = np.cumsum([0, *(len(piece) for piece in self.payloads)])
            parts.append(offsets.astype("<u4").tobytes())
        parts += [
            self.confidence.astype("<u2").tobytes(),
            (self.frames - self.start).astype(np.uint8).tobytes(),
            self.kinds.tobytes(),
            self.flags.tobytes(),
            bytes(-5 * count % 4),
            payload,
        ]
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read a table's bytes, trusting nothing. Raises ChunkError when they are no table."""
        if len(data) < HEADER.itemsize:
            raise ChunkError(f"A table has a header of {HEADER.itemsize} bytes; {len(data)} bytes came.")
        header = np.frombuffer(data, HEADER, 1)[0]
        start, count, payload_bytes = int(header["start"]), int(header["count"]), int(header["payload_bytes"])
        if header["magic"] != MAGIC or count > WINDOW:
            raise ChunkError(f"A table begins with 'FWC1' and holds at most {WINDOW} rows; these bytes don't.")
        if len(data) != table_bytes(count, payload_bytes):
            raise ChunkError(
                f"A table of {count} rows and {payload_bytes} payload bytes is {table_bytes(count, payload_bytes)} "
                f"bytes long; {len(data)} came."
            )
        at = HEADER.itemsize
        bounds = np.frombuffer(data, "<f4", 4 * count, at).reshape(count, 4)
        at += 16 * count
        offsets = _NO_OFFSETS
        if payload_bytes:
            offsets = np.frombuffer(data, "<u4", count + 1, at).astype(np.int64)
            at += 4 * (count + 1)
        confidence = np.frombuffer(data, "<u2", count, at)
        frames = np.frombuffer(data, np.uint8, count, at + 2 * count).astype(np.int64) + start
        kinds = np.frombuffer(data, np.uint8, count, at + 3 * count)
        flags = np.frombuffer(data, np.uint8, count, at + 4 * count)
        if offsets[0] != 0 or offsets[-1] != payload_bytes or (offsets[1:] < offsets[:-1]).any():
            raise ChunkError("A table's payload offsets rise from 0 to the payload's length; these don't.")
        if count and (kinds.max() > LAST_KIND or flags.max() > ALL_FLAGS):
            raise ChunkError("A table holds a kind or flag that this version doesn't know.")
        payloads = (b"",) * count
        if payload_bytes:
            ends = (offsets + (len(data) - payload_bytes)).tolist()
            payloads = tuple([data[begin:end] for begin, end in pairwise(ends)])
        return cls(start, frames, kinds, flags, confidence, bounds, payloads).checked()


def table_bytes(count: int, payload_bytes: int) -> int:
    """Length of a packed table."""
    offsets = 4 * (count + 1) if payload_bytes else 0
    return HEADER.itemsize + 16 * count + offsets + 5 * count + (-5 * count % 4) + payload_bytes


def quantised(confidence: Sequence[float] | NDArray[np.float64]) -> NDArray[np.uint16]:
    """Confidences in [0, 1] as the table's 16-bit numbers; values beyond are clamped."""
    clamped: NDArray[np.float64] = np.asarray(confidence, np.float64).clip(0, 1)
    return np.rint(clamped * 65535).astype(np.uint16)


def window_start(frame: int) -> int:
    """First frame of the window that ``frame`` lies in."""
    return frame - frame % WINDOW


def tables_of(rows: Iterable[Row]) -> list[Table]:
    """Pack rows of one track, in any order, into one table per window, in rising order."""
    return list(parted(*_columns(rows)))


def parted(
    frames: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    flags: NDArray[np.uint8],
    confidence: NDArray[np.uint16],
    bounds: NDArray[np.float32],
    payloads: tuple[bytes, ...],
) -> Iterator[Table]:
    """A track's columns, as those of a ``Table`` but over any frames in rising order, as one table per window.

    Raises:
        ChunkError: as ``Table.checked``.
    """
    windows = frames // WINDOW
    edges = (np.flatnonzero(np.diff(windows)) + 1).tolist()
    for first, end in pairwise([0, *edges, len(frames)]) if len(frames) else ():
        yield Table(
            start=int(windows[first]) * WINDOW,
            frames=frames[first:end],
            kinds=kinds[first:end],
            flags=flags[first:end],
            confidence=confidence[first:end],
            bounds=bounds[first:end],
            payloads=payloads[first:end],
        ).checked()


def _columns(rows: Iterable[Row]) -> _Columns:
    """Rows, in any order, as the columns of a table, in rising order."""
    ordered = sorted(rows, key=attrgetter("frame"))
    numbers = chain.from_iterable([row.bounds for row in ordered])
    return (
        np.array([row.frame for row in ordered], np.int64),
        # By way of bytes: NumPy takes enumerations one by one.
        np.frombuffer(bytes([row.kind for row in ordered]), np.uint8),
        np.frombuffer(bytes([row.flags for row in ordered]), np.uint8),
        quantised([row.confidence for row in ordered]),
        np.fromiter(numbers, np.float32).reshape(len(ordered), 4),
        tuple([row.payload for row in ordered]),
    )
