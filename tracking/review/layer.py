"""What is looked at: the tracks of one layer, and what is known of their video and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, update_wrapper
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.checks import ANY_PICTURE, Picture
from tracking.shapes.chunks import Flag, Kind

Value = TypeVar("Value", bound=np.generic)
Found = TypeVar("Found")
More = ParamSpec("More")

USUAL_RATE = 25.0
"""Frames per second where nobody says."""
LEAST_SIDE = 1.0
"""Px. Smaller sides count as this: points and upright lines have none."""
TOO_FEW = 8
"""Of fewer steps a median says nothing about what is usual for a track."""
ENOUGH = 2048
"""A median of so many values, every n-th of a longer track's, is as good as that of all, and quicker."""
MAD_TO_SIGMA = 1.4826
"""From the median absolute deviation to the standard deviation of normally distributed numbers (Rousseeuw, Croux,
*Alternatives to the Median Absolute Deviation*, 1993)."""


class RowColumns(Protocol):
    """The rows of one track over all frames; as in ``tracking.shapes.chunks.Table``, with ``confidence`` in [0, 1]."""

    @property
    def frames(self) -> NDArray[np.int64]: ...
    @property
    def kinds(self) -> NDArray[np.uint8]: ...
    @property
    def flags(self) -> NDArray[np.uint8]: ...
    @property
    def confidence(self) -> NDArray[np.float64]: ...
    @property
    def bounds(self) -> NDArray[np.float32]: ...
    @property
    def payloads(self) -> tuple[bytes, ...]: ...


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """``takes``: what a value is, to go on after "is"; ``needed``: a track without a value is to be told of."""

    name: str
    takes: str
    fits: Callable[[object], bool]
    per_frame: bool = False
    needed: bool = False


