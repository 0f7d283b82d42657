"""MixFormer as a tracker: where to crop, when to learn a new template."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tracking.layers.network_tracker import NetworkTarget, NetworkTracker
from tracking.models.mixformer.attention import Memory
from tracking.models.mixformer.cvt import CvtConfig
from tracking.models.mixformer.network import Config, Found, MixFormer, centred
from tracking.models.mixformer.weights import VARIANTS, Variant, load
from tracking.types import Box, Frame
from tracking.warm import held

TEMPLATE_FACTOR = 2.0
"""Side of a template in units of the box's mean side."""
MARGIN_PX = 10.0
"""A box keeps this much of itself inside of the frame, and is never smaller."""
GOOD_SCORE = 0.5
"""A frame whose score is higher may become a template."""


@dataclass(frozen=True, slots=True)
class UpdateRule:
    """When templates of later frames replace older ones.

    Every ``interval`` frames one template is learnt: with a score head the best of the interval, if any was good,
    else the prompt's again; without one the current frame's. ``online`` of them are kept, the oldest is overwritten.
    ``decay`` lets the best score so far fade, per frame.
    """

    interval: int
    online: int = 1
    decay: float = 1.0


@dataclass
class MixFormerTarget(NetworkTarget):
    """``first``: the prompt's template, ``online``: those of later frames, all (3, h, w) normalised; ``memory``: what
    they leave. ``candidate``: the best picture since the last update, its score ``best``. ``oldest``: index of the
    next online template to go. ``age``: frames followed."""

    first: Tensor
    online: list[Tensor]
    memory: Memory
    candidate: Tensor
    best: float = -1.0
    oldest: int = 0
    age: int = 0

    def to(self, device: torch.device) -> MixFormerTarget:
        return replace(
            self,
            first=self.first.to(device),
            online=[template.to(device) for template in self.online],
            memory=self.memory.to(device),
            candidate=self.candidate.to(device),
        )

    def learn(self, most: int) -> None:
        """Take the candidate in as an online template, ``most`` of which are kept; start a new search for the best."""
        if len(self.online) < most:
            self.online = [*self.online, self.candidate]
        else:
            self.online = [*self.online[: self.oldest], self.candidate, *self.online[self.oldest + 1 :]]
            self.oldest = (self.oldest + 1) % most
        self.candidate, self.best = self.first, -1.0


