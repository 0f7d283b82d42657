"""The review queue: spans of tracks, ranked by how many of their frames are expected to be wrong.

A machine's rows get a chance of being wrong from several signs, each with a weight; the chances are joined as if the
signs were independent (noisy-or: Pearl, *Probabilistic Reasoning in Intelligent Systems*, 1988). Rows whose chance is
at least ``SUSPECT`` become spans, and so do the others between them: all that a machine made is in the queue once,
apart from identities that come close, which are spans of their own. ``scripts/judge-queue`` says how much of what is
wrong comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tracking.review.layer import Facts, Track, runs_of
from tracking.review.rule import Whole
from tracking.review.rules.jump import jumps, leaps
from tracking.review.rules.static import stills
from tracking.shapes.chunks import Flag

SUSPECT = 0.3
"""Chance from which a row belongs to a suspect span."""
JOINED_S = 0.4
"""Suspect spans so near to each other are one."""
MOST_ITEMS = 2000
PICTURES = 4
CLOSE = 0.4
"""IoU from which two objects of a label may be taken for each other."""
CLOSE_CHANCE = 0.15
SMOOTHED = 5
"""Rows over which confidence is averaged."""

Chances = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Item:
    """A span to look at.

    Attributes:
        track, other: keys; ``other`` is "" but where two tracks come close. ``name``: what people call it.
        first, last: both included. ``worst``: the frame that is most likely wrong.
        chance: of a frame in it being wrong, in [0, 1], as far as can be told.
        wrong: frames that are expected to be wrong; by it the queue is ranked.
        reasons: in words, the weightiest first; none: nothing is unusual.
        pictures: (frame, x1, y1, x2, y2) in px, in rising order.
    """

    track: str
    name: str
    first: int
    last: int
    worst: int
    chance: float
    wrong: float
    reasons: tuple[str, ...]
    pictures: tuple[tuple[int, float, float, float, float], ...]
    other: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The likeliest first. ``left_out``: how many more there are behind them."""

    items: Sequence[Item]
    left_out: int


@dataclass
class Queue:
    """Takes track after track; ``end`` ranks. What can't be among the first ``MOST_ITEMS`` any more is only counted."""

    facts: Facts
    _items: list[Item] = field(default_factory=list)
    _least: float = 0.0
    _count: int = 0

    def take(self, track: Track) -> None:
        spans = _spans(track, self.facts)
        self._count += len(spans.rows)
        self._items += spans.items(self._least)
        if len(self._items) > 2 * MOST_ITEMS:
            self._items.sort(key=_rank)
            del self._items[MOST_ITEMS:]
            self._least = self._items[-1].wrong

    def end(self, whole: Whole) -> Ranked:
        close = list(_close(whole, self.facts))
        items = sorted([*self._items, *close], key=_rank)
        return Ranked(items[:MOST_ITEMS], max(self._count + len(close) - MOST_ITEMS, 0))


def _rank(item: Item) -> tuple[float, float, int, str]:
    return -item.wrong, -item.chance, item.first, item.name


@dataclass(frozen=True, slots=True)
class Sign:
    """``words`` say what is unusual where ``chances`` (n,) are above 0."""

    words: str
    chances: Chances


@dataclass(frozen=True, slots=True)
class Spans:
    """``rows``: (k, 2) positions of each span's first and last row; ``chance``: (n,) of each row; ``wrong``: (k,)."""

    track: Track
    signs: Sequence[Sign]
    chance: Chances
    rows: NDArray[np.int64]
    wrong: Chances

    def items(self, least: float = 0.0) -> Iterator[Item]:
        """Those of which at least so many frames are expected to be wrong."""
        for first, last in self.rows[self.wrong >= least].tolist():
            yield _item(self.track, (first, last), self.chance, self.signs)


def spans_of(track: Track, facts: Facts) -> Iterator[Item]:
    """What a machine made of a track, in spans."""
    return _spans(track, facts).items()