@dataclass(frozen=True, slots=True)
class LabelRule:
    """``kinds``: what it may be drawn as, none where nobody says; ``joints`` of its skeleton, None likewise."""

    name: str
    kinds: frozenset[Kind] = frozenset()
    joints: int | None = None
    attributes: tuple[AttributeRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """``picture``: the video's size, 0 x 0 where it isn't known; ``frame_count``: 0 likewise; ``fps``: frames per
    second; ``labels`` by name; ``replaced``: by track, the frames on which a machine replaced a person's shape; None
    where nobody knows, as in a file."""

    picture: Picture = ANY_PICTURE
    frame_count: int = 0
    fps: float = USUAL_RATE
    labels: Mapping[str, LabelRule] = field(default_factory=dict)
    replaced: Mapping[str, Sequence[int]] | None = None

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.fps if self.fps > 0 else USUAL_RATE


@dataclass(frozen=True)
class Track:
    """One track, and what all rules ask of it, reckoned once. Rows are (n,), steps lie between neighbouring ones: (s,).

    Attributes:
        key: what a finding calls it: its id, or its place in a file.
        attributes, frame_attributes: by name; the latter as (frame, value) pairs that hold from that frame on.
        runs: (n,) the number of the run that made a row, 0: of none that is known; None: nobody knows of runs.
        unseen: (n,) which predicted rows nobody had on screen as they are; None: nobody noted it.
    """

    key: str
    number: int
    label: str
    rows: RowColumns
    attributes: Mapping[str, Any] = field(default_factory=dict)
    frame_attributes: Mapping[str, Sequence[tuple[int, Any]]] = field(default_factory=dict)
    runs: NDArray[np.int32] | None = None
    unseen: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.rows.frames)

    @property
    def name(self) -> str:
        return f"{self.label} {self.number}"

    @cached_property
    def shown(self) -> NDArray[np.bool_]:
        """(n,): which rows show something somewhere; tags have no place."""
        seen: NDArray[np.bool_] = ((self.rows.flags & int(Flag.OUTSIDE)) == 0) & (self.rows.kinds != int(Kind.TAG))
        return seen

    @cached_property
    def predicted(self) -> NDArray[np.bool_]:
        """(n,)"""
        found: NDArray[np.bool_] = (self.rows.flags & int(Flag.PREDICTED)) != 0
        return found

    @cached_property
    def corners(self) -> NDArray[np.float32]:
        """(4, n): left, top, right, bottom in px, each in one piece: what is asked of one side of all rows is quick."""
        return np.ascontiguousarray(self.rows.bounds.T)

    @cached_property
    def centres(self) -> NDArray[np.float32]:
        """(2, n): across, down in px."""
        return np.asarray((self.corners[:2] + self.corners[2:]) / 2, np.float32)

    @cached_property
    def lengths(self) -> NDArray[np.float32]:
        """(2, n): width, height in px."""
        return np.asarray(self.corners[2:] - self.corners[:2], np.float32)

    @property
    def sides(self) -> NDArray[np.float32]:
        """(n, 2): the same, by row."""
        return self.lengths.T

    @cached_property
    def sizes(self) -> NDArray[np.float32]:
        """(n,): the root of the area, in px, at least ``LEAST_SIDE``."""
        wide, high = np.maximum(self.lengths, LEAST_SIDE)
        sizes: NDArray[np.float32] = np.sqrt(wide * high)
        return sizes

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """(s,): the rows i that show something, as does the row i + 1, a later one."""
        if len(self) < 2:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.shown[:-1] & self.shown[1:] & (np.diff(self.rows.frames) > 0))

    def ends(self, values: NDArray[Value]) -> tuple[NDArray[Value], NDArray[Value]]:
        """(s, …) each: those of ``values`` (n, …) where steps begin, and where they end."""
        if len(self.steps) == len(self) - 1:
            return values[:-1], values[1:]
        return values[self.steps], values[self.steps + 1]

    @cached_property
    def spans(self) -> NDArray[np.int64]:
        """(s,): frames that each step takes."""
        before, after = self.ends(self.rows.frames)
        spans: NDArray[np.int64] = after - before
        return spans

    @cached_property
    def shifts(self) -> NDArray[np.float32]:
        """(s,): by how many px that side of the bounds has moved that has moved most."""
        most = np.zeros(len(self.steps), np.float32)
        for side in self.corners:
            before, after = self.ends(side)
            np.maximum(most, np.abs(after - before), out=most)
        return most

    @cached_property
    def velocities(self) -> NDArray[np.float32]:
        """(2, s): of the centre, in sizes of the object per frame."""
        per_frame = (np.minimum(*self.ends(self.sizes)) * self.spans).astype(np.float32)
        ends = (self.ends(centre) for centre in self.centres)
        return np.stack([(after - before) / per_frame for before, after in ends])

    @cached_property
    def speeds(self) -> NDArray[np.float32]:
        """(s,): in sizes of the object per frame."""
        found: NDArray[np.float32] = np.hypot(*self.velocities)
        return found

    @cached_property
    def growths(self) -> NDArray[np.float32]:
        """(s,): the logarithm of by how much the size grows per frame; negative where it shrinks."""
        before, after = self.ends(np.log(self.sizes))
        return np.asarray((after - before) / self.spans.astype(np.float32), np.float32)

    @cached_property
    def usual_speed(self) -> Usual:
        return Usual.of(self.speeds)

    @cached_property
    def usual_growth(self) -> Usual:
        return Usual.of(np.abs(self.growths))


def once(work: Callable[Concatenate[Track, More], Found]) -> Callable[Concatenate[Track, More], Found]:
    """What several ask of a track is reckoned once, and kept with it."""

    def ask(track: Track, /, *more: More.args, **named: More.kwargs) -> Found:
        kept = track.__dict__.setdefault("_kept", {})
        if work not in kept:
            kept[work] = work(track, *more, **named)
        found: Found = kept[work]
        return found

    return update_wrapper(ask, work)


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for a track itself, whatever its rate and size: the median and a robust standard deviation."""

    middle: float
    spread: float

    @classmethod
    def of(cls, values: NDArray[np.float32]) -> Usual:
        if len(values) < TOO_FEW:
            return cls(0.0, 0.0)
        values = sampled(values)
        middle = float(np.median(values))
        return cls(middle, MAD_TO_SIGMA * float(np.median(np.abs(values - middle))))

    def beyond(self, values: NDArray[np.float32], least: float) -> NDArray[np.float32]:
        """By how many spreads, each at least ``least``, values lie above the middle."""
        found: NDArray[np.float32] = (values - self.middle) / max(self.spread, least)
        return found


def sampled(values: NDArray[Value]) -> NDArray[Value]:
    """Every n-th, so that ``ENOUGH`` are left, or a few more; of fewer all."""
    return values[:: max(len(values) // ENOUGH, 1)]


def runs_of(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where a mask is True in a row: (first, last) positions, both included."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]
