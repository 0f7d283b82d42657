"""Frames that a tracker left out, and that are filled in by straight lines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tracking.review.findings import Finding, Grade, counted
from tracking.review.layer import Facts, Track
from tracking.review.rule import Rule

ID = "gap"
LEAST_S = 0.2
TIMES = 4


def _find(track: Track, facts: Facts) -> Iterator[Finding]:
    predicted = track.predicted
    made = predicted[track.steps] & predicted[track.steps + 1]
    # Most tracks have no step that could be one: what is usual for them needn't be known.
    if not (made & (track.spans > LEAST_S * facts.rate)).any():
        return
    usual = float(np.median(track.spans[made]))
    longest = max(TIMES * usual, LEAST_S * facts.rate)
    # Between a person's shapes straight lines are what the person wanted.
    for step in np.flatnonzero(made & (track.spans > longest)).tolist():
        row = int(track.steps[step])
        before, after = (int(frame) for frame in track.rows.frames[row : row + 2])
        missing = counted(after - before - 1, "frame has", "frames have")
        words = f"{missing} no shape and aren't marked outside: a straight line fills them in. Is it hidden there?"
        yield Finding(ID, Grade.WARNING, words, track.key, track.name, "", before + 1, after - 1)


RULE = Rule(
    ID,
    "Gap without outside",
    f"Between shapes that a tracker made, frames are left out for more than {LEAST_S:g} s and {TIMES} times the "
    "usual distance, without being marked outside.",
    of_track=_find,
)
