"""Pictures of a region of a frame, scaled to a fixed size, so that no cost depends on the frame's size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the frame by its centre and sides, in px; it may reach beyond the frame."""

    x: float
    y: float
    width: float
    height: float


def cut(image: Image, region: Region, columns: int, rows: int) -> Image:
    """``region`` of an RGB picture scaled to (rows, columns, 3); the frame's edge is repeated beyond it.

    Reads the region only. Where it shrinks by 2 or more, pixels are averaged first, so that nothing is aliased.
    """
    across, down = region.width / columns, region.height / rows
    left, top = region.x - region.width / 2, region.y - region.height / 2
    height, width = image.shape[:2]
    step_x, step_y = min(max(1, math.floor(across)), width), min(max(1, math.floor(down)), height)
    x1, x2 = _span(left, region.width, width, step_x)
    y1, y2 = _span(top, region.height, height, step_y)
    part = image[y1:y2, x1:x2]
    if step_x > 1 or step_y > 1:
        size = (x2 - x1) // step_x, (y2 - y1) // step_y
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    # From a pixel of the patch to one of the part; pixel centres lie at +0.5 in both.
    scale_x, scale_y = across / step_x, down / step_y
    to_part = np.array(
        [
            [scale_x, 0, (left - x1) / step_x + 0.5 * scale_x - 0.5],
            [0, scale_y, (top - y1) / step_y + 0.5 * scale_y - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(part, to_part, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)


def _span(start: float, length: float, limit: int, step: int) -> tuple[int, int]:
    """Whole pixels of a line of ``limit`` px that cover a stretch and a margin: a multiple of ``step``, at least one
    ``step`` where the line has as many. ``step`` isn't larger than ``limit``."""
    margin = 2 * step
    first = min(max(math.floor(start) - margin, 0), limit - step)
    last = max(min(math.ceil(start + length) + margin, limit), first + step)
    return first, last - (last - first) % step
