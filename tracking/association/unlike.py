"""How unlike an object looks where a machine put it to where a person drew it, on as many frames as time allows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.association.colours import Pictures, Sight, see
from tracking.review.layer import Track
from tracking.review.signs import Parts
from tracking.types import Box

MOST_LOOKS = 3000
"""Of more shapes only those on every second frame are looked at, every third, …"""


@dataclass(frozen=True, slots=True)
class Unlike:
    """``values``: by track's key, (n,) in [0, 1] of each row: how unlike its colours are to those of the shape that a
    person drew before it, or of its first one; between rows that were looked at by straight lines, and 0 where nobody
    knows. ``wanted``, ``looked_at``: how many frames should be read, and were; ``problem``: why not all."""

    values: Mapping[str, NDArray[np.float32]]
    wanted: int = 0
    looked_at: int = 0
    problem: str = ""


def unlike(tracks: Sequence[Track], source: Pictures, *, most_s: float) -> Unlike:
    """Look at what machines made of some tracks.

    Args:
        most_s: after so many seconds no further frame is read.
    """
    made = [track for track in tracks if (track.predicted & track.shown).any()]
    every = max(math.ceil(sum(int(track.shown.sum()) for track in made) / MOST_LOOKS), 1)
    chosen = {track.key: _chosen(track, every) for track in made}
    sights = [
        Sight((track.key, row), int(track.rows.frames[row]), Box(*track.rows.bounds[row].tolist()))
        for track in made
        for row in chosen[track.key]
    ]
    seen = see(source, sights, most_s=most_s)
    looks = {track.key: {row: seen.looks.get((track.key, row)) for row in chosen[track.key]} for track in made}
    values = {track.key: _values(track, {row: one for row, one in looks[track.key].items() if one is not None})
              for track in made}  # fmt: skip
    return Unlike(values, seen.wanted, seen.looked_at, seen.problem)


def _chosen(track: Track, every: int) -> list[int]:
    """Rows to look at: those on every n-th frame, and the drawn ones that these are compared with."""
    rows = np.flatnonzero(track.shown & (track.rows.frames % every == 0))
    found: list[int] = np.union1d(rows, _drawn(track)[rows]).tolist()
    return found


def _drawn(track: Track) -> NDArray[np.int64]:
    """(n,): the row with which each is compared."""
    drawn = Parts.of(track).drawn
    first = int(np.flatnonzero(track.shown)[0])
    return np.asarray(np.maximum(drawn, first), np.int64)


def _values(track: Track, looks: Mapping[int, NDArray[np.float32]]) -> NDArray[np.float32]:
    drawn = _drawn(track)
    known = [row for row in sorted(looks) if int(drawn[row]) in looks]
    if not known:
        return np.zeros(len(track), np.float32)
    apart = [1 - float(looks[row] @ looks[int(drawn[row])]) for row in known]
    frames = track.rows.frames
    found = np.interp(frames, frames[known], np.clip(apart, 0, 1), right=0)
    return np.asarray(found, np.float32)
