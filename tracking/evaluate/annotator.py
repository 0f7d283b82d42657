"""Somebody who clicks: where they click next, and how many clicks it takes them.

The next click goes where the mask is most wrong, into the middle of the largest error, as evaluations of interactive
segmentation have it (Sofiiuk et al., *Reviving Iterative Training with Mask Guidance*, ICIP 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.evaluate.mask_metrics import Bitmap, region
from tracking.segmenter import Click, Embedding, Segmenter
from tracking.shapes.bitmaps import spread
from tracking.shapes.values import Mask


@dataclass(frozen=True, slots=True)
class Clicked:
    """``bitmap``: the best (H, W) mask that came of them, or what was there before; ``clicks``: how many there were;
    ``meant``: those that the best one came of."""

    bitmap: Bitmap
    clicks: int
    meant: tuple[Click, ...] = ()


def click_until(
    segmenter: Segmenter, embedding: Embedding, truth: Bitmap, before: Bitmap, *, goal: float, most: int
) -> Clicked:
    """Click until the mask's IoU with ``truth`` is ``goal``, ``most`` times at most; begin with the mask ``before``."""
    latest = best = before
    clicks: list[Click] = []
    meant: tuple[Click, ...] = ()
    while len(clicks) < most and region(latest, truth) < goal:
        clicks.append(next_click(latest, truth))
        previous = Mask(0, 0, latest) if latest.any() else None
        latest = spread(segmenter.segment(embedding, clicks, previous=previous).mask, embedding.size)
        if region(latest, truth) > region(best, truth):
            best, meant = latest, tuple(clicks)
    return Clicked(best, len(clicks), meant)


def next_click(found: Bitmap, truth: Bitmap) -> Click:
    """In the middle of the largest part that is missing or too much; the two differ somewhere."""
    missing, surplus = _depths(truth & ~found), _depths(found & ~truth)
    positive = bool(missing.max() >= surplus.max())
    depths = missing if positive else surplus
    row, column = np.unravel_index(int(depths.argmax()), depths.shape)
    return Click(float(column) + 0.5, float(row) + 0.5, positive)


def _depths(mask: Bitmap) -> NDArray[np.float32]:
    """(H, W): how far each pixel lies inside of a mask; the picture's edge bounds it."""
    framed = np.pad(mask, 1).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)
