"""Signs that a machine's row is wrong, and what each of them weighs.

The chance of a row being wrong is that of a logistic regression (Cox, *The Regression Analysis of Binary Sequences*,
1958): the log-odds of a row of which nothing is unusual, and the evidence of each sign on top. So a sign's evidence
says by how much it counts, and those that count most are the reasons that people read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.review.layer import Facts, Track, sampled
from tracking.review.rules.jump import jumps, leaps
from tracking.review.rules.static import stills
from tracking.shapes.chunks import Flag

USUAL = -3.8
"""Log-odds of a row being wrong of which nothing is unusual."""
AHEAD, GROWN, SHAKY, ASTRAY, SMALL, EDGE = 1.2, 3.6, 4.1, 0.4, 1.3, 0.5
"""Fitted by `scripts/judge-queue` to what two trackers made of 41 clips with ground truth."""
FITTED = slice(1, 7)
"""Which of the signs, in the order of ``measured``, these are."""
SHORT, JUMPED, LEAPT, SEAM, STILL, ENDS = 3.0, 0.5, 0.5, 2.0, 3.6, 1.0
"""Set, the others being fitted beside ``SHORT``: whatever else is right, people want to see where a tracker was lost;
of the rest those clips show little."""
MET, UNSEEN = 2.0, 0.3
"""Set too: those clips have one run each, and nobody saw anything. What nobody saw is no likelier to be wrong by
itself, but nobody can have put it right."""
LOOKS = 2.0
"""Set likewise; unlikeness of ``ALIKE`` (a Hellinger distance, squared) says nothing, from ``STRANGE`` on all."""
ALIKE, STRANGE = 0.1, 0.3
NOBODY_SAW = "Nobody has had it on screen yet."
FITS, MISSES = 0.75, 0.5
"""Overlap of two neighbouring rows (IoU) from which they fit together, and below which they don't at all."""
SMOOTHED = 5
"""Rows over which confidence is averaged."""
SMALL_PX = 32.0
MEETS_S = 0.2
"""Rows of two runs meet with so little between them."""
AS_LONG_AS = 0.2
"""The part of a stretch, from a person's shape on, in which both ways have to agree."""

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sign:
    """``evidence``: (n,) log-odds, 0 where nothing is unusual; ``words`` say what is unusual where it is ``told`` or
    more."""

    words: str
    evidence: Values
    told: float


def chance_of(signs: Sequence[Sign], count: int) -> Values:
    """(count,): of each row being wrong, in [0, 1]."""
    odds = np.full(count, USUAL, np.float32)
    for sign in signs:
        odds += sign.evidence
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def signs_of(track: Track, facts: Facts) -> Iterator[Sign]:
    """Everything that is unusual of a track."""
    for (words, weight, values), least in zip(measured(track, facts), TOLD, strict=True):
        if values.any():
            yield Sign(words, np.float32(weight) * values, weight * least)


def look_sign(unlike: Values) -> Sign:
    """Of how unlike its looks are to those of the shape that a person drew before it, (n,) in [0, 1]."""
    strange = np.clip((unlike - ALIKE) / (STRANGE - ALIKE), 0, 1).astype(np.float32)
    return Sign("It looks unlike what was drawn.", np.float32(LOOKS) * strange, LOOKS * 0.3)


TOLD = (0.05, 0.2, 0.35, 0.1, 0.3, 0.3, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.5)
"""By sign, how strong it is at least where it is worth a word."""


def measured(track: Track, facts: Facts) -> Iterator[tuple[str, float, Values]]:
    """The words of each sign, its weight, and (n,) how strong it is: about 0 to 1."""
    parts = Parts.of(track)
    short = _short(track)
    yield "The tracker's confidence is low for this track.", SHORT, np.clip((short - 0.2) / 0.5, 0, 1)
    yield "From here on the tracker's confidence stays low.", AHEAD, parts.mean_ahead(short)
    yield "Its size or shape is far from what it began with, or was corrected to.", GROWN, _grown(track, parts)
    yield "It moves unsteadily.", SHAKY, _shaky(track)
    yield "It is marked as doubtful soon after it began or was corrected.", ASTRAY, _astray(track, parts)
    yield "It is very small.", SMALL, np.clip(np.log(SMALL_PX / track.sizes), 0, 2).astype(np.float32)
    yield "It lies on the picture's edge.", EDGE, _at_edge(track, facts)
    yield "It jumped before.", JUMPED, parts.since(track.steps[jumps(track)] + 1)
    yield "Its size changed at once before.", LEAPT, parts.since(track.steps[leaps(track)] + 1)
    yield "The tracker arrives elsewhere than where a person drew it.", SEAM, _seams(track, facts)
    yield "It doesn't move at all.", STILL, _still(track, facts)
    yield "It begins or ends inside the picture.", ENDS, _ends(track, facts)
    yield "The results of two runs meet here, and don't fit together.", MET, _meetings(track, facts)
    yield NOBODY_SAW, UNSEEN, _unseen(track)