def _spans(track: Track, facts: Facts) -> Spans:
    made = track.predicted & track.shown
    if not made.any():
        nothing = np.zeros(0, np.float32)
        return Spans(track, (), nothing, np.zeros((0, 2), np.int64), nothing)
    signs = [sign for sign in signs_of(track, facts) if sign.chances.any()]
    right = np.ones(len(track), np.float32)
    for sign in signs:
        right *= 1 - sign.chances
    chance = np.where(made, 1 - right, 0).astype(np.float32)
    suspect = _joined(chance >= SUSPECT, made, track.rows.frames, JOINED_S * facts.rate)
    rows = np.array([*runs_of(suspect), *runs_of(made & ~suspect)], np.int64).reshape(-1, 2)
    sums = np.concatenate([[0.0], np.cumsum(chance, dtype=np.float64)])
    return Spans(track, signs, chance, rows, np.asarray(sums[rows[:, 1] + 1] - sums[rows[:, 0]], np.float32))


def _joined(
    suspect: NDArray[np.bool_], made: NDArray[np.bool_], frames: NDArray[np.int64], near: float
) -> NDArray[np.bool_]:
    """Suspect rows and the few between two of them, where a machine made these too."""
    joined = suspect.copy()
    rows = np.flatnonzero(suspect)
    before, after = rows[:-1], rows[1:]
    others = np.cumsum(~made)
    for last, first in np.stack([before, after], 1)[
        (after - before > 1) & (frames[after] - frames[before] <= near) & (others[before] == others[after])
    ].tolist():
        joined[last:first] = True
    return joined


def _item(track: Track, rows: tuple[int, int], chance: Chances, signs: Sequence[Sign]) -> Item:
    first, last = rows
    within = chance[first : last + 1]
    worst = first + int(within.argmax())
    weights = [(float(sign.chances[first : last + 1].sum()), sign.words) for sign in signs]
    said = tuple(words for weight, words in sorted(weights, reverse=True) if weight > 0)
    shown = sorted({*np.linspace(first, last, PICTURES - 1).astype(int).tolist(), worst})
    frames, bounds = track.rows.frames, track.rows.bounds
    return Item(
        track=track.key,
        name=track.name,
        first=int(frames[first]),
        last=int(frames[last]),
        worst=int(frames[worst]),
        chance=round(float(within.mean()), 3),
        wrong=round(float(within.sum()), 3),
        reasons=said,
        pictures=tuple((int(frames[row]), *_rounded(bounds[row])) for row in shown),
    )


def _rounded(bounds: NDArray[np.float32]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(float(value), 1) for value in bounds)
    return x1, y1, x2, y2


# ---------------------------------------------------------------- signs


def signs_of(track: Track, facts: Facts) -> Iterator[Sign]:
    """Everything that may be unusual of a track; where a sign says nothing, its chances are 0."""
    zeros = np.zeros(len(track), np.float32)
    doubtful = (track.rows.flags & int(Flag.DOUBTFUL)) != 0
    yield Sign("Followed back from its end, it lies elsewhere.", np.where(doubtful, DOUBTFUL, zeros))
    yield Sign("The tracker's confidence is low for this track.", _unsure(track))
    yield Sign("It jumped before.", _since(track, track.steps[jumps(track)] + 1, JUMPED))
    yield Sign("Its size changed at once before.", _since(track, track.steps[leaps(track)] + 1, LEAPT))
    yield Sign("Its size or shape is far from what a person drew last.", _grown(track))
    yield Sign("The tracker arrives elsewhere than where a person drew it.", _seams(track, facts))
    yield Sign("It doesn't move at all.", _still(track, facts))
    yield Sign("It begins or ends inside the picture.", _ends(track, facts))


# About how often a row with the sign was wrong on clips with ground truth (`scripts/judge-queue`), where that could be
# seen. Low confidence tells by far the most; where both ways disagree, hardly more rows are wrong than elsewhere: a
# tracker that went astray early follows the same wrong thing back.
DOUBTFUL, UNSURE, JUMPED, LEAPT, GROWN, SEAM, STILL, ENDS = 0.15, 0.8, 0.1, 0.25, 0.45, 0.15, 0.4, 0.1


def _unsure(track: Track) -> Chances:
    """How far the averaged confidence lies below what is usual for the track."""
    confidence = track.rows.confidence.astype(np.float32)
    made = track.predicted
    usual = float(np.percentile(confidence[made], 75))
    if usual <= 0:
        return np.zeros(len(track), np.float32)
    half = SMOOTHED // 2
    padded = np.pad(confidence, half, mode="edge")
    sums = np.cumsum(np.concatenate([[0], padded]))
    mean = (sums[SMOOTHED:] - sums[:-SMOOTHED]) / SMOOTHED
    short = ((usual - mean) / usual - 0.2) / 0.5
    return np.where(made, UNSURE * np.clip(short, 0, 1), 0).astype(np.float32)


