"""DeepSORT (Wojke, Bewley, Paulus, 2017, https://arxiv.org/abs/1703.07402): who was seen last chooses first, by looks
among what motion allows; what remains is linked by overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.association.assignment import NEVER, assign, intersections, overlaps
from tracking.association.columns import Found, Labels, Numbers, Tracks, found
from tracking.association.contract import Link
from tracking.association.kalman import CHI2_95, Array, AspectKalman
from tracking.association.settings import DeepSortSettings, frames_of
from tracking.detection import Detection
from tracking.types import Frame

Vectors = NDArray[np.float32]


@dataclass(slots=True)
class Gallery:
    """How a track looked. ``vectors``: (k, d), oldest first, of a believed track; ``waiting``: what comes to them once
    it is believed."""

    vectors: Vectors | None
    waiting: list[Vectors]

    def settle(self, budget: int | None) -> None:
        """Take over what waits, and keep the newest."""
        if not self.waiting:
            return
        known = [] if self.vectors is None else [self.vectors]
        vectors = np.concatenate([*known, np.stack(self.waiting)])
        self.vectors = vectors if budget is None else vectors[-budget:]
        self.waiting = []


class DeepSort:
    """``rate``: frames a second."""

    def __init__(self, settings: DeepSortSettings, rate: float) -> None:
        self.settings = settings
        self.max_age = frames_of(settings.max_age, rate)
        self.tracks: Tracks[Gallery] = Tracks(AspectKalman())
        self.labels = Labels()

    def update(self, detections: Sequence[Detection], frame: Frame | None = None) -> list[Link]:
        seen = self._worth_it(found(detections, self.labels))
        tracks = self.tracks
        tracks.predict()
        rows, which, free = self._match(seen)
        tracks.update(rows, seen, which)
        for row, position in zip(rows, which, strict=True):
            tracks.memory[row].waiting += _known(seen.appearance[position])
        tracks.confirmed |= (tracks.hits >= self.settings.n_init) & (tracks.hits > 1) & (tracks.missed == 0)
        tracks.keep((tracks.missed == 0) | (tracks.confirmed & (tracks.missed <= self.max_age)))
        new = seen.take(free)
        tracks.add(new, [Gallery(None, _known(look)) for look in new.appearance])
        for row in np.flatnonzero(tracks.confirmed):
            tracks.memory[row].settle(self.settings.nn_budget)
        return tracks.links(self.labels)

    def _worth_it(self, seen: Found) -> Found:
        """What is high and sure enough, and hidden by nothing surer; the surest first."""
        height = seen.boxes[:, 3] - seen.boxes[:, 1]
        good = (height >= self.settings.min_detection_height) & (seen.confidence >= self.settings.min_confidence)
        seen = seen.take(good)
        return seen.take(suppressed(seen.boxes, seen.confidence, self.settings.nms_max_overlap))

    def _match(self, seen: Found) -> tuple[Numbers, Numbers, Numbers]:
        """Rows of tracks, which detections they are, and the detections that are nobody's, in the order in which the
        last assignment left them: it decides on the numbers of new tracks."""
        tracks = self.tracks
        rows, which = [], []
        free = np.arange(len(seen))
        cost = self._costs(seen)
        for level in range(1, self.max_age + 1):
            if not len(free):
                break
            level_rows = np.flatnonzero(tracks.confirmed & (tracks.missed == level))
            if not len(level_rows):
                continue
            matched = assign(cost[np.ix_(level_rows, free)], self.settings.max_cosine_distance)
            rows.append(level_rows[matched.rows])
            which.append(free[matched.columns])
            free = free[matched.free_columns]
        missing = np.ones(len(tracks), np.bool_)
        missing[np.concatenate([*rows, np.empty(0, np.intp)])] = False
        near = np.concatenate(
            [np.flatnonzero(~tracks.confirmed), np.flatnonzero(tracks.confirmed & missing & (tracks.missed == 1))]
        )
        apart = 1 - overlaps(tracks.boxes[near], seen.boxes[free])
        apart[tracks.label[near][:, None] != seen.label[free][None]] = NEVER
        matched = assign(apart, self.settings.max_iou_distance)
        rows.append(near[matched.rows])
        which.append(free[matched.columns])
        return np.concatenate(rows), np.concatenate(which), free[matched.free_columns]

    def _costs(self, seen: Found) -> Array:
        """(tracks, detections): how different believed tracks look from detections where they can be. Where a look is
        missing on either side motion decides: what doesn't overlap is out, and what does costs a share of the limit."""
        tracks, settings = self.tracks, self.settings
        cost = np.full((len(tracks), len(seen)), NEVER)
        believed = np.flatnonzero(tracks.confirmed)
        if not len(believed) or not len(seen):
            return cost
        gate = tracks.kalman.distances(tracks.mean[believed], tracks.covariance[believed], seen.boxes) <= CHI2_95
        gate &= tracks.label[believed][:, None] == seen.label[None]
        apart = 1 - overlaps(tracks.boxes[believed], seen.boxes)
        by_motion = np.where(
            apart <= settings.max_iou_distance,
            apart * settings.max_cosine_distance / max(settings.max_iou_distance, 1e-9),
            NEVER,
        )
        looks = [row for row, look in enumerate(seen.appearance) if look is not None]
        vectors = np.stack([look for look in seen.appearance if look is not None]) if looks else None
        known = np.asarray(looks, np.intp)
        for row, possible, motion in zip(believed, gate, by_motion, strict=True):
            gallery = tracks.memory[row].vectors
            cost[row, possible] = motion[possible]
            if gallery is None or vectors is None:
                continue
            wanted = np.flatnonzero(possible[known])
            if len(wanted):
                cost[row, known[wanted]] = nearest(gallery, vectors[wanted], settings.metric)
        return cost


def nearest(gallery: Vectors, vectors: Vectors, metric: str) -> Array:
    """(k,): how far each of ``vectors`` (k, d) is from the nearest in ``gallery`` (n, d), all of unit length: 1 - their
    cosine, or the squared distance of the two."""
    if metric == "cosine":
        return np.asarray((1 - gallery @ vectors.T).min(axis=0), np.float64)
    squares = np.square(gallery).sum(1)[:, None] + np.square(vectors).sum(1)[None] - 2 * gallery @ vectors.T
    return np.asarray(np.maximum(squares, 0).min(axis=0), np.float64)


def suppressed(boxes: Array, confidence: Array, limit: float) -> Numbers:
    """Rows of those ``boxes`` (n, 4) that no surer one covers by more than ``limit`` of their area, the surest first.
    Both areas count the pixels that a box begins and ends in."""
    order = np.argsort(confidence)[::-1]
    if limit >= 1:
        return order
    pixels = boxes + np.array([0.0, 0.0, 1.0, 1.0])
    covered = intersections(pixels, pixels) / (pixels[:, 2:] - pixels[:, :2]).prod(axis=1)
    kept: list[int] = []
    for row in order:
        if not len(kept) or (covered[kept, row] <= limit).all():
            kept.append(int(row))
    return np.asarray(kept, np.intp)


def _known(look: Vectors | None) -> list[Vectors]:
    return [] if look is None else [look]
