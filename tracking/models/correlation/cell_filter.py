"""A filter on pretrained features that says of each cell whether the object's middle is there.

A ridge regression, learnt online: from the features of KERNEL x KERNEL cells to a bump around the object's middle, so
that all that is around the object is a counterexample. Its normal equations are kept, not the samples: what was learnt
fades slowly, and memory stays bounded. In the spirit of Danelljan et al., *ATOM: Accurate Tracking by Overlap
Maximization*, CVPR 2019, <https://arxiv.org/abs/1811.07628> (target classification).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracking.models.correlation.features import Float
from tracking.models.correlation.pretrained import FIRST_PX, STRIDE

COMPONENTS = 64
"""Principal components of the features that the filter looks at."""
KERNEL = 4
RIDGE = 0.02
"""Weight of the regularisation, as a share of the normal matrix's trace."""
BUMP = 0.25
"""Standard deviation of the wanted bump, as a share of the object's sides (of a cell's where that is longer)."""
PROMPT_WEIGHT = 2.0
"""How much the prompt as it is counts against one of its variants."""
RATE = 0.04
"""How much a new sample counts against all that were before it."""
FIRST_STEPS, STEPS = 40, 3
"""Steps of conjugate gradients: at the prompt, and after each sample."""
LEVEL_RATE = 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """Middle and sides of the object in a patch, in px."""

    x: float
    y: float
    width: float
    height: float


class CellFilter:
    """Of one object. ``features``: (N, C, n, n) of the prompt and of variants of it; ``places``: the object in each."""

    def __init__(self, features: Float, places: Sequence[Place]) -> None:
        flat = features[0].reshape(features.shape[1], -1)
        self._mean = flat.mean(1, keepdims=True)
        directions = np.linalg.svd(flat - self._mean, full_matrices=False)[0]
        self._directions = np.ascontiguousarray(directions[:, :COMPONENTS].T)
        first = self._directions @ (flat - self._mean)
        self._unit = np.float32(float(first.std()) * math.sqrt(len(first)) + 1e-6)
        weights = np.array([PROMPT_WEIGHT, *[1.0] * (len(places) - 1)], np.float32)
        size = len(first) * KERNEL * KERNEL
        self._normal = np.zeros((size, size), np.float32)
        self._aim = np.zeros(size, np.float32)
        self._weights = np.zeros(size, np.float32)
        for one, place, weight in zip(features, places, weights / weights.sum(), strict=True):
            self._add(self.project(one), place, weight)
        self._solve(FIRST_STEPS)
        self._level = max(float(self._answer(self.project(features[0])).max()), 1e-3)

    def project(self, features: Float) -> Float:
        """(C, n, n) features of a patch -> (n * n, COMPONENTS * KERNEL * KERNEL): what the filter sees of each cell."""
        side = features.shape[1]
        flat = self._directions @ (features.reshape(len(features), -1) - self._mean) / self._unit
        before, after = KERNEL // 2, KERNEL - 1 - KERNEL // 2
        padded = np.pad(flat.reshape(-1, side, side), ((0, 0), (before, after), (before, after)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (KERNEL, KERNEL), axis=(1, 2))
        return np.ascontiguousarray(windows.transpose(1, 2, 0, 3, 4)).reshape(side * side, -1)

    def respond(self, cells: Float) -> Float:
        """(n, n): how much like the object's middle each cell of ``project`` is; usually 1 where it is."""
        return self._answer(cells) / np.float32(self._level)

    def learn(self, cells: Float, place: Place) -> None:
        """Take another sample in."""
        keep = np.float32(1 - RATE)
        self._normal *= keep
        self._aim *= keep
        self._add(cells, place, np.float32(RATE))
        self._solve(STEPS)

    def adapt(self, height: float) -> None:
        """Note how high the response was where the object was found."""
        self._level = max(self._level * (1 + LEVEL_RATE * (height - 1)), 1e-3)

    def _answer(self, cells: Float) -> Float:
        side = math.isqrt(len(cells))
        return np.asarray((cells @ self._weights).reshape(side, side), np.float32)

    def _add(self, cells: Float, place: Place, weight: np.float32) -> None:
        wanted = bump(math.isqrt(len(cells)), place).ravel()
        heavier = cells * (weight * (1 + wanted))[:, None]
        self._normal += cells.T @ heavier
        self._aim += heavier.T @ wanted

    def _solve(self, steps: int) -> None:
        """Conjugate gradients on the normal equations, from the present weights."""
        ridge = np.float32(RIDGE * float(np.trace(self._normal)) / len(self._aim) + 1e-12)
        x = self._weights
        rest = self._aim - self._normal @ x - ridge * x
        direction, power = rest, float(rest @ rest)
        for _ in range(steps):
            if power < 1e-20:
                break
            image = self._normal @ direction + ridge * direction
            step = np.float32(power / (float(direction @ image) + 1e-20))
            x = x + step * direction
            rest = rest - step * image
            before, power = power, float(rest @ rest)
            direction = rest + np.float32(power / before) * direction
        self._weights = x


def first_cell_px() -> float:
    """Where in a patch the middle of what the filter sees of the first cell lies: an even kernel has no middle cell."""
    return FIRST_PX - (STRIDE / 2 if KERNEL % 2 == 0 else 0.0)


def bump(side: int, place: Place) -> Float:
    """(side, side): 1 at the object's middle, falling to 0 around it."""
    at = np.arange(side) * STRIDE + first_cell_px()
    across = np.exp(-0.5 * ((at - place.x) / (BUMP * max(place.width, STRIDE))) ** 2)
    down = np.exp(-0.5 * ((at - place.y) / (BUMP * max(place.height, STRIDE))) ** 2)
    return np.asarray(np.outer(down, across), np.float32)
