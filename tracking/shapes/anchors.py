"""Shapes as points to follow, and back: what lets a tracker of points follow every kind that is made of them.

Coordinates are continuous pixels of the frame, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from tracking.shapes.values import (
    ABSENT,
    OCCLUDED,
    VISIBLE,
    Box,
    Mask,
    Points,
    Polygon,
    Polyline,
    RotatedBox,
    Shape,
    Skeleton,
    area_of,
)

Places = NDArray[np.float64]
"""(n, 2) px."""
Seen = NDArray[np.bool_]
"""(n,)"""

INNER = 0.8
"""How far from its middle to its border the inner points of an area reach: nearer to it lies what isn't the object."""
INNER_SIDE = 6
"""Inner points of an area lie on a grid of at most so many a side."""
SMALLEST_MARGIN_PX = 1.0
FEWEST_INNER = 6
"""An area with fewer inner points than this is too thin, and followed by its vertices."""
SHARE_SEEN = 0.25
"""An area of whose inner points fewer are seen is hidden."""
BEND_SHARE = 0.35
"""An outline's vertex is bent by the points nearer than about this share of the outline's size."""


class Anchored(Protocol):
    """A shape whose points are followed. ``start``: (n, 2) where they are on the frame of the shape."""

    start: Places

    @property
    def numbers(self) -> list[int]:
        """Which points of the shape are followed, by their numbers, in the order of ``start``; empty where what is
        followed aren't points of the shape."""
        ...

    def place(self, now: Places, seen: Seen) -> Shape:
        """The shape when its points are at ``now`` (n, 2), of which those that ``seen`` (n,) says are to be seen."""
        ...

    def visible(self, seen: Seen) -> bool:
        """Whether the shape as a whole is held to be visible."""
        ...


def anchored(shape: Shape) -> Anchored:
    """``shape`` by its points: joints, vertices, or points inside of an area. Raises ValueError for a box and a mask,
    which are followed otherwise."""
    match shape:
        case Points():
            return _Joints(shape)
        case Polyline():
            return _Line(shape)
        case Polygon():
            inner = _inner_points(shape)
            return _Line(shape) if len(inner) < FEWEST_INNER else _Outline(shape, inner)
        case RotatedBox():
            return _Turned(shape)
        case _:
            raise ValueError(f"Points are followed of what is made of them; a {type(shape).__name__} came.")


@dataclass
class _Joints:
    """Points and skeletons. Absent ones stay absent."""

    shape: Points

    def __post_init__(self) -> None:
        self._present = self.shape.seen != ABSENT
        self.start = self.shape.xy[self._present].astype(np.float64)

    @property
    def numbers(self) -> list[int]:
        return np.flatnonzero(self._present).tolist()

    def place(self, now: Places, seen: Seen) -> Shape:
        xy, states = self.shape.xy.copy(), self.shape.seen.copy()
        xy[self._present] = now
        states[self._present] = np.where(seen, VISIBLE, OCCLUDED)
        return Skeleton(xy, states) if isinstance(self.shape, Skeleton) else Points(xy, states)

    def visible(self, seen: Seen) -> bool:
        return bool(seen.any())


@dataclass
class _Line:
    """What is followed by its vertices."""

    shape: Polyline | Polygon

    def __post_init__(self) -> None:
        self.start = self.shape.xy.astype(np.float64)

    @property
    def numbers(self) -> list[int]:
        return list(range(len(self.start)))

    def place(self, now: Places, seen: Seen) -> Shape:
        return type(self.shape)(now.astype(np.float32))

    def visible(self, seen: Seen) -> bool:
        return _shows(seen)


@dataclass
class _Outline:
    """A polygon by points inside of it: its vertices lie where the object ends, and would follow the background.

    The vertices go where the similarity of the points goes, and are bent as the points around them are. Both are taken
    from the prompt's own place, so that the outline keeps its shape.
    """

    shape: Polygon
    start: Places

    @property
    def numbers(self) -> list[int]:
        return []

    def place(self, now: Places, seen: Seen) -> Shape:
        use = _believed(seen)
        fit = similarity(self.start[use], now[use])
        vertices = self.shape.xy.astype(np.float64)
        reach = BEND_SHARE * float(np.ptp(vertices, axis=0).max())
        apart = np.linalg.norm(vertices[:, None] - self.start[use][None], axis=2)
        weights = np.exp(-0.5 * (apart / max(reach, 1.0)) ** 2) + 1e-9
        bend = weights @ (now[use] - fit(self.start[use])) / weights.sum(axis=1, keepdims=True)
        return Polygon((fit(vertices) + bend).astype(np.float32))

    def visible(self, seen: Seen) -> bool:
        return _shows(seen)


