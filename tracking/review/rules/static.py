"""Predictions that don't move at all: a tracker that hangs on to the background, or got stuck."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tracking.review.findings import Finding, Grade, counted
from tracking.review.layer import Facts, Track, once, runs_of, sampled
from tracking.review.rule import Rule

ID = "static"
LEAST_S = 1.0
LEAST_FRAMES = 10
SAME = 1e-3
"""Of its size: real objects, and trackers that see them, wander by more."""
MOVES = 0.02
"""In sizes per frame: a track that is usually quicker otherwise moves."""


@once
def stills(track: Track, rate: float) -> tuple[list[tuple[int, int]], bool]:
    """Positions of the first and last row of each stretch of predictions that stay where they are; and whether the
    track moves otherwise."""
    sizes, _ = track.ends(track.sizes)
    same = np.logical_and(*track.ends(track.predicted)) & (track.shifts <= SAME * sizes)
    if not same.any():
        return [], False
    still = np.zeros(len(track), np.bool_)
    still[track.steps] = same
    least = max(LEAST_S * rate, LEAST_FRAMES)
    found = [(first, last + 1) for first, last in runs_of(still)]
    frames, others = track.rows.frames, track.speeds[~same]
    long = [(first, last) for first, last in found if frames[last] - frames[first] >= least]
    return long, bool(long) and bool(len(others)) and float(np.median(sampled(others))) > MOVES


def _find(track: Track, facts: Facts) -> Iterator[Finding]:
    stretches, moves = stills(track, facts.rate)
    for first, last in stretches:
        frames = counted(int(track.rows.frames[last] - track.rows.frames[first]) + 1, "frame", "frames")
        words = f"The tracker left it exactly where it was for {frames}. Does it stand still, or was it lost?"
        yield Finding.of(ID, Grade.WARNING if moves else Grade.HINT, track, words, (first, last))


RULE = Rule(
    ID,
    "Static prediction",
    f"Predicted shapes stay exactly where they are for {LEAST_S:g} s and {LEAST_FRAMES} frames or longer. Probably "
    "wrong where the track moves otherwise.",
    of_track=_find,
)
