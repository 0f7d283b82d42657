"""Kalman filters of constant velocity over all tracks at once (Kalman, 1960), as the published associations set them.

A state is what is measured of a box, followed by the velocities of all or some of it in units per frame. Arrays hold a
row per track: means (n, d), covariances (n, d, d). Boxes are (n, 4) corners x1, y1, x2, y2 in px.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CHI2_95 = 9.4877
"""The 0.95 quantile of the chi-square distribution with 4 degrees of freedom."""


class Kalman(ABC):
    """One way to describe a box and what moves it. ``measured``: numbers that a box gives; ``velocities``: how many of
    them, from the first, have a velocity."""

    measured = 4
    velocities = 4

    def __init__(self) -> None:
        size = self.measured + self.velocities
        self.transition = np.eye(size)
        self.transition[: self.velocities, self.measured :] = np.eye(self.velocities)

    @abstractmethod
    def of_boxes(self, boxes: Array) -> Array:
        """(n, measured): what is measured of boxes."""

    @abstractmethod
    def boxes(self, mean: Array) -> Array:
        """(n, 4): the boxes that states stand for."""

    @abstractmethod
    def initial_std(self, measured: Array) -> Array:
        """(n, d): how uncertain a state is that was measured once."""

    @abstractmethod
    def process_std(self, mean: Array) -> Array:
        """(n, d): how far a state may leave the model within a frame."""

    @abstractmethod
    def measurement_std(self, mean: Array) -> Array:
        """(n, measured): how far a measurement may be off."""

    def initiate(self, boxes: Array) -> tuple[Array, Array]:
        """Means and covariances of tracks seen once, at rest."""
        measured = self.of_boxes(boxes)
        mean = np.concatenate([measured, np.zeros((len(boxes), self.velocities))], axis=1)
        return mean, _diagonals(self.initial_std(measured))

    def predict(self, mean: Array, covariance: Array) -> tuple[Array, Array]:
        """The same a frame later."""
        noise = _diagonals(self.process_std(mean))
        return mean @ self.transition.T, self.transition @ covariance @ self.transition.T + noise

    def project(self, mean: Array, covariance: Array) -> tuple[Array, Array]:
        """What would be measured, (n, m), and its covariance, (n, m, m)."""
        m = self.measured
        return mean[:, :m], covariance[:, :m, :m] + _diagonals(self.measurement_std(mean))

    def update(self, mean: Array, covariance: Array, boxes: Array) -> tuple[Array, Array]:
        """What is known once a box was measured of each."""
        expected, spread = self.project(mean, covariance)
        shared = covariance[:, : self.measured, :]
        gain = np.linalg.solve(spread, shared).transpose(0, 2, 1)
        off = self.of_boxes(boxes) - expected
        return mean + (gain @ off[:, :, None])[:, :, 0], covariance - gain @ shared

    def distances(self, mean: Array, covariance: Array, boxes: Array) -> Array:
        """(n, k): squared Mahalanobis distance of each of ``boxes`` (k, 4) from each track."""
        expected, spread = self.project(mean, covariance)
        off = self.of_boxes(boxes)[None] - expected[:, None]
        whitened = np.linalg.solve(np.linalg.cholesky(spread), off.transpose(0, 2, 1))
        distances: Array = np.square(whitened).sum(1)
        return distances


class AspectKalman(Kalman):
    """Centre, width / height and height, each with its velocity; noise in proportion to the height (DeepSORT, Wojke et
    al., 2017, https://arxiv.org/abs/1703.07402)."""

    position = 1 / 20
    velocity = 1 / 160

    def of_boxes(self, boxes: Array) -> Array:
        size = boxes[:, 2:] - boxes[:, :2]
        return np.column_stack([boxes[:, :2] + size / 2, size[:, 0] / size[:, 1], size[:, 1]])

    def boxes(self, mean: Array) -> Array:
        half = np.column_stack([mean[:, 2] * mean[:, 3], mean[:, 3]]) / 2
        return np.concatenate([mean[:, :2] - half, mean[:, :2] + half], axis=1)

    def initial_std(self, measured: Array) -> Array:
        return self._std(measured[:, 3], 2 * self.position, 1e-2, 10 * self.velocity, 1e-5)

    def process_std(self, mean: Array) -> Array:
        return self._std(mean[:, 3], self.position, 1e-2, self.velocity, 1e-5)

    def measurement_std(self, mean: Array) -> Array:
        height = self.position * mean[:, 3]
        return np.column_stack([height, height, np.full(len(mean), 1e-1), height])

    def _std(self, height: Array, position: float, aspect: float, velocity: float, aspect_velocity: float) -> Array:
        at, moving, ones = position * height, velocity * height, np.ones(len(height))
        return np.column_stack([at, at, aspect * ones, at, moving, moving, aspect_velocity * ones, moving])


class SizeKalman(Kalman):
    """Centre, width and height, each with its velocity; noise in proportion to width and height (BoT-SORT, Aharon et
    al., 2022, https://arxiv.org/abs/2206.14651)."""

    position = 1 / 20
    velocity = 1 / 160

    def of_boxes(self, boxes: Array) -> Array:
        size = boxes[:, 2:] - boxes[:, :2]
        return np.concatenate([boxes[:, :2] + size / 2, size], axis=1)

    def boxes(self, mean: Array) -> Array:
        half = mean[:, 2:4] / 2
        return np.concatenate([mean[:, :2] - half, mean[:, :2] + half], axis=1)

    def initial_std(self, measured: Array) -> Array:
        return self._std(measured, 2 * self.position, 10 * self.velocity)

    def process_std(self, mean: Array) -> Array:
        return self._std(mean, self.position, self.velocity)

    def measurement_std(self, mean: Array) -> Array:
        return self.position * np.concatenate([mean[:, 2:4]] * 2, axis=1)

    def _std(self, mean: Array, position: float, velocity: float) -> Array:
        size = mean[:, 2:4]
        return np.concatenate([position * size, position * size, velocity * size, velocity * size], axis=1)


class AreaKalman(Kalman):
    """Centre, area and width / height, with velocities of all but the last; noise in px, whatever the size (SORT,
    Bewley et al., 2016, https://arxiv.org/abs/1602.00763)."""

    velocities = 3

    def of_boxes(self, boxes: Array) -> Array:
        size = boxes[:, 2:] - boxes[:, :2]
        return np.column_stack([boxes[:, :2] + size / 2, size[:, 0] * size[:, 1], size[:, 0] / size[:, 1]])

    def boxes(self, mean: Array) -> Array:
        width = np.sqrt(np.maximum(mean[:, 2] * mean[:, 3], 0))
        height = np.divide(mean[:, 2], width, out=np.zeros_like(width), where=width > 0)
        half = np.column_stack([width, height]) / 2
        return np.concatenate([mean[:, :2] - half, mean[:, :2] + half], axis=1)

    def predict(self, mean: Array, covariance: Array) -> tuple[Array, Array]:
        vanishes = mean[:, 2] + mean[:, 6] <= 0
        if vanishes.any():
            mean = mean.copy()
            mean[vanishes, 6] = 0
        return super().predict(mean, covariance)

    def initial_std(self, measured: Array) -> Array:
        return np.tile(np.sqrt([10.0, 10, 10, 10, 1e4, 1e4, 1e4]), (len(measured), 1))

    def process_std(self, mean: Array) -> Array:
        return np.tile(np.sqrt([1.0, 1, 1, 1, 1e-2, 1e-2, 1e-4]), (len(mean), 1))

    def measurement_std(self, mean: Array) -> Array:
        return np.tile(np.sqrt([1.0, 1, 10, 10]), (len(mean), 1))


def _diagonals(std: Array) -> Array:
    """(n, d, d) of variances from (n, d) standard deviations."""
    spread: Array = np.square(std)[:, :, None] * np.eye(std.shape[1])
    return spread
