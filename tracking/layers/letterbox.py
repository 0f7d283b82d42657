"""Frames as detectors take them: scaled into a canvas, and the way back for boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Fit = Literal["corner", "centre", "stretch"]
"""Where a picture lies in its canvas: scaled evenly into the top-left corner or the middle, or scaled to fill it."""
GREY = 114


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture of ``width`` x ``height`` px lies: its px times ``across``, ``down``, plus ``left``, ``top``, are
    px of the canvas."""

    width: int
    height: int
    across: float
    down: float
    left: int = 0
    top: int = 0

    def in_picture(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 4) corners x1, y1, x2, y2 in px of the canvas -> in px of the picture, cut off at its edges."""
        offset = np.array([self.left, self.top] * 2, np.float32)
        scale = np.array([self.across, self.down] * 2, np.float32)
        edges = np.array([self.width, self.height] * 2, np.float32)
        return np.asarray(np.clip((boxes - offset) / scale, 0, edges), np.float32)


def letterboxed(
    image: NDArray[np.uint8], size: tuple[int, int], fit: Fit, *, fill: int = GREY
) -> tuple[NDArray[np.uint8], Placement]:
    """A picture (H, W, 3) in a canvas of ``size`` (height, width), bilinear; what it leaves free is of ``fill``.

    In the corner a side is cut to whole px, in the middle it is rounded: as YOLOX and YOLOv5 do.
    """
    height, width = image.shape[:2]
    if fit == "stretch":
        # As networks that are given stretched pictures learned them: averaged where they shrink.
        filled = np.asarray(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BILINEAR), np.uint8)
        return filled, Placement(width, height, size[1] / width, size[0] / height)
    ratio = min(size[0] / height, size[1] / width)
    whole = int if fit == "corner" else round
    small = max(1, whole(height * ratio)), max(1, whole(width * ratio))
    left, top = (0, 0) if fit == "corner" else ((size[1] - small[1]) // 2, (size[0] - small[0]) // 2)
    canvas = np.full((*size, 3), fill, np.uint8)
    scaled = image if small == (height, width) else cv2.resize(image, (small[1], small[0]))
    canvas[top : top + small[0], left : left + small[1]] = scaled
    return canvas, Placement(width, height, ratio, ratio, left, top)


def enclosing(height: int, width: int, longest: int, multiple: int) -> tuple[int, int]:
    """The smallest (height, width), both whole multiples, that holds a picture whose longer side is scaled to
    ``longest``: a canvas that wastes little on what lies beside the picture."""
    ratio = longest / max(height, width)
    tall, wide = (max(1, round(side * ratio)) for side in (height, width))
    return -(-tall // multiple) * multiple, -(-wide // multiple) * multiple
