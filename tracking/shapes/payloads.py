"""A row's packed geometry as a value and back (layout: ``tracking/shapes/chunks.py``)."""

from __future__ import annotations

from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.chunks import Flag, Kind, Row, Table, window_start
from tracking.shapes.masks import from_runs, to_runs
from tracking.shapes.values import (
    Box,
    Mask,
    Points,
    Polygon,
    Polyline,
    RotatedBox,
    Shape,
    Skeleton,
    bounds_of,
    kind_of,
)


def point_count(length: int) -> int:
    """How many points of 9 bytes fill a payload that is padded to a multiple of 4."""
    return length // 9


def shape_of(row: Row) -> Shape:
    """The geometry of a row. Raises ValueError for a tag, which has none."""
    payload = row.payload
    match row.kind:
        case Kind.BOX:
            return Box(*row.bounds)
        case Kind.ROTATED_BOX:
            return RotatedBox(*(float(value) for value in np.frombuffer(payload, "<f4")))
        case Kind.POLYGON:
            return Polygon(_vertices(payload))
        case Kind.POLYLINE:
            return Polyline(_vertices(payload))
        case Kind.POINTS:
            return Points(*_points(payload))
        case Kind.SKELETON:
            return Skeleton(*_points(payload))
        case Kind.MASK:
            left, top, width, height = np.frombuffer(payload, "<i4", 4).tolist()
            return Mask(left, top, from_runs(np.frombuffer(payload, "<u4", offset=16), width, height, order="F"))
        case Kind.TAG:
            raise ValueError("A tag marks whole frames; it has no shape.")
        case _:
            assert_never(row.kind)


def row_of(shape: Shape, frame: int, flags: Flag, confidence: float) -> Row:
    """A shape as a row; ``confidence`` in [0, 1]."""
    return Row(frame, kind_of(shape), flags, confidence, bounds_of(shape), payload_of(shape))


def payload_of(shape: Shape) -> bytes:
    """The payload that a table keeps for a shape."""
    match shape:
        case Box():
            return b""
        case RotatedBox():
            return np.asarray(shape, "<f4").tobytes()
        case Polygon() | Polyline():
            return shape.xy.astype("<f4").tobytes()
        case Points():
            packed = shape.xy.astype("<f4").tobytes() + shape.seen.astype(np.uint8).tobytes()
            return packed + bytes(-len(packed) % 4)
        case Mask():
            height, width = shape.bitmap.shape
            window = np.asarray([shape.left, shape.top, width, height], "<i4").tobytes()
            return window + to_runs(shape.bitmap, order="F").tobytes()
        case _:
            assert_never(shape)


def single(row: Row) -> Table:
    """A table of one row: how a prompt travels."""
    return Table.of(window_start(row.frame), [row])


def _vertices(payload: bytes) -> NDArray[np.float32]:
    return np.frombuffer(payload, "<f4").reshape(-1, 2)


def _points(payload: bytes) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    count = point_count(len(payload))
    return (
        np.frombuffer(payload, "<f4", 2 * count).reshape(-1, 2),
        np.frombuffer(payload, np.uint8, count, 8 * count),
    )
