"""Shapes as values, one type per kind of geometry, with the few things that every kind must answer.

Coordinates are continuous pixels of the decoded, display-oriented frame: (0, 0) is the top-left *corner* of the
top-left pixel, a pixel's centre is at +0.5. A shape may reach beyond the frame. Arrays in a value are never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, sin
from typing import Literal, NamedTuple, assert_never

import numpy as np
import shapely
from numpy.typing import NDArray

from tracking.shapes.chunks import Kind

ABSENT, OCCLUDED, VISIBLE = 0, 1, 2
"""Whether a point of points or a skeleton is to be seen; an absent one keeps its place."""

GeometryKind = Literal["box", "rotated_box", "polygon", "polyline", "points", "skeleton", "mask"]
GEOMETRY_KINDS: tuple[GeometryKind, ...] = (
    "box",
    "rotated_box",
    "polygon",
    "polyline",
    "points",
    "skeleton",
    "mask",
)
"""Every kind that a track can be followed as; a tag has no place to follow."""

AS_MASK_KINDS: tuple[GeometryKind, ...] = ("box", "rotated_box", "polygon", "mask")
"""What encloses an object: it can be followed as the object's mask, and kept as what it is."""


class Box(NamedTuple):
    """Axis-aligned box by its corners, in px; ``x1 <= x2`` and ``y1 <= y2``. It may reach beyond the frame."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        """Area in square px; 0 for an empty box."""
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def clipped(self, width: int, height: int) -> Box:
        """The part inside a frame of ``width`` x ``height`` px; empty (zero area) when it lies wholly outside."""
        return Box(
            min(max(self.x1, 0.0), width),
            min(max(self.y1, 0.0), height),
            min(max(self.x2, 0.0), width),
            min(max(self.y2, 0.0), height),
        )

    @classmethod
    def from_xywh(cls, left: float, top: float, width: float, height: float) -> Box:
        return cls(left, top, left + width, top + height)


class RotatedBox(NamedTuple):
    """A box turned by ``angle`` radians, clockwise on the screen, about its centre ``x``, ``y``; lengths in px."""

    x: float
    y: float
    width: float
    height: float
    angle: float

    @property
    def corners(self) -> NDArray[np.float64]:
        """(4, 2) px: left top, right top, right bottom, left bottom before turning."""
        right, down = np.array([cos(self.angle), sin(self.angle)]), np.array([-sin(self.angle), cos(self.angle)])
        across, along = right * self.width / 2, down * self.height / 2
        centre = np.array([self.x, self.y])
        return np.stack(
            [centre - across - along, centre + across - along, centre + across + along, centre - across + along]
        )


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline. ``xy``: (n, 2) float32 px, n >= 3; the last vertex joins the first."""

    xy: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Polyline:
    """An open line. ``xy``: (n, 2) float32 px, n >= 2."""

    xy: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Points:
    """Ordered points. ``xy``: (n, 2) float32 px, n >= 1; ``seen``: (n,) uint8 of ABSENT, OCCLUDED, VISIBLE."""

    xy: NDArray[np.float32]
    seen: NDArray[np.uint8]

    @property
    def present(self) -> NDArray[np.bool_]:
        """(n,): which points aren't absent."""
        present: NDArray[np.bool_] = self.seen != ABSENT
        return present


@dataclass(frozen=True, slots=True)
class Skeleton(Points):
    """Points that are the joints of a label's skeleton, in its order."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Binary mask cropped to a window of the frame. ``left``, ``top``: the window's corner in whole px;
    ``bitmap``: (h, w) bool."""

    left: int
    top: int
    bitmap: NDArray[np.bool_]

    @property
    def area(self) -> int:
        """Pixels that belong to the object."""
        return int(np.count_nonzero(self.bitmap))


Shape = Box | RotatedBox | Polygon | Polyline | Points | Skeleton | Mask

_KINDS: dict[type, Kind] = {
    Box: Kind.BOX,
    RotatedBox: Kind.ROTATED_BOX,
    Polygon: Kind.POLYGON,
    Polyline: Kind.POLYLINE,
    Points: Kind.POINTS,
    Skeleton: Kind.SKELETON,
    Mask: Kind.MASK,
}


def kind_of(shape: Shape) -> Kind:
    """The kind of geometry that a value is."""
    return _KINDS[type(shape)]


def kind_name(kind: Kind) -> GeometryKind:
    """A kind by the name that labels, the catalogue and messages use. Raises ValueError for a tag, which nothing
    follows."""
    name = kind.name.lower()
    for known in GEOMETRY_KINDS:
        if known == name:
            return known
    raise ValueError(f"A shape that is followed has a place; a {name} has none.")


def bounds_of(shape: Shape) -> Box:
    """What encloses a shape, as a table keeps it: of points those that aren't absent (all, where none is there), of a
    mask its window."""
    match shape:
        case Box():
            return shape
        case RotatedBox():
            return _turned_bounds(shape)
        case Polygon() | Polyline():
            return enclosing(shape.xy)
        case Points():
            return enclosing_present(shape.xy, shape.seen)
        case Mask():
            height, width = shape.bitmap.shape
            return Box(shape.left, shape.top, shape.left + width, shape.top + height)
        case _:
            assert_never(shape)


