"""How sure to be that what was found is the object."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tracking.models.correlation.features import Float, Levels
from tracking.models.correlation.filters import Peak

RATE = 0.02
LEVEL_RATE = 0.05
LIKENESS_WEIGHT, LIKENESS_OFFSET = 6.2, -1.5
"""Logistic fit of how often a box is right to its likeness to the prompt."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a find.

    ``height``: of the filter's peak, relative to its usual height. ``sharpness``: of that peak, as ``Peak`` has it.
    ``likeness``: to the looks remembered, a correlation in [-1, 1]; ``prompt_likeness``: to the prompt alone.
    ``agreement``: of the pixels' motion, in [0, 1].
    """

    height: float
    sharpness: float
    likeness: float
    prompt_likeness: float
    agreement: float

    @property
    def belief(self) -> float:
        """How much the find looks like what has been followed of late, in [0, 1]. It can't tell slow drift."""
        total = (
            -4.1
            + 0.5 * min(self.height, 1.2)
            + 0.18 * min(self.sharpness, 20.0)
            + 3.5 * self.likeness
            + 2.2 * self.agreement
        )
        return _logistic(total)

    @property
    def confidence(self) -> float:
        """How sure to be of the box, in [0, 1]: ``belief``, and no more than its likeness to the prompt allows. The
        prompt is never learnt over, so drift lowers it. README.md says how often it was right."""
        return min(self.belief, _logistic(LIKENESS_WEIGHT * self.prompt_likeness + LIKENESS_OFFSET))


class Memory:
    """How the object looks in its box: as it was prompted, and as it has looked of late. Kept as correlation-ready
    vectors."""

    def __init__(self, look: Float) -> None:
        self._first = look
        self._recent = look
        self._level = 1.0

    def evidence(self, peak: Peak, look: Float, agreement: float) -> Evidence:
        prompted = float(np.vdot(look, self._first))
        likeness = max(prompted, float(np.vdot(look, self._recent)))
        return Evidence(peak.height / max(self._level, 1e-3), peak.sharpness, likeness, prompted, agreement)

    def learn(self, look: Float, peak: Peak) -> None:
        recent = self._recent + np.float32(RATE) * (look - self._recent)
        self._recent = recent / np.linalg.norm(recent)
        self._level += LEVEL_RATE * (peak.height - self._level)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def look_of(features: Float, levels: Levels, width: float, height: float) -> Float:
    """The object's cells (``width`` x ``height`` of them in the middle of a grid), less each channel's mean in
    ``levels``, as a unit vector."""
    rows, columns = _middle(features.shape[1], height), _middle(features.shape[2], width)
    flat = (features[:, rows, columns] - levels.means).ravel()
    return np.asarray(flat / (np.linalg.norm(flat) + np.float32(1e-6)), np.float32)


def across(grid: int, length: float) -> int:
    """How many cells an object of ``length`` cells in the middle of ``grid`` covers, as many to either side."""
    return 2 * min(max(1, round(length / 2)), grid // 2)


def _middle(grid: int, length: float) -> slice:
    half = across(grid, length) // 2
    return slice(grid // 2 - half, grid // 2 + half)
