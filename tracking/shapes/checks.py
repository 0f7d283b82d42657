"""Whether geometry is sound: what every table that comes from outside is held to."""

from __future__ import annotations

from math import isfinite

import numpy as np

from tracking.shapes.chunks import Kind, Table
from tracking.shapes.interpolation import ORIGINS
from tracking.shapes.payloads import point_count

FARTHEST_PX = 1_000_000.0
"""Coordinates beyond this are a mistake, whatever the video's size."""


class ShapeError(ValueError):
    """Geometry that no shape can have; the message says the rule and what came."""


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
        raise ShapeError(f"A {kind.words} can't have a payload of {len(payload)} bytes.")
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


def _check_mask(payload: bytes) -> None:
    if len(payload) < 20:
        raise ShapeError(f"A mask has a window of four numbers and run lengths; {len(payload)} bytes came.")
    _, _, width, height = np.frombuffer(payload, "<i4", 4).tolist()
    runs = np.frombuffer(payload, "<u4", offset=16)
    if width <= 0 or height <= 0 or int(runs.sum(dtype=np.uint64)) != width * height:
        raise ShapeError(f"A mask's run lengths add up to its window of {width} x {height} px; these don't.")