def _turned_bounds(shape: RotatedBox) -> Box:
    across, down = abs(cos(shape.angle)), abs(sin(shape.angle))
    half_width = (shape.width * across + shape.height * down) / 2
    half_height = (shape.width * down + shape.height * across) / 2
    return Box(shape.x - half_width, shape.y - half_height, shape.x + half_width, shape.y + half_height)


def enclosing_present(places: NDArray[np.float32], seen: NDArray[np.uint8]) -> Box:
    """Bounds of the (n, 2) points that aren't absent, or of all where none is there; n >= 1."""
    return enclosing(places[seen != ABSENT] if np.any(seen != ABSENT) else places)


def enclosing(places: NDArray[np.float32]) -> Box:
    """Bounds of (n, 2) points; n >= 1."""
    (x1, y1), (x2, y2) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
    return Box(x1, y1, x2, y2)


def area_of(shape: Box | RotatedBox | Polygon) -> shapely.Geometry:
    """The region of an areal shape, for geometry; an outline that crosses itself is the region it winds around."""
    match shape:
        case Box():
            return shapely.box(*shape)
        case RotatedBox():
            return shapely.Polygon(shape.corners)
        case Polygon():
            region = shapely.Polygon(shape.xy)
            return region if region.is_valid else shapely.make_valid(region, method="structure")


def is_empty(shape: Shape) -> bool:
    """Whether there is nothing to see or to follow: no area, no present point, no pixel."""
    match shape:
        case Box() | RotatedBox():
            return not (shape.width > 0 and shape.height > 0)
        case Polygon():
            return len(shape.xy) < 3 or (bounds_of(shape).width <= 0 and bounds_of(shape).height <= 0)
        case Polyline():
            return len(shape.xy) < 2
        case Points():
            return not np.any(shape.present)
        case Mask():
            return not np.any(shape.bitmap)
        case _:
            assert_never(shape)


def is_finite(shape: Shape) -> bool:
    """Whether every number of a shape is one."""
    match shape:
        case Box() | RotatedBox():
            return bool(np.isfinite(shape).all())
        case Mask():
            return True
        case _:
            return bool(np.isfinite(shape.xy).all())


def share_inside(shape: Shape, width: int, height: int) -> float:
    """How much of a shape lies in a frame of ``width`` x ``height`` px, in [0, 1]: of its area, of its length, of its
    present points, or of its pixels. 0 for an empty shape."""
    if is_empty(shape):
        return 0.0
    match shape:
        case Box():
            return shape.clipped(width, height).area / shape.area
        case RotatedBox() | Polygon():
            region = area_of(shape)
            return float(region.intersection(shapely.box(0, 0, width, height)).area / (region.area or 1.0))
        case Polyline():
            line = shapely.LineString(shape.xy)
            return float(line.intersection(shapely.box(0, 0, width, height)).length / (line.length or 1.0))
        case Points():
            x, y = shape.xy[shape.present].T
            return float(np.mean((x >= 0) & (x <= width) & (y >= 0) & (y <= height)))
        case Mask():
            return float(np.count_nonzero(_inside(shape, width, height)) / shape.area)
        case _:
            assert_never(shape)


def _inside(mask: Mask, width: int, height: int) -> NDArray[np.bool_]:
    """The part of a mask's bitmap that lies in the frame."""
    rows = slice(max(0, -mask.top), max(0, height - mask.top))
    columns = slice(max(0, -mask.left), max(0, width - mask.left))
    return mask.bitmap[rows, columns]


def moved(shape: Shape, dx: float, dy: float) -> Shape:
    """A shape moved by ``dx``, ``dy`` px; a mask by the nearest whole numbers of them."""
    match shape:
        case Box():
            return Box(shape.x1 + dx, shape.y1 + dy, shape.x2 + dx, shape.y2 + dy)
        case RotatedBox():
            return shape._replace(x=shape.x + dx, y=shape.y + dy)
        case Polygon():
            return Polygon(_shifted(shape.xy, dx, dy))
        case Polyline():
            return Polyline(_shifted(shape.xy, dx, dy))
        case Skeleton():
            return Skeleton(_shifted(shape.xy, dx, dy), shape.seen)
        case Points():
            return Points(_shifted(shape.xy, dx, dy), shape.seen)
        case Mask():
            return Mask(shape.left + round(dx), shape.top + round(dy), shape.bitmap)
        case _:
            assert_never(shape)


def _shifted(xy: NDArray[np.float32], dx: float, dy: float) -> NDArray[np.float32]:
    return xy + np.array([dx, dy], np.float32)


def rotated_bounds(values: Sequence[float]) -> Box:
    """What encloses a rotated box of centre x, centre y, width, height in px and a clockwise angle in radians."""
    return bounds_of(RotatedBox(*values))
