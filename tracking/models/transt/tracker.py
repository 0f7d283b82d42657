"""TransT as a tracker: where to crop, how to read the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tracking.layers.network_tracker import NetworkTarget, NetworkTracker
from tracking.models.transt.network import Config, TransT
from tracking.models.transt.weights import load
from tracking.types import Box, Frame
from tracking.warm import held

WINDOW_WEIGHT = 0.49
"""How much a cell's nearness to the crop's middle counts when the best one is chosen."""
SMALLEST_PX = 10.0
"""No side of a box gets smaller than this."""


@dataclass
class TransTTarget(NetworkTarget):
    """``template``: (C, h, w) features of the object as prompted. ``fill``: RGB that stands for pixels outside of the
    frame."""

    template: Tensor
    fill: NDArray[np.uint8]

    def to(self, device: torch.device) -> TransTTarget:
        return replace(self, template=self.template.to(device, torch.float32))


class TransTTracker(NetworkTracker[TransTTarget]):
    """Finds the prompted look again around the last box; the look is never updated."""

    network: TransT

    def __init__(
        self,
        network: TransT,
        config: Config,
        *,
        threshold: float = 0.3,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        super().__init__(network, threshold=threshold, device=device, precision=precision)
        self.config = config
        self.window = np.outer(np.hanning(config.grid), np.hanning(config.grid)).ravel()

    def begin(self, frame: Frame, boxes: Sequence[Box]) -> list[TransTTarget]:
        fill = frame.image.mean(axis=(0, 1)).astype(np.uint8)
        crops = [crop(frame.image, box, context_side(box, 1), self.config.template_px, fill) for box in boxes]
        templates = self.network.encode(self.pictures.normalised(crops))
        return [TransTTarget(box, template, fill) for box, template in zip(boxes, templates, strict=True)]

    def follow(self, frame: Frame, targets: Sequence[TransTTarget]) -> list[float]:
        sides = [context_side(target.box, 3) for target in targets]
        crops = [
            crop(frame.image, target.box, side, self.config.search_px, target.fill)
            for target, side in zip(targets, sides, strict=True)
        ]
        templates = torch.stack([target.template for target in targets])
        scores, boxes = (answer.cpu().numpy() for answer in self.look(templates, self.pictures.normalised(crops)))
        return [
            self._settle(target, side, scores[row], boxes[row], frame)
            for row, (target, side) in enumerate(zip(targets, sides, strict=True))
        ]

    def look_once(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """From templates (N, C, h, w) and search pictures to each cell's score (N, cells) and box (N, cells, 4)."""
        templates, search = inputs
        logits, boxes = self.network(templates, self.network.encode(search))
        return logits.softmax(dim=2)[:, :, 0], boxes

    def _settle(
        self, target: TransTTarget, side: int, scores: NDArray[np.float32], found: NDArray[np.float32], frame: Frame
    ) -> float:
        """Move ``target`` to its best cell's box. Returns that cell's score before the window weighs in."""
        best = int(self.ranking(scores).argmax())
        x, y, width, height = (found[best] * side).tolist()
        centre_x, centre_y = target.box.centre
        centre_x = min(max(centre_x + x - side / 2, 0.0), frame.width)
        centre_y = min(max(centre_y + y - side / 2, 0.0), frame.height)
        width = max(SMALLEST_PX, min(width, frame.width))
        height = max(SMALLEST_PX, min(height, frame.height))
        target.box = Box.from_xywh(centre_x - width / 2, centre_y - height / 2, width, height)
        return float(scores[best])

    def ranking(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Cell scores with the middle of the crop preferred."""
        return scores * (1 - WINDOW_WEIGHT) + self.window * WINDOW_WEIGHT


def context_side(box: Box, padding: float) -> int:
    """Side of the square, in whole px, that shows ``box`` with ``padding`` times its mean side around it."""
    context = padding * (box.width + box.height) / 2
    return math.ceil(math.sqrt((box.width + context) * (box.height + context)))


def crop(image: NDArray[np.uint8], box: Box, side: int, size: int, fill: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The square of ``side`` px around a box, scaled to ``size`` px: (size, size, 3); ``fill`` beyond the frame."""
    centre_x, centre_y = box.centre
    left = math.floor(centre_x - (side + 1) / 2 + 0.5)
    top = math.floor(centre_y - (side + 1) / 2 + 0.5)
    height, width = image.shape[:2]
    square = np.empty((side, side, 3), np.uint8)
    square[:] = fill
    rows = slice(max(top, 0), max(min(top + side, height), 0))
    columns = slice(max(left, 0), max(min(left + side, width), 0))
    square[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = image[rows, columns]
    return square if side == size else np.asarray(cv2.resize(square, (size, size)), np.uint8)


def create(
    *, threshold: float = 0.3, device: str = "auto", precision: str = "auto", weights: str = ""
) -> TransTTracker:
    """TransT with official weights: those in the file ``weights``, or in the weights folder."""
    network, config = held(lambda: load(Path(weights) if weights else None))
    return TransTTracker(network, config, threshold=threshold, device=device, precision=precision)


TINY = Config(fusion_layers=1, template_px=32, search_px=64, dim=16, heads=2, mlp=16, stem=4, depths=(1, 1, 1))


def tiny(*, threshold: float = 0.0, device: str = "cpu", precision: str = "auto") -> TransTTracker:
    """A very small TransT with fixed random weights: for trying the machinery, not for finding anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = TransT(TINY).requires_grad_(False)
    return TransTTracker(network, TINY, threshold=threshold, device=device, precision=precision)
