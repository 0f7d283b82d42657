"""The outlines of a mask along the edges of its pixels, and what lies around them: a box, a turned box, a polygon.

Pixels that touch at a corner are one piece, as for ``frontend/src/geometry/mask-outlines.ts``, which walks the same
outlines in the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
import shapely
from numpy.typing import NDArray

from tracking.shapes.bitmaps import cropped
from tracking.shapes.values import Box, Mask, Polygon, RotatedBox

SPECK = 0.02
"""A piece of less than this share of the largest one's area is a speck: no box reaches out for it."""
STAIRS_PX, TOLERANCE, FINEST = 1.0, 0.01, 0.1
"""A polygon may lie off its mask's outline by a px, which takes the stairs of its pixels away; of a large object by
``TOLERANCE`` of the side of a square of its area, and of a tiny one by no more than ``FINEST`` of that."""
MOST_VERTICES = 128
"""Of a polygon around a mask: where more are needed the tolerance grows."""
TURNABLE_PX = 1.5
"""A turned box may be so much longer and wider than the least one if that keeps it from turning: what is round, or
nearly square, has least boxes in every direction, and the stairs of its pixels, 0.7 px on each side, decide which."""


@dataclass(frozen=True, slots=True)
class MaskOutlines:
    """``pieces``: the corners (n, 2) in px of the frame of each piece's outer outline, clockwise on the screen, the one
    that encloses most first; ``areas``: px² that each encloses, holes and all; ``holes``: px² of each hole."""

    pieces: tuple[NDArray[np.float64], ...]
    areas: NDArray[np.float64]
    holes: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loss:
    """What of a mask another kind of shape doesn't hold. ``pieces``: how many are left out, ``holes``: how many are
    filled; ``share``: pixels of both, as a share of the mask's."""

    pieces: int = 0
    holes: int = 0
    share: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.pieces or self.holes)


def box_around(mask: Mask) -> tuple[Box, Loss]:
    """The box around all of a mask but specks; the mask has pixels."""
    near, loss = _without_specks(mask)
    (x1, y1), (x2, y2) = near.min(axis=0).tolist(), near.max(axis=0).tolist()
    return Box(x1, y1, x2, y2), loss


def rotated_box_around(mask: Mask, near: float = 0.0) -> tuple[RotatedBox, Loss]:
    """The least turned box around all of a mask but specks; the mask has pixels.

    Args:
        near: radians. The box is turned as little from it as can be: by less than a quarter of a turn in any case, and
            where several boxes are about as small, by the nearest one's angle.
    """
    corners, loss = _without_specks(mask)
    hull = shapely.get_coordinates(shapely.convex_hull(shapely.MultiPoint(corners)))
    sides = np.diff(hull, axis=0)
    # A least box lies along one of the hull's sides (Freeman and Shapira, 1975).
    angles = np.append(np.arctan2(sides[:, 1], sides[:, 0]), near)
    angles = near + (angles - near + pi / 4) % (pi / 2) - pi / 4
    angles[-1] = near
    right = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (angles, 2)
    along, across = hull @ right.T, hull @ np.stack([-right[:, 1], right[:, 0]])  # (corners, angles)
    width, height = np.ptp(along, axis=0), np.ptp(across, axis=0)
    area = width * height
    least = int(np.argmin(area))
    fitting = np.flatnonzero(area <= (width[least] + TURNABLE_PX) * (height[least] + TURNABLE_PX))
    at = int(fitting[np.argmin(np.abs(angles[fitting] - near))])
    u, v = (along[:, at].max() + along[:, at].min()) / 2, (across[:, at].max() + across[:, at].min()) / 2
    x, y = u * right[at, 0] - v * right[at, 1], u * right[at, 1] + v * right[at, 0]
    return RotatedBox(float(x), float(y), float(width[at]), float(height[at]), float(angles[at])), loss


def polygon_around(mask: Mask) -> tuple[Polygon, Loss]:
    """The outline of a mask's largest piece, without its stairs and with at most ``MOST_VERTICES``; the mask has
    pixels."""
    found = outlines_of(mask)
    side = float(np.sqrt(found.areas[0]))
    tolerance = min(max(STAIRS_PX, TOLERANCE * side), FINEST * side)
    xy = _simplified(found.pieces[0], tolerance)
    while len(xy) > MOST_VERTICES:
        tolerance *= 1.5
        xy = _simplified(found.pieces[0], tolerance)
    lost = float(found.areas[1:].sum() + found.holes.sum())
    return Polygon(xy.astype(np.float32)), Loss(len(found.pieces) - 1, len(found.holes), lost / mask.area)


