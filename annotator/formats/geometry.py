"""A row's packed geometry as plain numbers and back (layout: ``tracking/shapes/chunks.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from math import radians
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.formats.base import FormatError
from tracking.shapes import masks
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.masks import Order, to_runs
from tracking.shapes.values import ABSENT, OCCLUDED, VISIBLE, enclosing, enclosing_present, rotated_bounds


def short(value: float) -> float:
    """The shortest decimal that is the same 32-bit number: 12.3 instead of 12.300000190734863."""
    return float(str(np.float32(value)))


def vertices(row: Row) -> NDArray[np.float32]:
    """(n, 2) float32 px: the vertices of a polygon or polyline, or the points of points or a skeleton."""
    if row.kind in (Kind.POLYGON, Kind.POLYLINE):
        return np.frombuffer(row.payload, "<f4").reshape(-1, 2)
    count = len(row.payload) // 9
    return np.frombuffer(row.payload, "<f4", 2 * count).reshape(-1, 2)


def visibilities(row: Row) -> list[int]:
    """ABSENT, OCCLUDED or VISIBLE of each point of points or a skeleton."""
    count = len(row.payload) // 9
    return list(row.payload[8 * count : 9 * count])


def vertex_row(kind: Kind, frame: int, flags: Flag, confidence: float, xy: Sequence[Sequence[float]]) -> Row:
    """A polygon or polyline of at least three or two vertices. Raises FormatError for fewer."""
    least = 3 if kind == Kind.POLYGON else 2
    if len(xy) < least:
        raise FormatError(f"A {kind.name.lower()} has at least {least} vertices; {len(xy)} came.")
    array = np.asarray(xy, "<f4")
    return Row(frame, kind, flags, confidence, enclosing(array), array.tobytes())


def point_row(
    kind: Kind, frame: int, flags: Flag, confidence: float, xy: Sequence[Sequence[float]], seen: Sequence[int]
) -> Row:
    """Points or a skeleton: ``xy`` (n, 2) px and ABSENT, OCCLUDED or VISIBLE of each; n >= 1."""
    if not xy or len(xy) != len(seen) or not all(value in (ABSENT, OCCLUDED, VISIBLE) for value in seen):
        raise FormatError("Points have a place and a visibility of 0, 1 or 2 each; others came.")
    array = np.asarray(xy, "<f4")
    payload = array.tobytes() + bytes(seen)
    bounds = enclosing_present(array, np.asarray(seen, np.uint8))
    return Row(frame, kind, flags, confidence, bounds, payload + bytes(-len(payload) % 4))


def rotated_row(frame: int, flags: Flag, confidence: float, values: Sequence[float]) -> Row:
    """``values``: centre x, centre y, width, height in px and the clockwise angle in radians."""
    packed = np.asarray(values, "<f4")
    # Of the numbers that are kept: those that came may have more digits.
    return Row(frame, Kind.ROTATED_BOX, flags, confidence, rotated_bounds(packed.tolist()), packed.tobytes())


def turned(x1: float, y1: float, x2: float, y2: float, clockwise: float) -> tuple[float, float, float, float, float]:
    """What ``rotated_row`` takes, of a box by its corners before it was turned by so many degrees."""
    # From 0..360 to -180..180 degrees, as angles are kept.
    angle = radians(180 - (180 - clockwise) % 360)
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, angle


def rotated_values(row: Row) -> list[float]:
    """Centre x, centre y, width, height in px and the clockwise angle in radians."""
    return [float(value) for value in np.frombuffer(row.payload, "<f4")]


def as_rotated(row: Row) -> Row:
    """A box as one that could be turned."""
    x1, y1, x2, y2 = row.bounds
    values = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, 0.0)
    return rotated_row(row.frame, row.flags, row.confidence, values)


def shares(row: Row) -> list[tuple[float, float]]:
    """Where the points of points or a skeleton lie in its bounds: 0..1 from the left top corner."""
    x1, y1, x2, y2 = row.bounds
    width, height = max(x2 - x1, 1e-6), max(y2 - y1, 1e-6)
    placed = np.clip((vertices(row).astype(float) - (x1, y1)) / (width, height), 0, 1)
    return [(x, y) for x, y in placed.tolist()]


def mask_window(row: Row) -> tuple[int, int, int, int]:
    """Left, top, width, height of a mask's window in px."""
    left, top, width, height = np.frombuffer(row.payload, "<i4", 4).tolist()
    return left, top, width, height


def mask_bitmap(row: Row) -> NDArray[np.bool_]:
    """(height, width) bool of a mask's window."""
    _, _, width, height = mask_window(row)
    return from_runs(np.frombuffer(row.payload, "<u4", offset=16), width, height, order="F")


def mask_row(frame: int, flags: Flag, confidence: float, left: int, top: int, bitmap: NDArray[np.bool_]) -> Row:
    """A mask whose window's corner is at ``left``, ``top``; ``bitmap``: (height, width) bool."""
    height, width = bitmap.shape
    payload = np.asarray([left, top, width, height], "<i4").tobytes() + to_runs(bitmap, order="F").tobytes()
    return Row(frame, Kind.MASK, flags, confidence, (left, top, left + width, top + height), payload)


def mask_of_runs(
    frame: int,
    flags: Flag,
    confidence: float,
    window: tuple[int, int, int, int],
    runs: NDArray[Any],
    *,
    order: Order,
) -> Row:
    """A mask by its window (left, top, width, height) and run lengths in that order. What it costs depends on the runs,
    not on the window. Raises FormatError when the runs don't fill the window."""
    left, top, width, height = window
    try:
        tidy = masks.by_columns(runs, width, height, order=order)
    except masks.MaskError as error:
        raise FormatError(str(error)) from error
    payload = np.asarray(window, "<i4").tobytes() + tidy.tobytes()
    return Row(frame, Kind.MASK, flags, confidence, (left, top, left + width, top + height), payload)


def from_runs(runs: NDArray[np.uint32], width: int, height: int, *, order: Order) -> NDArray[np.bool_]:
    """The bitmap of run lengths. Raises FormatError when they don't fill the window."""
    try:
        return masks.from_runs(runs, width, height, order=order)
    except masks.MaskError as error:
        raise FormatError(str(error)) from error
