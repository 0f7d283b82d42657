"""What the surroundings of a point look like, how alike two looks are, and where a look is found again.

Positions here are OpenCV's: a pixel's centre is at a whole number.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
"""(H, W)"""
Place = NDArray[np.float64]
"""(2,) px."""

FLATTEST = 1.0
"""A look whose values spread less than this has no texture."""


def patch(gray: Gray, place: Place, half: int) -> Gray:
    """(2 half + 1)² px around a place, between the pixels too; beyond the border those of the border."""
    side = 2 * half + 1
    return np.asarray(cv2.getRectSubPix(gray, (side, side), (float(place[0]), float(place[1]))), np.uint8)


def likeness(one: Gray, other: Gray) -> float:
    """Normalised correlation of two equally large pictures, in [-1, 1]; 0 where one of them is flat."""
    a, b = (picture.astype(np.float32).ravel() for picture in (one, other))
    a, b = a - a.mean(), b - b.mean()
    if min(a @ a, b @ b) < a.size * FLATTEST**2:
        return 0.0
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


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


def inside(place: Place, gray: Gray) -> bool:
    """Whether a place lies in the picture."""
    height, width = gray.shape
    return bool(-0.5 <= place[0] <= width - 0.5 and -0.5 <= place[1] <= height - 0.5)
