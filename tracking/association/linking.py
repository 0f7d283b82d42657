"""Joins of tracks after a run, which nobody who sees one frame after the other can know: that a track which ended and
one that began later are one object. Joins are proposed here, and made by nobody but a person.

How sure a join is comes from logistic regressions over tracks of known people, left out one video at a time
(``README.md``), and from how well the alternatives would do: of two that fit as well, neither is sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracking.association.kalman import Array
from tracking.types import Box

Look = NDArray[np.float32] | None
Numbers = NDArray[np.intp]

AT_ONCE = 500_000
"""Pairs of tracks that are compared at once: what bounds the memory."""
NEAR_S = 0.5
"""Seconds at either end from which a track's speed and size are taken, and at least ``FEWEST`` of its frames."""
FEWEST = 4
MOST_ROWS = 64
"""Of each end at most so many boxes are looked at: whoever has longer tracks may leave out what lies between."""
UNSURE = 2.0
"""A speed that is taken from so many frames counts for half: boxes of a detector jump about."""
FREEDOM = 1.5
"""How far an object may be from where it was expected, in its own sizes, however short it was away;"""
DRIFT = 2.5
"""and how much further for each second."""
GROWTH = 2.0
"""How many times as large, or as small, a box may be on the other side."""
MOTION = np.array([2.1, -1.8, -1.7, -5.5])
"""Log odds that two ends are one object, of 1, ln(1 + best error), ln(1 + worst error), |ln(growth)|; how long it was
away said nothing beside these."""
LOOK = (0.2, 8.0, 1.5)
"""Of looks: the distance that says nothing, by how much each unit below it raises the log odds, and the most it may."""


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
    """``later`` goes on where ``earlier`` ended.

    Attributes:
        gap: frames between them.
        sure: in [0, 1], how likely that is.
        ends: the last frame and box before the gap, and the first ones after it.
        astray: how far it begins from where it was expected, in its own sizes.
        growth: how many times as large it is afterwards.
        unlike: cosine distance of the looks; None: they weren't seen.
        rival: of the tracks that could be there instead of one of the two, the likeliest, and how likely; None: none.
    """

    earlier: int
    later: int
    gap: int
    sure: float
    ends: tuple[tuple[int, Box], tuple[int, Box]]
    astray: float
    growth: float
    unlike: float | None = None
    rival: tuple[int, float] | None = None


class Candidates(NamedTuple):
    """Ends and beginnings that motion allows to be one object. ``earlier``, ``later``: (p,) positions of tracks;
    ``gap``: (p,) frames between; ``astray``: (p,) sizes; ``growth``: (p,); ``odds``: (p,) log odds by motion alone."""

    earlier: Numbers
    later: Numbers
    gap: Numbers
    astray: Array
    growth: Array
    odds: Array


def propose(tracklets: Sequence[Tracklet], rate: float, *, longest: float = 5.0, least: float = 0.5) -> list[Join]:
    """The likely joins, the surest first; where both have a ``look``, it is heard.

    Args:
        rate: frames a second.
        longest: seconds up to which an object may have been away.
        least: how sure a join is at least, in [0, 1].
    """
    found = candidates(tracklets, rate, longest=longest)
    return choose(tracklets, found, unlike(tracklets, found), least=least)


def candidates(tracklets: Sequence[Tracklet], rate: float, *, longest: float = 5.0) -> Candidates:
    """Which tracks may go on as which, by where, how fast and how large they end and begin, by label and by time."""
    parts = list(_compared(tracklets, rate, longest))
    columns = [np.concatenate(several) for several in zip(*parts, strict=True)] if parts else []
    if not columns:
        none, nothing = np.empty(0, np.intp), np.empty(0)
        return Candidates(none, none, none, nothing, nothing, nothing)
    return Candidates(*columns)


def choose(
    tracklets: Sequence[Tracklet], found: Candidates, unlike: Array | None = None, *, least: float = 0.5
) -> list[Join]:
    """Of what may be, the surest. A track is continued by one at most, and continues one at most.

    Args:
        unlike: (p,) cosine distances of looks; nan, or None: unknown, and motion decides.
        least: how sure a join is at least, in [0, 1].
    """
    unlike = np.full(len(found.odds), np.nan) if unlike is None else unlike
    sure = shares(found, found.odds + heard(unlike), len(tracklets))
    order = np.argsort(-sure, kind="stable")
    gone: set[int] = set()
    taken: set[int] = set()
    joins = []
    for at in order[sure[order] >= least].tolist():
        row, column = int(found.earlier[at]), int(found.later[at])
        if row in gone or column in taken:
            continue
        gone.add(row)
        taken.add(column)
        joins.append(_join(tracklets, found, at, sure, unlike))
    return joins


