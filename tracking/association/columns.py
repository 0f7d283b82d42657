"""The detections of a frame, and the tracks of a video, as columns: everything is computed for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracking.association.contract import Link, TrackState
from tracking.association.kalman import Array, Kalman
from tracking.detection import Detection
from tracking.types import Box

Numbers = NDArray[np.intp]
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Found:
    """``position``: (n,) of each in the list that came. ``boxes``: (n, 4) corners in px. ``confidence``: (n,).
    ``label``: (n,) the numbers of labels. ``appearance``: one vector of unit length, or None, per detection."""

    position: Numbers
    boxes: Array
    confidence: Array
    label: Numbers
    appearance: list[NDArray[np.float32] | None]

    def __len__(self) -> int:
        return len(self.position)

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Found:
        """Some of them, in the given order, or those that a mask marks."""
        rows = np.arange(len(self))[which]
        return Found(
            self.position[rows],
            self.boxes[rows],
            self.confidence[rows],
            self.label[rows],
            [self.appearance[row] for row in rows],
        )


class Labels:
    """Numbers of labels, in the order in which they are met."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers[name]


def found(detections: Sequence[Detection], labels: Labels) -> Found:
    """All detections that a track can take: their boxes have a finite size above 0, and confidences are in [0, 1]."""
    boxes = np.array([detection.box for detection in detections], np.float64).reshape(-1, 4)
    confidence = np.array([detection.confidence for detection in detections], np.float64)
    whole = np.isfinite(boxes).all(1) & (boxes[:, 2:] > boxes[:, :2]).all(1) & (confidence >= 0) & (confidence <= 1)
    everything = Found(
        np.arange(len(detections)),
        boxes,
        confidence,
        np.array([labels.number(detection.label) for detection in detections], np.intp),
        [_unit(detection.appearance) for detection in detections],
    )
    return everything if whole.all() else everything.take(whole)


def _unit(vector: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    """The vector at unit length; None where it says nothing."""
    if vector is None:
        return None
    length = np.linalg.norm(vector)
    return np.asarray(vector / length, np.float32) if np.isfinite(length) and length > 0 else None


class Tracks(Generic[M]):
    """Living tracks, oldest first, a row each in every column.

    ``hits``: detections so far; ``missed``: frames since the last one; ``age``: frames since the first; ``row``:
    position of this frame's detection in what came, -1: none; ``memory``: whatever an association keeps beside.
    """

    def __init__(self, kalman: Kalman) -> None:
        self.kalman = kalman
        size = kalman.measured + kalman.velocities
        self.mean = np.empty((0, size))
        self.covariance = np.empty((0, size, size))
        self.confidence = np.empty(0)
        self.confirmed = np.empty(0, np.bool_)
        self.number, self.hits, self.missed, self.age, self.label, self.row = np.empty((6, 0), np.intp)
        self.memory: list[M] = []
        self._made = 0

    def __len__(self) -> int:
        return len(self.number)

    @property
    def boxes(self) -> Array:
        """(n, 4) corners in px."""
        return self.kalman.boxes(self.mean)

    def predict(self) -> None:
        """Bring all tracks a frame on, where nothing was found of them yet."""
        self.mean, self.covariance = self.kalman.predict(self.mean, self.covariance)
        self.age += 1
        self.missed += 1
        self.row[:] = -1

    def update(self, rows: Numbers, seen: Found, which: Numbers) -> None:
        """``rows`` are found again, as ``which`` of the detections."""
        if not len(rows):
            return
        known = self.kalman.update(self.mean[rows], self.covariance[rows], seen.boxes[which])
        self.mean[rows], self.covariance[rows] = known
        self.found(rows, seen, which)

    def found(self, rows: Numbers, seen: Found, which: Numbers) -> None:
        """The same, but for the filter."""
        self.hits[rows] += 1
        self.missed[rows] = 0
        self.label[rows] = seen.label[which]
        self.confidence[rows] = seen.confidence[which]
        self.row[rows] = seen.position[which]

    def add(self, seen: Found, memory: Sequence[M]) -> None:
        """New tracks, tentative, one for each of the detections, in their order."""
        n = len(seen)
        if n == 0:
            return
        mean, covariance = self.kalman.initiate(seen.boxes)
        self.mean, self.covariance = np.concatenate([self.mean, mean]), np.concatenate([self.covariance, covariance])
        self.confidence = np.concatenate([self.confidence, seen.confidence])
        self.confirmed = np.concatenate([self.confirmed, np.zeros(n, np.bool_)])
        self.number = np.concatenate([self.number, np.arange(self._made + 1, self._made + n + 1)])
        self.hits = np.concatenate([self.hits, np.ones(n, np.intp)])
        self.missed = np.concatenate([self.missed, np.zeros(n, np.intp)])
        self.age = np.concatenate([self.age, np.ones(n, np.intp)])
        self.label = np.concatenate([self.label, seen.label])
        self.row = np.concatenate([self.row, seen.position])
        self.memory += memory
        self._made += n

    def keep(self, which: NDArray[np.bool_]) -> None:
        """End all other tracks."""
        if which.all():
            return
        for column in (
            "mean", "covariance", "confidence", "confirmed", "number", "hits", "missed", "age", "label", "row"
        ):  # fmt: skip
            setattr(self, column, getattr(self, column)[which])
        self.memory = [memory for memory, kept in zip(self.memory, which, strict=True) if kept]

    def links(self, labels: Labels, boxes: Array | None = None) -> list[Link]:
        """What is told of them on this frame; ``boxes``: where they are, if not where the filter holds them to be."""
        places = (self.boxes if boxes is None else boxes).tolist()
        return [
            Link(
                int(self.number[row]),
                self._state(row),
                Box(*places[row]),
                int(self.row[row]) if self.row[row] >= 0 else None,
                int(self.missed[row]),
                labels.names[self.label[row]],
                float(self.confidence[row]),
            )
            for row in range(len(self))
        ]

    def _state(self, row: int) -> TrackState:
        if not self.confirmed[row]:
            return "tentative"
        return "lost" if self.missed[row] else "confirmed"
