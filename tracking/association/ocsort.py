"""OC-SORT (Cao et al., 2023, https://arxiv.org/abs/2203.14360): what was observed counts more than what was expected.
Directions between observations help to choose; a track found again is told where it was meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tracking.association.assignment import NEVER, assign, overlaps
from tracking.association.columns import Found, Labels, Numbers, Tracks, found
from tracking.association.contract import Link
from tracking.association.kalman import AreaKalman, Array
from tracking.association.settings import OcSortSettings, frames_of
from tracking.detection import Detection
from tracking.types import Frame

LOW = 0.1
"""Confidence from which ``use_byte`` takes unsure detections."""


@dataclass(slots=True)
class Trace:
    """What was observed of a track. ``boxes``: (4,) by frame, the newest ones; ``direction``: (2,) of unit length, x
    and y, or zero; ``streak``: frames in a row that it was found on; ``mean``, ``covariance``: what the filter knew
    when it was found last."""

    boxes: dict[int, Array]
    mean: Array
    covariance: Array
    direction: Array = field(default_factory=lambda: np.zeros(2))
    streak: int = 1

    def last(self) -> Array:
        return self.boxes[max(self.boxes)]

    def before(self, now: int, frames: int) -> Array:
        """The oldest box observed within so many frames before ``now``, or else the last one."""
        within = [number for number in self.boxes if now - frames <= number < now]
        return self.boxes[min(within, default=max(self.boxes))]

    def observe(self, now: int, box: Array, frames: int) -> None:
        self.direction = directions(self.before(now, frames)[None], box[None])[0, 0]
        self.boxes = {number: old for number, old in self.boxes.items() if number >= now - frames} | {now: box}


class OcSort:
    """``rate``: frames a second."""

    def __init__(self, settings: OcSortSettings, rate: float) -> None:
        self.settings = settings
        self.max_age = frames_of(settings.max_age, rate)
        self.tracks: Tracks[Trace] = Tracks(AreaKalman())
        self.labels = Labels()
        self._now = 0

    def update(self, detections: Sequence[Detection], frame: Frame | None = None) -> list[Link]:
        self._now += 1
        tracks, settings = self.tracks, self.settings
        everything = found(detections, self.labels)
        sure = everything.take(everything.confidence >= settings.det_thresh)
        for row in np.flatnonzero(tracks.missed > 0):
            tracks.memory[row].streak = 0
        tracks.predict()
        missing, free = self._link(np.arange(len(tracks)), sure, np.arange(len(sure)), self._expected(sure))
        if settings.use_byte:
            unsure = everything.take((everything.confidence > LOW) & (everything.confidence < settings.det_thresh))
            cost = self._by_overlap(tracks.boxes[missing], missing, unsure)
            missing, _ = self._link(missing, unsure, np.arange(len(unsure)), cost)
        observed = np.array([tracks.memory[row].last() for row in missing]).reshape(-1, 4)
        cost = self._by_overlap(observed, missing, sure.take(free))
        missing, free = self._link(missing, sure, free, cost)
        self._begin(sure.take(np.sort(free)))
        tracks.keep(tracks.missed <= self.max_age)
        return self._links()

    def _expected(self, seen: Found) -> Array:
        """(tracks, seen): by overlap with where they are expected, and by how well the direction fits."""
        tracks = self.tracks
        cost = self._by_overlap(tracks.boxes, np.arange(len(tracks)), seen)
        if not len(tracks) or not len(seen):
            return cost
        traces = tracks.memory
        earlier = np.stack([trace.before(self._now, self.settings.delta_t) for trace in traces])
        to_seen = directions(earlier, seen.boxes)
        along = (to_seen * np.stack([trace.direction for trace in traces])[:, None]).sum(2)
        fits = 0.5 - np.arccos(along.clip(-1, 1)) / np.pi
        fitting: Array = cost - fits * self.settings.inertia * seen.confidence
        return fitting

    def _by_overlap(self, boxes: Array, rows: Numbers, seen: Found) -> Array:
        overlap = overlaps(boxes, seen.boxes)
        never = overlap < self.settings.iou_threshold
        never |= self.tracks.label[rows][:, None] != seen.label[None]
        return np.where(never, NEVER, 1 - overlap)

    def _link(self, rows: Numbers, seen: Found, free: Numbers, cost: Array) -> tuple[Numbers, Numbers]:
        """Link ``rows`` with the detections ``free``; what is left of both."""
        matched = assign(cost, NEVER / 2)
        taken, which = rows[matched.rows], free[matched.columns]
        self._find_again(taken, seen, which)
        return rows[matched.free_rows], free[matched.free_columns]

    def _find_again(self, rows: Numbers, seen: Found, which: Numbers) -> None:
        tracks = self.tracks
        for row, position in zip(rows, which, strict=True):
            if tracks.missed[row] > 1:
                self._relive(int(row), seen.boxes[position])
        tracks.update(rows, seen, which)
        for row, position in zip(rows, which, strict=True):
            trace = tracks.memory[row]
            trace.observe(self._now, seen.boxes[position], self.settings.delta_t)
            trace.streak += 1
            trace.mean, trace.covariance = tracks.mean[row].copy(), tracks.covariance[row].copy()

    def _relive(self, row: int, box: Array) -> None:
        """Bring the filter of a lost track to this frame along a straight line to ``box``, from where it was last."""
        tracks = self.tracks
        trace, steps = tracks.memory[row], int(tracks.missed[row])
        mean, covariance, last = trace.mean[None], trace.covariance[None], trace.last()
        for step in range(1, steps):
            mean, covariance = tracks.kalman.predict(mean, covariance)
            between = last + (box - last) * step / steps
            mean, covariance = tracks.kalman.update(mean, covariance, between[None])
        mean, covariance = tracks.kalman.predict(mean, covariance)
        tracks.mean[row], tracks.covariance[row] = mean[0], covariance[0]

    def _begin(self, seen: Found) -> None:
        tracks = self.tracks
        mean, covariance = tracks.kalman.initiate(seen.boxes)
        traces = [Trace({self._now: box}, *known) for box, *known in zip(seen.boxes, mean, covariance, strict=True)]
        tracks.add(seen, traces)
        streaks = np.array([trace.streak for trace in tracks.memory], np.intp)
        tracks.confirmed |= (tracks.missed == 0) & ((streaks >= self.settings.min_hits) | (self._now == 1))

    def _links(self) -> list[Link]:
        """What is found is where it was observed."""
        tracks = self.tracks
        boxes = tracks.boxes
        for row in np.flatnonzero(tracks.missed == 0):
            boxes[row] = tracks.memory[row].last()
        return tracks.links(self.labels, boxes)


def directions(before: Array, boxes: Array) -> Array:
    """(n, m, 2): of unit length, from the centres of boxes (n, 4) to those of (m, 4); zero where they are the same."""
    way = (boxes[None, :, :2] + boxes[None, :, 2:] - before[:, None, :2] - before[:, None, 2:]) / 2
    length = np.linalg.norm(way, axis=2, keepdims=True)
    unit: Array = np.divide(way, length, out=np.zeros_like(way), where=length > 0)
    return unit
