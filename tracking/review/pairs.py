"""Which objects overlap which others, on every n-th frame: found by a sweep over all frames at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tracking.review.layer import Track

MOST_SAMPLES = 500_000
"""Boxes that are compared; of larger layers every second frame, every third, …"""
LEAST_OVERLAP = 0.3
"""IoU from which two objects count as a pair."""
MOST_NEIGHBOURS = 128
"""In a crowd, each box is compared with so many others of its frame, those next to its left side."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """``first``, ``second``: (p,) positions of tracks, the lower one first; ``frames``: (p,); ``overlap``: (p,) IoU, at
    least ``LEAST_OVERLAP``; ``every``: only each so-many-th frame was looked at."""

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    frames: NDArray[np.int32]
    overlap: NDArray[np.float32]
    every: int

    def together(self, least: float) -> Iterator[tuple[int, int, NDArray[np.int32], NDArray[np.float32]]]:
        """Each two tracks that overlap by ``least`` somewhere: both, the frames in rising order, and by how much."""
        found = self.at_least(least)
        edges = np.flatnonzero((np.diff(found.first) != 0) | (np.diff(found.second) != 0)) + 1
        starts = [0, *edges.tolist(), len(found.first)] if len(found.first) else [0]
        for start, end in pairwise(starts):
            first, second = int(found.first[start]), int(found.second[start])
            yield first, second, found.frames[start:end], found.overlap[start:end]

    def at_least(self, least: float) -> Pairs:
        """Those that overlap by ``least``, by first track, second track and frame."""
        chosen = np.flatnonzero(self.overlap >= least)
        first, second, frames = self.first[chosen], self.second[chosen], self.frames[chosen]
        order = np.lexsort((frames, second, first))
        return Pairs(first[order], second[order], frames[order], self.overlap[chosen][order], self.every)


@dataclass
class Samples:
    """Where each track is on every n-th frame, at most ``most`` times. Tracks come one after the other; no more is kept
    of them."""

    every: int = 1
    most: int = MOST_SAMPLES
    count: int = 0
    _tracks: list[NDArray[np.int32]] = field(default_factory=list)
    _frames: list[NDArray[np.int32]] = field(default_factory=list)
    _boxes: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, position: int, track: Track) -> None:
        self.add_shown(position, *between(track, self.every))

    def add_shown(self, position: int, frames: NDArray[np.int64], boxes: NDArray[np.float32]) -> None:
        """Where a track is: (m,) multiples of ``every``, rising, and (m, 4) px."""
        self._tracks.append(np.full(len(frames), position, np.int32))
        self._frames.append(frames.astype(np.int32))
        self._boxes.append(boxes)
        self.count += len(frames)
        while self.count > self.most:
            self._thin()

    def columns(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
        """Positions of tracks (m,), frames (m,) and boxes (m, 4) px of all that is kept, in the order of coming."""
        if not self._tracks:
            nothing = np.zeros(0, np.int32)
            return nothing, nothing, np.zeros((0, 4), np.float32)
        return np.concatenate(self._tracks), np.concatenate(self._frames), np.concatenate(self._boxes)

    def _thin(self) -> None:
        """Keep every second of the frames that are looked at."""
        self.every *= 2
        keep = [frames % self.every == 0 for frames in self._frames]
        for columns in (self._tracks, self._frames, self._boxes):
            columns[:] = [column[kept] for column, kept in zip(columns, keep, strict=True)]
        self.count = sum(map(len, self._frames))

    def pairs(self, groups: Sequence[int]) -> Pairs:
        """``groups``: by position, of what label a track is; only tracks of one are compared."""
        if not self._tracks:
            nothing = np.zeros(0, np.int32)
            return Pairs(nothing, nothing, nothing, np.zeros(0, np.float32), self.every)
        tracks, frames, boxes = self.columns()
        group = np.asarray(groups, np.int32)[tracks]
        order = np.lexsort((boxes[:, 0], group, frames))
        tracks, frames, boxes, group = tracks[order], frames[order], boxes[order], group[order]
        found = list(_sweep(frames, group, boxes))
        left = np.concatenate([each[0] for each in found] or [np.zeros(0, np.int64)])
        right = np.concatenate([each[1] for each in found] or [np.zeros(0, np.int64)])
        overlap = np.concatenate([each[2] for each in found] or [np.zeros(0, np.float32)])
        low, high = np.minimum(tracks[left], tracks[right]), np.maximum(tracks[left], tracks[right])
        return Pairs(low, high, frames[left], overlap, self.every)


def _sweep(
    frames: NDArray[np.int32], group: NDArray[np.int32], boxes: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
    """Boxes sorted by frame, group and left side: each is compared with the next one, the one after it, … until that
    begins behind its right side."""
    left, top, right, bottom = (np.ascontiguousarray(side) for side in boxes.T)
    ends = np.flatnonzero((np.diff(frames) != 0) | (np.diff(group) != 0)) + 1
    # Of each box, behind the last one of its frame and group.
    end = np.repeat([*ends, len(frames)], np.diff([0, *ends, len(frames)]))
    live = np.arange(len(frames))
    for ahead in range(1, MOST_NEIGHBOURS + 1):
        live = live[live + ahead < end[live]]
        live = live[left[live + ahead] < right[live]]
        if not len(live):
            return
        # In a crowd most of those beside each other lie above each other.
        meet = live[(top[live] < bottom[live + ahead]) & (top[live + ahead] < bottom[live])]
        overlap = _overlap(boxes[meet], boxes[meet + ahead])
        kept = overlap >= LEAST_OVERLAP
        yield meet[kept], meet[kept] + ahead, overlap[kept]


def _overlap(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(m,) IoU of boxes (m, 4)."""
    shared = np.maximum(np.minimum(ours[:, 2:], theirs[:, 2:]) - np.maximum(ours[:, :2], theirs[:, :2]), 0)
    inside = shared[:, 0] * shared[:, 1]
    sides, others = ours[:, 2:] - ours[:, :2], theirs[:, 2:] - theirs[:, :2]
    both = sides[:, 0] * sides[:, 1] + others[:, 0] * others[:, 1] - inside
    found: NDArray[np.float32] = np.where(both > 0, inside / np.maximum(both, 1e-6), 0).astype(np.float32)
    return found


def between(track: Track, every: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The bounds that a track shows on frames that are multiples of ``every``, between its rows by straight lines.

    Returns:
        (m,) frames and (m, 4) px.
    """
    frames = track.rows.frames
    if not len(frames) or not track.shown.any():
        return np.zeros(0, np.int64), np.zeros((0, 4), np.float32)
    wanted = np.arange(-(-int(frames[0]) // every) * every, int(frames[-1]) + 1, every)
    row = np.searchsorted(frames, wanted, side="right") - 1
    wanted, row = wanted[track.shown[row]], row[track.shown[row]]
    after = np.minimum(row + 1, len(frames) - 1)
    after = np.where(track.shown[after], after, row)
    length = np.maximum(frames[after] - frames[row], 1)
    share = ((wanted - frames[row]) / length).astype(np.float32)[:, None]
    bounds = track.rows.bounds
    return wanted, (bounds[row] * (1 - share) + bounds[after] * share).astype(np.float32)
