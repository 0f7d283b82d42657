"""Identities that two tracks exchanged where they met: each goes on as the other would have. Proposed here, and made by
nobody but a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.association.kalman import Array
from tracking.types import Box

Numbers = NDArray[np.intp]

APART_S = 0.5
"""Two tracks that overlap again after so many seconds meet once more."""
LONGEST_S = 4.0
"""Who stays together longer can't be told by where they go."""
AROUND_S = 1.0
"""Seconds before and after a meeting from which it is taken where tracks go."""
FEWEST = 3
"""Boxes that are needed on each side of it, of both tracks."""
GROWTH = 4.0
"""How many sizes' way a size counts that is e times as large."""
MOTION = np.array([-2.0, 2.0])
"""Log odds of an exchange, of 1 and of by how many sizes the exchanged ways fit better."""
LOOK = (8.0, 3.0)
"""By how much each unit raises the log odds by which the exchanged looks are more alike, and the most it may."""


@dataclass(frozen=True, slots=True)
class Path:
    """Where a track is on every n-th frame. ``frames``: (n,) rising; ``boxes``: (n, 4) px."""

    frames: Numbers
    boxes: Array


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two tracks, by position, overlap on ``first``..``last``."""

    one: int
    other: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """From ``frame`` on each of two tracks, by position, seems to be the other.

    Attributes:
        straight, crossed: how far they are astray as they are, and once exchanged, in their own sizes.
        odds: log odds by motion alone.
        before, after: frame and box of each of the two, before they met and afterwards.
    """

    one: int
    other: int
    frame: int
    straight: float
    crossed: float
    odds: float
    before: tuple[tuple[int, Box], tuple[int, Box]]
    after: tuple[tuple[int, Box], tuple[int, Box]]


def meetings(
    together: Iterator[tuple[int, int, NDArray[np.int32], NDArray[np.float32]]], every: int, rate: float
) -> Iterator[Meeting]:
    """Of each two tracks the stretches on which they overlap. ``together``: both, and the frames, as
    ``tracking.review.pairs.Pairs.together`` gives them, of which each ``every``-th was looked at."""
    apart = max(APART_S * rate, every)
    for one, other, frames, _ in together:
        for part in np.split(frames, np.flatnonzero(np.diff(frames) > apart) + 1):
            if part[-1] - part[0] <= LONGEST_S * rate:
                yield Meeting(one, other, int(part[0]), int(part[-1]))


def exchange(
    met: Meeting,
    path: Callable[[int], Path],
    still: Callable[[Numbers, Array], Array],
    every: int,
    rate: float,
) -> Exchange | None:
    """Whether two tracks exchanged where they met, by where they go; None: too little is seen of one of them.

    Args:
        path: of a track, by position.
        still: boxes as a camera sees them that doesn't move.
    """
    paths = path(met.one), path(met.other)
    around = max(AROUND_S * rate, FEWEST * every)
    before = [_part(one, met.first - around, met.first - 1) for one in paths]
    after = [_part(one, met.last + 1, met.last + around) for one in paths]
    if any(len(one.frames) < FEWEST for one in (*before, *after)):
        return None
    ways = [_Way.of(one, still) for one in (*before, *after)]
    straight = ways[0].to(ways[2]) + ways[1].to(ways[3])
    crossed = ways[0].to(ways[3]) + ways[1].to(ways[2])
    return Exchange(
        met.one,
        met.other,
        _closest(paths, met),
        straight,
        crossed,
        float(MOTION @ (1.0, straight - crossed)),
        (_picture(before[0], -1), _picture(before[1], -1)),
        (_picture(after[0], 0), _picture(after[1], 0)),
    )


def sure(found: Exchange, straight: float | None, crossed: float | None) -> float:
    """In [0, 1]. ``straight``, ``crossed``: summed cosine distances of looks before and after, as the tracks are and
    exchanged; None: not seen."""
    odds = found.odds
    if straight is not None and crossed is not None:
        steep, most = LOOK
        odds += float(np.clip(steep * (straight - crossed), -most, most))
    return float(1 / (1 + np.exp(-odds)))


@dataclass(frozen=True, slots=True)
class _Way:
    """A straight line: at ``time`` (frames) it is at ``centre`` (2,) px with ``speed`` (2,) px per frame."""

    time: float
    centre: Array
    speed: Array
    size: float

    @classmethod
    def of(cls, path: Path, still: Callable[[Numbers, Array], Array]) -> _Way:
        boxes = still(path.frames, path.boxes.astype(np.float64))
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        time = path.frames.mean()
        away = path.frames - time
        speed = (away[:, None] * centres).sum(0) / np.square(away).sum()
        sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
        return cls(float(time), centres.mean(0), speed, float(np.median(np.sqrt(sides.prod(axis=1)))))

    def to(self, later: _Way) -> float:
        """How far ``later`` is from where this one goes, and this from where that came from, in sizes."""
        steps = later.time - self.time
        way = later.centre - self.centre
        astray = (np.linalg.norm(way - speed * steps) for speed in (self.speed, later.speed))
        size = np.sqrt(self.size * later.size)
        return float(np.mean(list(astray)) / size + GROWTH * abs(np.log(later.size / self.size)))


def _part(path: Path, first: float, last: float) -> Path:
    low, high = np.searchsorted(path.frames, [first, last + 1e-9])
    return Path(path.frames[low:high], path.boxes[low:high])


def _picture(path: Path, at: int) -> tuple[int, Box]:
    return int(path.frames[at]), Box(*path.boxes[at].tolist())


def _closest(paths: tuple[Path, Path], met: Meeting) -> int:
    """The frame on which their centres are closest: there an exchange makes the smallest jump."""
    one, other = (_part(path, met.first, met.last) for path in paths)
    frames, left, right = np.intersect1d(one.frames, other.frames, return_indices=True)
    if not len(frames):
        return met.first
    gap = one.boxes[left] - other.boxes[right]
    return int(frames[np.argmin(np.abs(gap[:, :2] + gap[:, 2:]).sum(1))])
