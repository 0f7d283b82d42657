"""Framewise CF: follows boxes with correlation filters learnt on the spot; needs no weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.layers.box_tracker import BoxTracker, Target
from tracking.models.correlation.features import CELL, CHANNELS, GRADIENT_CHANNELS, gradient_histograms, grid_features
from tracking.models.correlation.filters import Peak, ScaleFilter, TranslationFilter, peak_of
from tracking.models.correlation.patches import Image, Region, cut
from tracking.types import Box, Frame

GRID = 48
"""Cells along a side of the search patch."""
PATCH_PX = GRID * CELL
REACH = 4.5
"""Side of the searched square in the object's mean sides."""
SMALLEST_PX = 4.0
"""Objects are searched for as if their mean side were at least this long."""
SCALE_PX = 32


@dataclass
class CorrelationTarget(Target):
    """``per_width``, ``per_height``: sides of the search region as multiples of the box's."""

    per_width: float
    per_height: float
    translation: TranslationFilter
    scale: ScaleFilter
    level: float = 1.0
    """Usual height of the response's peak, a running mean."""

    def region(self) -> Region:
        x, y = self.box.centre
        return Region(x, y, self.box.width * self.per_width, self.box.height * self.per_height)


class CorrelationTracker(BoxTracker[CorrelationTarget]):
    """One translation and one scale filter per object."""

    def begin(self, frame: Frame, boxes: Sequence[Box]) -> list[CorrelationTarget]:
        return [self._new_target(frame, box) for box in boxes]

    def follow(self, frame: Frame, targets: Sequence[CorrelationTarget]) -> list[float]:
        return [self._follow_one(frame, target) for target in targets]

    def _new_target(self, frame: Frame, box: Box) -> CorrelationTarget:
        side = REACH * max(math.sqrt(box.area), SMALLEST_PX)
        cells_per_px = GRID / side
        target = CorrelationTarget(
            box,
            side / box.width,
            side / box.height,
            TranslationFilter(CHANNELS, GRID, box.width * cells_per_px, box.height * cells_per_px),
            ScaleFilter(),
        )
        self._learn(frame, target)
        return target

    def _follow_one(self, frame: Frame, target: CorrelationTarget) -> float:
        region = target.region()
        patch = cut(frame.image, region, PATCH_PX, PATCH_PX)
        response = target.translation.respond(target.translation.transform(grid_features(patch)))
        peak = peak_of(response, exclude=GRID / REACH / 2)
        confidence = _confidence(peak, target.level)
        if confidence < self.threshold:
            return confidence
        x, y = region.x + peak.x * region.width / GRID, region.y + peak.y * region.height / GRID
        target.box = _boxed(x, y, target.box.width, target.box.height)
        growth = target.scale.growth(self._scale_samples(frame.image, target))
        target.box = _boxed(x, y, target.box.width * growth, target.box.height * growth)
        self._learn(frame, target)
        target.level += 0.05 * (peak.height - target.level)
        return confidence

    def _learn(self, frame: Frame, target: CorrelationTarget) -> None:
        patch = cut(frame.image, target.region(), PATCH_PX, PATCH_PX)
        target.translation.learn(target.translation.transform(grid_features(patch)))
        target.scale.learn(self._scale_samples(frame.image, target))

    def _scale_samples(self, image: Image, target: CorrelationTarget) -> NDArray[np.float32]:
        x, y = target.box.centre
        patches = np.stack(
            [
                cut(image, Region(x, y, target.box.width * f, target.box.height * f), SCALE_PX, SCALE_PX)
                for f in target.scale.factors
            ]
        )
        return gradient_histograms(patches)[:, : GRADIENT_CHANNELS - 4].reshape(len(patches), -1)


def _boxed(x: float, y: float, width: float, height: float) -> Box:
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _confidence(peak: Peak, level: float) -> float:
    """Probability in [0, 1] that the peak is the object, from its height (relative to the usual) and its sharpness."""
    evidence = 0.5 * (peak.sharpness - 6) + 5 * (peak.height / max(level, 1e-3) - 0.45)
    return 1 / (1 + math.exp(-max(min(evidence, 30.0), -30.0)))


def create(*, threshold: float = 0.3) -> CorrelationTracker:
    """A tracker that needs nothing but the prompt. ``threshold``: confidence below which an object counts as lost."""
    return CorrelationTracker(threshold=threshold)
