"""Filters that answer with a peak where the object is, learnt online in the Fourier domain.

``TranslationFilter`` says where the object has moved; it is spatially and temporally regularised (Li et al., *Learning
Spatial-Temporal Regularized Correlation Filters for Visual Tracking*, CVPR 2018): it may use only what lies inside of
the object's box, sees every shift of the whole search region as a counterexample, and changes little per frame.
``ScaleFilter`` says how much the object has grown (Danelljan et al., *Discriminative Scale Space Tracking*, 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Float = NDArray[np.float32]
Complex = NDArray[np.complex64]

LABEL_WIDTH = 1 / 16
"""Standard deviation of the wanted peak, as a share of the object's side."""
OUTSIDE_PENALTY = 1e5
INSIDE_PENALTY = 1e-3
MEMORY = 64.0
"""How strongly the filter of the last frame holds the next one."""
ITERATIONS = 2
FIRST_STEP, STEP_GROWTH, LARGEST_STEP = 1.0, 10.0, 100.0
"""Step sizes of the alternating direction method of multipliers."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A place in a response. ``x``, ``y``: in cells from the middle; ``height``: that of the response there, 1 for a
    perfect match; ``sharpness``: the height over the response's standard deviation away from it."""

    x: float
    y: float
    height: float
    sharpness: float


class TranslationFilter:
    """A template of (C, N, N) features for an object of ``width`` x ``height`` cells in the grid's middle."""

    def __init__(self, channels: int, grid: int, width: float, height: float) -> None:
        self.grid = grid
        self.spectrum: Complex = np.zeros((channels, grid, grid // 2 + 1), np.complex64)
        self._learnt = False
        self.window = np.outer(np.hanning(grid + 2)[1:-1], np.hanning(grid + 2)[1:-1]).astype(np.float32)
        sigma = LABEL_WIDTH * float(np.sqrt(width * height))
        offset = np.fft.fftfreq(grid, 1 / grid).astype(np.float32)
        bump = np.exp(-0.5 * (offset / sigma) ** 2)
        self._label: Complex = fft.rfft2(np.outer(bump, bump).astype(np.float32))
        inside = np.outer(_inside(grid, height), _inside(grid, width))
        self._penalty = np.where(inside, INSIDE_PENALTY, OUTSIDE_PENALTY).astype(np.float32) ** 2

    def transform(self, features: Float) -> Complex:
        """Windowed features in the Fourier domain: (C, N, N/2 + 1)."""
        return np.asarray(fft.rfft2(features * self.window), np.complex64)

    def learn(self, sample: Complex) -> None:
        """Take the object's look, ``sample`` from ``transform``, into the filter."""
        size = np.float32(self.grid * self.grid)
        memory = np.float32(MEMORY if self._learnt else 0.0)
        power = (sample.real**2 + sample.imag**2).sum(0)  # (N, N/2 + 1)
        wanted = sample * np.conj(self._label) / size + memory * self.spectrum
        template = dual = np.zeros_like(sample)
        step = FIRST_STEP
        for _ in range(ITERATIONS):
            weight = np.float32(step) + memory
            aim = wanted + np.float32(step) * template - dual
            aligned = (np.conj(sample) * aim).sum(0)
            free = (aim - sample * (aligned / (size * weight + power))) / weight
            spatial = fft.irfft2(np.float32(step) * free + dual, s=(self.grid, self.grid))
            spatial /= self._penalty + np.float32(step)
            template = np.asarray(fft.rfft2(spatial), np.complex64)
            dual = dual + np.float32(step) * (free - template)
            step = min(step * STEP_GROWTH, LARGEST_STEP)
        self.spectrum = template
        self._learnt = True

    def respond(self, sample: Complex) -> Float:
        """Response over the shifts of the grid, the middle being no shift: (N, N)."""
        response = fft.irfft2((sample * np.conj(self.spectrum)).sum(0), s=(self.grid, self.grid))
        return np.asarray(np.fft.fftshift(response), np.float32)


def _inside(grid: int, length: float) -> NDArray[np.bool_]:
    """Which cells of a line belong to an object of ``length`` cells in its middle."""
    return np.abs(np.arange(grid) + 0.5 - grid / 2) <= max(length / 2, 1.0)


def peak_of(response: Float, guide: Float, exclude: float) -> Peak:
    """The point of a response where ``guide`` is highest, between cells. ``exclude``: cells around it that aren't
    background."""
    middle = response.shape[0] // 2
    row, column = (int(index) for index in np.unravel_index(int(guide.argmax()), guide.shape))
    height = float(response[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].max())
    y = row + _parabola(guide[:, column], row)
    x = column + _parabola(guide[row], column)
    away = _away(response.shape[0], row, column, exclude)
    spread = float(response[away].std()) if away.any() else 0.0
    return Peak(float(x - middle), float(y - middle), height, height / (spread + 1e-6))


def _away(grid: int, row: int, column: int, exclude: float) -> NDArray[np.bool_]:
    rows = np.abs(np.arange(grid) - row) > exclude
    columns = np.abs(np.arange(grid) - column) > exclude
    return rows[:, None] | columns[None, :]


def _parabola(line: Float, at: int) -> float:
    """Offset in [-0.5, 0.5] of the parabola's top through a line's maximum and its neighbours (cyclic)."""
    left, top, right = float(line[at - 1]), float(line[at]), float(line[(at + 1) % len(line)])
    curve = left - 2 * top + right
    return 0.0 if curve >= 0 else float(np.clip(0.5 * (left - right) / curve, -0.5, 0.5))


class ScaleFilter:
    """Compares the object at ``steps`` sizes around the one believed in."""

    def __init__(self, steps: int = 17, factor: float = 1.03, rate: float = 0.025) -> None:
        offsets = np.arange(steps) - steps // 2
        self.factors = factor ** offsets.astype(np.float64)
        self._factor = factor
        self._rate = np.float32(rate)
        self._window = np.hanning(steps + 2)[1:-1].astype(np.float32)
        label = np.exp(-0.5 * (offsets / (steps / 16)) ** 2)
        self._label: Complex = fft.fft(np.roll(label, -(steps // 2)).astype(np.float32))
        self._top: Complex = np.zeros(steps, np.complex64)
        self._bottom: Float = np.zeros(steps, np.float32)
        self._learnt = False

    def learn(self, samples: Float) -> None:
        """``samples``: (steps, D) features, one row per size."""
        spectrum = fft.fft(samples * self._window[:, None], axis=0).T  # (D, steps)
        top = spectrum * np.conj(self._label)
        bottom = (spectrum.real**2 + spectrum.imag**2).sum(0)
        rate = self._rate if self._learnt else np.float32(1)
        self._top = (1 - rate) * self._top + rate * top
        self._bottom = (1 - rate) * self._bottom + rate * bottom
        self._learnt = True

    def growth(self, samples: Float) -> float:
        """The factor by which the object's size has changed, from ``samples`` as for ``learn``."""
        spectrum = fft.fft(samples * self._window[:, None], axis=0).T
        response = fft.ifft(
            (np.conj(self._top) * spectrum).sum(0) / (self._bottom + 1e-2 * self._bottom.mean() + 1e-9)
        ).real
        response = np.roll(response, len(self.factors) // 2)
        best = int(response.argmax())
        fine = _parabola(response, best) if 0 < best < len(response) - 1 else 0.0
        return float(self._factor ** (best - len(self.factors) // 2 + fine))