@dataclass(frozen=True, slots=True)
class Parts:
    """A track from each of a person's shapes to the next. ``starts``, ``ends``: (p,) rows, the latter behind the last;
    ``part``: (n,) which one a row belongs to; ``drawn``: (n,) the row of the person's shape before it, or the first."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    part: NDArray[np.int64]
    drawn: NDArray[np.int64]

    @classmethod
    def of(cls, track: Track) -> Parts:
        keyframe = (track.rows.flags & int(Flag.KEYFRAME)) != 0
        starts = np.flatnonzero(keyframe)
        if not len(starts) or starts[0] != 0:
            starts = np.concatenate([[0], starts])
        ends = np.append(starts[1:], len(track))
        part = np.repeat(np.arange(len(starts)), ends - starts)
        shown = keyframe & track.shown
        drawn = np.maximum.accumulate(np.where(shown, np.arange(len(track)), 0))
        return cls(starts, ends, part, drawn)

    def mean_ahead(self, values: Values) -> Values:
        """(n,): their mean from each row to the end of its part."""
        sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
        end = self.ends[self.part]
        rows = np.arange(len(values))
        return np.asarray((sums[end] - sums[rows]) / (end - rows), np.float32)

    def since(self, rows: NDArray[np.int64]) -> Values:
        """(n,): 1 from each of ``rows`` on to the end of its part."""
        found = np.zeros(len(self.part), np.float32)
        if len(rows):
            first = np.full(len(self.starts), len(self.part))
            np.minimum.at(first, self.part[rows], rows)
            found[np.arange(len(self.part)) >= first[self.part]] = 1
        return found


def _short(track: Track) -> Values:
    """By which part the averaged confidence lies below what is usual for the track."""
    confidence = track.rows.confidence.astype(np.float32)
    usual = float(np.percentile(sampled(confidence[track.predicted]), 75))
    if usual <= 0:
        return np.zeros(len(track), np.float32)
    half = SMOOTHED // 2
    padded = np.pad(confidence, half, mode="edge")
    sums = np.cumsum(np.concatenate([[0], padded]))
    mean = (sums[SMOOTHED:] - sums[:-SMOOTHED]) / SMOOTHED
    return np.asarray(np.clip((usual - mean) / usual, 0, 1), np.float32)


def _grown(track: Track, parts: Parts) -> Values:
    """The logarithm of by how much a side differs from the latest shape of a person, or the first, in [0, 1.5]."""
    sides = np.log(np.maximum(track.lengths, 1))
    return np.asarray(np.minimum(np.maximum(*np.abs(sides - sides[:, parts.drawn])), 1.5), np.float32)


def _shaky(track: Track) -> Values:
    """How much the centre's step differs from the one before it, in sizes of the object, over about 9 rows."""
    turns = np.zeros(len(track), np.float32)
    if len(track) > 2:
        turns[2:] = np.minimum(np.hypot(*np.diff(track.centres, 2, axis=1)) / np.maximum(track.sizes[2:], 4), 2)
    sums = np.cumsum(np.concatenate([[0], np.pad(turns, 4, mode="edge")]))
    return np.asarray(np.log1p((sums[9:] - sums[:-9]) / 9), np.float32)


def _astray(track: Track, parts: Parts) -> Values:
    """The share of rows next to a person's shape that are marked as doubtful, half as much on each row itself.

    Both ways disagree there, so one of them, or both, followed something else; or the tracker was less sure than was
    asked for.
    """
    doubtful = (track.rows.flags & int(Flag.DOUBTFUL)) != 0
    if not doubtful.any():
        return np.zeros(len(track), np.float32)
    sums = np.concatenate([[0], np.cumsum(doubtful)])
    near = np.maximum(((parts.ends - parts.starts) * AS_LONG_AS).astype(np.int64), 1)
    first = np.minimum(parts.starts + 1, len(track))
    end = np.minimum(first + near, parts.ends)
    share = (sums[end] - sums[first]) / np.maximum(end - first, 1)
    return np.asarray(share[parts.part] + doubtful / 2, np.float32)


