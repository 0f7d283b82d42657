"""A box as every kind of geometry, for suites over the kinds."""

from __future__ import annotations

from math import pi

import numpy as np

from tracking.shapes.values import (
    VISIBLE,
    Box,
    GeometryKind,
    Mask,
    Points,
    Polygon,
    Polyline,
    RotatedBox,
    Shape,
    Skeleton,
)


def as_kind(kind: GeometryKind, box: Box) -> Shape:
    """A shape of ``kind`` that fills ``box``, as far as its kind can."""
    x1, y1, x2, y2 = box
    x, y = box.centre
    corners = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float32)
    match kind:
        case "box":
            return box
        case "rotated_box":
            return RotatedBox(x, y, box.height, box.width, pi / 2)
        case "polygon":
            return Polygon(corners)
        case "polyline":
            return Polyline(corners[:3])
        case "points":
            return Points(corners, np.full(4, VISIBLE, np.uint8))
        case "skeleton":
            return Skeleton(corners, np.full(4, VISIBLE, np.uint8))
        case "mask":
            return Mask(round(x1), round(y1), np.ones((max(round(box.height), 0), max(round(box.width), 0)), np.bool_))
