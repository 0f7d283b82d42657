"""The review queue: spans of tracks, ranked by how many of their frames are expected to be wrong.

A machine's rows get a chance of being wrong from several signs (``signs.py``). Rows whose chance is at least
``SUSPECT`` become spans, and so do the others between them, those that nobody has seen apart from those that somebody
has: all that a machine made is in the queue once, apart from identities that come close, which are spans of their own.
``scripts/judge-queue`` says how much of what is wrong comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tracking.review.layer import Facts, Track, runs_of
from tracking.review.pairs import Pairs
from tracking.review.rule import Whole
from tracking.review.signs import Sign, chance_of, look_sign, signs_of

SUSPECT = 0.3
"""Chance from which a row belongs to a suspect span."""
JOINED_S = 0.4
"""Suspect spans so near to each other are one."""
MOST_ITEMS = 2000
PICTURES = 4
CLOSE = 0.4
"""IoU from which two objects of a label may be taken for each other."""
CLOSE_CHANCE = 0.15


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

    def take(self, track: Track, unlike: NDArray[np.float32] | None = None) -> None:
        """``unlike``: how unlike its looks are on each row, (n,) in [0, 1]; None: nobody looked."""
        spans = _spans(track, self.facts, unlike)
        self._count += len(spans.rows)
        self._items += spans.items(self._least)
        if len(self._items) > 2 * MOST_ITEMS:
            self._items.sort(key=_rank)
            del self._items[MOST_ITEMS:]
            self._least = self._items[-1].wrong

    def end(self, whole: Whole) -> Ranked:
        close, count = _close(whole, self.facts)
        items = sorted([*self._items, *close], key=_rank)
        return Ranked(items[:MOST_ITEMS], max(self._count + count - MOST_ITEMS, 0))


def _rank(item: Item) -> tuple[float, float, int, str]:
    return -item.wrong, -item.chance, item.first, item.name


@dataclass(frozen=True, slots=True)
class Spans:
    """``rows``: (k, 2) positions of each span's first and last row; ``chance``: (n,) of each row; ``wrong``: (k,)."""

    track: Track
    signs: Sequence[Sign]
    chance: NDArray[np.float32]
    rows: NDArray[np.int64]
    wrong: NDArray[np.float32]

    def items(self, least: float = 0.0) -> Iterator[Item]:
        """Those of which at least so many frames are expected to be wrong."""
        # What is kept of an item is rounded.
        return _items(self, self.rows[self.wrong >= least - 0.001])


def spans_of(track: Track, facts: Facts, unlike: NDArray[np.float32] | None = None) -> Iterator[Item]:
    """What a machine made of a track, in spans."""
    return _spans(track, facts, unlike).items()


def _spans(track: Track, facts: Facts, unlike: NDArray[np.float32] | None) -> Spans:
    made = track.predicted & track.shown
    if not made.any():
        nothing = np.zeros(0, np.float32)
        return Spans(track, (), nothing, np.zeros((0, 2), np.int64), nothing)
    signs = list(signs_of(track, facts))
    if unlike is not None and unlike.any():
        signs.append(look_sign(unlike))
    chance = np.where(made, chance_of(signs, len(track)), np.float32(0))
    suspect = _joined(chance >= SUSPECT, made, track.rows.frames, JOINED_S * facts.rate)
    others = made & ~suspect
    parts = [others] if track.unseen is None else [others & track.unseen, others & ~track.unseen]
    rows = np.array([span for part in (suspect, *parts) for span in runs_of(part)], np.int64).reshape(-1, 2)
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


def _items(spans: Spans, rows: NDArray[np.int64]) -> Iterator[Item]:
    """Of several spans at once, as a long track may have hundreds. ``rows``: (k, 2), as in ``Spans``."""
    if not len(rows):
        return
    track, chance = spans.track, spans.chance
    first, last = rows.T
    wrong = _within(np.add, chance, rows)
    mean = wrong / (last - first + 1)
    worst = [at + int(chance[at : end + 1].argmax()) for at, end in rows.tolist()]
    weights = [_within(np.add, sign.evidence, rows).tolist() for sign in spans.signs]
    told = [(_within(np.maximum, sign.evidence, rows) >= sign.told).tolist() for sign in spans.signs]
    shown = [_shown(at, end, likeliest) for (at, end), likeliest in zip(rows.tolist(), worst, strict=True)]
    every = np.array([row for several in shown for row in several], np.int64)
    frames = track.rows.frames
    boxes = np.round(track.rows.bounds[every].astype(np.float64), 1).tolist()
    pictures = iter([(frame, *box) for frame, box in zip(frames[every].tolist(), boxes, strict=True)])
    begin, end, likeliest = frames[first].tolist(), frames[last].tolist(), frames[worst].tolist()
    for at, several in enumerate(shown):
        said = [
            (weight[at], sign.words)
            for sign, weight, is_told in zip(spans.signs, weights, told, strict=True)
            if is_told[at]
        ]
        yield Item(
            track=track.key,
            name=track.name,
            first=begin[at],
            last=end[at],
            worst=likeliest[at],
            chance=round(float(mean[at]), 3),
            wrong=round(float(wrong[at]), 3),
            reasons=tuple(words for _, words in sorted(said, reverse=True)),
            pictures=tuple(next(pictures) for _ in several),
        )


def _within(of: np.ufunc, values: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(k,): the sum or the maximum of ``values`` (n,) in each of ``rows`` (k, 2), both ends included."""
    ends = rows + np.array([0, 1])
    # One value more, so that a span that ends with the last row has an end.
    return np.asarray(of.reduceat(np.append(values, np.float32(0)), ends.ravel(), dtype=np.float64)[::2])


def _shown(first: int, last: int, worst: int) -> list[int]:
    """The rows of which pictures show a span."""
    apart = (last - first) / (PICTURES - 2)
    return sorted({*(first + int(apart * at) for at in range(PICTURES - 1)), worst})


# ---------------------------------------------------------------- two of them


def _close(whole: Whole, facts: Facts) -> tuple[list[Item], int]:
    """Where two tracks of a label overlap: there trackers take one for the other. In a crowd that is so often that only
    those are made that can be among the first; the number is of all of them."""
    pairs = whole.pairs.at_least(CLOSE)
    if not len(pairs.frames):
        return [], 0
    apart = np.diff(pairs.frames) > max(JOINED_S * facts.rate, pairs.every)
    edges = np.flatnonzero(apart | (np.diff(pairs.first) != 0) | (np.diff(pairs.second) != 0))
    starts, lasts = np.append(0, edges + 1), np.append(edges, len(pairs.frames) - 1)
    begun, counts = pairs.frames[starts], pairs.frames[lasts] - pairs.frames[starts] + 1
    best = np.lexsort((pairs.first[starts], begun, -counts))[:MOST_ITEMS]
    return [_close_item(whole, pairs, slice(int(starts[at]), int(lasts[at]) + 1)) for at in best], len(starts)


def _close_item(whole: Whole, pairs: Pairs, rows: slice) -> Item:
    frames = pairs.frames[rows]
    track, other = whole.tracks[int(pairs.first[rows][0])], whole.tracks[int(pairs.second[rows][0])]
    count = int(frames[-1] - frames[0]) + 1
    return Item(
        track=track.key,
        name=track.name,
        first=int(frames[0]),
        last=int(frames[-1]),
        worst=int(frames[int(pairs.overlap[rows].argmax())]),
        chance=CLOSE_CHANCE,
        wrong=round(CLOSE_CHANCE * count, 3),
        reasons=(f"It comes close to {other.name}: one may have been taken for the other.",),
        pictures=(),
        other=other.key,
    )
