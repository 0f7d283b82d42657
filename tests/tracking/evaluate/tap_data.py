"""Random true points, and random answers near to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Flags = NDArray[np.bool_]


def truth(count: int = 12, frames: int = 23) -> tuple[Points, Flags]:
    """(N, T, 2) px at 256x256, and (N, T) occlusions; the fourth point is never visible."""
    random = np.random.default_rng(7)
    xy = random.uniform(0, 256, (count, 1, 2)) + random.normal(0, 3, (count, frames, 2)).cumsum(axis=1)
    occluded = random.random((count, frames)) < 0.35
    occluded[3] = True
    return xy, occluded


def guess(asked: Points) -> tuple[Points, Flags]:
    """Answers (M, T, 2) to queries whose true places are ``asked``, and (M, T) occlusions."""
    random = np.random.default_rng(8)
    spread = random.choice([0.5, 2.0, 8.0, 30.0], asked.shape[:2])[..., None]
    return asked + random.normal(0, 1, asked.shape) * spread, random.random(asked.shape[:2]) < 0.4
