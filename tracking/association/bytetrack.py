"""ByteTrack (Zhang et al., 2022, https://arxiv.org/abs/2110.06864): sure detections are linked first, unsure ones may
continue what remains; and what BoT-SORT shares with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tracking.association.assignment import NEVER, assign, overlaps
from tracking.association.columns import Found, Labels, Numbers, Tracks, found
from tracking.association.contract import Link
from tracking.association.kalman import Array, AspectKalman, Kalman
from tracking.association.settings import ByteTrackSettings, frames_of
from tracking.detection import Detection
from tracking.types import Frame

UNSURE_LIMIT = 0.5
"""1 - overlap up to which an unsure detection continues a track."""
TENTATIVE_LIMIT = 0.7
"""The same for a sure detection and a track seen once."""
TWICE = 0.85
"""Overlap beyond which a track and a lost one are the same object."""

Vector = NDArray[np.float32]
Costs = Callable[[Numbers, Found], Array]


class TwoStages:
    """Links by overlap: sure detections with everything believed, then unsure ones with what was found on the frame
    before, then what is left of the sure ones with tracks seen once.

    ``high``, ``low``, ``new``: confidences from which a detection is sure, is looked at, and may begin a track;
    ``limit``: cost up to which sure ones are linked; ``buffer``: frames until a lost track ends; ``fuse``: whether
    overlap is multiplied by confidence.
    """

    def __init__(
        self, kalman: Kalman, *, high: float, low: float, new: float, limit: float, buffer: int, fuse: bool
    ) -> None:
        self.tracks: Tracks[Vector | None] = Tracks(kalman)
        self.labels = Labels()
        self._high, self._low, self._new, self._limit = high, low, new, limit
        self._buffer, self._fuse = buffer, fuse
        self._begun = False

    def update(self, detections: Sequence[Detection], frame: Frame | None = None) -> list[Link]:
        tracks = self.tracks
        everything = found(detections, self.labels)
        sure = everything.take(everything.confidence >= self._high)
        unsure = everything.take((everything.confidence >= self._low) & (everything.confidence < self._high))
        self._rest_lost()
        tracks.predict()
        self._move(everything, frame)
        believed, tentative = np.flatnonzero(tracks.confirmed), np.flatnonzero(~tracks.confirmed)
        missing, free = self._link(believed, sure, np.arange(len(sure)), self._costs, self._limit)
        followed = missing[tracks.missed[missing] == 1]
        self._link(followed, unsure, np.arange(len(unsure)), self._apart, UNSURE_LIMIT)
        _, free = self._link(tentative, sure, free, self._costs, TENTATIVE_LIMIT)
        tracks.confirmed |= (tracks.missed == 0) & (tracks.hits > 1)
        tracks.keep((tracks.missed == 0) | (tracks.confirmed & (tracks.missed <= self._buffer)))
        self._drop_doubles()
        self._begin(sure.take(free))
        return tracks.links(self.labels)

    def _rest_lost(self) -> None:
        """What is lost keeps its size: the velocity of it is mostly what occlusion made of it."""
        self.tracks.mean[self.tracks.missed > 0, 7] = 0

    def _move(self, seen: Found, frame: Frame | None) -> None:
        """Bring tracks to where the camera's motion takes them."""

    def _look(self, known: Vector | None, seen: Vector | None) -> Vector | None:
        """How a track looks, once it was seen again."""
        return None

    def _costs(self, rows: Numbers, seen: Found) -> Array:
        """(rows, seen): what it costs that a track is a sure detection."""
        return self._fused(self._apart(rows, seen), seen)

    def _apart(self, rows: Numbers, seen: Found) -> Array:
        apart = 1 - overlaps(self.tracks.boxes[rows], seen.boxes)
        apart[self.tracks.label[rows][:, None] != seen.label[None]] = NEVER
        return apart

    def _fused(self, apart: Array, seen: Found) -> Array:
        return np.where(apart < NEVER, 1 - (1 - apart) * seen.confidence, NEVER) if self._fuse else apart

    def _link(self, rows: Numbers, seen: Found, free: Numbers, costs: Costs, limit: float) -> tuple[Numbers, Numbers]:
        """Link ``rows`` with the detections ``free``; what is left of both."""
        if not len(rows) or not len(free):
            return rows, free
        matched = assign(costs(rows, seen.take(free)), limit)
        taken, which = rows[matched.rows], free[matched.columns]
        self.tracks.update(taken, seen, which)
        for row, position in zip(taken, which, strict=True):
            self.tracks.memory[row] = self._look(self.tracks.memory[row], seen.appearance[position])
        return rows[matched.free_rows], np.sort(free[matched.free_columns])

    def _drop_doubles(self) -> None:
        """Of a track and a lost one in the same place the younger ends."""
        tracks = self.tracks
        here, lost = np.flatnonzero(tracks.missed == 0), np.flatnonzero(tracks.missed > 0)
        same = overlaps(tracks.boxes[here], tracks.boxes[lost]) > TWICE
        same &= tracks.label[here][:, None] == tracks.label[lost][None]
        a, b = np.nonzero(same)
        older = tracks.age[here[a]] > tracks.age[lost[b]]
        keep = np.ones(len(tracks), np.bool_)
        keep[np.where(older, lost[b], here[a])] = False
        tracks.keep(keep)

    def _begin(self, seen: Found) -> None:
        """New tracks; those of the very first frame are believed at once."""
        new = seen.take(seen.confidence >= self._new)
        self.tracks.add(new, [self._look(None, look) for look in new.appearance])
        if not self._begun:
            self.tracks.confirmed[:] = True
        self._begun = True


class ByteTrack(TwoStages):
    """``rate``: frames a second."""

    def __init__(self, settings: ByteTrackSettings, rate: float) -> None:
        super().__init__(
            AspectKalman(),
            high=settings.track_thresh,
            low=settings.track_low_thresh,
            new=settings.new_track_thresh,
            limit=settings.match_thresh,
            buffer=frames_of(settings.track_buffer, rate),
            fuse=settings.fuse_score,
        )
