"""A long stretch of frames split into ranges that are worked at side by side, and their tracks made into one again.

Each range begins some frames before its own: what both it and the one before see there says which of their tracks are
the same object. That is an assignment (Kuhn 1955, "The Hungarian method"): the pairs that agree most, all together.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from tracking.shapes.agreement import iou
from tracking.types import Box

Name = TypeVar("Name", bound=Hashable)

LONGEST, SHORTEST = 500, 120
"""Frames of a range of its own. Longer ones make fewer seams, shorter ones are told of sooner."""
OVERLAP = 24
"""Frames before its own with which a range begins, at least: an association believes in an object after a few looks."""
OVERLAP_LOOKS = 8
SAME = 0.5
"""Mean overlap of their boxes on the frames that both have, from which two tracks may be one object."""


@dataclass(frozen=True, slots=True)
class Range:
    """``first`` to ``last``, both included, are its own; it begins with ``begin``."""

    begin: int
    first: int
    last: int


def ranges(first: int, last: int, *, every: int = 1, ways: int = 2) -> list[Range]:
    """Split ``first..last`` for ``ways`` workers. Every range begins a whole number of looks after ``first``, so that
    the same frames are looked at as without.

    Args:
        every: every so-many-th frame is looked at.
    """
    count = last - first + 1
    length = min(max(-(-count // ways), SHORTEST), LONGEST)
    if ways < 2 or count < 2 * SHORTEST:
        length = max(count, 1)
    overlap = _whole(max(OVERLAP, OVERLAP_LOOKS * every), every)
    length = _whole(length, every)
    starts = range(first, last + 1, length)
    found = [
        Range(start if start == first else max(first, start - overlap), start, min(start + length, last + 1) - 1)
        for start in starts
    ]
    if len(found) > 1 and found[-1].last - found[-1].first + 1 < SHORTEST // 2:
        short = found.pop()  # It would take longer to begin than to do.
        found[-1] = Range(found[-1].begin, found[-1].first, short.last)
    return found


def _whole(frames: int, every: int) -> int:
    return -(-frames // every) * every


@dataclass(slots=True)
class Trace:
    """A track as far as a seam is concerned. ``kind``: only what counts as the same becomes one."""

    kind: str
    boxes: dict[int, Box] = field(default_factory=dict)
    """By frame, px."""


@dataclass(frozen=True, slots=True)
class Seam(Generic[Name]):
    """Before its own first ``frame`` a later range has in common with the one before.

    ``joined``: by track of the later one, which of the earlier one it is. ``cut``: those of the later one that show
    what the earlier one has, too, but are none of its tracks. ``ended``: how many of the earlier one had not ended, and
    are none of the later one's: they were hidden there, or just gone.
    """

    frame: int
    joined: Mapping[Name, Name] = field(default_factory=dict)
    cut: Set[Name] = frozenset()
    ended: int = 0


def join(
    earlier: Mapping[Name, Trace], later: Mapping[Name, Trace], *, over: Collection[Name] = (), frame: int
) -> Seam[Name]:
    """Say which tracks of two ranges are one.

    Args:
        earlier: those of the range before.
        later: those of the range after.
        over: those of the earlier one that had ended before it did.
        frame: the later one's own first; what it has before is common to both.
    """
    old, new = list(earlier), [name for name, trace in later.items() if any(at < frame for at in trace.boxes)]
    frames, overlap = np.zeros((len(old), len(new))), np.zeros((len(old), len(new)))
    for row, before in enumerate(old):
        for column, after in enumerate(new):
            frames[row, column], overlap[row, column] = _agreement(earlier[before], later[after])
    same = (frames > 0) & (overlap >= SAME * frames)
    alive = np.array([name not in over for name in old], np.bool_)
    possible = same & alive[:, None]
    # The sum over frames: tracks that agree for long go before those that only touch.
    pairs = zip(*linear_sum_assignment(np.where(possible, overlap, 0.0), maximize=True), strict=True)
    joined = {new[column]: old[row] for row, column in pairs if possible[row, column]}
    shown = {name for column, name in enumerate(new) if same[:, column].any()}
    return Seam(frame, joined, frozenset(shown - joined.keys()), int(alive.sum()) - len(joined))


def _agreement(before: Trace, after: Trace) -> tuple[int, float]:
    """On how many frames both are, and the sum of their boxes' overlap there."""
    if before.kind != after.kind:
        return 0, 0.0
    common = before.boxes.keys() & after.boxes.keys()
    return len(common), sum(iou(before.boxes[at], after.boxes[at]) for at in common)


def told(parts: int, seams: Sequence[Seam[Name]]) -> Iterator[str]:
    """What the person should know of a stretch that was split, in sentences."""
    joined = sum(len(seam.joined) for seam in seams)
    yield (
        f"Its frames were worked at in {parts} parts side by side; {_count(joined, 'object')} went on over the "
        f"{_count(len(seams), 'seam')} between them."
    )
    if cut := sum(len(seam.cut) for seam in seams):
        where = [f"{len(seam.cut)} at frame {seam.frame}" for seam in seams if seam.cut]
        more = f" and at {len(where) - 10} more" if len(where) > 10 else ""
        yield (
            f"{_count(cut, 'object')} in sight at a seam couldn't be joined with what was there before, and came as "
            f"new tracks: {', '.join(where[:10])}{more}. Compare the tracks there."
        )
    if ended := sum(seam.ended for seam in seams):
        yield (
            f"{_count(ended, 'object')} hidden or gone at a seam ended there; what comes into sight again behind it is "
            "a new track."
        )


def _count(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