def _sections(track: Track) -> NDArray[np.int64]:
    """(n,): rows from one of a person's to the next have one number."""
    return np.cumsum((track.rows.flags & int(Flag.KEYFRAME)) != 0)


def _since(track: Track, rows: NDArray[np.int64], chance: float) -> Chances:
    """From each of ``rows`` on to where a person drew next."""
    found = np.zeros(len(track), np.float32)
    if len(rows):
        ends = np.searchsorted(_sections(track), _sections(track)[rows], side="right")
        for row, end in zip(rows.tolist(), ends.tolist(), strict=True):
            found[row:end] = chance
    return found


def _grown(track: Track) -> Chances:
    """Against the latest shape of a person: by how much more than 1.4 times its sides have become longer or shorter."""
    keyframes = np.flatnonzero((track.rows.flags & int(Flag.KEYFRAME) != 0) & track.shown)
    if not len(keyframes):
        return np.zeros(len(track), np.float32)
    before = np.searchsorted(keyframes, np.arange(len(track)), side="right") - 1
    drawn = keyframes[np.maximum(before, 0)]
    sides = np.log(np.maximum(track.sides, 1))
    by = np.abs(sides - sides[drawn])
    apart = np.maximum(by[:, 0], by[:, 1])
    return np.asarray(GROWN * np.clip((apart - np.log(1.4)) / np.log(2), 0, 1), np.float32)


def _seams(track: Track, facts: Facts) -> Chances:
    """Where a prediction's neighbour is a person's shape, or one of another run, that overlaps it by less than half:
    the second before and behind it."""
    found = np.zeros(len(track), np.float32)
    rows = track.steps[track.spans == 1]
    keyframe = (track.rows.flags & int(Flag.KEYFRAME)) != 0
    rows = rows[keyframe[rows] != keyframe[rows + 1]]
    if not len(rows):
        return found
    ours, theirs = track.rows.bounds[rows], track.rows.bounds[rows + 1]
    shared = np.maximum(np.minimum(ours[:, 2:], theirs[:, 2:]) - np.maximum(ours[:, :2], theirs[:, :2]), 0).prod(axis=1)
    both = (ours[:, 2:] - ours[:, :2]).prod(axis=1) + (theirs[:, 2:] - theirs[:, :2]).prod(axis=1) - shared
    frames = track.rows.frames
    for row in rows[shared < 0.5 * both].tolist():
        near = np.searchsorted(frames, [frames[row] - facts.rate, frames[row + 1] + facts.rate])
        side = slice(int(near[0]), row + 1) if keyframe[row + 1] else slice(row + 1, int(near[1]))
        found[side] = SEAM
    return found


def _still(track: Track, facts: Facts) -> Chances:
    found = np.zeros(len(track), np.float32)
    stretches, moves = stills(track, facts.rate)
    for first, last in stretches:
        found[first : last + 1] = STILL if moves else STILL / 3
    return found


def _ends(track: Track, facts: Facts) -> Chances:
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
            found[near] = ENDS
    return found


# ---------------------------------------------------------------- two of them


def _close(whole: Whole, facts: Facts) -> Iterator[Item]:
    """Where two tracks of a label overlap: there trackers take one for the other."""
    for first, second, frames, overlap in whole.pairs.together(CLOSE):
        track, other = whole.tracks[first], whole.tracks[second]
        edges = np.flatnonzero(np.diff(frames) > max(JOINED_S * facts.rate, whole.pairs.every)) + 1
        for part, shared in zip(np.split(frames, edges), np.split(overlap, edges), strict=True):
            count = int(part[-1] - part[0]) + 1
            yield Item(
                track=track.key,
                name=track.name,
                first=int(part[0]),
                last=int(part[-1]),
                worst=int(part[int(shared.argmax())]),
                chance=CLOSE_CHANCE,
                wrong=round(CLOSE_CHANCE * count, 3),
                reasons=(f"It comes close to {other.name}: one may have been taken for the other.",),
                pictures=(),
                other=other.key,
            )
