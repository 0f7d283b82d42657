"""How an object has stretched since it was last seen for certain, from the motion of the pixels in its box.

Points on a grid are followed by Lucas-Kanade and back again (forward-backward check of Kalal et al., *Forward-Backward
Error*, ICPR 2010); a stretch along each axis is fitted to those that return.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.models.correlation.features import Float
from tracking.models.correlation.patches import Image, Region, cut
from tracking.types import Box

PATCH_PX = 96
CONTEXT = 1.6
"""The patch shows the box and, on all sides, a margin that points may move in: this many times the box's sides."""
POINTS = 9
"""Points along each side of the box."""
FEWEST_POINTS = 12
RETURN_PX = 1.0
"""A followed point must return this near to where it began."""
AGREE_PX = 1.5
ROUNDS = 6
STIFFNESS = 20.0
"""Squared px that a fit's spread is raised by, so that few points near each other don't stretch a box."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Factors by which width and height have changed; ``agreement``: share of all points that moved accordingly."""

    across: float
    down: float
    agreement: float


def flow_patch(image: Image, box: Box) -> NDArray[np.uint8]:
    """What ``stretch`` compares: the box and its margin in grey, (PATCH_PX, PATCH_PX)."""
    x, y = box.centre
    patch = cut(image, Region(x, y, box.width * CONTEXT, box.height * CONTEXT), PATCH_PX, PATCH_PX)
    return np.asarray(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), np.uint8)


def stretch(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> Stretch:
    """How the object in ``before`` differs in size in ``now``; no change and no agreement when too few points hold."""
    offsets = ((np.arange(POINTS) + 0.5) / POINTS - 0.5) * PATCH_PX / CONTEXT
    grid = np.stack(np.meshgrid(offsets, offsets), -1).reshape(-1, 2).astype(np.float32)  # px from the box's middle
    middle = np.float32(PATCH_PX / 2)
    there, found = _follow(before, now, grid + middle)
    back, returned = _follow(now, before, there)
    held = found & returned & (np.abs(back - grid - middle).max(1) < RETURN_PX)
    if int(held.sum()) < FEWEST_POINTS:
        return Stretch(1.0, 1.0, 0.0)
    return _fit(grid[held], there[held] - middle - grid[held])


def _follow(before: NDArray[np.uint8], now: NDArray[np.uint8], points: Float) -> tuple[Float, NDArray[np.bool_]]:
    begun = np.ascontiguousarray(points[:, None])
    moved, status, _ = cv2.calcOpticalFlowPyrLK(before, now, begun, begun.copy(), winSize=(15, 15), maxLevel=2)
    return np.asarray(moved, np.float32)[:, 0], np.asarray(status)[:, 0] > 0


def _fit(points: Float, motion: Float) -> Stretch:
    """Fit ``motion = slope * points + shift`` per axis by reweighted least squares; both (P, 2) px."""
    at, moved = points.astype(np.float64), motion.astype(np.float64)
    terms = np.hstack([at, moved, at * at, at * moved])
    weights = np.ones(len(at))
    for _ in range(ROUNDS):
        total = weights.sum()
        mean_at, mean_moved, squared, product = (weights @ terms / total).reshape(4, 2)
        spread = squared - mean_at * mean_at + STIFFNESS / total
        slope = (product - mean_at * mean_moved) / spread
        missed = moved - slope * at - (mean_moved - slope * mean_at)
        error = np.sqrt(np.einsum("pa,pa->p", missed, missed))
        reach = 2 * max(1.4826 * _median(error), 0.15)
        weights = 1 / (1 + (error / reach) ** 2) ** 2
    agreement = np.count_nonzero(error < AGREE_PX) / POINTS**2
    return Stretch(1 + float(slope[0]), 1 + float(slope[1]), agreement)


def _median(values: NDArray[np.float64]) -> float:
    """As ``np.median``, which takes ten times as long for so few."""
    ordered, half = np.sort(values), len(values) // 2
    return float(ordered[half] + ordered[-half - 1]) / 2