@dataclass
class _Turned:
    """A rotated box by points inside of it: it moves, turns and grows as they do."""

    shape: RotatedBox

    def __post_init__(self) -> None:
        side = np.linspace(-INNER / 2, INNER / 2, INNER_SIDE - 1)
        across, down = (axis.ravel() for axis in np.meshgrid(side * self.shape.width, side * self.shape.height))
        cos, sin = np.cos(self.shape.angle), np.sin(self.shape.angle)
        self.start = np.stack(
            [self.shape.x + across * cos - down * sin, self.shape.y + across * sin + down * cos], axis=1
        )

    @property
    def numbers(self) -> list[int]:
        return []

    def place(self, now: Places, seen: Seen) -> Shape:
        use = _believed(seen)
        fit = similarity(self.start[use], now[use])
        ((x, y),) = fit(np.array([[self.shape.x, self.shape.y]])).tolist()
        size = self.shape.width * fit.scale, self.shape.height * fit.scale
        return RotatedBox(x, y, *size, self.shape.angle + fit.angle)

    def visible(self, seen: Seen) -> bool:
        return _shows(seen)


def _shows(seen: Seen) -> bool:
    """Whether enough of a shape's points are seen for it to be visible."""
    return bool(seen.mean() >= SHARE_SEEN)


def _believed(seen: Seen) -> Seen:
    """The points that tell where an area is: those that are seen, or all where these are too few."""
    return seen if seen.sum() >= FEWEST_INNER else np.ones_like(seen)


@dataclass(frozen=True)
class Similarity:
    """Turns by ``angle`` radians clockwise on the screen, scales, and moves (n, 2) points."""

    scale: float
    angle: float
    shift: Places

    def __call__(self, places: Places) -> Places:
        cos, sin = self.scale * np.cos(self.angle), self.scale * np.sin(self.angle)
        turned: Places = places @ np.array([[cos, sin], [-sin, cos]]) + self.shift
        return turned


def similarity(before: Places, after: Places) -> Similarity:
    """The similarity that brings ``before`` (n, 2) nearest to ``after``, n >= 1, by least squares over the half of them
    that agrees best (Umeyama 1991, without reflections). One point, or several in one place: a mere shift."""
    fit = _least_squares(before, after)
    for _ in range(3):
        off = np.linalg.norm(fit(before) - after, axis=1)
        chosen = off <= max(float(np.median(off)), 0.5)
        fit = _least_squares(before[chosen], after[chosen])
    return fit


def _least_squares(before: Places, after: Places) -> Similarity:
    middle, new_middle = before.mean(axis=0), after.mean(axis=0)
    a, b = (before - middle) @ [1, 1j], (after - new_middle) @ [1, 1j]
    spread = float((a.conj() @ a).real)
    ratio = complex(a.conj() @ b) / spread if spread > 1e-9 else 1 + 0j
    if abs(ratio) < 1e-6:
        ratio = 1 + 0j
    turn = Similarity(abs(ratio), float(np.angle(ratio)), np.zeros(2))
    return Similarity(turn.scale, turn.angle, new_middle - turn(middle[None])[0])


def _inner_points(shape: Polygon) -> Places:
    """Points of a grid that lie well inside of a polygon."""
    region = area_of(shape)
    x1, y1, x2, y2 = region.bounds
    margin = (1 - INNER) / 2 * min(x2 - x1, y2 - y1)
    inside = region.buffer(-max(margin, SMALLEST_MARGIN_PX))
    xs, ys = (np.linspace(low, high, 2 * INNER_SIDE + 1)[1:-1] for low, high in ((x1, x2), (y1, y2)))
    grid = np.stack([axis.ravel() for axis in np.meshgrid(xs, ys)], axis=1)
    found = grid[shapely.contains_xy(inside, grid[:, 0], grid[:, 1])]
    step = max(1, round(len(found) / INNER_SIDE**2))
    kept: Places = found[::step]
    return kept


def refuses(shape: Shape) -> bool:
    """Whether ``shape`` can't be followed by points."""
    return isinstance(shape, Box | Mask)