def _simplified(outline: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Fewer corners of a closed outline, within ``tolerance`` px of it (Douglas and Peucker, 1973); at least three."""
    ring = shapely.LinearRing(outline)
    rough: NDArray[np.float64] = shapely.get_coordinates(shapely.simplify(ring, tolerance, preserve_topology=False))
    if len(rough) > 3:  # the last one is the first again
        return rough[:-1]
    valid: NDArray[np.float64] = shapely.get_coordinates(shapely.simplify(ring, tolerance))
    return valid[:-1]


def _without_specks(mask: Mask) -> tuple[NDArray[np.float64], Loss]:
    """The corners (n, 2) of all pieces but specks."""
    found = outlines_of(mask)
    kept = found.areas >= SPECK * found.areas[0]
    corners = np.concatenate([piece for piece, keep in zip(found.pieces, kept, strict=True) if keep])
    return corners, Loss(int((~kept).sum()), 0, float(found.areas[~kept].sum()) / mask.area)


def outlines_of(mask: Mask) -> MaskOutlines:
    """Every outline of a mask. Without a pixel there is none."""
    tight = cropped(mask.bitmap, mask.left, mask.top)
    if not mask.area:
        return MaskOutlines((), np.zeros(0), np.zeros(0))
    across, down = _edges(tight.bitmap)
    loops = _loops(across, down)
    areas = _areas(down, [vertical for _, vertical in loops])
    offset = np.array([tight.left, tight.top], float)
    outer = sorted(np.flatnonzero(areas > 0).tolist(), key=lambda which: (-areas[which], which))
    pieces = tuple(_corners(across, down, *loops[which]) + offset for which in outer)
    return MaskOutlines(pieces, areas[outer], -areas[areas < 0])


@dataclass(frozen=True, slots=True)
class _Edges:
    """Straight edges between pixels and background, as long as can be. ``tail``, ``head``: (n, 2) whole x, y in the
    bitmap, as one walks with the mask to the right; ``sign``: 1 to the right or down, -1 to the left or up."""

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    sign: NDArray[np.int64]


def _edges(bitmap: NDArray[np.bool_]) -> tuple[_Edges, _Edges]:
    """The horizontal and the vertical edges of a bitmap (h, w)."""
    pixels = np.pad(bitmap, 1).astype(np.int8)
    across = _straight(pixels[1:, 1:-1] - pixels[:-1, 1:-1])
    down = _straight((pixels[1:-1, :-1] - pixels[1:-1, 1:]).T)
    return across, _Edges(down.tail[:, ::-1], down.head[:, ::-1], down.sign)


def _straight(sides: NDArray[np.int8]) -> _Edges:
    """``sides``: (lines, length), the direction of the edge on each pixel's side, 0 where there is none. Points are
    (along the line, number of the line)."""
    padded = np.pad(sides, ((0, 0), (1, 1)))
    changes = padded[:, 1:] != padded[:, :-1]
    lines, begin = np.nonzero(changes & (padded[:, 1:] != 0))
    _, end = np.nonzero(changes & (padded[:, :-1] != 0))
    sign = sides[lines, begin].astype(np.int64)
    low, high = np.stack([begin, lines], axis=1), np.stack([end, lines], axis=1)
    forward = (sign > 0)[:, None]
    return _Edges(np.where(forward, low, high), np.where(forward, high, low), sign)


def _loops(across: _Edges, down: _Edges) -> list[tuple[list[int], list[int]]]:
    """Edges that follow on each other until they come back: the horizontal ones, and the vertical one after each."""
    # Where four edges meet, two pixels touch at a corner; there one turns to the left, from one to the other.
    after_across = _next(across, down, -across.sign).tolist()
    after_down = _next(down, across, down.sign).tolist()
    loops: list[tuple[list[int], list[int]]] = []
    walked = bytearray(len(after_across))
    for first in range(len(after_across)):
        if walked[first]:
            continue
        horizontal: list[int] = []
        vertical: list[int] = []
        at = first
        while not walked[at]:
            walked[at] = 1
            horizontal.append(at)
            vertical.append(after_across[at])
            at = after_down[vertical[-1]]
        loops.append((horizontal, vertical))
    return loops


def _next(edges: _Edges, others: _Edges, left: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of ``others`` begins where each of ``edges`` ends; ``left``: the direction that is to the left of it."""
    stride = int(max(edges.head.max(), others.tail.max())) + 1
    order = np.lexsort((others.sign, others.tail @ [1, stride]))
    keys = (others.tail @ [1, stride])[order]
    wanted = edges.head @ [1, stride]
    first = np.searchsorted(keys, wanted)
    several = np.searchsorted(keys, wanted, side="right") - first > 1
    following: NDArray[np.int64] = order[first + (several & (left > 0))]
    return following


def _areas(down: _Edges, loops: list[list[int]]) -> NDArray[np.float64]:
    """px² inside of each loop by its vertical edges, by Green's theorem; of a hole negative."""
    order = np.concatenate(loops)
    parts = down.tail[order, 0] * (down.head[order, 1] - down.tail[order, 1])
    begin = np.cumsum([0, *(len(loop) for loop in loops[:-1])])
    areas: NDArray[np.float64] = np.add.reduceat(parts, begin).astype(float)
    return areas


def _corners(across: _Edges, down: _Edges, horizontal: list[int], vertical: list[int]) -> NDArray[np.float64]:
    return np.stack([across.head[horizontal], down.head[vertical]], axis=1).reshape(-1, 2).astype(float)