def unlike(tracklets: Sequence[Tracklet], found: Candidates) -> Array:
    """(p,): the cosine distances of the looks of candidates; nan where one is missing."""
    known = [one.look for one in tracklets if one.look is not None]
    if not known:
        return np.full(len(found.odds), np.nan)
    empty = np.full(len(known[0]), np.nan, np.float32)
    looks = np.stack([empty if one.look is None else one.look for one in tracklets])
    distances: Array = np.maximum(1 - np.einsum("pd,pd->p", looks[found.earlier], looks[found.later]), 0)
    return distances.astype(np.float64)


def heard(unlike: Array) -> Array:
    """(p,): what looks add to the log odds; nothing where they are unknown."""
    middle, steep, most = LOOK
    return np.where(np.isnan(unlike), 0.0, np.clip(steep * (middle - unlike), -2 * most, most))


def shares(found: Candidates, odds: Array, tracks: int) -> Array:
    """(p,) in [0, 1]: how likely each is, given that an end goes on as one track or as none, and likewise backwards."""
    weights = np.exp(np.clip(odds, -30, 30))
    onwards = 1 + np.bincount(found.earlier, weights, tracks)
    backwards = 1 + np.bincount(found.later, weights, tracks)
    likely: Array = weights / np.maximum(onwards[found.earlier], backwards[found.later])
    return likely


def _join(tracklets: Sequence[Tracklet], found: Candidates, at: int, sure: Array, unlike: Array) -> Join:
    row, column = found.earlier[at], found.later[at]
    earlier, later = tracklets[row], tracklets[column]
    others = np.flatnonzero((found.earlier == row) ^ (found.later == column))
    best = others[np.argmax(sure[others])] if len(others) else None
    rival = None
    if best is not None:
        position = found.later[best] if found.earlier[best] == row else found.earlier[best]
        rival = (tracklets[position].track, float(sure[best]))
    return Join(
        earlier.track,
        later.track,
        int(found.gap[at]),
        float(sure[at]),
        (
            (int(earlier.frames[-1]), Box(*earlier.boxes[-1].tolist())),
            (int(later.frames[0]), Box(*later.boxes[0].tolist())),
        ),
        float(found.astray[at]),
        float(found.growth[at]),
        None if np.isnan(unlike[at]) else float(unlike[at]),
        rival,
    )


def _compared(tracklets: Sequence[Tracklet], rate: float, longest: float) -> Iterator[Candidates]:
    if len(tracklets) < 2:
        return
    ends, starts = _ends(tracklets, rate, last=True), _ends(tracklets, rate, last=False)
    names = {label: number for number, label in enumerate(dict.fromkeys(one.label for one in tracklets))}
    labels = np.array([names[one.label] for one in tracklets])
    by_start = np.argsort(starts.frame, kind="stable")
    sorted_starts = starts.frame[by_start]
    low = np.searchsorted(sorted_starts, ends.frame, side="right")
    high = np.searchsorted(sorted_starts, ends.frame + 1 + int(longest * rate), side="right")
    for first, last in _parts(high - low):
        counts = (high - low)[first:last]
        rows = np.repeat(np.arange(first, last), counts)
        columns = by_start[np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts - low[first:last], counts)]
        same = labels[rows] == labels[columns]
        yield _judged(ends, starts, rows[same], columns[same], rate)


def _parts(counts: Numbers) -> Iterator[tuple[int, int]]:
    """Ranges of rows that have ``AT_ONCE`` pairs or so."""
    reached = np.cumsum(counts) // AT_ONCE
    edges = [0, *(np.flatnonzero(np.diff(reached)) + 1).tolist(), len(counts)]
    yield from ((first, last) for first, last in pairwise(edges) if last > first)


