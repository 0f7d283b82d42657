"""How an object has stretched since it was last seen for certain, from the motion of the pixels in its box.

Points on a grid are followed by Lucas-Kanade and back again (forward-backward check of Kalal et al., *Forward-Backward
Error*, ICPR 2010); a stretch along each axis is fitted to those that return.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def stretches(before: Sequence[NDArray[np.uint8]], now: Sequence[NDArray[np.uint8]]) -> list[Stretch]:
    """How each object in ``before`` differs in size in ``now``; no change and no agreement when too few points hold."""
    offsets = ((np.arange(POINTS) + 0.5) / POINTS - 0.5) * PATCH_PX / CONTEXT
    grid = np.stack(np.meshgrid(offsets, offsets), -1).reshape(-1, 2).astype(np.float32)  # px from the box's middle
    middle = np.float32(PATCH_PX / 2)
    moved, held = [], []
    for first, second in zip(before, now, strict=True):
        there, found = _follow(first, second, grid + middle)
        back, returned = _follow(second, first, there)
        held.append(found & returned & (np.abs(back - grid - middle).max(1) < RETURN_PX))
        moved.append(there - middle - grid)
    return _fit(grid, np.stack(moved), np.stack(held))


def _follow(before: NDArray[np.uint8], now: NDArray[np.uint8], points: Float) -> tuple[Float, NDArray[np.bool_]]:
    begun = np.ascontiguousarray(points[:, None])
    moved, status, _ = cv2.calcOpticalFlowPyrLK(before, now, begun, begun.copy(), winSize=(15, 15), maxLevel=2)
    return np.asarray(moved, np.float32)[:, 0], np.asarray(status)[:, 0] > 0


def _fit(points: Float, motions: Float, held: NDArray[np.bool_]) -> list[Stretch]:
    """Fit ``motion = slope * points + shift`` per axis by reweighted least squares, to the points that held.

    Args:
        points: (P, 2) px.
        motions: (N, P, 2) px, of each object.
        held: (N, P).
    """
    enough = held.sum(1) >= FEWEST_POINTS
    held = held | ~enough[:, None]  # what isn't asked for must not divide by zero
    at, moved = points.astype(np.float64), np.where(held[..., None], motions, 0).astype(np.float64)
    terms = np.concatenate([np.broadcast_to(np.hstack([at, at * at]), (*held.shape, 4)), moved, at * moved], 2)
    weights = held.astype(np.float64)
    for _ in range(ROUNDS):
        means = np.matmul(weights[:, None], terms)[:, 0] / weights.sum(1, keepdims=True)
        mean_at, squared, mean_moved, product = means.reshape(-1, 4, 2).swapaxes(0, 1)
        spread = squared - mean_at * mean_at + STIFFNESS / weights.sum(1, keepdims=True)
        slope = (product - mean_at * mean_moved) / spread  # (N, 2)
        missed = moved - slope[:, None] * at - (mean_moved - slope * mean_at)[:, None]
        error = np.sqrt(np.einsum("npa,npa->np", missed, missed))
        reach = 2 * np.maximum(1.4826 * _medians(error, held), 0.15)
        weights = held / (1 + (error / reach[:, None]) ** 2) ** 2
    agreement = (held & (error < AGREE_PX)).sum(1) / POINTS**2
    return [
        Stretch(1 + float(across), 1 + float(down), float(agrees)) if fits else Stretch(1.0, 1.0, 0.0)
        for (across, down), agrees, fits in zip(slope, agreement, enough, strict=True)
    ]


def _medians(values: NDArray[np.float64], held: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The median of each row's values that are ``held``; at least one is."""
    ordered, counts, rows = np.sort(np.where(held, values, np.inf), 1), held.sum(1), np.arange(len(held))
    return np.asarray((ordered[rows, (counts - 1) // 2] + ordered[rows, counts // 2]) / 2)
