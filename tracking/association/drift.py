"""How the camera moved, as far as tracks show it: where most of what is seen moves alike, it was the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.association.kalman import Array

FEWEST = 4
"""Of fewer tracks that are seen on both frames, nobody can tell their own motion from the camera's."""
EXPLAINED = 0.85
"""The camera is taken to move where objects move at most so much beside it, relative to their way in the picture."""
SMOOTH_S = 0.2
"""Seconds over which its steps are averaged."""

Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Drift:
    """``frames``: (n,) rising, and by how much what stands still has moved in the picture until then: (n, 2) px.
    ``moves``: whether it did at all."""

    frames: Numbers
    way: Array
    moves: bool

    def at(self, frames: Numbers) -> Array:
        """(m, 2) px; beyond the known frames nothing moves."""
        if not self.moves:
            return np.zeros((len(frames), 2))
        return np.stack([np.interp(frames, self.frames, side) for side in self.way.T], axis=1)

    def still(self, frames: Numbers, boxes: Array) -> Array:
        """(m, 4) px: ``boxes`` as a camera that doesn't move would have seen them."""
        shifted: Array = boxes - np.tile(self.at(frames), 2)
        return shifted


STILL = Drift(np.zeros(1, np.intp), np.zeros((1, 2)), moves=False)


def drift_of(tracks: Numbers, frames: Numbers, boxes: Array, every: int, rate: float) -> Drift:
    """From boxes (n, 4) of ``tracks`` (n,) on ``frames`` (n,), which are multiples of ``every``; ordered by track, then
    frame. The median of all steps is the camera's (robust while less than half of what is seen moves together)."""
    same = (tracks[1:] == tracks[:-1]) & (np.diff(frames) == every)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    to, steps = frames[1:][same], np.diff(centres, axis=0)[same]
    order = np.argsort(to, kind="stable")
    to, steps = to[order], steps[order]
    starts = np.flatnonzero(np.diff(to, prepend=-1))
    counts = np.diff(starts, append=len(to))
    enough = counts >= FEWEST
    if not enough.any():
        return STILL
    medians = np.stack([_medians(to, side, starts, counts) for side in steps.T], axis=1)
    left = _medians(to, np.abs(steps - np.repeat(medians, counts, axis=0)).sum(1), starts, counts)
    whole = _medians(to, np.abs(steps).sum(1), starts, counts)
    if left[enough].mean() > EXPLAINED * whole[enough].mean():
        return STILL
    known = np.arange(to[0] - every, to[-1] + every, every)
    way = np.zeros((len(known), 2))
    way[(to[starts[enough]] - known[0]) // every] = medians[enough]
    width = max(round(SMOOTH_S * rate / every), 1)
    smooth = np.stack([np.convolve(side, np.ones(width) / width, "same") for side in way.T], axis=1)
    return Drift(known, np.cumsum(smooth, axis=0), moves=True)


def _medians(groups: Numbers, values: Array, starts: Numbers, counts: Numbers) -> Array:
    """(g,): the median of each group of ``values`` (n,), whose groups follow each other."""
    ordered = values[np.lexsort((values, groups))]
    medians: Array = (ordered[starts + (counts - 1) // 2] + ordered[starts + counts // 2]) / 2
    return medians
