"""Whether geometry is sound: what every table that comes from outside is held to, by kind and by the picture's size.

``frontend/src/geometry/checks.ts`` says the same; ``tests/protocol/geometry.json`` holds both to it.

Objects may lie partly outside of the picture: they come in, leave, and are drawn or tracked beyond its edge. So
coordinates may lie as far outside as the picture is long, and at least ``LEAST_MARGIN_PX``. What is farther away is a
mistake, or made to do harm: a mask's window is what a browser takes memory for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.chunks import Kind
from tracking.shapes.interpolation import ORIGINS
from tracking.shapes.payloads import point_count
from tracking.shapes.values import Box, RotatedBox, bounds_of, enclosing, enclosing_present

FARTHEST_PX = 1_000_000.0
"""Coordinates beyond this are a mistake, whatever the video's size."""
LEAST_MARGIN_PX = 4096.0
MOST_POINTS = 16_384
"""Vertices or points of one shape."""
SHAPE_BYTES = 8 * 2**20
"""Largest payload of one shape."""
BOUNDS_PX = 1.0
"""By how much a shape's bounds may differ from what encloses it: numbers are rounded on the way."""
MOST_ANGLE = 1000.0
"""Radians, either way: many turns more than any hand makes."""

Rule = Literal["origin", "order", "far", "length", "points", "numbers", "seen", "angle", "window", "runs", "bounds"]


class ShapeError(ValueError):
    """Geometry that no shape can have; the message says the rule and what came.

    Args:
        rule: which one, as both languages name it.
    """

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class Picture(NamedTuple):
    """A video's size, in px, display-oriented. Without one (0 x 0) only what no video can have is refused."""

    width: int
    height: int

    @property
    def margin(self) -> float:
        """How far outside of it coordinates may lie, in px."""
        return max(float(self.width), float(self.height), LEAST_MARGIN_PX) if self.width else FARTHEST_PX

    @property
    def limits(self) -> NDArray[np.float64]:
        """(2, 2): the least and the greatest x, y."""
        return np.array([[-self.margin, -self.margin], [self.width + self.margin, self.height + self.margin]])


ANY_PICTURE = Picture(0, 0)


class Columns(Protocol):
    """What a table, and the rows of a whole track, have for each row; as in ``Table``."""

    @property
    def kinds(self) -> NDArray[np.uint8]: ...
    @property
    def flags(self) -> NDArray[np.uint8]: ...
    @property
    def bounds(self) -> NDArray[np.float32]: ...
    @property
    def payloads(self) -> tuple[bytes, ...]: ...


def check_geometry(table: Columns, picture: Picture = ANY_PICTURE) -> None:
    """Raises ShapeError unless every row of a table is a keyframe or predicted, and has sound geometry."""
    origins = table.flags & int(ORIGINS)
    if np.any((origins == 0) | (origins == int(ORIGINS))):
        raise ShapeError("origin", "A row is either a keyframe or predicted; one is neither or both.")
    bounds = table.bounds
    # Said so that no number at all (NaN) is refused too.
    if not np.all((bounds[:, 0] <= bounds[:, 2]) & (bounds[:, 1] <= bounds[:, 3])):
        raise ShapeError("order", "A shape's bounds go from its left top to its right bottom corner; these don't.")
    _check_near(bounds.reshape(-1, 2), picture)
    if not np.any(table.kinds) and not any(table.payloads):
        return  # Nothing but boxes, which is nearly always so.
    for kind, payload, given in zip(table.kinds.tolist(), table.payloads, bounds, strict=True):
        enclosed = _check_payload(Kind(kind), payload, picture)
        if enclosed is not None and np.abs(given - np.asarray(enclosed)).max() > BOUNDS_PX:
            came = f"this {Kind(kind).words} lies in {_spelt(enclosed)}, not in {_spelt(given)}"
            raise ShapeError("bounds", f"A shape's bounds enclose it: {came}.")


def broken_rule(table: Columns, picture: Picture = ANY_PICTURE) -> Rule | None:
    """The first rule that a table breaks."""
    try:
        check_geometry(table, picture)
    except ShapeError as error:
        return error.rule
    return None


