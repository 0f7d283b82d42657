"""What a part of a frame looks like: a grid of cells, each described by pretrained features."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tracking.layers.efficientnet_lite import STRIDE, Features

Image = NDArray[np.uint8]
Soft = NDArray[np.float32]

BUDGET_PX = 640 * 352
"""How many pixels the network is shown of a frame."""
LARGEST_ZOOM = 1.5
ZOOMS_PER_OCTAVE = 4
"""The zoom keeps to such steps: features change a little with it."""
MARGIN, LEAST_MARGIN_PX = 0.6, 40
"""Around an object, in its mean sides; and at least."""
FEWEST_PX = 20
"""An object of fewer pixels is looked for all over the frame."""


class Region(NamedTuple):
    """Whole pixels of a frame, at the size that masks are followed at: ``x1 <= x < x2``, ``y1 <= y < y2``."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        return self.y2 - self.y1

    @property
    def slices(self) -> tuple[slice, slice]:
        """Of (H, W) arrays of the frame."""
        return slice(self.y1, self.y2), slice(self.x1, self.x2)

    def within(self, outer: Region) -> tuple[slice, slice]:
        """Of arrays that hold ``outer`` alone."""
        return slice(self.y1 - outer.y1, self.y2 - outer.y1), slice(self.x1 - outer.x1, self.x2 - outer.x1)

    def joined(self, other: Region) -> Region:
        return Region(min(self.x1, other.x1), min(self.y1, other.y1), max(self.x2, other.x2), max(self.y2, other.y2))


def around(soft: Soft) -> Region:
    """Where to look for an object whose (H, W) probabilities are ``soft``."""
    height, width = soft.shape
    bitmap = soft > 0.5
    rows, columns = np.flatnonzero(bitmap.any(axis=1)), np.flatnonzero(bitmap.any(axis=0))
    if not len(rows) or np.count_nonzero(bitmap) < FEWEST_PX:
        return Region(0, 0, width, height)
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    margin = round(max(MARGIN * math.sqrt((bottom - top) * (right - left)), LEAST_MARGIN_PX))
    return Region(max(left - margin, 0), max(top - margin, 0), min(right + margin, width), min(bottom + margin, height))


class Encoder(Protocol):
    """Pretrained features of a picture (H, W, 3), sides multiples of 8."""

    def __call__(self, picture: Image) -> Features: ...


@dataclass(frozen=True, slots=True)
class View:
    """``region`` as (rows * columns, C) ``features`` of length 1, row by row."""

    region: Region
    rows: int
    columns: int
    features: Tensor

    def within(self, region: Region) -> Tensor:
        """(rows * columns,) bool: which cells have their middles in a region of the frame."""
        x = self.region.x1 + (torch.arange(self.columns) + 0.5) * (self.region.width / self.columns)
        y = self.region.y1 + (torch.arange(self.rows) + 0.5) * (self.region.height / self.rows)
        across, down = (x >= region.x1) & (x < region.x2), (y >= region.y1) & (y < region.y2)
        return (down[:, None] & across[None, :]).reshape(-1)

    def cells(self, soft: Soft) -> Tensor:
        """(rows * columns,): the mean of (H, W) probabilities of the frame in each cell."""
        part = np.ascontiguousarray(soft[self.region.slices])
        small = cv2.resize(part, (self.columns, self.rows), interpolation=cv2.INTER_AREA)
        return torch.from_numpy(np.asarray(small, np.float32)).reshape(-1)

    def pixels(self, cells: Tensor) -> Soft:
        """Values of cells (rows * columns,) between their middles, for each pixel of the region."""
        grid = cells.reshape(self.rows, self.columns).numpy()
        size = self.region.width, self.region.height
        return np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR), np.float32)


def look(encoder: Encoder, image: Image, region: Region, per_pixel: float) -> View:
    """``region`` of ``image``, which has ``per_pixel`` pixels along one of the region's."""
    picture = _cut(image, region, per_pixel)
    rows, columns = picture.shape[0] // STRIDE, picture.shape[1] // STRIDE
    groups = [_unit(found.flatten(1).T) for found in encoder(picture)]
    return View(region, rows, columns, torch.cat(groups, dim=1) / math.sqrt(len(groups)))


def _unit(vectors: Tensor) -> Tensor:
    return vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-6)


def zoom_for(region: Region) -> float:
    """How much larger than its pixels the network is shown a region."""
    fitting = math.sqrt(BUDGET_PX / (region.width * region.height))
    step = math.floor(math.log2(min(fitting, LARGEST_ZOOM)) * ZOOMS_PER_OCTAVE) / ZOOMS_PER_OCTAVE
    return float(2**step)


def _cut(image: Image, region: Region, per_pixel: float) -> Image:
    """A region as the network is shown it: (8 rows, 8 columns, 3)."""
    zoom = zoom_for(region)
    x1, y1, x2, y2 = (round(edge * per_pixel) for edge in region)
    part = image[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
    columns, rows = (max(2, round(side * zoom / STRIDE)) for side in (region.width, region.height))
    shrinks = columns * STRIDE < part.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (columns * STRIDE, rows * STRIDE), interpolation=way), np.uint8)
