"""Which vertex becomes which between two outlines; ``frontend/src/geometry/kinds/matching.ts`` does the same.

Both are laid with their means on each other. Outlines with as many vertices are matched vertex to vertex: of a polygon
all first vertices and both directions are tried (beyond 128 vertices, 128 first ones spread evenly), of a polyline
both directions; the least sum of squared distances wins, an earlier try unless a later is clearly better. With other
numbers of vertices, 64 points at even distances along both are compared in the same way; then each outline gets the
vertices of both, by how far along it they lie, so that at its own keyframe each looks exactly as it was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(n, 2) px."""

TRIES = 128
SAMPLES = 64
CLEARLY = 1e-6
"""How much better a later try must be: two computers may round differently."""


@lru_cache(maxsize=256)
def match_payloads(before: bytes, after: bytes, *, closed: bool) -> tuple[Points, Points]:
    """``match`` of packed vertices; an export asks for the same ones frame after frame."""
    start, end = (np.frombuffer(payload, "<f4").reshape(-1, 2).astype(float) for payload in (before, after))
    return match(start, end, closed=closed)


def match(before: Points, after: Points, *, closed: bool) -> tuple[Points, Points]:
    """Two lists of as many points, which become each other point by point.

    Args:
        before, after: vertices of two polygons (``closed``; at least 3) or polylines (at least 2).
    """
    if len(before) == len(after):
        return before, _best_turn(before, _turns(after, closed), lambda turn: turn)
    target = sampled(before, closed)
    best = _best_turn(target, _turns(after, closed), lambda turn: sampled(turn, closed))
    own, others = _shares(before, closed), _shares(best, closed)
    shares = _merged(own, others)
    return _along(before, own, shares), _along(best, others, shares)


def _turns(points: Points, closed: bool) -> Iterator[Points]:
    """The outline begun at other vertices, and the other way round."""
    tries = min(len(points), TRIES) if closed else 1
    for way in (points, points[::-1]):
        for index in range(tries):
            yield np.roll(way, -(index * len(points) // tries), axis=0)


def _best_turn(target: Points, turns: Iterator[Points], measured: Callable[[Points], Points]) -> Points:
    fixed = target - target.mean(axis=0)
    best, least = target, np.inf
    for turn in turns:
        points = measured(turn)
        cost = float(((points - points.mean(axis=0) - fixed) ** 2).sum())
        if np.isinf(least) or cost < least - CLEARLY * (1 + least):
            best, least = turn, cost
    return best


def _shares(points: Points, closed: bool) -> NDArray[np.float64]:
    """How far along the outline (0..1) each vertex lies; of a closed one, 1 for its first vertex again at the end.
    Vertices that all lie on one place are spread evenly: they stay as many as they are."""
    around = np.vstack([points, points[:1]]) if closed else points
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(around, axis=0).T))])
    shares: NDArray[np.float64] = lengths / lengths[-1] if lengths[-1] > 0 else np.linspace(0, 1, len(lengths))
    return shares


def _along(points: Points, shares: NDArray[np.float64], wanted: NDArray[np.float64]) -> Points:
    """The points at ``wanted`` shares of the outline's length; ``shares`` are those of its vertices."""
    around = np.vstack([points, points[:1]]) if len(shares) > len(points) else points
    return np.stack([np.interp(wanted, shares, around[:, axis]) for axis in (0, 1)], axis=1)


def sampled(points: Points, closed: bool) -> Points:
    """``SAMPLES`` points at even distances along an outline."""
    return _along(points, _shares(points, closed), np.arange(SAMPLES) / (SAMPLES if closed else SAMPLES - 1))


def _merged(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two rising lists as one, without repetitions."""
    shares = np.sort(np.concatenate([one, other]))
    kept: NDArray[np.float64] = shares[np.concatenate([[True], np.diff(shares) > CLEARLY])]
    return kept
