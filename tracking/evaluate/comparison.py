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
from tracking.layers.point_tracker import ImmediatePointTracker
from tracking.tracker import Tracker
from tracking.types import Box, Frame, ObjectId, TrackingError

BACK_PX = 2.0
WINDOW, LEVELS = (21, 21), 5
"""Of Lucas-Kanade, as Framewise Flow has them."""

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
    ModelEntry(
        id="lucas-kanade",
        name="OpenCV Lucas-Kanade",
        summary="Points by pyramidal flow alone, each by itself; those that don't come back where they were stay.",
        prompts=catalog.POINT_KINDS,
        outputs=catalog.POINT_KINDS,
        factory="tracking.evaluate.comparison:lucas_kanade",
        licence="Apache-2.0",
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


class LucasKanade(ImmediatePointTracker):
    """Pyramidal Lucas-Kanade forward and backward (Bouguet 2001; Kalal et al. 2010, *Forward-backward error*), and
    nothing else: what a tracker of points has to better. A point that doesn't come back to within ``BACK_PX`` stays
    where it was and counts as hidden."""

    def begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        self._gray = _as_gray(frame)

    def follow(self, frame: Frame) -> None:
        before, self._gray = self._gray, _as_gray(frame)
        for one in self.objects.values():
            # A pixel's centre is at a whole number in OpenCV.
            start = (one.now - 0.5).astype(np.float32)[:, None]
            there, ok = _flow(before, self._gray, start)
            back, ok_back = _flow(self._gray, before, there)
            one.seen = ok & ok_back & (np.linalg.norm(back - start, axis=2)[:, 0] < BACK_PX)
            one.now = np.where(one.seen[:, None], there[:, 0] + 0.5, one.now)
            one.sure = one.seen.astype(np.float64)


def lucas_kanade() -> Tracker:
    """OpenCV's sparse flow, with the window and levels that Framewise Flow uses."""
    return LucasKanade()


def _flow(
    before: NDArray[np.uint8], now: NDArray[np.uint8], points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    found, ok, _ = cv2.calcOpticalFlowPyrLK(before, now, points, points.copy(), winSize=WINDOW, maxLevel=LEVELS)
    return np.asarray(found, np.float32), ok.ravel() > 0


def _as_gray(frame: Frame) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8)


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
