"""How the camera moved between two frames, from their pictures."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.association.kalman import Array
from tracking.types import Frame

Method = Literal["sparseOptFlow", "ecc", "none"]

SIDE_PX = 480
"""Pictures are looked at no larger than this on their longer side."""
CORNERS = 400
FEWEST = 12
"""Corners that must be found again for their motion to be believed."""
ECC_STEPS = 50

Grey = NDArray[np.uint8]


class CameraMotion:
    """``sparseOptFlow``: by corners of the background (pyramidal Lucas-Kanade and RANSAC); ``ecc``: by the whole
    picture (Evangelidis, Psarakis, 2008). Both find a shift and a turn, the first also a scale."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self._before: Grey | None = None
        self._corners: NDArray[np.float32] | None = None

    def step(self, frame: Frame | None, objects: Array) -> Array:
        """(2, 3): takes points (x, y, 1) of the frame before, in px, to where the camera's motion brought them.

        No motion where there is no picture of this frame or the one before, or nothing to hold on to in it.

        Args:
            frame: this one; None: nobody has its picture.
            objects: (n, 4) boxes on it, in px: what moves by itself.
        """
        still = np.eye(2, 3)
        if self.method == "none" or frame is None:
            self._before = None
            return still
        scale = min(1.0, SIDE_PX / max(frame.width, frame.height))
        grey = _grey(frame, scale)
        before, corners = self._before, self._corners
        self._before = grey
        if self.method == "sparseOptFlow":
            self._corners = _background_corners(grey, objects * scale)
        if before is None or before.shape != grey.shape:
            return still
        found = _by_corners(before, grey, corners) if self.method == "sparseOptFlow" else _by_picture(before, grey)
        if found is None or not np.isfinite(found).all():
            return still
        found[:, 2] /= scale
        return found


def _grey(frame: Frame, scale: float) -> Grey:
    grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)


def _background_corners(grey: Grey, objects: Array) -> NDArray[np.float32] | None:
    """(n, 1, 2) px; None: there are none."""
    background = np.full(grey.shape, 255, np.uint8)
    height, width = grey.shape
    for x1, y1, x2, y2 in objects.clip(0, (width, height, width, height)).astype(int):
        background[y1 : y2 + 1, x1 : x2 + 1] = 0
    corners = cv2.goodFeaturesToTrack(grey, CORNERS, 0.01, 4, mask=background, blockSize=3)
    return None if corners is None else np.asarray(corners, np.float32)


def _by_corners(before: Grey, grey: Grey, corners: NDArray[np.float32] | None) -> Array | None:
    if corners is None or len(corners) < FEWEST:
        return None
    moved, status, _ = cv2.calcOpticalFlowPyrLK(before, grey, corners, np.empty_like(corners))
    good = status[:, 0] == 1
    if good.sum() < FEWEST:
        return None
    found, inliers = cv2.estimateAffinePartial2D(corners[good], moved[good], method=cv2.RANSAC)
    return np.asarray(found, np.float64) if found is not None and inliers.sum() >= FEWEST else None


def _by_picture(before: Grey, grey: Grey) -> Array | None:
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ECC_STEPS, 1e-4)
    try:
        start = np.eye(2, 3, dtype=np.float32)
        _, found = cv2.findTransformECC(before, grey, start, cv2.MOTION_EUCLIDEAN, criteria)
    except cv2.error:
        return None  # it didn't converge: the pictures have too little in common
    return np.asarray(found, np.float64)
