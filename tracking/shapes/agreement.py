"""How far two shapes of one track say the same, in [0, 1]: what re-tracking, checks and reviews compare by.

Areas by their intersection over union. Points by their distances, brought to the same scale: a square of side ``s``
that is moved by ``d`` along a side overlaps itself with an IoU of ``(s - d) / (s + d)``, so that is what two places
``d`` apart count on an object of size ``s``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.outlines import sampled
from tracking.shapes.values import (
    Box,
    Mask,
    Points,
    Polygon,
    Polyline,
    RotatedBox,
    Shape,
    area_of,
    bounds_of,
    kind_of,
)

LEAST_SIZE_PX = 32.0
"""Size of an object that is a point or a line along a side; on it 0.3 px apart is 0.98, and 11 px is 0.5."""


def agreement(a: Shape, b: Shape) -> float:
    """How far two shapes agree, in [0, 1]; 0 for different kinds, and for points of different numbers.

    Boxes, rotated boxes, polygons and masks: intersection over union. Points and skeletons: mean over the joints that
    either has, where a joint that only one has counts 0. Polylines: the same over points at even distances along both,
    in whichever direction fits.
    """
    match a, b:
        case Box(), Box():
            return iou(a, b)
        case RotatedBox(), RotatedBox():
            return _region_iou(a, b)
        case Polygon(), Polygon():
            return _region_iou(a, b)
        case Mask(), Mask():
            return mask_iou(a, b)
        case Polyline(), Polyline():
            return _along(a, b)
        case Points(), Points() if kind_of(a) == kind_of(b):
            return _joints(a, b)
        case _:
            return 0.0


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, in [0, 1]; 0 when either is empty."""
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.area + b.area - shared)


def mask_iou(a: Mask, b: Mask) -> float:
    """Pixels that both have over pixels that either has, in [0, 1]; 0 when both are empty."""
    ours, theirs = bounds_of(a), bounds_of(b)
    x1, y1 = int(max(ours.x1, theirs.x1)), int(max(ours.y1, theirs.y1))
    x2, y2 = int(min(ours.x2, theirs.x2)), int(min(ours.y2, theirs.y2))
    shared = 0
    if x1 < x2 and y1 < y2:
        one = a.bitmap[y1 - a.top : y2 - a.top, x1 - a.left : x2 - a.left]
        other = b.bitmap[y1 - b.top : y2 - b.top, x1 - b.left : x2 - b.left]
        shared = int(np.count_nonzero(one & other))
    either = a.area + b.area - shared
    return shared / either if either else 0.0


def _region_iou(a: RotatedBox | Polygon, b: RotatedBox | Polygon) -> float:
    one, other = area_of(a), area_of(b)
    shared = float(one.intersection(other).area)
    either = float(one.area + other.area) - shared
    return shared / either if either > 0 else 0.0


def _joints(a: Points, b: Points) -> float:
    if len(a.xy) != len(b.xy):
        return 0.0
    either, both = a.present | b.present, a.present & b.present
    if not np.any(either):
        return 1.0
    scores = np.where(both, _closeness(a.xy, b.xy, _size(a, b)), 0.0)
    return float(scores[either].mean())


def _along(a: Polyline, b: Polyline) -> float:
    one, other = (sampled(line.xy.astype(float), closed=False) for line in (a, b))
    size = _size(a, b)
    return max(float(_closeness(one, way, size).mean()) for way in (other, other[::-1]))


def closeness(a: Points | Polyline | Polygon, b: Points | Polyline | Polygon) -> NDArray[np.float64]:
    """(n,) in [0, 1]: how near each of n points of ``a`` is to its own of ``b``, on an object of their size."""
    return _closeness(a.xy, b.xy, _size(a, b))


def _closeness(a: NDArray[np.floating], b: NDArray[np.floating], size: float) -> NDArray[np.float64]:
    """(n,) in [0, 1] for two lists of (n, 2) places."""
    distance = np.hypot(*(a.astype(float) - b.astype(float)).T)
    closeness: NDArray[np.float64] = np.maximum(0.0, size - distance) / (size + distance)
    return closeness


def _size(a: Shape, b: Shape) -> float:
    """The mean side, in px, of the larger of both bounds; of a line along a side half its length."""
    return max(LEAST_SIZE_PX, *((bounds.width + bounds.height) / 2 for bounds in map(bounds_of, (a, b))))
