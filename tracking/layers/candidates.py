"""From what a detector's network says to detections: the sure ones, of the classes asked for, each object once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.detection import Detection
from tracking.layers.letterbox import Placement
from tracking.types import Box, TrackingError

MOST = 1000
"""Detections on one frame, the surest ones; YOLOv5's own limit."""
NAMED = 90
"""Classes that a refusal spells out."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a network holds to be possible on one frame.

    ``boxes``: (N, 4) corners x1, y1, x2, y2 in px of the canvas. ``scores``: (N,) in [0, 1]; ``classes``: (N,) indexes.
    """

    boxes: Floats
    scores: Floats
    classes: NDArray[np.intp]

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Candidates:
        return Candidates(self.boxes[chosen], self.scores[chosen], self.classes[chosen])


@dataclass(frozen=True)
class Choice:
    """Which candidates count.

    ``names``: of all classes, by index. ``confidence``: the least one. ``overlap``: of two boxes of a class whose IoU
    is larger the surer one stays; 1: both stay. ``wanted``: names of classes, none of them: all.

    Raises:
        TrackingError: for a setting out of its range, or a class that the weights don't know.
    """

    names: tuple[str, ...]
    confidence: float = 0.25
    overlap: float = 0.45
    wanted: Sequence[str] = ()
    _indexes: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, value in (("confidence", self.confidence), ("overlap", self.overlap)):
            if not 0 <= value <= 1:
                raise TrackingError(f"The setting {name} lies between 0 and 1; {value!r} came.")
        if unknown := [name for name in self.wanted if name not in self.names]:
            known = ", ".join(self.names[:NAMED]) + (", …" if len(self.names) > NAMED else "")
            raise TrackingError(
                f"A detector looks for classes that its weights know: {known}; {', '.join(map(repr, unknown))} came."
            )
        wanted = set(self.wanted or self.names)
        indexes = np.array([index for index, name in enumerate(self.names) if name in wanted], np.intp)
        object.__setattr__(self, "_indexes", indexes)

    def detections(self, candidates: Candidates, placement: Placement) -> list[Detection]:
        """The surest first, in px of the picture."""
        chosen = candidates.where(np.asarray(candidates.scores >= self.confidence))
        if self.wanted:
            chosen = chosen.where(np.isin(chosen.classes, self._indexes))
        chosen = chosen.where(np.asarray(np.isfinite(chosen.boxes).all(1)))
        chosen = Candidates(placement.in_picture(chosen.boxes), chosen.scores, chosen.classes)
        chosen = chosen.where(np.asarray((chosen.boxes[:, 2:] > chosen.boxes[:, :2]).all(1)))
        chosen = chosen.where(np.argsort(-chosen.scores, kind="stable"))
        chosen = chosen.where(separate(chosen, self.overlap)[:MOST])
        return [
            Detection(Box(*box), score, self.names[index])
            for box, score, index in zip(
                chosen.boxes.tolist(), chosen.scores.tolist(), chosen.classes.tolist(), strict=True
            )
        ]


def separate(candidates: Candidates, overlap: float) -> NDArray[np.intp]:
    """Which candidates stay when of two of a class whose IoU is above ``overlap`` the surer one does (greedily, from
    the surest on); the surest first."""
    if overlap >= 1 or len(candidates.scores) < 2:
        return np.argsort(-candidates.scores, kind="stable")
    boxes = np.concatenate([candidates.boxes[:, :2], candidates.boxes[:, 2:] - candidates.boxes[:, :2]], 1)
    # OpenCV takes arrays, whatever its annotations say.
    given: Any = (boxes.astype(np.float64), candidates.scores, candidates.classes.astype(np.int32))
    kept = np.asarray(cv2.dnn.NMSBoxesBatched(given[0], given[1], given[2], 0.0, overlap), np.intp)
    return kept[np.argsort(-candidates.scores[kept], kind="stable")]


def best_of_rows(rows: Floats, least: float, *, objectness: bool) -> Candidates:
    """Of each row of a YOLO's output its best class.

    Args:
        rows: (N, 4 + C), or (N, 5 + C) with ``objectness``: centre x, y, width and height in px of the canvas, how
            surely an object is there, how surely it is of each class; the last C + 1 in [0, 1].
        least: rows whose score can't reach this are left out.
    """
    if objectness:
        rows = rows[rows[:, 4] >= least]
    told = rows[:, 5:] * rows[:, 4:5] if objectness else rows[:, 4:]
    classes = told.argmax(1)
    scores = np.ascontiguousarray(told[np.arange(len(told)), classes], np.float32)
    sure = scores >= least
    return Candidates(corners(rows[sure, :4]), scores[sure], classes[sure])


def corners(boxes: Floats) -> Floats:
    """(N, 4) centre x, y, width, height -> x1, y1, x2, y2."""
    half = boxes[:, 2:4] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], 1).astype(np.float32, copy=False)


def cells(height: int, width: int, strides: Sequence[int]) -> Floats:
    """Column, row and stride of each cell of a canvas's grids, (N, 3): row by row, grid by grid."""
    grids = []
    for stride in strides:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        grids.append(np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, stride)], 1))
    return np.concatenate(grids).astype(np.float32)


def from_cells(rows: Floats, grid: Floats) -> Floats:
    """Rows (..., N, 4 + ...) whose boxes are told by cell (YOLOX: offset, logarithm of the size, both in cells) with
    boxes in px of the canvas: centre x, y, width, height; what follows is left as it is.

    Ge et al. 2021, https://arxiv.org/abs/2107.08430.
    """
    found = rows.copy()
    found[..., :2] = (rows[..., :2] + grid[:, :2]) * grid[:, 2:]
    found[..., 2:4] = np.exp(np.minimum(rows[..., 2:4], 20)) * grid[:, 2:]
    return found
