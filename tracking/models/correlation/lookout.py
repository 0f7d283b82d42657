"""Where to look for an object that was lost: a few places per frame, until all of the frame has been seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import cv2
import numpy as np

from tracking.models.correlation.colour import ColourModel
from tracking.models.correlation.patches import Image, Region
from tracking.types import Box

STEP = 0.5
"""Distance of neighbouring places, in sides of the search region."""
SIZES = (1.0, 0.8, 1.25)
"""Sizes tried by turns, as multiples of the last one."""
COARSE_PX = 160
"""Longer side of the picture in which colours are looked for."""


class Lookout:
    """Gives places to look at, by turns: where the object was lost, where its colours are, the rest of the frame."""

    def __init__(self, lost_at: Region, box: Box, width: int, height: int) -> None:
        self._lost_at = lost_at
        self._box = box
        self._sizes = itertools.cycle(SIZES)
        self._rest = _spiral(lost_at, width, height)

    def places(self, image: Image, colours: ColourModel) -> list[Region]:
        """Three regions of this frame to search."""
        size = next(self._sizes)
        x, y = self._most_alike(image, colours)
        there = self._lost_at
        places = (there.x, there.y), (x, y), next(self._rest)
        return [Region(px, py, there.width * size, there.height * size) for px, py in places]

    def _most_alike(self, image: Image, colours: ColourModel) -> tuple[float, float]:
        """The middle of the box-sized part of the frame whose colours are most the object's, in px of the frame."""
        height, width = image.shape[:2]
        step = max(1, math.ceil(max(width, height) / COARSE_PX))
        coarse = np.ascontiguousarray(image[step // 2 :: step, step // 2 :: step])
        if coarse.size == 0:
            return width / 2, height / 2
        window = max(1, round(self._box.width / step)), max(1, round(self._box.height / step))
        window = min(window[0], coarse.shape[1]), min(window[1], coarse.shape[0])
        alike = cv2.blur(colours.likelihood(coarse), window, borderType=cv2.BORDER_CONSTANT)
        row, column = np.unravel_index(int(alike.argmax()), alike.shape)
        return (int(column) + 0.5) * step, (int(row) + 0.5) * step


def _spiral(around: Region, width: int, height: int) -> Iterator[tuple[float, float]]:
    """Points of a lattice over the frame, the nearest to ``around`` first, over and over."""
    xs = _line(width, around.width * STEP)
    ys = _line(height, around.height * STEP)
    points = [(x, y) for x in xs for y in ys]
    points.sort(key=lambda point: (math.hypot(point[0] - around.x, point[1] - around.y), point))
    return itertools.cycle(points)


def _line(length: int, step: float) -> list[float]:
    count = max(1, math.ceil(length / max(step, length / COARSE_PX)))
    return [(index + 0.5) * length / count for index in range(count)]
