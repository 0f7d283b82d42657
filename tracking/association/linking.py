"""Joins of tracks after a run, which nobody who sees one frame after the other can know: that a track which ended and
one that began later are one object. Joins are proposed here, and made by nobody but a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracking.association.kalman import Array
from tracking.types import Box

Look = NDArray[np.float32] | None

BLOCK = 256
"""Tracks that are compared with all others at once: what bounds the memory."""
STEADY = 8
"""Frames at either end from which a track's speed is taken."""
FREEDOM = 0.5
"""How far an object may be from where it was expected, in box heights, however short it was away;"""
DRIFT = 1.5
"""and how much further for each second."""
ABSENCE = 0.2
"""How much of what speaks against a join is how long the object was away."""
GROWTH = 1.6
"""How many times as high, or as low, a box may be on the other side."""


@dataclass(frozen=True, slots=True)
class Tracklet:
    """One track of a run. ``frames``: (n,) rising, n >= 1, and ``boxes`` on them: (n, 4) corners in px; ``look``: (d,)
    of unit length, the mean of its looks, or None."""

    track: int
    label: str
    frames: NDArray[np.intp]
    boxes: Array
    look: Look = None


@dataclass(frozen=True, slots=True)
class Join:
    """``later`` goes on where ``earlier`` ended. ``gap``: frames between them; ``likeness``: in [0, 1], near 1 where
    it is soon just where it was expected and looks the same; ``ends``: the last box before it and the first after."""

    earlier: int
    later: int
    gap: int
    likeness: float
    ends: tuple[Box, Box]


def propose(tracklets: Sequence[Tracklet], rate: float, *, longest: float = 5.0, look_limit: float = 0.3) -> list[Join]:
    """The most likely joins, the most likely first. A track is continued by one at most, and
    continues one at most; both sides have one label, and no frame in common.

    Args:
        rate: frames a second.
        longest: seconds up to which an object may have been away.
        look_limit: cosine distance beyond which two looks are never one object; where one is missing motion decides.
    """
    if len(tracklets) < 2:
        return []
    costs = np.concatenate([_costs(tracklets, start, rate, longest, look_limit) for start in _blocks(len(tracklets))])
    return [
        Join(
            tracklets[row].track,
            tracklets[column].track,
            int(tracklets[column].frames[0] - tracklets[row].frames[-1]) - 1,
            1 - cost,
            (Box(*tracklets[row].boxes[-1].tolist()), Box(*tracklets[column].boxes[0].tolist())),
        )
        for row, column, cost in _best(costs)
    ]


def _blocks(tracks: int) -> range:
    return range(0, tracks, BLOCK)


def _costs(tracklets: Sequence[Tracklet], start: int, rate: float, longest: float, look_limit: float) -> Array:
    """(k, 3): which of ``tracklets``, ``BLOCK`` of them from ``start`` on, may be continued by which, and what speaks
    against it, in [0, 1]."""
    block = tracklets[start : start + BLOCK]
    ends, starts = _ends(block, last=True), _ends(tracklets, last=False)
    away = starts.frame[None] - ends.frame[:, None]
    possible = (away > 0) & (away <= longest * rate + 1) & _alike_in_size(ends, starts)
    possible &= np.array([one.label for one in block])[:, None] == np.array([one.label for one in tracklets])[None]
    astray = _astray(ends, starts, away, rate)
    unlike = _unlike([one.look for one in block], [one.look for one in tracklets]) / look_limit
    possible &= (astray <= 1) & ~(unlike > 1)
    cost = np.where(np.isnan(unlike), astray, (astray + unlike) / 2)
    cost = (1 - ABSENCE) * cost + ABSENCE * away / (longest * rate + 1)
    rows, columns = np.nonzero(possible)
    return np.column_stack([rows + start, columns, cost[rows, columns]])


def _best(costs: Array) -> Iterator[tuple[int, int, float]]:
    """Of rows (earlier, later, cost) the cheapest, the cheapest first; each track is once at most on either side."""
    earlier: set[int] = set()
    later: set[int] = set()
    for row, column, cost in costs[np.argsort(costs[:, 2], kind="stable")]:
        if row not in earlier and column not in later:
            earlier.add(int(row))
            later.add(int(column))
            yield int(row), int(column), float(cost)


class _Ends(NamedTuple):
    """``frame``: (n,); ``centre`` and ``speed``: (n, 2) px and px per frame; ``height``: (n,) px."""

    frame: NDArray[np.intp]
    centre: Array
    speed: Array
    height: Array


def _ends(tracklets: Sequence[Tracklet], *, last: bool) -> _Ends:
    at, inner = (-1, slice(-STEADY, None)) if last else (0, slice(None, STEADY))
    boxes = np.stack([one.boxes[at] for one in tracklets])
    return _Ends(
        np.array([one.frames[at] for one in tracklets]),
        (boxes[:, :2] + boxes[:, 2:]) / 2,
        np.stack([_speed(one.frames[inner], one.boxes[inner]) for one in tracklets]),
        boxes[:, 3] - boxes[:, 1],
    )


def _speed(frames: NDArray[np.intp], boxes: Array) -> Array:
    """(2,): the slope of the centres, by least squares."""
    if len(frames) < 2:
        return np.zeros(2)
    time = frames - frames.mean()
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    slope: Array = (time[:, None] * (centres - centres.mean(0))).sum(0) / np.square(time).sum()
    return slope


def _astray(ends: _Ends, starts: _Ends, away: NDArray[np.intp], rate: float) -> Array:
    """(n, m): how far a track begins from where another would have gone, by the best of: it went on as before, it came
    as it went on afterwards, it stood still; 1 is as far as that may be."""
    way = starts.centre[None] - ends.centre[:, None]
    steps = away[:, :, None]
    ways = [way - ends.speed[:, None] * steps, way - starts.speed[None] * steps, way]
    off = np.min([np.linalg.norm(one, axis=2) for one in ways], axis=0)
    reach = FREEDOM + DRIFT * np.maximum(away, 0) / rate
    astray: Array = off / (reach * np.minimum(ends.height[:, None], starts.height[None]))
    return astray


def _alike_in_size(ends: _Ends, starts: _Ends) -> NDArray[np.bool_]:
    ratio = ends.height[:, None] / starts.height[None]
    alike: NDArray[np.bool_] = (ratio <= GROWTH) & (ratio >= 1 / GROWTH)
    return alike


def _unlike(looks: Sequence[Look], others: Sequence[Look]) -> Array:
    """(n, m): cosine distances; nan where a look is missing."""
    unlike = np.full((len(looks), len(others)), np.nan)
    rows, columns = ([at for at, look in enumerate(part) if look is not None] for part in (looks, others))
    if rows and columns:
        a, b = (np.stack([look for look in part if look is not None]) for part in (looks, others))
        unlike[np.ix_(rows, columns)] = np.maximum(1 - a @ b.T, 0)
    return unlike