def _spelt(bounds: Iterable[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in bounds)


def _check_near(points: NDArray[np.float32], picture: Picture) -> None:
    """``points``: (n, 2) px."""
    if not len(points):
        return
    least, most = picture.limits
    # In double precision: the limits of float32 would be rounded to it.
    if np.any(points < least) or np.any(points > most):
        if not picture.width:
            raise ShapeError("far", f"Coordinates lie within ±{FARTHEST_PX:,.0f} px; one doesn't.")
        raise ShapeError(
            "far",
            f"Coordinates lie on the picture of {picture.width} x {picture.height} px or at most "
            f"{picture.margin:,.0f} px outside of it; one doesn't.",
        )


def _check_payload(kind: Kind, payload: bytes, picture: Picture) -> Box | None:
    """Returns what encloses the shape, as ``values.bounds_of`` says; None where its bounds are all there is of it."""
    if len(payload) > SHAPE_BYTES:
        size = len(payload) / 2**20
        raise ShapeError("length", f"A shape has at most {SHAPE_BYTES // 2**20} MiB; one of {size:.1f} MiB came.")
    if kind == Kind.MASK:
        return _check_mask(payload, picture)
    if not _length_fits(kind, len(payload)):
        raise ShapeError("length", f"A {kind.words} can't have a payload of {len(payload)} bytes.")
    match kind:
        case Kind.ROTATED_BOX:
            _check_rotated(np.frombuffer(payload, "<f4"), picture)
            return bounds_of(RotatedBox(*np.frombuffer(payload, "<f4").tolist()))
        case Kind.POLYGON | Kind.POLYLINE:
            vertices = np.frombuffer(payload, "<f4").reshape(-1, 2)
            _check_points(vertices, picture)
            return enclosing(vertices)
        case Kind.POINTS | Kind.SKELETON:
            count = point_count(len(payload))
            points = np.frombuffer(payload, "<f4", 2 * count).reshape(-1, 2)
            _check_points(points, picture)
            if max(payload[8 * count : 9 * count]) > 2:
                raise ShapeError("seen", "A point is absent (0), occluded (1) or visible (2); one is something else.")
            return enclosing_present(points, np.frombuffer(payload, np.uint8, count, offset=8 * count))
    return None


def _check_points(points: NDArray[np.float32], picture: Picture) -> None:
    if len(points) > MOST_POINTS:
        raise ShapeError("points", f"A shape has at most {MOST_POINTS:,} points; {len(points):,} came.")
    _check_finite(points)
    _check_near(points, picture)


def _check_finite(numbers: NDArray[np.float32]) -> None:
    if not np.isfinite(numbers).all():
        raise ShapeError("numbers", "Coordinates must be finite numbers of pixels; these hold NaN or infinity.")


def _check_rotated(numbers: NDArray[np.float32], picture: Picture) -> None:
    """``numbers``: centre x, y, width, height (px), angle (radians)."""
    _check_finite(numbers)
    _check_near(numbers[None, :2], picture)
    longest = float(np.hypot(*(picture.limits[1] - picture.limits[0])))
    if not min(numbers[2], numbers[3]) >= 0 or max(numbers[2], numbers[3]) > longest:
        raise ShapeError("far", f"A rotated box has sides of 0 to {longest:,.0f} px; this one has others.")
    if abs(numbers[4]) > MOST_ANGLE:
        raise ShapeError("angle", f"A rotated box is turned by at most {MOST_ANGLE:,.0f} radians; this one by more.")


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


def _check_mask(payload: bytes, picture: Picture) -> Box:
    if len(payload) < 20 or len(payload) % 4:
        raise ShapeError("length", f"A mask has a window of four numbers and run lengths; {len(payload)} bytes came.")
    left, top, width, height = np.frombuffer(payload, "<i4", 4).tolist()
    if picture.width and not (0 < width <= picture.width and 0 < height <= picture.height):
        raise ShapeError(
            "window",
            f"A mask's window is no larger than the picture of {picture.width} x {picture.height} px; "
            f"one of {width} x {height} px came.",
        )
    _check_near(np.array([[left, top], [left + width, top + height]], np.float64), picture)
    runs = np.frombuffer(payload, "<u4", offset=16)
    if width <= 0 or height <= 0 or int(runs.sum(dtype=np.uint64)) != width * height:
        raise ShapeError("runs", f"A mask's run lengths add up to its window of {width} x {height} px; these don't.")
    if len(runs) > width * height + 1:
        raise ShapeError("runs", "A mask has at most one run for each of its pixels; this one has more.")
    return Box(left, top, left + width, top + height)