class MixFormerTracker(NetworkTracker[MixFormerTarget]):
    """Finds the prompted object around its last box, and learns how it changes."""

    network: MixFormer

    def __init__(
        self,
        network: MixFormer,
        config: Config,
        *,
        search_factor: float,
        update: UpdateRule,
        threshold: float = 0.3,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        super().__init__(network, threshold=threshold, device=device, precision=precision)
        self.config = config
        self.search_factor = search_factor
        self.update = update

    def begin(self, frame: Frame, boxes: Sequence[Box]) -> list[MixFormerTarget]:
        templates = self._templates(frame, boxes)
        memories = self.network.remember(torch.stack([templates, templates], dim=1)).split()
        return [
            MixFormerTarget(box, template, [template], memory, template)
            for box, template, memory in zip(boxes, templates, memories, strict=True)
        ]

    def follow(self, frame: Frame, targets: Sequence[MixFormerTarget]) -> list[float]:
        crops, sides = zip(
            *(crop(frame.image, target.box, self.search_factor, self.config.search_px) for target in targets),
            strict=True,
        )
        found = self._find(self.pictures.normalised(crops), targets)
        boxes = centred(found.boxes).cpu().tolist()
        for target, box, side in zip(targets, boxes, sides, strict=True):
            target.box = settled(target.box, box, side, frame)
            target.age += 1
        if found.scores is None:
            self._learn_by_age(frame, targets)
            return found.certainty.cpu().tolist()
        scores: list[float] = found.scores.sigmoid().cpu().tolist()
        self._learn_by_score(frame, targets, scores)
        return scores

    def look_once(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """From search pictures (N, 3, h, w) and the tensors of N objects' memory to the parts of a ``Found``."""
        search, *memory = inputs
        found = self.network(search, Memory.of(*memory))
        return (found.boxes, found.certainty) if found.scores is None else (found.boxes, found.certainty, found.scores)

    def _templates(self, frame: Frame, boxes: Sequence[Box]) -> Tensor:
        """(N, 3, h, w) normalised pictures of what the boxes show."""
        crops = [crop(frame.image, box, TEMPLATE_FACTOR, self.config.template_px)[0] for box in boxes]
        return self.pictures.normalised(crops)

    def _find(self, search: Tensor, targets: Sequence[MixFormerTarget]) -> Found:
        """One pass per number of templates, which is one pass unless objects were added during the run."""
        rows_by_size = grouped([target.memory.templates_key for target in targets])
        parts = [
            self.look(search[rows], *Memory.join([targets[row].memory for row in rows]).tensors())
            for rows in rows_by_size
        ]
        order = torch.tensor([row for rows in rows_by_size for row in rows], device=search.device).argsort()
        return Found(*(torch.cat(same)[order] for same in zip(*parts, strict=True)))

    def _learn_by_age(self, frame: Frame, targets: Sequence[MixFormerTarget]) -> None:
        due = self._due(targets)
        if due:
            for target, template in zip(due, self._templates(frame, [target.box for target in due]), strict=True):
                target.candidate = template
        self._learn(due)

    def _learn_by_score(self, frame: Frame, targets: Sequence[MixFormerTarget], scores: Sequence[float]) -> None:
        for target, score in zip(targets, scores, strict=True):
            target.best *= self.update.decay
            if score > max(GOOD_SCORE, target.best):
                target.candidate = self._templates(frame, [target.box])[0]
                target.best = score
        self._learn(self._due(targets))

    def _due(self, targets: Sequence[MixFormerTarget]) -> list[MixFormerTarget]:
        return [target for target in targets if target.age % self.update.interval == 0]

    def _learn(self, targets: Sequence[MixFormerTarget]) -> None:
        for target in targets:
            target.learn(self.update.online)
        for rows in grouped([len(target.online) for target in targets]):
            templates = torch.stack([torch.stack([targets[row].first, *targets[row].online]) for row in rows])
            for row, memory in zip(rows, self.network.remember(templates).split(), strict=True):
                targets[row].memory = memory


def grouped(keys: Sequence[int]) -> list[list[int]]:
    """Indices of equal keys together."""
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [list(rows) for _, rows in groupby(order, key=keys.__getitem__)]


def crop(image: NDArray[np.uint8], box: Box, factor: float, size: int) -> tuple[NDArray[np.uint8], int]:
    """The square around a box, ``factor`` times its mean side, black beyond the frame, scaled to ``size`` px.

    Like the authors' code, it never shows the frame's last row and column.

    Returns: the picture (size, size, 3), and the square's side in frame px.
    """
    side = math.ceil(math.sqrt(box.width * box.height) * factor)
    left = round(box.x1 + box.width * 0.5 - side * 0.5)
    top = round(box.y1 + box.height * 0.5 - side * 0.5)
    height, width = image.shape[:2]
    square = np.zeros((side, side, 3), np.uint8)
    rows = slice(max(top, 0), max(min(top + side, height - 1), 0))
    columns = slice(max(left, 0), max(min(left + side, width - 1), 0))
    square[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = image[rows, columns]
    return np.asarray(cv2.resize(square, (size, size)), np.uint8), side


def settled(last: Box, found: Sequence[float], side: int, frame: Frame) -> Box:
    """The box in frame px that was ``found`` (centre x and y, width, height as fractions of the search picture) in the
    square of ``side`` px around the ``last`` box."""
    x, y, width, height = (value * side for value in found)
    left = x + last.x1 + last.width / 2 - side / 2 - width / 2
    top = y + last.y1 + last.height / 2 - side / 2 - height / 2
    x1, x2 = _inside(left, left + width, frame.width)
    y1, y2 = _inside(top, top + height, frame.height)
    return Box(x1, y1, x2, y2)


def _inside(start: float, stop: float, length: int) -> tuple[float, float]:
    start, stop = min(max(0.0, start), length - MARGIN_PX), min(max(MARGIN_PX, stop), length)
    return start, start + max(MARGIN_PX, stop - start)


def create(
    variant: Variant,
    *,
    threshold: float = 0.3,
    update_interval: int | None = None,
    device: str = "auto",
    precision: str = "auto",
    weights: str = "",
) -> MixFormerTracker:
    """A published tracker with official weights: those in the file ``weights``, or in the weights folder."""
    return MixFormerTracker(
        held(lambda: load(variant, Path(weights) if weights else None)),
        variant.config,
        search_factor=variant.search_factor,
        update=UpdateRule(update_interval or variant.interval, variant.online),
        threshold=threshold,
        device=device,
        precision=precision,
    )


cvt = partial(create, VARIANTS["cvt"])
cvt_online = partial(create, VARIANTS["cvt_online"])
cvt_large_online = partial(create, VARIANTS["cvt_large_online"])
vit_online = partial(create, VARIANTS["vit_online"])
vit_large_online = partial(create, VARIANTS["vit_large_online"])
convmae_online = partial(create, VARIANTS["convmae_online"])
convmae_large_online = partial(create, VARIANTS["convmae_large_online"])

TINY = Config(
    CvtConfig(dims=(8, 16, 32), heads=(1, 1, 2), depths=(1, 1, 1)), template_px=32, search_px=64, head_channels=16
)


def tiny(
    config: Config = TINY, *, threshold: float = 0.0, device: str = "cpu", precision: str = "auto"
) -> MixFormerTracker:
    """A very small MixFormer with fixed random weights: for trying the machinery, not for finding anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = MixFormer(config).requires_grad_(False)
    for corner in (network.box_head.top_left, network.box_head.bottom_right):
        corner.conv5.weight *= 1000  # a steep map, so that the picture decides where a corner is
    update = UpdateRule(interval=5, online=2 if config.scored else 1)
    return MixFormerTracker(
        network,
        config,
        search_factor=4.0,
        update=update,
        threshold=threshold,
        device=device,
        precision=precision,
    )
