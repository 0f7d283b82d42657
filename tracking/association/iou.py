"""The IOU tracker (Bochinski, Eiselein, Sikora, 2017, https://doi.org/10.1109/AVSS.2017.8078516): a box goes on with
the one of the frame before that it overlaps. Nothing is expected of motion, and what is hidden isn't waited for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracking.association.assignment import NEVER, assign, overlaps
from tracking.association.columns import Labels, found
from tracking.association.contract import Link
from tracking.association.settings import IouSettings
from tracking.detection import Detection
from tracking.types import Frame


class Iou:
    """``rate``: of no use here."""

    def __init__(self, settings: IouSettings, rate: float) -> None:
        self._settings = settings
        self._labels = Labels()
        self._made = 0
        self._numbers = np.empty(0, np.intp)
        self._boxes = np.empty((0, 4))
        self._label = np.empty(0, np.intp)

    def update(self, detections: Sequence[Detection], frame: Frame | None = None) -> list[Link]:
        seen = found(detections, self._labels)
        seen = seen.take(seen.confidence >= self._settings.sigma_l)
        apart = 1 - overlaps(self._boxes, seen.boxes)
        apart[self._label[:, None] != seen.label[None]] = NEVER
        matched = assign(apart, 1 - self._settings.sigma_iou)
        numbers = np.empty(len(seen), np.intp)
        numbers[matched.columns] = self._numbers[matched.rows]
        new = np.sort(matched.free_columns)
        numbers[new] = np.arange(self._made + 1, self._made + len(new) + 1)
        self._made += len(new)
        self._numbers, self._boxes, self._label = numbers, seen.boxes, seen.label
        return [
            Link(
                int(numbers[row]),
                "confirmed",
                detections[seen.position[row]].box,
                int(seen.position[row]),
                0,
                self._labels.names[seen.label[row]],
                float(seen.confidence[row]),
            )
            for row in np.argsort(numbers)
        ]
