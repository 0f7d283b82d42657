"""Trackers that are only measured beside those of the catalogue. Nobody is offered them to label with.

Adding one is a factory and a line in ``COMPARISONS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking import catalog
from tracking.catalog import ModelEntry
from tracking.layers.box_tracker import BoxTracker, Target
from tracking.tracker import Tracker
from tracking.types import Box, Frame, TrackingError

COMPARISONS: tuple[ModelEntry, ...] = (
    ModelEntry(
        id="csrt",
        name="OpenCV CSRT",
        summary="The strongest tracker that OpenCV brings, and so what many tools offer.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.evaluate.comparison:csrt",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/1611.08461",
    ),
)


def find(model: str) -> ModelEntry:
    """The entry of a comparison, or of the catalogue. Raises TrackingError naming all when there is none."""
    for entry in COMPARISONS:
        if entry.id == model:
            return entry
    try:
        return catalog.find(model)
    except TrackingError as error:
        others = ", ".join(entry.id for entry in COMPARISONS)
        raise TrackingError(f"{str(error).rstrip('.')}; for comparison: {others}.") from error


def create(model: str) -> Tracker:
    """A fresh tracker with its default settings."""
    entry = find(model)
    if entry not in COMPARISONS:
        return catalog.create(model)
    module, _, name = entry.factory.partition(":")
    return cast(Tracker, getattr(import_module(module), name)())


@dataclass
class CsrtTarget(Target):
    """``following``: OpenCV's tracker of this object."""

    following: Any


class Csrt(BoxTracker[CsrtTarget]):
    """OpenCV's CSRT as it is: it knows no confidence, only whether it holds the object to be lost."""

    def __init__(self) -> None:
        super().__init__(threshold=0.5)

    def begin(self, frame: Frame, boxes: Sequence[Box]) -> list[CsrtTarget]:
        return [CsrtTarget(box, _started(frame, box)) for box in boxes]

    def follow(self, frame: Frame, targets: Sequence[CsrtTarget]) -> list[float]:
        image = _as_opencv(frame)
        return [self._follow(image, target) for target in targets]

    @staticmethod
    def _follow(image: NDArray[np.uint8], target: CsrtTarget) -> float:
        found, (left, top, width, height) = target.following.update(image)
        if found:
            target.box = Box.from_xywh(left, top, width, height)
        return float(found)


def csrt() -> Tracker:
    """OpenCV's tracker of that name (Lukežič et al., *Discriminative Correlation Filter with Channel and Spatial
    Reliability*, CVPR 2017), which follows each object by itself."""
    return Csrt()


def _started(frame: Frame, box: Box) -> Any:
    left, top = round(box.x1), round(box.y1)
    width, height = max(round(box.width), 1), max(round(box.height), 1)
    tracker = cv2.TrackerCSRT.create()
    try:
        tracker.init(_as_opencv(frame), (left, top, width, height))
    except cv2.error as error:
        raise TrackingError(f"CSRT can't start from a box of {width}x{height} px ({error.err}).") from error
    return tracker


def _as_opencv(frame: Frame) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 BGR."""
    return np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR), np.uint8)
