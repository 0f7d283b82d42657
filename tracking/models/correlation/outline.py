"""Where the object's colours lie within a patch: its middle and how far it spreads.

Of an object that bends or turns, neither filters nor flow can tell the box; where its colours differ from those around
it, their spread can. The prompt fixes how box and spread relate, so a box drawn loosely stays loose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from tracking.models.correlation.features import Float

WINDOW = 1.7
"""Colours count within this multiple of the box's sides."""
NEAR = 1.1
"""Colours within this multiple of the box's sides are the object's own."""
APART_NONE, APART_FULL = 0.75, 0.95
"""Share of the colours found inside of the box up to which an outline is worthless, and from which on it is clear."""
FILLED_NONE, FILLED_FULL = 0.1, 0.3
"""The same for the share of the box that has the object's colours."""
LARGEST_CHANGE = 1.25


@dataclass(frozen=True, slots=True)
class Outline:
    """Middle and standard deviation of the object's colours along each axis, in px from the patch's middle; ``trust``
    in [0, 1] says how clearly they stand out."""

    x: float
    y: float
    spread_x: float
    spread_y: float
    trust: float


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What makes a box fit an outline: a move in px of the patch, and factors for the sides."""

    x: float
    y: float
    across: float
    down: float
    trust: float


NOTHING = Outline(0, 0, 1, 1, 0)


def outline(likelihood: Float, width: float, height: float) -> Outline:
    """Outline of an object whose box has ``width`` x ``height`` px in the middle of a patch.

    Args:
        likelihood: (H, W), each pixel's probability to be the object's; what is nearer than ``window`` counts.
    """
    certain = np.clip(2 * cv2.blur(likelihood, (3, 3)) - 1, 0, 1)
    middle_y, middle_x = (length // 2 for length in likelihood.shape)
    half_x, half_y = min(middle_x, window(width)), min(middle_y, window(height))
    part = certain[middle_y - half_y : middle_y + half_y, middle_x - half_x : middle_x + half_x]
    total = float(part.sum())
    if total < 1:
        return NOTHING
    xs, ys = _offsets(half_x), _offsets(half_y)
    x, spread_x = _moments(part.sum(0), xs)
    y, spread_y = _moments(part.sum(1), ys)
    own = float(part[np.ix_(np.abs(ys) <= height / 2 * NEAR, np.abs(xs) <= width / 2 * NEAR)].sum())
    apart = _ramp(own / total, APART_NONE, APART_FULL)
    filled = _ramp(own / (width * height), FILLED_NONE, FILLED_FULL)
    return Outline(x, y, spread_x, spread_y, apart * filled)


def window(side: float) -> int:
    """How far from its middle an object's colours count, in px, along a side of its box."""
    return max(1, round(side * WINDOW / 2))


def adjustment(now: Outline, prompted: Outline) -> Adjustment:
    """What gives a box the relation to the outline ``now`` that the prompted box had to ``prompted``."""
    across, down = now.spread_x / prompted.spread_x, now.spread_y / prompted.spread_y
    return Adjustment(
        now.x - prompted.x * across,
        now.y - prompted.y * down,
        min(max(across, 1 / LARGEST_CHANGE), LARGEST_CHANGE),
        min(max(down, 1 / LARGEST_CHANGE), LARGEST_CHANGE),
        min(now.trust, prompted.trust),
    )


def _offsets(half: int) -> Float:
    return np.arange(-half, half, dtype=np.float32) + np.float32(0.5)


def _moments(weights: Float, places: Float) -> tuple[float, float]:
    total = float(weights.sum())
    mean = float((weights * places).sum()) / total
    return mean, math.sqrt(float((weights * (places - mean) ** 2).sum()) / total) + 1e-3


def _ramp(value: float, none: float, full: float) -> float:
    return min(max((value - none) / (full - none), 0.0), 1.0)
