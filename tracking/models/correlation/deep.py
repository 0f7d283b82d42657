"""Framewise Deep: Framewise CF that also asks a filter on pretrained features where the object is.

Gradients and colours say to a pixel where the object is as long as it looks alike; what a network has learnt from many
pictures still knows it when it bends, turns or is half covered, but only coarsely. So both choose the neighbourhood,
and gradients and colours the place in it. Everything else is Framewise CF's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeVar

import cv2
import numpy as np
import torch

from tracking.layers.cores import Cores, usable
from tracking.layers.side_by_side import SideBySide
from tracking.models.correlation.cell_filter import CellFilter, Place, first_cell_px
from tracking.models.correlation.features import Float
from tracking.models.correlation.filters import Peak, peak_of
from tracking.models.correlation.patches import Image, Region, cut
from tracking.models.correlation.pretrained import STRIDE, Pretrained, pretrained
from tracking.models.correlation.tracker import (
    GRID,
    REACH,
    CorrelationTarget,
    CorrelationTracker,
    Find,
    answers,
    learn,
    matched,
    new_target,
)
from tracking.types import Box

PATCH_PX = 256
"""Side of the patch that the network sees."""
COARSE_WEIGHT, FINE_WEIGHT = 0.4, 0.15
"""How much the deep filter counts when a neighbourhood is chosen, and in it a place."""
NEIGHBOURHOOD = 4
"""Cells of the grid to each side in which the place is chosen."""
SMALL_PX, LARGE_PX = 16.0, 48.0
"""Mean side of objects on which the deep filter isn't heard, and from which on it is heard in full: of few pixels the
network sees no more than that something is there."""
LEARN_EVERY = 4
"""Finds of which one is learnt from."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The prompt seen otherwise: shifted by shares of its sides, enlarged, turned (degrees), mirrored, blurred (px)."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    turn: float = 0.0
    mirrored: bool = False
    blur: float = 0.0


VARIANTS = (
    Variant(),
    Variant(x=0.4, y=-0.3, zoom=1.15),
    Variant(x=-0.5, y=0.2, zoom=0.87),
    Variant(x=0.2, y=0.5, turn=10),
    Variant(x=-0.3, y=-0.5, mirrored=True),
    Variant(x=0.5, y=0.1, blur=1.5),
    Variant(x=-0.2, y=0.4, turn=-10, zoom=0.93),
    Variant(x=0.3, y=0.5, mirrored=True, zoom=1.1),
    Variant(x=-0.55, y=-0.2, zoom=1.25),
)

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class View:
    """What a deep filter saw (``CellFilter.project``) in a square of the frame, and its response's ``height`` where the
    object was found."""

    cells: Float
    square: Region
    height: float


@dataclass
class DeepTarget(CorrelationTarget):
    """``deep``: the deep filter; ``view``: what it saw on this frame; ``finds``: how often the object was found since
    the prompt."""

    deep: CellFilter | None = None
    view: View | None = None
    finds: int = 0


