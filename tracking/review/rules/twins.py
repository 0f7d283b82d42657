"""Two tracks where there is one object, and one track where there are two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from tracking.review.findings import Finding, Grade, counted
from tracking.review.layer import Facts, Track, runs_of
from tracking.review.pairs import Pairs
from tracking.review.rule import Rule, Whole

DUPLICATE, IDENTITY = "duplicate", "identity"
SAME = 0.9
"""IoU from which two shapes lie on the same place."""
LEAST = 3
"""Frames looked at on which they do; tracks that have fewer frames together do on all of them."""


def _duplicates(whole: Whole, facts: Facts) -> Iterator[Finding]:
    """Each frame that was looked at stands for those up to the next one."""
    every = whole.pairs.every
    touching = _Touching(whole.pairs)
    for first, second, frames, overlap in whole.pairs.together(SAME):
        if len(frames) < LEAST and touching.frames(first, second) > len(frames):
            continue
        track, other = whole.tracks[first], whole.tracks[second]
        looked = "" if every == 1 else f" Every {every}th frame was looked at."
        words = (
            f"{other.name} lies on the same place on {counted(len(frames), 'frame', 'frames')} "
            f"(overlap {float(overlap.mean()):.0%}). One of them is too many.{looked}"
        )
        yield Finding(DUPLICATE, Grade.ERROR, words, track.key, track.name, other.key, int(frames[0]), int(frames[-1]))


class _Touching:
    """On how many of the frames that were looked at each two tracks overlap."""

    def __init__(self, pairs: Pairs) -> None:
        keys = _key(pairs.first.astype(np.int64), pairs.second)
        self._keys, self._counts = np.unique(keys, return_counts=True)

    def frames(self, first: int, second: int) -> int:
        return int(self._counts[np.searchsorted(self._keys, _key(first, second))])


def _key(first: Any, second: Any) -> Any:
    return first << 32 | second


def _repeats(track: Track, _: Facts) -> Iterator[Finding]:
    for rows in runs_of(np.concatenate([[False], np.diff(track.rows.frames) <= 0]) if len(track) else track.shown):
        words = "It has more than one shape on a frame, or its frames aren't in order. Only one of them is shown."
        yield Finding.of(IDENTITY, Grade.ERROR, track, words, rows)


def _numbers(whole: Whole, _: Facts) -> Iterator[Finding]:
    by_number = defaultdict(list)
    for track in whole.tracks:
        if track.number > 0:
            by_number[track.number].append(track)
    for number, tracks in by_number.items():
        if len(tracks) > 1:
            words = f"{len(tracks)} tracks have the number {number}: {', '.join(one.name for one in tracks[:5])}."
            yield Finding(IDENTITY, Grade.ERROR, words, tracks[1].key, tracks[1].name, tracks[0].key)


DUPLICATES = Rule(
    DUPLICATE,
    "Duplicate",
    f"Two tracks of one label lie on the same place (overlap of {SAME:.0%} or more) on {LEAST} frames or on all that "
    "they have together.",
    of_layer=_duplicates,
)
IDENTITIES = Rule(
    IDENTITY,
    "Identity twice",
    "One track has several shapes on a frame, or several tracks have one number.",
    of_track=_repeats,
    of_layer=_numbers,
)
