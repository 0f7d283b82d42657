"""What a track shows on a frame. Pure: values in, values out.

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
from math import ceil, pi

import numpy as np

from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.outlines import match_payloads
from tracking.shapes.payloads import point_count
from tracking.shapes.values import ABSENT, enclosing, enclosing_present, rotated_bounds

ORIGINS = Flag.KEYFRAME | Flag.PREDICTED
Bounds = tuple[float, float, float, float]


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