class DeepTracker(CorrelationTracker):
    """Follows each object by filters of its own, on gradients, colours and pretrained features."""

    def __init__(self, network: Pretrained, *, threshold: float) -> None:
        super().__init__(threshold=threshold)
        self._network = network
        self._cores = _Shares(min(usable(), torch.get_num_threads()))

    def new_target(self, image: Image, box: Box) -> DeepTarget:
        known = new_target(image, box)
        target = DeepTarget(**{field.name: getattr(known, field.name) for field in fields(CorrelationTarget)})
        patches, places = _variants(image, _square(target.region()), box)
        target.deep = CellFilter(self._network(patches), places)
        return target

    def search(self, image: Image, target: CorrelationTarget, region: Region) -> tuple[Box, Peak]:
        """As Framewise CF's, the deep filter choosing the neighbourhood as well. A lost object is searched for without
        it: three places a frame would be too slow."""
        weight = _ramp(math.sqrt(region.width * region.height) / REACH, SMALL_PX, LARGE_PX)
        if not isinstance(target, DeepTarget) or target.deep is None or target.lookout is not None or weight == 0:
            return super().search(image, target, region)
        response, guide = answers(image, target, region)
        square = _square(region)
        cells = target.deep.project(self._network(cut(image, square, PATCH_PX, PATCH_PX)[None])[0])
        # As high as the response usually is, so that a weight means the same for both.
        deep = np.maximum(_on_grid(target.deep.respond(cells), square, region), 0)
        usual = np.float32(max(target.memory.level, 0.1))
        near = _near_best(_mixed(guide, deep * usual, COARSE_WEIGHT * weight))
        fine = _mixed(guide, deep * usual, FINE_WEIGHT * weight)
        peak = peak_of(response, np.where(near, fine, fine.min()), exclude=GRID / REACH / 2)
        row, column = (min(max(round(at + GRID // 2), 0), GRID - 1) for at in (peak.y, peak.x))
        height = float(deep[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].max())
        target.view = View(cells, square, height)
        return matched(target, region, peak), peak

    def learn(self, image: Image, target: CorrelationTarget, find: Find) -> None:
        learn(image, target, find)
        if isinstance(target, DeepTarget) and target.deep is not None and target.view is not None:
            target.finds += 1
            target.deep.adapt(target.view.height)
            if target.finds % LEARN_EVERY == 0:
                target.deep.learn(target.view.cells, _place(find.box, target.view.square))
            target.view = None


class _Shares(Cores):
    """One object computes with all of torch's threads, several with a share each."""

    @cached_property
    def _side_by_side(self) -> SideBySide:
        return SideBySide(self.count)

    def map(self, call: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if self.count == 1 or len(items) < 2:
            return [call(item) for item in items]
        return self._side_by_side.map(call, items)


def _square(region: Region) -> Region:
    """The square of a region's area around its middle: the network sees things as they are, not stretched."""
    side = math.sqrt(region.width * region.height)
    return Region(region.x, region.y, side, side)


def _place(box: Box, square: Region) -> Place:
    scale = PATCH_PX / square.width
    x, y = box.centre
    half = PATCH_PX / 2
    return Place(half + (x - square.x) * scale, half + (y - square.y) * scale, box.width * scale, box.height * scale)


def _variants(image: Image, square: Region, box: Box) -> tuple[Image, list[Place]]:
    """(N, PATCH_PX, PATCH_PX, 3), the prompt in its variants, and where it is in each."""
    made = [_variant(image, square, box, variant) for variant in VARIANTS]
    return np.stack([patch for patch, _ in made]), [place for _, place in made]


def _variant(image: Image, square: Region, box: Box, variant: Variant) -> tuple[Image, Place]:
    side = square.width / variant.zoom
    region = Region(square.x - variant.x * box.width, square.y - variant.y * box.height, side, side)
    patch, place = cut(image, region, PATCH_PX, PATCH_PX), _place(box, region)
    if variant.turn:
        turn = cv2.getRotationMatrix2D((place.x - 0.5, place.y - 0.5), variant.turn, 1)
        patch = np.asarray(cv2.warpAffine(patch, turn, patch.shape[:2], borderMode=cv2.BORDER_REPLICATE), np.uint8)
    if variant.mirrored:
        patch = np.ascontiguousarray(patch[:, ::-1])
        place = Place(PATCH_PX - place.x, place.y, place.width, place.height)
    if variant.blur:
        patch = np.asarray(cv2.GaussianBlur(patch, (0, 0), variant.blur), np.uint8)
    return patch, place


def _on_grid(deep: Float, square: Region, region: Region) -> Float:
    """The deep response to ``square`` on the cells of the grid over ``region``: (GRID, GRID); 0 beyond it."""
    scale = PATCH_PX / square.width
    across, down = region.width / GRID * scale, region.height / GRID * scale  # px of the patch per cell of the grid
    # The grid's cell GRID // 2 is no shift: it stands for the region's middle.
    first_x, first_y = (PATCH_PX / 2 - GRID // 2 * step - first_cell_px() for step in (across, down))
    to_deep: Any = np.array([[across / STRIDE, 0, first_x / STRIDE], [0, down / STRIDE, first_y / STRIDE]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(deep, to_deep, (GRID, GRID), flags=flags), np.float32)


def _mixed(guide: Float, deep: Float, weight: float) -> Float:
    return np.asarray((1 - weight) * guide + weight * deep, np.float32)


def _near_best(guide: Float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(GRID, GRID): which cells lie in the neighbourhood of the highest one."""
    row, column = np.unravel_index(int(guide.argmax()), guide.shape)
    rows, columns = (np.abs(np.arange(len(guide)) - at) <= NEIGHBOURHOOD for at in (row, column))
    return np.outer(rows, columns)


def _ramp(value: float, none: float, full: float) -> float:
    return min(max((value - none) / (full - none), 0.0), 1.0)


def create(*, threshold: float = 0.3) -> DeepTracker:
    """A tracker with the package's pretrained network. ``threshold``: belief below which an object counts as lost.

    Raises:
        WeightsError: the package isn't there or isn't what is known.
    """
    return DeepTracker(pretrained(), threshold=threshold)
