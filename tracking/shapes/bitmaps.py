"""Masks as bitmaps of a whole picture, and bitmaps as masks again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.values import Mask


def spread(mask: Mask, size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask over a whole picture of ``size`` (height, width); what lies outside is left out."""
    height, width = size
    whole = np.zeros(size, np.bool_)
    h, w = mask.bitmap.shape
    y1, x1 = max(0, mask.top), max(0, mask.left)
    y2, x2 = min(height, mask.top + h), min(width, mask.left + w)
    if y1 < y2 and x1 < x2:
        whole[y1:y2, x1:x2] = mask.bitmap[y1 - mask.top : y2 - mask.top, x1 - mask.left : x2 - mask.left]
    return whole


def cropped(bitmap: NDArray[np.bool_], left: int = 0, top: int = 0) -> Mask:
    """A bitmap (H, W) whose corner is at ``left``, ``top`` as a mask whose window is as small as can be; without a
    pixel, an empty one at 0, 0."""
    rows = np.flatnonzero(bitmap.any(axis=1))
    if not len(rows):
        return Mask(0, 0, np.zeros((0, 0), np.bool_))
    y, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(bitmap[y:bottom].any(axis=0))
    x, right = int(columns[0]), int(columns[-1]) + 1
    return Mask(left + x, top + y, bitmap[y:bottom, x:right].copy())
