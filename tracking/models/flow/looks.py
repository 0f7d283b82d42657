"""What the surroundings of a point look like, how alike two looks are, and where a look is found again.

Positions here are OpenCV's: a pixel's centre is at a whole number.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
"""(H, W), or several of the same size, (n, H, W)."""
Place = NDArray[np.float64]
"""(2,) px."""
Places = NDArray[np.float64]
"""(n, 2) px."""

FLATTEST = 1.0
"""A look whose values spread less than this has no texture."""


def patch(gray: Gray, place: Place, half: int) -> Gray:
    """(2 half + 1)² px around a place, between the pixels too; beyond the border those of the border."""
    return patches(gray, place[None], half)[0]


def patches(gray: Gray, places: Places, half: int) -> Gray:
    """The same around each of (n, 2) places: (n, side, side)."""
    side = 2 * half + 1
    found = np.empty((len(places), side, side), np.uint8)
    for one, (x, y) in zip(found, places.tolist(), strict=True):
        cv2.getRectSubPix(gray, (side, side), (x, y), one)
    return found


def likeness(one: Gray, other: Gray) -> float:
    """Normalised correlation of two equally large pictures, in [-1, 1]; 0 where one of them is flat."""
    return float(likenesses(one[None], other[None])[0])


def likenesses(ones: Gray, others: Gray) -> NDArray[np.float64]:
    """The same of each of (n, h, w) pictures and its counterpart: (n,)."""
    a, b = (
        pictures.reshape(len(pictures), math.prod(pictures.shape[1:])).astype(np.float32) for pictures in (ones, others)
    )
    a -= a.mean(axis=1, keepdims=True)
    b -= b.mean(axis=1, keepdims=True)
    aa, bb, ab = (np.einsum("ij,ij->i", x, y).astype(np.float64) for x, y in ((a, a), (b, b), (a, b)))
    textured = np.minimum(aa, bb) >= a.shape[1] * FLATTEST**2
    return np.where(textured, ab / np.sqrt(np.where(textured, aa * bb, 1)), 0)


def search(gray: Gray, look: Gray, around: Place, reach: int) -> tuple[Place, float]:
    """The place within ``reach`` px of ``around`` that is most like ``look``, and how alike it is; a flat look is like
    nothing."""
    half = look.shape[0] // 2
    if look.std() < FLATTEST:
        return around, 0.0
    scores = cv2.matchTemplate(patch(gray, around, half + reach), look, cv2.TM_CCOEFF_NORMED)
    _, _, _, (x, y) = cv2.minMaxLoc(scores)
    found = around + np.array([x, y]) - reach
    return found, likeness(look, patch(gray, found, half))  # OpenCV's own score is 1 where the picture is flat


def inside(places: Places, gray: Gray) -> NDArray[np.bool_]:
    """Whether each of (..., 2) places lies in the picture."""
    height, width = gray.shape
    return np.asarray(((places >= -0.5) & (places <= (width - 0.5, height - 0.5))).all(axis=-1), np.bool_)
