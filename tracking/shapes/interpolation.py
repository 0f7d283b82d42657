"""What a track shows on a frame, and which geometry a row may have. Pure: values in, values out.

A track exists from its first to its last row (``docs/decisions/0002-extent-of-a-track.md``). Between two neighbouring
rows a box, and each point of points and skeletons, moves in a straight line; a rotated box also turns the shorter way,
and the outlines of polygons and polylines are matched (``tracking/shapes/outlines.py``). A mask, and a change of kind,
holds the earlier row. An outside row has no geometry of its own: what is before it is held up to it, and nothing is
shown from it up to the next row.
``tests/protocol/interpolation.json`` holds the browser to the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, cos, isfinite, pi, sin

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.chunks import Flag, Kind, Row, Table
from tracking.shapes.outlines import match_payloads

ORIGINS = Flag.KEYFRAME | Flag.PREDICTED
ABSENT, OCCLUDED, VISIBLE = 0, 1, 2
"""Whether a point of points or a skeleton is to be seen; an absent one keeps its place."""
Bounds = tuple[float, float, float, float]
FARTHEST_PX = 1_000_000.0
"""Coordinates beyond this are a mistake, whatever the video's size."""


class ShapeError(ValueError):
    """Geometry that no shape can have; the message says the rule and what came."""


def shape_at(rows: Sequence[Row], frame: int) -> Row | None:
    """What a track shows on ``frame``; None in a gap and beyond its extent.

    Args:
        rows: the track's rows in rising frame order, at least the neighbours of ``frame``.

    Returns:
        The stored row, or an interpolated one: neither KEYFRAME nor PREDICTED.
    """
    at = bisect_right(rows, frame, key=lambda row: row.frame)
    if at == 0:
        return None
    before = rows[at - 1]
    if before.flags & Flag.OUTSIDE:
        return None
    if before.frame == frame:
        return before
    return between(before, rows[at], frame) if at < len(rows) else None


def expand(rows: Sequence[Row]) -> Iterator[Row]:
    """Every shape of a track, frame by frame; ``rows`` in rising frame order. Frames of a gap are left out."""
    for index, row in enumerate(rows):
        if row.flags & Flag.OUTSIDE:
            continue
        yield row
        if index + 1 < len(rows):
            following = rows[index + 1]
            for frame in range(row.frame + 1, following.frame):
                yield between(row, following, frame)


def between(before: Row, after: Row, frame: int) -> Row:
    """The shape on a frame between two neighbouring rows, the first of which is not outside."""
    flags = before.flags & ~ORIGINS
    if after.flags & Flag.OUTSIDE or before.kind != after.kind:
        return replace(before, frame=frame, flags=flags)
    share = (frame - before.frame) / (after.frame - before.frame)
    confidence = before.confidence + (after.confidence - before.confidence) * share
    bounds, payload = _between(before, after, share)
    return Row(frame, before.kind, flags, confidence, bounds, payload)


def _between(before: Row, after: Row, share: float) -> tuple[Bounds, bytes]:
    """Bounds and payload at ``share`` (0..1) of the way between two rows of one kind."""
    match before.kind:
        case Kind.BOX:
            x1, y1, x2, y2 = (a + (b - a) * share for a, b in zip(before.bounds, after.bounds, strict=True))
            return (x1, y1, x2, y2), b""
        case Kind.POINTS | Kind.SKELETON:
            return _between_points(before, after, share)
        case Kind.ROTATED_BOX:
            return _between_rotated(before, after, share)
        case Kind.POLYGON | Kind.POLYLINE:
            start, end = match_payloads(before.payload, after.payload, closed=before.kind == Kind.POLYGON)
            vertices = (start + (end - start) * share).astype("<f4")
            return enclosing(vertices), vertices.tobytes()
        case Kind.MASK | Kind.TAG:
            return before.bounds, before.payload


def _between_rotated(before: Row, after: Row, share: float) -> tuple[Bounds, bytes]:
    start, end = (np.frombuffer(row.payload, "<f4").astype(float) for row in (before, after))
    values = start + (end - start) * share
    values[4] = _normal(start[4] + _normal(end[4] - start[4]) * share)
    packed = values.astype("<f4")
    return rotated_bounds(packed.tolist()), packed.tobytes()


def _normal(angle: float) -> float:
    """The same angle in (-pi, pi]."""
    return angle - 2 * pi * ceil((angle - pi) / (2 * pi))


