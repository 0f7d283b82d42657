"""NanoTrack v2 as a tracker: where to crop, how to read the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.layers.box_tracker import BoxTracker, Target
from tracking.models.nanotrack.network import (
    GRID,
    SEARCH_PX,
    STRIDE,
    TEMPLATE_PX,
    ColourNetwork,
    Float,
    Network,
    official,
)
from tracking.types import Box, Frame
from tracking.warm import held

PENALTY = 0.138
"""How strongly a change of size or aspect speaks against a cell."""
WINDOW_WEIGHT = 0.455
"""How much a cell's nearness to the crop's middle counts when the best one is chosen."""
SIZE_RATE = 0.348
"""How far the size follows a cell that is certain."""
SMALLEST_PX = 1.0
OVERCONFIDENCE = 19.0
"""How many times too high the odds are that the network gives (README.md): its 0.95 is right half of the time."""


@dataclass
class NanoTrackTarget(Target):
    """``template``: features of the object as prompted. ``fill``: RGB that stands for pixels outside of the frame."""

    template: Float
    fill: tuple[float, float, float]


class NanoTracker(BoxTracker[NanoTrackTarget]):
    """Finds the prompted look again around the last box; the look is never updated. Objects go one by one."""

    def __init__(self, network: Network, *, threshold: float) -> None:
        super().__init__(threshold=threshold)
        self._network = network
        self._window = np.outer(np.hanning(GRID), np.hanning(GRID))

    def begin(self, frame: Frame, boxes: Sequence[Box]) -> list[NanoTrackTarget]:
        red, green, blue = frame.image.mean((0, 1)).tolist()
        fill = (red, green, blue)
        return [
            NanoTrackTarget(
                box, self._network.encode_template(crop(frame.image, box, context_side(box), TEMPLATE_PX, fill)), fill
            )
            for box in boxes
        ]

    def follow(self, frame: Frame, targets: Sequence[NanoTrackTarget]) -> list[float]:
        return [self._follow_one(frame, target) for target in targets]

    def _follow_one(self, frame: Frame, target: NanoTrackTarget) -> float:
        scale = TEMPLATE_PX / context_side(target.box)  # px of the crop per px of the frame
        picture = crop(frame.image, target.box, SEARCH_PX / scale, SEARCH_PX, target.fill)
        logits, distances = self._network.compare(target.template, picture)
        scores = np.asarray(1 / (1 + np.exp(np.clip(logits[0] - logits[1], -50, 50))))
        boxes = boxes_of_cells(distances) / scale
        sizes = boxes[2] - boxes[0], boxes[3] - boxes[1]
        penalty = change_penalty(sizes[0], sizes[1], target.box)
        ranking = penalty * scores * (1 - WINDOW_WEIGHT) + self._window * WINDOW_WEIGHT
        best = np.unravel_index(int(ranking.argmax()), ranking.shape)
        score = float(scores[best])
        rate = float(penalty[best]) * score * SIZE_RATE
        x, y = target.box.centre
        target.box = _settled(
            x + float(boxes[0][best] + boxes[2][best]) / 2,
            y + float(boxes[1][best] + boxes[3][best]) / 2,
            target.box.width + rate * (float(sizes[0][best]) - target.box.width),
            target.box.height + rate * (float(sizes[1][best]) - target.box.height),
            frame,
        )
        return score / (score + OVERCONFIDENCE * (1 - score))


def boxes_of_cells(distances: Float) -> NDArray[np.float64]:
    """(4, GRID, GRID) distances to the edges -> corners x1, y1, x2, y2 relative to the crop's middle, in its px."""
    points = (np.arange(GRID) - GRID // 2) * STRIDE
    x, y = points[None, :], points[:, None]
    return np.stack([x - distances[0], y - distances[1], x + distances[2], y + distances[3]])


def change_penalty(width: NDArray[np.float64], height: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """Factor in (0, 1] per cell: 1 where its box has the size and aspect of ``box``."""
    width, height = np.maximum(width, 1e-3), np.maximum(height, 1e-3)
    growth = _either_way(_padded_size(width, height) / _padded_size(box.width, box.height))
    bend = _either_way((box.width / box.height) / (width / height))
    return np.asarray(np.exp(-(growth * bend - 1) * PENALTY))


def _either_way(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(ratio, 1 / ratio)


def _padded_size(width: NDArray[np.float64] | float, height: NDArray[np.float64] | float) -> NDArray[np.float64]:
    context = (width + height) / 2
    return np.sqrt((width + context) * (height + context))


def _settled(x: float, y: float, width: float, height: float, frame: Frame) -> Box:
    """The box by its centre and sides, its centre kept in the frame and its sides between a pixel and the frame's."""
    x, y = min(max(x, 0.0), frame.width), min(max(y, 0.0), frame.height)
    width, height = min(max(width, SMALLEST_PX), frame.width), min(max(height, SMALLEST_PX), frame.height)
    return Box.from_xywh(x - width / 2, y - height / 2, width, height)


def context_side(box: Box) -> float:
    """Side in px of the square that a template shows: the box and half its mean side around it."""
    return max(1.0, float(_padded_size(box.width, box.height)))


def crop(
    image: NDArray[np.uint8], box: Box, side: float, size: int, fill: tuple[float, float, float]
) -> NDArray[np.uint8]:
    """The square of ``side`` px around a box's centre, scaled to ``size`` px: (size, size, 3)."""
    x, y = box.centre
    height, width = image.shape[:2]
    x1, y1 = math.floor(x - side / 2), math.floor(y - side / 2)
    x2, y2 = x1 + max(1, round(side)), y1 + max(1, round(side))
    part = image[max(y1, 0) : max(min(y2, height), 0), max(x1, 0) : max(min(x2, width), 0)]
    square = cv2.copyMakeBorder(
        part,
        min(max(-y1, 0), y2 - y1),
        (y2 - y1) - part.shape[0] - min(max(-y1, 0), y2 - y1),
        min(max(-x1, 0), x2 - x1),
        (x2 - x1) - part.shape[1] - min(max(-x1, 0), x2 - x1),
        cv2.BORDER_CONSTANT,
        value=fill,
    )
    return np.asarray(cv2.resize(square, (size, size)), np.uint8)


def create(*, threshold: float = 0.3) -> NanoTracker:
    """NanoTrack v2 with the official graphs from the weights folder."""
    return NanoTracker(held(official), threshold=threshold)


def tiny(*, threshold: float = 0.0) -> NanoTracker:
    """The same tracker around a stand-in without weights: for trying the machinery, not for finding anything."""
    return NanoTracker(ColourNetwork(), threshold=threshold)
