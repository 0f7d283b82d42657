"""BoT-SORT (Aharon, Orfaig, Bobrovsky, 2022, https://arxiv.org/abs/2206.14651): ByteTrack's way, with width and height
in the filter, the camera's motion taken out, and looks that may speak for a pair that overlaps."""

from __future__ import annotations

import numpy as np

from tracking.association.assignment import NEVER
from tracking.association.bytetrack import TwoStages, Vector
from tracking.association.camera import CameraMotion
from tracking.association.columns import Found, Numbers
from tracking.association.kalman import Array, SizeKalman
from tracking.association.settings import BotSortSettings, frames_of
from tracking.types import Frame

SMOOTHING = 0.9
"""How much of a track's look stays when it is seen again."""


class BotSort(TwoStages):
    """``rate``: frames a second."""

    def __init__(self, settings: BotSortSettings, rate: float) -> None:
        super().__init__(
            SizeKalman(),
            high=settings.track_high_thresh,
            low=settings.track_low_thresh,
            new=settings.new_track_thresh,
            limit=settings.match_thresh,
            buffer=frames_of(settings.track_buffer, rate),
            fuse=settings.fuse_score,
        )
        self._settings = settings
        self._camera = CameraMotion(settings.cmc_method)

    def _rest_lost(self) -> None:
        self.tracks.mean[self.tracks.missed > 0, 6:8] = 0

    def _move(self, seen: Found, frame: Frame | None) -> None:
        """Turn, scale and shift states; a box that stands upright stays so, and is scaled alone."""
        motion = self._camera.step(frame, seen.boxes)
        turn, shift = motion[:, :2], motion[:, 2]
        scale = np.sqrt(abs(np.linalg.det(turn))) * np.eye(2)
        whole = np.zeros((8, 8))
        for start, part in ((0, turn), (2, scale), (4, turn), (6, scale)):
            whole[start : start + 2, start : start + 2] = part
        tracks = self.tracks
        tracks.mean = tracks.mean @ whole.T
        tracks.mean[:, :2] += shift
        tracks.covariance = whole @ tracks.covariance @ whole.T

    def _look(self, known: Vector | None, seen: Vector | None) -> Vector | None:
        if known is None or seen is None or known.shape != seen.shape:
            return known if seen is None else seen
        mixed = SMOOTHING * known + (1 - SMOOTHING) * seen
        length = np.linalg.norm(mixed)
        return np.asarray(mixed / length, np.float32) if length > 0 else seen

    def _costs(self, rows: Numbers, seen: Found) -> Array:
        apart = self._apart(rows, seen)
        costs = self._fused(apart, seen)
        if not self._settings.with_reid:
            return costs
        looks = self._looks_apart(rows, seen) / 2
        looks[(looks > self._settings.appearance_thresh) | (apart > self._settings.proximity_thresh)] = NEVER
        return np.minimum(costs, looks)

    def _looks_apart(self, rows: Numbers, seen: Found) -> Array:
        """(rows, seen): cosine distances; NEVER where a look is missing, and motion decides alone."""
        apart = np.full((len(rows), len(seen)), NEVER)
        known = [(at, look) for at, row in enumerate(rows) if (look := self.tracks.memory[row]) is not None]
        new = [(at, look) for at, look in enumerate(seen.appearance) if look is not None]
        if known and new:
            at, looks = zip(*known, strict=True)
            columns, others = zip(*new, strict=True)
            apart[np.ix_(at, columns)] = np.maximum(1 - np.stack(looks) @ np.stack(others).T, 0)
        return apart
