"""How well one mask is another: region and boundary similarity, J and F.

Source: Perazzi et al., *A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation*, CVPR 2016; the
width of a match and the pixels of a boundary are those of the evaluation that the DAVIS challenges of 2017 and later
publish, whose figures these are (``tests/tracking/evaluate/test_mask_metrics.py``).
"""

from __future__ import annotations

from functools import cache
from math import ceil, hypot

import cv2
import numpy as np
from numpy.typing import NDArray

Bitmap = NDArray[np.bool_]

MATCH_SHARE = 0.008
"""Boundaries match that are no farther apart than this share of the picture's diagonal, rounded up to whole px."""


def region(found: Bitmap, truth: Bitmap) -> float:
    """J in [0, 1]: intersection over union of (H, W) bitmaps; 1 where both are empty."""
    union = np.count_nonzero(found | truth)
    return np.count_nonzero(found & truth) / union if union else 1.0


def boundary(found: Bitmap, truth: Bitmap) -> float:
    """F in [0, 1]: the harmonic mean of the shares of either boundary that lie near the other one."""
    mine, true = outline(found), outline(truth)
    counts = np.count_nonzero(mine), np.count_nonzero(true)
    if not all(counts):
        return float(counts[0] == counts[1])
    reach = _disc(ceil(MATCH_SHARE * hypot(*truth.shape)))
    precision = np.count_nonzero(mine & _grown(true, reach)) / counts[0]
    recall = np.count_nonzero(true & _grown(mine, reach)) / counts[1]
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: Bitmap) -> Bitmap:
    """(H, W): pixels that differ from the one to the right, below, or below to the right."""
    framed = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    right, below, across = framed[:-1, 1:], framed[1:, :-1], framed[1:, 1:]
    return np.asarray((mask != right) | (mask != below) | (mask != across))


def _grown(mask: Bitmap, reach: NDArray[np.uint8]) -> Bitmap:
    return np.asarray(cv2.dilate(mask.view(np.uint8), reach) > 0)


@cache
def _disc(radius: int) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(rows**2 + columns**2 <= radius**2, np.uint8)
