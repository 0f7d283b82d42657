"""Which colours belong to the object and which to its surroundings.

Histograms of both, as in Bertinetto et al., *Staple: Complementary Learners for Real-Time Tracking*, CVPR 2016. They
help to choose between places that the filter finds alike, and say at a glance where in a frame a lost object may be.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.models.correlation.features import Float, colour_index
from tracking.models.correlation.patches import Image

BITS = 4
"""Bits per channel of the histograms."""
RATE = 0.04
CORE = 0.8
"""Share of the box's sides whose pixels count as the object's own."""
MARGIN = 1.15
"""Pixels count as surroundings from this multiple of the box's sides on."""


class ColourModel:
    """Histograms of an object of ``width`` x ``height`` px in the middle of square patches of ``size`` px."""

    def __init__(self, size: int, width: float, height: float) -> None:
        self._box = max(1, round(width)), max(1, round(height))
        self._inside = _middle(size, width * CORE, height * CORE)
        outer = max(width, height) * 2.2
        self._outside = _middle(size, max(outer, width * 1.5), max(outer, height * 1.5)) & ~_middle(
            size, width * MARGIN, height * MARGIN
        )
        self._object: Float = np.zeros(1 << (3 * BITS), np.float32)
        self._surroundings: Float = np.zeros(1 << (3 * BITS), np.float32)
        self._likely: Float = self._object
        self._learnt = False

    def learn(self, patch: Image) -> None:
        colours = colour_index(patch, BITS)
        rate = np.float32(RATE if self._learnt else 1.0)
        self._object += rate * (_histogram(colours[self._inside]) - self._object)
        self._surroundings += rate * (_histogram(colours[self._outside]) - self._surroundings)
        floor = np.float32(1e-4)
        self._likely = (self._object + floor) / (self._object + self._surroundings + 2 * floor)
        self._learnt = True

    def likelihood(self, patch: Image) -> Float:
        """Probability of each pixel to be the object's, by its colour: (H, W) in [0, 1]."""
        return self.likelihood_of(colour_index(patch, BITS))

    def likelihood_of(self, colours: NDArray[np.intp]) -> Float:
        """The same of pixels whose ``colour_index`` at BITS is known."""
        return self._likely.take(colours)

    def response(self, colours: NDArray[np.intp], step: int) -> Float:
        """Mean likelihood in the object's box, for its shifts by ``step`` px: (S/step, S/step), the middle being no
        shift. Nothing beyond the patch is likely.

        Args:
            colours: (S, S), the ``colour_index`` of a patch at BITS.
        """
        means = cv2.blur(self.likelihood_of(colours), self._box, borderType=cv2.BORDER_CONSTANT)
        begin = len(means) // 2 % step
        return np.asarray(means[begin::step, begin::step], np.float32)


def _histogram(colours: NDArray[np.intp]) -> Float:
    counts = np.bincount(colours, minlength=1 << (3 * BITS)).astype(np.float32)
    return counts / np.float32(max(1, len(colours)))


def _middle(size: int, width: float, height: float) -> NDArray[np.bool_]:
    offset = np.abs(np.arange(size) + 0.5 - size / 2)
    return (offset <= max(height / 2, 1.0))[:, None] & (offset <= max(width / 2, 1.0))[None, :]
