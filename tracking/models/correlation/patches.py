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
    step_x, step_y = int(region.width / columns), int(region.height / rows)
    part, x, y, step_x, step_y = _part(image, region, step_x, step_y)
    # From a pixel of the patch to one of the part; pixel centres lie at +0.5 in both.
    scale_x, scale_y = region.width / columns / step_x, region.height / rows / step_y
    to_part = np.array([[scale_x, 0, x + 0.5 * scale_x - 0.5], [0, scale_y, y + 0.5 * scale_y - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(part, to_part, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)


def cut_sizes(image: Image, region: Region, factors: NDArray[np.float64], columns: int, rows: int) -> Image:
    """``region`` at each of some sizes, multiples of its own, around its middle: (N, rows, columns, 3).

    As ``cut``, but pixels are averaged once, as for the region itself: sizes that are compared then differ by nothing
    but their size, not by how many pixels were averaged or from which one on.
    """
    most = factors.max()
    whole = Region(region.x, region.y, region.width * most, region.height * most)
    part, x, y, by_x, by_y = _part(image, whole, int(region.width / columns), int(region.height / rows))
    unit_x, unit_y = (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows
    sizes = factors[:, None]
    places = np.empty((2, len(factors), rows, columns), np.float32)
    places[0] = (x + region.width / by_x * ((most - sizes) / 2 + sizes * unit_x) - 0.5)[:, None]
    places[1] = (y + region.height / by_y * ((most - sizes) / 2 + sizes * unit_y) - 0.5)[:, :, None]
    map_x, map_y = places.reshape(2, -1, columns)  # one call for patches that stand on each other
    patches = cv2.remap(part, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patches.reshape(len(factors), rows, columns, 3), np.uint8)


def _part(image: Image, region: Region, step_x: int, step_y: int) -> tuple[Image, float, float, int, int]:
    """The part of a picture that a region and a margin cover, ``step_x`` x ``step_y`` pixels averaged into one, though
    not more than there are and at least one.

    Returns: the part, the region's left and top edge in its pixels, and how many were averaged.
    """
    height, width = image.shape[:2]
    step_x, step_y = min(max(step_x, 1), width), min(max(step_y, 1), height)
    left, top = region.x - region.width / 2, region.y - region.height / 2
    x1, x2 = _span(left, region.width, width, step_x)
    y1, y2 = _span(top, region.height, height, step_y)
    part = image[y1:y2, x1:x2]
    if step_x > 1 or step_y > 1:
        size = (x2 - x1) // step_x, (y2 - y1) // step_y
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    return part, (left - x1) / step_x, (top - y1) / step_y, step_x, step_y


def _span(start: float, length: float, limit: int, step: int) -> tuple[int, int]:
    """Whole pixels of a line of ``limit`` px that cover a stretch and a margin: a multiple of ``step``, at least one
    ``step`` where the line has as many. ``step`` isn't larger than ``limit``.

    They begin with the stretch, not with a multiple of ``step``: pixels are averaged with the same others wherever an
    object has moved.
    """
    margin = 2 * step
    first = min(max(math.floor(start) - margin, 0), limit - step)
    last = max(min(math.ceil(start + length) + margin, limit), first + step)
    return first, last - (last - first) % step
