"""Single points of what is made of points: which of them a person moved, and shapes put together of two.

It takes points, skeletons, polylines and polygons, whose points keep their order; others have none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from tracking.shapes.agreement import closeness
from tracking.shapes.values import Points, Polygon, Polyline, Shape

MOVED_PX = 0.05
"""A point that lies no farther from where it was hasn't been moved."""

Pointed = Points | Polyline | Polygon


def unmoved(before: Shape, after: Shape) -> list[int]:
    """The points that lie where they were, by number; none where the shapes aren't alike, or where all of them do."""
    pair = _alike(before, after)
    if pair is None:
        return []
    one, other = pair
    still = np.hypot(*(one.xy.astype(float) - other.xy.astype(float)).T) <= MOVED_PX
    if isinstance(one, Points) and isinstance(other, Points):
        still = np.where(one.present & other.present, still, one.present == other.present)
    return [] if still.all() else np.flatnonzero(still).tolist()


def with_points(shape: Shape, other: Shape, points: Sequence[int]) -> Shape:
    """``shape`` with its ``points`` where, and as, they are in ``other``; unchanged where the two aren't alike."""
    pair = _alike(shape, other)
    if pair is None or not points:
        return shape
    ours, theirs = pair
    chosen, xy = list(points), ours.xy.copy()
    xy[chosen] = theirs.xy[chosen]
    if isinstance(ours, Points) and isinstance(theirs, Points):
        seen = ours.seen.copy()
        seen[chosen] = theirs.seen[chosen]
        return replace(ours, xy=xy, seen=seen)
    return replace(ours, xy=xy)


def agreement_without(a: Shape, b: Shape, points: Collection[int]) -> float:
    """As ``agreement``, of all but these ``points``, on an object of the size of the whole; 0 where the shapes aren't
    alike, 1 where there are no others."""
    pair = _alike(a, b)
    if pair is None:
        return 0.0
    one, other = pair
    scores = closeness(one, other)
    if isinstance(one, Points) and isinstance(other, Points):
        scores = np.where(one.present == other.present, scores, 0.0)
    others = np.delete(scores, list(points))
    return float(others.mean()) if len(others) else 1.0


def _alike(a: Shape, b: Shape) -> tuple[Pointed, Pointed] | None:
    """Two shapes that are of one kind and have the same points; None: they don't."""
    if isinstance(a, Pointed) and isinstance(b, Pointed) and type(a) is type(b) and len(a.xy) == len(b.xy):
        return a, b
    return None
