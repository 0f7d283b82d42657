"""Filters that answer with a peak where the object is, learnt online in the Fourier domain.

``TranslationFilter`` says where the object has moved; it is spatially and temporally regularised (Li et al., *Learning
Spatial-Temporal Regularized Correlation Filters for Visual Tracking*, CVPR 2018): it may use only what lies inside of
the object's box, sees every shift of the whole search region as a counterexample, and changes little per frame.
``ScaleFilter`` says how much the object has grown (Danelljan et al., *Discriminative Scale Space Tracking*, 2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Float = NDArray[np.float32]
Complex = NDArray[np.complex64]

LABEL_WIDTH = 1 / 16
"""Standard deviation of the wanted peak, as a share of the object's side."""
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
    """A template of (C, N, N) features for an object of ``width`` x ``height`` cells in the grid's middle.

    What the penalty forbids, cells outside of the object, is left out of all computations (there the template would be
    1e-10 of what it is inside).
    """

    def __init__(self, channels: int, grid: int, width: float, height: float) -> None:
        self.spectrum: Complex = np.zeros((channels, grid, grid // 2 + 1), np.complex64)
        self._grid = grid
        self._learnt = False
        sigma = LABEL_WIDTH * float(np.sqrt(width * height))
        offset = np.fft.fftfreq(grid, 1 / grid).astype(np.float32)
        bump = np.exp(-0.5 * (offset / sigma) ** 2)
        self._label: Complex = fft.rfft2(np.outer(bump, bump).astype(np.float32))
        self._part = PartTransform(grid, _inside(grid, height), _inside(grid, width))
        self._template: Float = np.zeros((channels, *self._part.shape), np.float32)

    def learn(self, sample: Complex) -> None:
        """Take the object's look, ``sample`` from ``transform``, into the filter.

        The method's variables are all of the form ``sample * u + spectrum of t``: u is a field over frequencies that
        all channels share, t a template. Only these are computed with.
        """
        size = np.float32(self._grid * self._grid)
        memory = np.float32(MEMORY if self._learnt else 0.0)
        power = np.einsum("cij,cij->ij", sample.real, sample.real) + np.einsum("cij,cij->ij", sample.imag, sample.imag)
        wanted = np.conj(self._label) / size, memory * self._template
        template = np.zeros_like(self._template)
        dual = np.zeros_like(self._label), template
        steps = np.minimum(FIRST_STEP * STEP_GROWTH ** np.arange(ITERATIONS), LARGEST_STEP).astype(np.float32)
        for step in steps:
            weight = step + memory
            aim = wanted[0] - dual[0], wanted[1] + step * template - dual[1]
            aligned = power * aim[0] + _summed(self._part.forward(aim[1]), sample)
            free = (aim[0] - aligned / (size * weight + power)) / weight, aim[1] / weight
            spatial = self._part.inverse(sample * (step * free[0] + dual[0])) + step * free[1] + dual[1]
            template = spatial / (np.float32(INSIDE_PENALTY**2) + step)
            dual = dual[0] + step * free[0], dual[1] + step * (free[1] - template)
        self._template = template
        self.spectrum = self._part.forward(template)
        self._learnt = True


def transform(features: Float) -> Complex:
    """Features, (..., C, N, N), in the Fourier domain, after a window that hides the grid's border:
    (..., C, N, N/2 + 1)."""
    return np.asarray(fft.rfft2(features * _window(features.shape[-1])), np.complex64)


@cache
def _window(grid: int) -> Float:
    line = np.hanning(grid + 2)[1:-1]
    return np.outer(line, line).astype(np.float32)


def respond(filters: Sequence[TranslationFilter], samples: Complex) -> Float:
    """The response of each filter to its sample, over the shifts of the grid, the middle being no shift.

    Args:
        samples: (F, C, N, N/2 + 1), from ``transform``.

    Returns: (F, N, N).
    """
    products = np.stack([each.spectrum for each in filters])
    np.conjugate(products, out=products)
    products *= samples
    spectra = products.sum(1)
    grid = samples.shape[-2]
    return np.asarray(np.fft.fftshift(fft.irfft2(spectra, s=(grid, grid)), axes=(1, 2)), np.float32)


class PartTransform:
    """Fourier transforms between a rectangle of a grid that is 0 elsewhere, (C, h, w), and the half spectrum of the
    whole grid, (C, N, N/2 + 1): as ``rfft2`` and ``irfft2``, at the cost of the rectangle."""

    def __init__(self, grid: int, rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> None:
        down, right = np.flatnonzero(rows), np.flatnonzero(columns)
        self.shape = len(down), len(right)
        turns = -2j * np.pi / grid
        frequencies = np.arange(grid // 2 + 1)
        across = np.exp(turns * np.outer(right, frequencies))  # (w, N/2 + 1)
        # The half of the spectrum that isn't kept is the conjugate of the other: all but the ends count twice.
        twice = np.where(frequencies % (grid // 2) == 0, 1, 2) / grid**2
        back = across.conj().T * twice[:, None]
        self._down: Complex = np.exp(turns * np.outer(np.arange(grid), down)).astype(np.complex64)  # (N, h)
        self._up: Complex = np.ascontiguousarray(self._down.conj().T)
        # Real and imaginary parts by turns, as complex numbers lie in memory.
        self._across: Float = np.stack([across.real, across.imag], -1).reshape(len(right), -1).astype(np.float32)
        self._back: Float = np.stack([back.real, -back.imag], 1).reshape(-1, len(right)).astype(np.float32)

    def forward(self, part: Float) -> Complex:
        return np.matmul(self._down, (part @ self._across).view(np.complex64))

    def inverse(self, spectrum: Complex) -> Float:
        return np.matmul(np.matmul(self._up, spectrum).view(np.float32), self._back)


def _summed(first: Complex, second: Complex) -> Complex:
    """``first`` times the conjugate of ``second``, summed over channels: (N, N/2 + 1)."""
    return np.asarray((first * np.conj(second)).sum(0), np.complex64)


def _inside(grid: int, length: float) -> NDArray[np.bool_]:
    """Which cells of a line belong to an object of ``length`` cells in its middle."""
    return np.abs(np.arange(grid) + 0.5 - grid / 2) <= max(length / 2, 1.0)


def peaks_of(responses: Float, guides: Float, exclude: float) -> list[Peak]:
    """The point of each response where its guide is highest, between cells; both (F, N, N). ``exclude``: how many cells
    around it, to each side, aren't background."""
    count, grid, _ = responses.shape
    flat = responses.reshape(count, -1)
    sums, squares = flat.sum(1), np.vecdot(flat, flat)
    places = guides.reshape(count, -1).argmax(1)
    return [
        _peak(response, guide, divmod(int(place), grid), (float(total), float(square)), exclude)
        for response, guide, place, total, square in zip(responses, guides, places, sums, squares, strict=True)
    ]


def _peak(response: Float, guide: Float, place: tuple[int, int], sums: tuple[float, float], exclude: float) -> Peak:
    """``sums``: of the response and of its square, over all of it."""
    grid, (row, column), reach = len(response), place, math.floor(exclude)
    height = float(response[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].max())
    y, x = row + _parabola(guide[:, column], row), column + _parabola(guide[row], column)
    near = response[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1].ravel()
    spread = 0.0
    if away := grid * grid - len(near):
        mean = (sums[0] - float(near.sum())) / away
        spread = math.sqrt(max((sums[1] - float(near @ near)) / away - mean * mean, 0.0))
    return Peak(x - grid // 2, y - grid // 2, height, height / (spread + 1e-6))


def _parabola(line: Float, at: int) -> float:
    """Offset in [-0.5, 0.5] of the parabola's top through a line's maximum and its neighbours (cyclic)."""
    left, top, right = float(line[at - 1]), float(line[at]), float(line[(at + 1) % len(line)])
    curve = left - 2 * top + right
    return 0.0 if curve >= 0 else float(np.clip(0.5 * (left - right) / curve, -0.5, 0.5))


class ScaleFilter:
    """Compares the object at ``steps`` sizes around the one believed in.

    A feature's numerator is kept over sizes instead of their frequencies: a filter then costs two real products of
    matrices, not a transform of every feature.
    """

    def __init__(self, steps: int = 17, factor: float = 1.03, rate: float = 0.025) -> None:
        offsets = np.arange(steps) - steps // 2
        self.factors = factor ** offsets.astype(np.float64)
        self._factor = factor
        self._rate = np.float32(rate)
        self._window = np.hanning(steps + 2)[1:-1].astype(np.float32)
        label = np.roll(np.exp(-0.5 * (offsets / (steps / 16)) ** 2), -(steps // 2)).astype(np.float32)
        # Multiplying a spectrum by the label's conjugate is a product with this matrix over the sizes.
        self._label: Float = label[_shifts(steps)]
        self._top: Float = np.zeros((steps, 1), np.float32)
        self._bottom: Float = np.zeros(steps, np.float32)
        self._learnt = False

    def learn(self, samples: Float) -> None:
        """``samples``: (steps, D) features, one row per size."""
        windowed = samples * self._window[:, None]
        rate = self._rate if self._learnt else np.float32(1)
        self._top = (1 - rate) * self._top + (rate * self._label) @ windowed
        self._bottom = (1 - rate) * self._bottom + rate * _spectrum(windowed, windowed).real
        self._learnt = True

    def growth(self, samples: Float) -> float:
        """The factor by which the object's size has changed, from ``samples`` as for ``learn``."""
        matches = _spectrum(self._top, samples * self._window[:, None])
        response = fft.ifft(matches / (self._bottom + 1e-2 * self._bottom.mean() + 1e-9)).real
        response = np.roll(response, len(self.factors) // 2)
        best = int(response.argmax())
        fine = _parabola(response, best) if 0 < best < len(response) - 1 else 0.0
        return float(self._factor ** (best - len(self.factors) // 2 + fine))


@cache
def _shifts(steps: int) -> NDArray[np.intp]:
    """(steps, steps): how far the size of each column is ahead of that of each row, around the circle."""
    places = np.arange(steps)
    return (places - places[:, None]) % steps


def _spectrum(first: Float, second: Float) -> Complex:
    """Over their features, the sum of ``second``'s spectra times the conjugate of ``first``'s; both (steps, D)."""
    steps = len(first)
    correlation = np.bincount(_shifts(steps).ravel(), (first @ second.T).ravel(), steps)
    return np.asarray(fft.fft(correlation), np.complex64)
