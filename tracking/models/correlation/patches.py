"""Pictures of a region of a frame, scaled to a fixed size, so that no cost depends on the frame's size."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    return np.asarray(cut_all(image, [region], columns, rows)[0], np.uint8)


def cut_all(image: Image, regions: Sequence[Region], columns: int, rows: int) -> Image:
    """Each of ``regions`` as ``cut`` has it: (N, rows, columns, 3). Pixels are averaged once for all of them, so they
    should lie over each other."""
    height, width = image.shape[:2]
    patches = np.empty((len(regions), rows, columns, 3), np.uint8)
    alike: dict[tuple[int, int], list[int]] = {}
    for index, region in enumerate(regions):
        steps = _step(region.width / columns, width), _step(region.height / rows, height)
        alike.setdefault(steps, []).append(index)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for (step_x, step_y), indices in alike.items():
        chosen = [regions[index] for index in indices]
        x1, x2 = _span([(region.x, region.width) for region in chosen], width, step_x)
        y1, y2 = _span([(region.y, region.height) for region in chosen], height, step_y)
        part = image[y1:y2, x1:x2]
        if step_x > 1 or step_y > 1:
            size = (x2 - x1) // step_x, (y2 - y1) // step_y
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        for index, region in zip(indices, chosen, strict=True):
            scale_x, shift_x = _to_part(region.x, region.width, columns, x1, step_x)
            scale_y, shift_y = _to_part(region.y, region.height, rows, y1, step_y)
            to_part = np.array([[scale_x, 0, shift_x], [0, scale_y, shift_y]])
            cv2.warpAffine(
                part, to_part, (columns, rows), dst=patches[index], flags=flags, borderMode=cv2.BORDER_REPLICATE
            )
    return patches


def _step(shrink: float, limit: int) -> int:
    """How many pixels of a line of ``limit`` px are averaged into one."""
    return min(max(1, math.floor(shrink)), limit)


def _to_part(middle: float, length: float, count: int, begin: int, step: int) -> tuple[float, float]:
    """Scale and shift from a pixel of the patch to one of a part of the frame that begins at ``begin``, along a line;
    pixel centres lie at +0.5 in both."""
    scale = length / count / step
    return scale, (middle - length / 2 - begin) / step + 0.5 * scale - 0.5


def _span(stretches: Sequence[tuple[float, float]], limit: int, step: int) -> tuple[int, int]:
    """Whole pixels of a line of ``limit`` px that cover stretches (middle, length) and a margin, as far as it has them:
    from one multiple of ``step`` to another, so that a pixel is averaged with the same others whatever the stretches.
    ``step`` isn't larger than ``limit``."""
    first = min(middle - length / 2 for middle, length in stretches)
    last = max(middle + length / 2 for middle, length in stretches)
    whole = limit // step
    begin = min(max(math.floor(first / step) - 2, 0), whole - 1)
    return begin * step, max(min(math.ceil(last / step) + 2, whole), begin + 1) * step
