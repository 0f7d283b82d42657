"""A finder that asks a detector: what is there, and isn't followed yet."""

from __future__ import annotations

from collections.abc import Sequence

from tracking.detector import Detector
from tracking.finder import Discovery
from tracking.shapes.agreement import iou
from tracking.shapes.values import bounds_of
from tracking.types import Box, Frame, Prediction

SAME = 0.5
"""Boxes with a larger IoU show the same object."""
INSIDE = 0.8
"""So does a detection of which more lies in what is followed, or the other way round: a detector often sees a part of
an object, or it together with what it holds."""
ALIKE = 0.4
"""... unless one has less than this share of the other's area: a person on a bus is an object of its own."""


class DetectorFinder:
    """A ``Finder``."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    def find(self, frame: Frame, known: Sequence[Prediction]) -> list[Discovery]:
        """What the detector sees on ``frame`` and nothing known explains, the surest first, each object once."""
        (seen,) = self._detector.detect([frame])
        taken = [bounds_of(one.shape) for one in known]
        found = []
        for detection in seen:
            box = detection.box
            if any(are_same(box, other) for other in taken):
                continue
            taken.append(box)
            shape = box if detection.mask is None else detection.mask
            found.append(Discovery(detection.label, shape, detection.confidence))
        return found


def are_same(one: Box, other: Box) -> bool:
    """Whether two boxes of one frame show the same object, whatever it is called."""
    small, large = sorted((one.area, other.area))
    if small <= 0:
        return False
    left, top = max(one.x1, other.x1), max(one.y1, other.y1)
    right, bottom = min(one.x2, other.x2), min(one.y2, other.y2)
    shared = max(0.0, right - left) * max(0.0, bottom - top)
    return iou(one, other) > SAME or (shared > INSIDE * small and small > ALIKE * large)
