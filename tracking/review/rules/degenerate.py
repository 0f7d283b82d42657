"""Shapes without an extent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tracking.review.findings import Finding, Grade
from tracking.review.layer import Facts, Track, runs_of
from tracking.review.rule import Rule
from tracking.shapes.chunks import Kind
from tracking.shapes.payloads import point_count
from tracking.shapes.values import ABSENT

ID = "degenerate"
LEAST_PX = 1.0
"""A side, or the root of an area, below this is no extent."""


def _find(track: Track, _: Facts) -> Iterator[Finding]:
    kinds, sides = track.rows.kinds, track.sides
    if not kinds.any() and sides.min(initial=np.inf) >= LEAST_PX:
        return  # Nothing but boxes with an extent, which is nearly always so.
    thin = np.zeros(len(track), np.bool_)
    flat = (kinds == Kind.BOX) | (kinds == Kind.POLYGON) | (kinds == Kind.MASK)
    thin[flat] = (sides[flat] < LEAST_PX).any(axis=1)
    lines = kinds == Kind.POLYLINE
    thin[lines] = (sides[lines] < LEAST_PX).all(axis=1)
    for kind, is_empty in _BY_PAYLOAD.items():
        of_kind = np.flatnonzero((kinds == kind) & track.shown & ~thin)
        if len(of_kind):
            thin[of_kind] = is_empty([track.rows.payloads[row] for row in of_kind.tolist()])
    for rows in runs_of(thin & track.shown):
        shape = Kind(int(kinds[rows[0]])).words
        words = f"The {shape} has no extent: less than {LEAST_PX:g} px, or nothing is in it. Draw it anew or delete it."
        yield Finding.of(ID, Grade.ERROR, track, words, rows)


def _turned(payloads: Sequence[bytes]) -> NDArray[np.bool_]:
    numbers = np.frombuffer(b"".join(payloads), "<f4").reshape(-1, 5)
    return np.asarray((numbers[:, 2:4] < LEAST_PX).any(axis=1))


def _polygons(payloads: Sequence[bytes]) -> NDArray[np.bool_]:
    """By the shoelace formula, of all of them at once."""
    points = np.frombuffer(b"".join(payloads), "<f4").reshape(-1, 2).astype(np.float64)
    counts = np.array([len(payload) // 8 for payload in payloads])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    following = np.arange(1, len(points) + 1)
    following[starts + counts - 1] = starts
    crossed = points[:, 0] * points[following, 1] - points[following, 0] * points[:, 1]
    return np.asarray(np.abs(np.add.reduceat(crossed, starts)) / 2 < LEAST_PX**2)


def _masks(payloads: Sequence[bytes]) -> NDArray[np.bool_]:
    return np.array([not np.frombuffer(payload, "<u4", offset=16)[1::2].any() for payload in payloads])


def _points(payloads: Sequence[bytes]) -> NDArray[np.bool_]:
    return np.array([_are_absent(payload) for payload in payloads])


def _are_absent(payload: bytes) -> bool:
    count = point_count(len(payload))
    return not any(seen != ABSENT for seen in payload[8 * count : 9 * count])


_BY_PAYLOAD = {
    Kind.ROTATED_BOX: _turned,
    Kind.POLYGON: _polygons,
    Kind.MASK: _masks,
    Kind.POINTS: _points,
    Kind.SKELETON: _points,
}

RULE = Rule(
    ID,
    "Degenerate",
    f"A box, outline or mask has a side or an area below {LEAST_PX:g} px, a mask has no pixel, or no point is there.",
    of_track=_find,
)
