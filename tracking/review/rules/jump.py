"""Steps that are unlike the track's own motion: what is usual for it is its own median."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tracking.review.findings import Finding, Grade
from tracking.review.layer import Facts, Track, once
from tracking.review.rule import Rule

PLACE, SIZE = "jump", "size-jump"
SPREADS = 8.0
LEAST_SPREAD = 0.02
"""Of what is usual, in sizes per frame or of a logarithm: below it pixels are rounded."""
LEAST_STEP = 0.5
"""In sizes of the object per frame."""
LEAST_GROWTH = 1.5


@once
def jumps(track: Track) -> NDArray[np.bool_]:
    """(s,): steps that are far beyond what is usual for the track, and unlike those on both sides of them."""
    velocities, speeds = track.velocities, track.speeds
    far: NDArray[np.bool_] = (track.usual_speed.beyond(speeds, LEAST_SPREAD) > SPREADS) & (speeds > LEAST_STEP)
    if not far.any():
        return far
    turns = np.hypot(*np.diff(velocities, axis=1))
    found: NDArray[np.bool_] = far & (_unlike_both(turns) >= 0.5 * speeds)
    return found


@once
def leaps(track: Track) -> NDArray[np.bool_]:
    """(s,): the same of its size."""
    growths = np.abs(track.growths)
    most = float(np.log(LEAST_GROWTH))
    far: NDArray[np.bool_] = (track.usual_growth.beyond(growths, LEAST_SPREAD) > SPREADS) & (growths > most)
    if not far.any():
        return far
    found: NDArray[np.bool_] = far & (_unlike_both(np.abs(np.diff(track.growths))) >= 0.5 * growths)
    return found


def _unlike_both(changes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(s,): how unlike the more similar neighbour each step is; ``changes``: (s - 1,) from step to step."""
    beside = np.concatenate([[np.inf], changes, [np.inf]]).astype(np.float32)
    found: NDArray[np.float32] = np.minimum(beside[:-1], beside[1:])
    return found


def _find_jumps(track: Track, _: Facts) -> Iterator[Finding]:
    for step in np.flatnonzero(jumps(track)).tolist():
        row, speed = int(track.steps[step]), float(track.speeds[step])
        usual = f"; usual for it are {track.usual_speed.middle:.2f}" if len(track.steps) > 1 else ""
        words = f"It moves by {speed:.1f} times its own size from one frame to the next{usual}."
        if track.spans[step] > 1:
            words = f"It moves by {speed:.1f} times its own size on each of {track.spans[step]} frames{usual}."
        yield Finding.of(PLACE, Grade.WARNING, track, words, (row, row + 1))


def _find_leaps(track: Track, _: Facts) -> Iterator[Finding]:
    for step in np.flatnonzero(leaps(track)).tolist():
        row, growth = int(track.steps[step]), float(np.exp(track.growths[step]))
        what = f"grows to {growth:.1f} times" if growth > 1 else f"shrinks to {growth:.2f} times"
        frames = "from one frame to the next" if track.spans[step] == 1 else f"on each of {track.spans[step]} frames"
        words = f"It {what} its size {frames}."
        yield Finding.of(SIZE, Grade.WARNING, track, words, (row, row + 1))


PLACES = Rule(
    PLACE,
    "Jump",
    f"A step of more than {LEAST_STEP:g} sizes of the object per frame that is {SPREADS:g} robust deviations beyond "
    "the track's own motion and unlike the steps around it.",
    of_track=_find_jumps,
    count=lambda track, _: int(np.count_nonzero(jumps(track))),
)
SIZES = Rule(
    SIZE,
    "Jump in size",
    f"Its size changes by more than {LEAST_GROWTH:g} times per frame, {SPREADS:g} robust deviations beyond what is "
    "usual for the track, and unlike the steps around it.",
    of_track=_find_leaps,
    count=lambda track, _: int(np.count_nonzero(leaps(track))),
)
