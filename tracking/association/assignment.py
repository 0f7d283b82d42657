"""Who belongs to whom: overlaps of boxes, and the cheapest one-to-one choice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Array = NDArray[np.float64]
Numbers = NDArray[np.intp]

NEVER = 1e5
"""The cost of what must not be; finite, since the solver refuses a matrix that leaves it no choice."""


class Assigned(NamedTuple):
    """``rows`` and ``columns``: the pairs, (k,) each, by rising row. ``free_rows``: those without a partner, rising;
    ``free_columns``: the same, first those that were assigned to nobody, rising, then those that cost too much."""

    rows: Numbers
    columns: Numbers
    free_rows: Numbers
    free_columns: Numbers


def assign(cost: Array, limit: float) -> Assigned:
    """The pairs of the cheapest assignment (Kuhn, 1955) that cost no more than ``limit``; all that is dearer counts the
    same. ``cost``: (n, m)."""
    n, m = cost.shape
    if n == 0 or m == 0:
        none = np.empty(0, np.intp)
        return Assigned(none, none, np.arange(n), np.arange(m))
    clamped = np.where(cost > limit, limit + 1e-5, cost)
    rows, columns = linear_sum_assignment(clamped)
    good = clamped[rows, columns] <= limit
    free_rows = np.setdiff1d(np.arange(n), rows[good])
    free_columns = np.concatenate([np.setdiff1d(np.arange(m), columns), columns[~good]])
    return Assigned(rows[good], columns[good], free_rows, free_columns)


def overlaps(a: Array, b: Array) -> Array:
    """(n, m): intersection over union of boxes (n, 4) and (m, 4), corners in px; 0 where both are empty."""
    shared = intersections(a, b)
    union = _areas(a)[:, None] + _areas(b)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def intersections(a: Array, b: Array) -> Array:
    """(n, m): area in square px that boxes (n, 4) and (m, 4) share."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared: Array = np.maximum(high - low, 0).prod(axis=2)
    return shared


def _areas(boxes: Array) -> Array:
    areas: Array = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1)
    return areas
