"""From what speaks for an object, cell by cell and pixel by pixel, to its outline."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.models.matching.view import Image, Soft

NEVER = 0.02
"""No one source is surer than this that a pixel is, or isn't, the object's."""
BLUR_PX = 3.0
"""How far the last mask, gone with the picture, may be off."""
RADIUS_PX = 6
"""An outline is drawn to the picture's edges from so far."""
EDGE = 2e-4 * 255**2
"""Variance of colours from which on a change of them is an edge."""


COARSELY = 0.5
"""The filter's coefficients are found on a picture this much smaller (He and Sun, *Fast Guided Filter*, 2015)."""


def odds(probability: Soft) -> Soft:
    """Log-odds, bounded by ``NEVER``."""
    bounded = np.clip(probability, NEVER, 1 - NEVER)
    return np.asarray(np.log(bounded / (1 - bounded)), np.float32)


def blurred(probability: Soft) -> Soft:
    return np.asarray(cv2.GaussianBlur(probability, (0, 0), BLUR_PX), np.float32)


def chance(log_odds: Soft) -> Soft:
    """Log-odds as probabilities."""
    return np.asarray(1 / (1 + np.exp(-log_odds)), np.float32)


def drawn_to_edges(image: Image, probability: Soft) -> Soft:
    """(H, W) probabilities that change where the (H, W, 3) picture does (He et al., *Guided Image Filtering*, 2013)."""
    found = cv2.ximgproc.guidedFilter(image, probability, RADIUS_PX, EDGE, scale=COARSELY)
    return np.asarray(np.clip(found, 0, 1), np.float32)


def shared(chances: Sequence[Soft]) -> list[Soft]:
    """Probabilities of several objects of which a pixel shows one at most: (H, W) each, together at most 1."""
    odds_of_each = [chance / np.maximum(1 - chance, NEVER) for chance in chances]
    total = 1 + np.sum(odds_of_each, axis=0)
    return [np.asarray(one / total, np.float32) for one in odds_of_each]


def gone_with(probability: Soft, flow: NDArray[np.float32]) -> Soft:
    """(H, W) probabilities of the frame before, where ``flow`` (H, W, 2) says for each pixel where it came from."""
    height, width = probability.shape
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(
        probability, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return np.asarray(moved, np.float32)