def _judged(ends: _Ends, starts: _Ends, rows: Numbers, columns: Numbers, rate: float) -> Candidates:
    """Of pairs (n,) of ends and beginnings those that may be one object, and what speaks for it."""
    steps = starts.frame[columns] - ends.frame[rows]
    size = np.sqrt(ends.size[rows] * starts.size[columns])
    growth = starts.size[columns] / ends.size[rows]
    astray, worst = _astray(ends, starts, rows, columns, steps, size)
    seconds = (steps - 1) / rate
    possible = (astray <= FREEDOM + DRIFT * seconds) & (np.abs(np.log(growth)) <= np.log(GROWTH))
    features = np.stack(
        [
            np.ones(len(rows)),
            np.log1p(astray),
            np.log1p(worst),
            np.abs(np.log(growth)),
        ],
        axis=1,
    )
    found = Candidates(rows, columns, steps - 1, astray, growth, features @ MOTION)
    return Candidates(*(column[possible] for column in found))


class _Ends(NamedTuple):
    """``frame``: (n,); ``centre`` and ``speed``: (n, 2) px and px per frame; ``size``: (n,) px."""

    frame: Numbers
    centre: Array
    speed: Array
    size: Array


def _ends(tracklets: Sequence[Tracklet], rate: float, *, last: bool) -> _Ends:
    told = [_end(one, rate, last=last) for one in tracklets]
    return _Ends(*(np.array(column) for column in zip(*told, strict=True)))


def _end(one: Tracklet, rate: float, *, last: bool) -> tuple[int, Array, Array, float]:
    frames, boxes = (one.frames[-MOST_ROWS:], one.boxes[-MOST_ROWS:]) if last else (one.frames, one.boxes)
    frame = int(frames[-1 if last else 0])
    near = np.abs(frames[:MOST_ROWS] - frame) <= NEAR_S * rate
    count = max(int(near.sum()), FEWEST)
    inner = slice(-count, None) if last else slice(None, count)
    frames, boxes = frames[inner], boxes[inner].astype(np.float64)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
    speed, centre = _line(frames - frame, centres)
    return frame, centre, speed, float(np.median(np.sqrt(sides.prod(axis=1))))


def _line(times: Numbers, centres: Array) -> tuple[Array, Array]:
    """Speed and place at time 0 of centres (n, 2), by least squares; a speed from few frames counts less."""
    if len(times) < 2:
        return np.zeros(2), centres.mean(0)
    middle = times.mean()
    away = times - middle
    speed: Array = (away[:, None] * (centres - centres.mean(0))).sum(0) / np.square(away).sum()
    speed *= len(times) / (len(times) + UNSURE)
    return speed, centres.mean(0) - middle * speed


def _astray(
    ends: _Ends, starts: _Ends, rows: Numbers, columns: Numbers, steps: Numbers, size: Array
) -> tuple[Array, Array]:
    """(n,) each, in sizes: how far tracks begin from where others would have gone, by the best of: it went on as
    before, it came as it went on afterwards, it stood still; and by the worse of the first two."""
    way = starts.centre[columns] - ends.centre[rows]
    ways = (way - ends.speed[rows] * steps[:, None], way - starts.speed[columns] * steps[:, None], way)
    onwards, backwards, still = (np.hypot(one[:, 0], one[:, 1]) / size for one in ways)
    best: Array = np.minimum(np.minimum(onwards, backwards), still)
    worst: Array = np.maximum(onwards, backwards)
    return best, worst


def chained(tracklets: Sequence[Tracklet], followers: Mapping[int, int]) -> list[Tracklet]:
    """The tracks once joins are made. ``followers``: by track, which one goes on where it ended. Each has the number of
    its earliest part, and boxes on the frames between the parts, which move in a straight line."""
    known = {one.track: one for one in tracklets}
    later = set(followers.values())
    return [_chained(known, followers, track) for track in known if track not in later]


def _chained(known: Mapping[int, Tracklet], followers: Mapping[int, int], track: int) -> Tracklet:
    parts = [known[track]]
    while (after := followers.get(parts[-1].track)) is not None:
        parts.append(known[after])
    if len(parts) == 1:
        return parts[0]
    frames, boxes = (np.concatenate(column) for column in zip(*((one.frames, one.boxes) for one in parts), strict=True))
    edges = [one.frames[[0, -1]] for one in parts]
    gaps = [np.arange(before[1] + 1, after[0]) for before, after in pairwise(edges)]
    between = np.concatenate(gaps)
    filled = np.stack([np.interp(between, frames, side) for side in boxes.T], axis=1)
    every = np.concatenate([frames, between])
    order = np.argsort(every, kind="stable")
    return replace(parts[0], frames=every[order], boxes=np.concatenate([boxes, filled])[order])
