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
_STEPS = np.minimum(FIRST_STEP * STEP_GROWTH ** np.arange(ITERATIONS), LARGEST_STEP).astype(np.float32)
STEPS, FACTOR = 17, 1.03
"""How many sizes an object is compared at, and how much one is larger than the one before."""
RATE = 0.025
"""How fast the filter of sizes learns."""
# Fourier transforms of so few are written out: what comes out doesn't depend on how many are transformed at once.
_TURNS = np.exp(-2j * np.pi / STEPS * np.outer(np.arange(STEPS), np.arange(STEPS))).astype(np.complex64)
_HIDING = np.hanning(STEPS + 2)[1:-1].astype(np.float32)
_WANTED = np.exp(-0.5 * ((np.arange(STEPS) - STEPS // 2) / (STEPS / 16)) ** 2).astype(np.float32)
# Multiplying a spectrum by that of the wanted peak, conjugate, is a product with this matrix over the sizes.
_AIM = np.stack([np.roll(_WANTED, row - STEPS // 2) for row in range(STEPS)])


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
        power = _matched(sample, sample).real
        wanted_u, wanted_t = np.conj(self._label) / size, memory * self._template
        dual_u, dual_t = np.zeros_like(wanted_u), np.zeros_like(wanted_t)
        template = np.zeros_like(wanted_t)
        for step in _STEPS:
            weight = step + memory
            aim_u, aim_t = wanted_u - dual_u, wanted_t + step * template - dual_t
            aligned = power * aim_u + _matched(self._part.forward(aim_t), sample)
            # The free filter times the step, and the dual variable.
            pushed_u = dual_u + (step / weight) * (aim_u - aligned / (size * weight + power))
            pushed_t = dual_t + (step / weight) * aim_t
            template = (self._part.inverse(sample * pushed_u) + pushed_t) / (np.float32(INSIDE_PENALTY**2) + step)
            dual_u, dual_t = pushed_u, pushed_t - step * template
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


def _matched(first: Complex, second: Complex) -> Complex:
    """``first`` times the conjugate of ``second``, summed over channels: (N, N/2 + 1)."""
    return np.asarray(np.vecdot(second.transpose(1, 2, 0), first.transpose(1, 2, 0)), np.complex64)


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
    """Compares the object at ``STEPS`` sizes around the one believed in, multiples ``factors`` of it; see
    ``learn_sizes`` and ``growths``.

    A feature's numerator is kept over sizes instead of their frequencies: a filter then costs two real products of
    matrices, not a transform of every feature.
    """

    factors: NDArray[np.float64] = FACTOR ** (np.arange(STEPS) - STEPS // 2).astype(np.float64)

    def __init__(self) -> None:
        self.top: Float = np.zeros((STEPS, 1), np.float32)
        self.bottom: Float = np.zeros(STEPS, np.float32)
        self._rate = np.float32(1)

    def learn(self, windowed: Float, power: Float) -> None:
        """``windowed``: (STEPS, D) features after ``_HIDING``; ``power``: their spectra's, (STEPS)."""
        self.top = np.asarray((1 - self._rate) * self.top + (self._rate * _AIM) @ windowed, np.float32)
        self.bottom = (1 - self._rate) * self.bottom + self._rate * power
        self._rate = np.float32(RATE)


def learn_sizes(filters: Sequence[ScaleFilter], samples: Float) -> None:
    """Take the look of each object into its filter. ``samples``: (N, STEPS, D) features, a row for each size."""
    windowed = samples * _HIDING[:, None]
    for each, *look in zip(filters, windowed, _spectra(windowed, windowed).real, strict=True):
        each.learn(*look)


def growths(filters: Sequence[ScaleFilter], samples: Float) -> list[float]:
    """The factors by which the objects' sizes have changed, from ``samples`` as for ``learn_sizes``."""
    matches = _spectra(np.stack([each.top for each in filters]), samples * _HIDING[:, None])
    bottoms = np.stack([each.bottom for each in filters])
    bottoms += np.float32(1e-2) * bottoms.mean(1, keepdims=True) + np.float32(1e-9)
    responses = np.roll(((matches / bottoms)[:, None] * np.conj(_TURNS)).sum(2).real, STEPS // 2, axis=1)
    places = [int(place) for place in responses.argmax(1)]
    fine = [
        _parabola(response, place) if 0 < place < STEPS - 1 else 0.0
        for response, place in zip(responses, places, strict=True)
    ]
    return [float(FACTOR ** (place - STEPS // 2 + more)) for place, more in zip(places, fine, strict=True)]


def _spectra(first: Float, second: Float) -> Complex:
    """Over their features, the sum of ``second``'s spectra times the conjugate of ``first``'s; both (N, STEPS, D).
    Returns (N, STEPS)."""
    products = (first @ second.swapaxes(1, 2)).reshape(len(first), -1)
    steps = np.arange(STEPS)
    ahead = steps * STEPS + (steps + steps[:, None]) % STEPS  # by a row's steps, around the circle
    correlations = products.take(ahead, axis=1).sum(2)
    return np.asarray((correlations[:, None] * _TURNS).sum(2), np.complex64)