def rotated_bounds(values: Sequence[float]) -> Bounds:
    """What encloses a rotated box of centre x, centre y, width, height in px and a clockwise angle in radians."""
    x, y, width, height, angle = values
    across, down = abs(cos(angle)), abs(sin(angle))
    half_width, half_height = (width * across + height * down) / 2, (width * down + height * across) / 2
    return x - half_width, y - half_height, x + half_width, y + half_height


def _between_points(before: Row, after: Row, share: float) -> tuple[Bounds, bytes]:
    """Point by point. One that is absent before or after stays where it was before, and visibility is that of before;
    other numbers of points hold the earlier row."""
    count = point_count(len(before.payload))
    if len(after.payload) != len(before.payload):
        return before.bounds, before.payload
    start, end = (np.frombuffer(row.payload, "<f4", 2 * count).reshape(-1, 2).astype(float) for row in (before, after))
    seen, seen_after = (np.frombuffer(row.payload, np.uint8, count, 8 * count) for row in (before, after))
    moving = ((seen != ABSENT) & (seen_after != ABSENT))[:, None]
    places = np.where(moving, start + (end - start) * share, start).astype("<f4")
    return enclosing_present(places, seen), places.tobytes() + before.payload[8 * count :]


def enclosing_present(places: NDArray[np.float32], seen: NDArray[np.uint8]) -> Bounds:
    """Bounds of the (n, 2) points that aren't absent, or of all where none is there; n >= 1."""
    return enclosing(places[seen != ABSENT] if np.any(seen != ABSENT) else places)


def enclosing(places: NDArray[np.float32]) -> Bounds:
    """Bounds of (n, 2) points; n >= 1."""
    (x1, y1), (x2, y2) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
    return x1, y1, x2, y2


def check_geometry(table: Table) -> None:
    """Raises ShapeError unless every row of a table is a keyframe or predicted, and has sound geometry."""
    origins = table.flags & int(ORIGINS)
    if np.any((origins == 0) | (origins == int(ORIGINS))):
        raise ShapeError("A row is either a keyframe or predicted; one is neither or both.")
    bounds = table.bounds
    if np.any(bounds[:, 0] > bounds[:, 2]) or np.any(bounds[:, 1] > bounds[:, 3]):
        raise ShapeError("A shape's bounds go from its left top to its right bottom corner; these don't.")
    if np.any(np.abs(bounds) > FARTHEST_PX):
        raise ShapeError(f"Coordinates lie within ±{FARTHEST_PX:,.0f} px; one doesn't.")
    if not np.any(table.kinds) and not any(table.payloads):
        return  # Nothing but boxes, which is nearly always so.
    for kind, payload in zip(table.kinds.tolist(), table.payloads, strict=True):
        _check_payload(Kind(kind), payload)


def _check_payload(kind: Kind, payload: bytes) -> None:
    if kind == Kind.MASK:
        _check_mask(payload)
        return
    if not _length_fits(kind, len(payload)):
        raise ShapeError(f"A {kind.name.lower().replace('_', ' ')} can't have a payload of {len(payload)} bytes.")
    numbers = payload if kind not in (Kind.POINTS, Kind.SKELETON) else payload[: 8 * point_count(len(payload))]
    if not all(isfinite(value) for value in np.frombuffer(numbers, "<f4")):
        raise ShapeError("Coordinates must be finite numbers of pixels; these hold NaN or infinity.")


def _length_fits(kind: Kind, length: int) -> bool:
    match kind:
        case Kind.BOX | Kind.TAG:
            return length == 0
        case Kind.ROTATED_BOX:
            return length == 20
        case Kind.POLYGON:
            return length >= 24 and length % 8 == 0
        case Kind.POLYLINE:
            return length >= 16 and length % 8 == 0
        case _:
            count = point_count(length)
            return count > 0 and 9 * count + -9 * count % 4 == length


def point_count(length: int) -> int:
    """How many points of 9 bytes fill a payload that is padded to a multiple of 4."""
    return length // 9


def _check_mask(payload: bytes) -> None:
    if len(payload) < 20:
        raise ShapeError(f"A mask has a window of four numbers and run lengths; {len(payload)} bytes came.")
    _, _, width, height = np.frombuffer(payload, "<i4", 4).tolist()
    runs = np.frombuffer(payload, "<u4", offset=16)
    if width <= 0 or height <= 0 or int(runs.sum(dtype=np.uint64)) != width * height:
        raise ShapeError(f"A mask's run lengths add up to its window of {width} x {height} px; these don't.")