def _at_edge(track: Track, facts: Facts) -> Values:
    width, height = facts.picture
    if not width:
        return np.zeros(len(track), np.float32)
    left, top, right, bottom = track.corners
    return np.asarray((left < 2) | (top < 2) | (right > width - 2) | (bottom > height - 2), np.float32)


def _seams(track: Track, facts: Facts) -> Values:
    """Where a prediction's neighbour is a person's shape that overlaps it by less than half: the second before or
    behind it, on the machine's side."""
    found = np.zeros(len(track), np.float32)
    rows = track.steps[track.spans == 1]
    keyframe = (track.rows.flags & int(Flag.KEYFRAME)) != 0
    rows = rows[keyframe[rows] != keyframe[rows + 1]]
    if not len(rows):
        return found
    frames = track.rows.frames
    for row in rows[_overlaps(track, rows) < MISSES].tolist():
        near = np.searchsorted(frames, [frames[row] - facts.rate, frames[row + 1] + facts.rate])
        side = slice(int(near[0]), row + 1) if keyframe[row + 1] else slice(row + 1, int(near[1]))
        found[side] = 1
    return found


def _overlaps(track: Track, rows: NDArray[np.int64]) -> Values:
    """(k,): IoU of the bounds of each of ``rows`` and of the next one; 1 where neither has an extent."""
    ours, theirs = track.rows.bounds[rows], track.rows.bounds[rows + 1]
    shared = np.maximum(np.minimum(ours[:, 2:], theirs[:, 2:]) - np.maximum(ours[:, :2], theirs[:, :2]), 0).prod(axis=1)
    both = (ours[:, 2:] - ours[:, :2]).prod(axis=1) + (theirs[:, 2:] - theirs[:, :2]).prod(axis=1) - shared
    # What has no extent fits anywhere.
    return np.where(both > 0, shared / np.maximum(both, 1e-6), 1).astype(np.float32)


def _meetings(track: Track, facts: Facts) -> Values:
    """Where a run's row is next to one of another run: by how much they overlap too little, for half a second on both
    sides, as nobody knows which of them is right. What moves as far as that from row to row anyway isn't told."""
    found = np.zeros(len(track), np.float32)
    if track.runs is None or not track.runs.any():
        return found
    rows = track.steps[track.spans <= MEETS_S * facts.rate]
    rows = rows[track.predicted[rows] & track.predicted[rows + 1]]
    before, after = track.runs[rows], track.runs[rows + 1]
    seams = rows[(before != after) & (before > 0) & (after > 0)]
    if not len(seams):
        return found
    usual = float(np.median(_overlaps(track, sampled(rows))))
    fits, misses = min(FITS, usual - 0.1), min(MISSES, usual - 0.35)
    strength = np.clip((fits - _overlaps(track, seams)) / (fits - misses), 0, 1)
    frames = track.rows.frames
    for row, strong in zip(seams[strength > 0].tolist(), strength[strength > 0].tolist(), strict=True):
        near = np.searchsorted(frames, [frames[row] - facts.rate / 2, frames[row + 1] + facts.rate / 2])
        side = found[int(near[0]) : int(near[1])]
        np.maximum(side, np.float32(strong), out=side)
    return found


def _unseen(track: Track) -> Values:
    """Which rows nobody saw; where it is known of none, nothing is said."""
    return np.zeros(len(track), np.float32) if track.unseen is None else track.unseen.astype(np.float32)


def _still(track: Track, facts: Facts) -> Values:
    found = np.zeros(len(track), np.float32)
    stretches, moves = stills(track, facts.rate)
    for first, last in stretches:
        found[first : last + 1] = 1.0 if moves else 1 / 3
    return found


def _ends(track: Track, facts: Facts) -> Values:
    """The half second at which a machine's track begins or ends away from the picture's edge, not with the video."""
    found = np.zeros(len(track), np.float32)
    width, height = facts.picture
    if not width:
        return found
    frames, shown = track.rows.frames, np.flatnonzero(track.shown)
    for row in (int(shown[0]), int(shown[-1])):
        x1, y1, x2, y2 = track.rows.bounds[row].tolist()
        inside = x1 > 2 and y1 > 2 and x2 < width - 2 and y2 < height - 2
        at_end = frames[row] in (0, facts.frame_count - 1)
        if inside and track.predicted[row] and not at_end:
            near = np.abs(frames - frames[row]) <= facts.rate / 2
            found[near] = 1
    return found
