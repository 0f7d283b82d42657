"""Several people's tracks of the same frames, merged by vote.

**Which tracks are one object.** Two tracks of two people agree by the overlaps of their bounds on the frames where
they are half or more (``comparing.SAME``), summed up, over the frames on which either shows: a share in [0, 1] that
asks for place and identity at once. The people are taken two by two; of each pair the best one-to-one choice is made
(``association.assignment``), of agreements of ``LEAST`` or more. Then the chosen pairs are joined, the best first, as
long as no object gets two tracks of one person.

**Whether it is there.** On a frame an object is there when ``need`` people show it there.

**What it looks like.** Of boxes each corner is the median. Of other kinds, and of kinds that are mixed, it is the shape
of the person that agrees most with the others' (``shapes.agreement``; kinds that differ agree by 0); equal ones: the
earlier person's. Those are voted on where anybody has a stored shape; between two such frames they move or hold as any
track does. Boxes are stored so that no corner in between is off by more than ``TOLERANCE_PX``.

**Where people disagree.** A frame is disputed when the least agreement of the voted shape with a person's is below a
limit. Nothing is known of a frame that one person alone shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Protocol, overload

import numpy as np
from numpy.typing import NDArray

from tracking.association.assignment import assign, overlaps
from tracking.comparing import SAME, Array, Numbers, Tracks
from tracking.review.layer import RowColumns
from tracking.shapes.agreement import agreement
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import shape_at
from tracking.shapes.payloads import shape_of

LEAST = 0.2
"""Agreement of two tracks from which they may be one object."""
TOLERANCE_PX = 0.5
NOBODY = -1
LEFT = -2
"""Instead of a person: these frames are left without the object."""

Bits = NDArray[np.bool_]


class Stored(RowColumns, Protocol):
    """The stored rows of a track in rising order, one by one too."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __iter__(self) -> Iterator[Row]: ...


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's track of an object. ``frames`` (n,), ``boxes`` (n, 4): where it shows, and its bounds there in px
    (``comparing.shown``)."""

    person: int
    rows: Stored
    frames: Numbers
    boxes: Array

    @property
    def is_box(self) -> bool:
        """Whether all that it shows are boxes."""
        return bool((self.rows.kinds[(self.rows.flags & int(Flag.OUTSIDE)) == 0] == Kind.BOX).all())

    def at(self, frame: int) -> Row | None:
        """What it shows on a frame."""
        # A Sequence in all that is used of it.
        return shape_at(self.rows, frame)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Object:
    """Tracks that are one object: of each person who has it one, by person. ``agreement``: mean of all pairs of them,
    in [0, 1]; 1 where there is but one."""

    tracks: Mapping[int, int]
    agreement: float


@dataclass(frozen=True, slots=True)
class Dispute:
    """Frames, both ends included, on which shapes disagree; ``least``: the lowest agreement with the voted shape."""

    first: int
    last: int
    least: float


@dataclass(frozen=True, slots=True)
class Voted:
    """An object as it was voted. ``frames``: on how many it shows; ``outvoted``: on how many others somebody shows it,
    but too few do."""

    rows: list[Row]
    disputes: list[Dispute]
    frames: int
    outvoted: int


# ------------------------------------------------------------------ which tracks are one object


def agreements(a: Tracks, b: Tracks, frames: int) -> Array:
    """(n, m) in [0, 1]: how far each track of one person agrees with each of another, by their numbers."""
    rows, columns = _counts(a), _counts(b)
    shared, both = np.zeros((len(rows), len(columns))), np.zeros((len(rows), len(columns)))
    begins, others = a.places(frames), b.places(frames)
    for frame in np.intersect1d(a.frame, b.frame).tolist():
        here, there = slice(begins[frame], begins[frame + 1]), slice(others[frame], others[frame + 1])
        found = overlaps(a.boxes[here], b.boxes[there])
        pairs = np.ix_(a.track[here], b.track[there])
        shared[pairs] += np.where(found >= SAME, found, 0)
        both[pairs] += 1
    either = rows[:, None] + columns[None] - both
    return np.divide(shared, either, out=np.zeros_like(shared), where=either > 0)


def objects_of(people: Sequence[Tracks], frames: int) -> list[Object]:
    """All objects that anybody has, those that most have first, then by first frame.

    Args:
        people: their tracks; of each, tracks are numbered from 0 without a gap.
        frames: of the video.
    """
    known = {(a, b): agreements(people[a], people[b], frames) for a, b in combinations(range(len(people)), 2)}
    groups = _Groups()
    for person, tracks in enumerate(people):
        for track in np.unique(tracks.track).tolist():
            groups.add(person, track)
    for _, one, other in sorted(_edges(known)):
        groups.join(one, other)
    found = [_object(dict(sorted(group)), known) for group in groups.all()]
    begins = [{track: int(frame) for track, frame in _begins(tracks)} for tracks in people]
    first = {id(each): min(begins[person][track] for person, track in each.tracks.items()) for each in found}
    return sorted(found, key=lambda each: (-len(each.tracks), first[id(each)], sorted(each.tracks.items())))


Place = tuple[int, int]
"""A person, and one of their tracks."""


def _edges(known: Mapping[tuple[int, int], Array]) -> Iterator[tuple[float, Place, Place]]:
    """The pairs that are chosen between any two people, the best lowest."""
    for (a, b), shares in known.items():
        chosen = assign(1 - shares, 1 - LEAST)
        for row, column in zip(chosen.rows.tolist(), chosen.columns.tolist(), strict=True):
            yield -float(shares[row, column]), (a, row), (b, column)


class _Groups:
    """Sets of tracks that are one object; of a person there is at most one in each."""

    def __init__(self) -> None:
        self.of: dict[Place, dict[int, int]] = {}

    def add(self, person: int, track: int) -> None:
        self.of[person, track] = {person: track}

    def join(self, one: Place, other: Place) -> None:
        mine, theirs = self.of[one], self.of[other]
        if mine is theirs or mine.keys() & theirs.keys():
            return
        mine |= theirs
        for place in theirs.items():
            self.of[place] = mine

    def all(self) -> list[list[Place]]:
        return [list(each.items()) for each in {id(group): group for group in self.of.values()}.values()]


def _object(tracks: dict[int, int], known: Mapping[tuple[int, int], Array]) -> Object:
    pairs = [float(known[a, b][tracks[a], tracks[b]]) for a, b in combinations(tracks, 2)]
    return Object(tracks, sum(pairs) / len(pairs) if pairs else 1.0)


def _counts(tracks: Tracks) -> Array:
    """(n,): on how many frames each track shows."""
    return np.bincount(tracks.track).astype(np.float64)


def _begins(tracks: Tracks) -> Iterator[tuple[int, int]]:
    numbers, at = np.unique(tracks.track, return_index=True)  # Rows are by rising frame.
    yield from zip(numbers.tolist(), tracks.frame[at].tolist(), strict=True)


# ------------------------------------------------------------------ what it looks like


def vote(
    votes: Sequence[Vote],
    *,
    first: int,
    last: int,
    need: int,
    least: float,
    decided: Sequence[tuple[int, int, int]] = (),
) -> Voted:
    """An object on frames ``first..last`` as most people have it.

    Args:
        votes: of one object, by person.
        need: how many people have to show it on a frame, at least 1.
        least: agreement below which a frame is disputed, in [0, 1].
        decided: (first, last, person): whose shape counts there (where they show it), or ``LEFT``.

    Returns:
        Its rows: predicted where all who show it there have a prediction, keyframes otherwise; occluded where most say
        so. No rows: it is nowhere.
    """
    ballot = _Ballot(votes, first, last, need, decided)
    looks = _Boxes(ballot) if all(each.is_box for each in votes) else _Shapes(ballot)
    rows: list[Row] = []
    for begin, end in _stretches(ballot.kept):
        if rows:
            # The gap before it.
            at, before = rows[-1].frame + 1, rows[-1]
            rows.append(replace(before, frame=at, flags=Flag.OUTSIDE | before.flags & (Flag.KEYFRAME | Flag.PREDICTED)))
        rows += looks.rows(begin, end)
    disputed = ballot.kept & (looks.least < least)
    disputes = [Dispute(a + first, b + first, float(looks.least[a : b + 1].min())) for a, b in _stretches(disputed)]
    return Voted(rows, disputes, int(ballot.kept.sum()), ballot.outvoted)


class _Ballot:
    """Who shows an object where. ``seen``: (people, frames); ``kept``: (frames,), where it is there; ``whose``:
    (frames,), the place of the vote that was decided for, or NOBODY."""

    def __init__(
        self, votes: Sequence[Vote], first: int, last: int, need: int, decided: Sequence[tuple[int, int, int]]
    ) -> None:
        self.votes, self.first, self.size = votes, first, last - first + 1
        self.seen = np.zeros((len(votes), self.size), np.bool_)
        for index, each in enumerate(votes):
            self.seen[index, self.within(each.frames)] = True
        count = self.seen.sum(axis=0)
        self.kept: Bits = count >= need
        self.outvoted = int(((count > 0) & ~self.kept).sum())
        self.whose = np.full(self.size, NOBODY)
        places = {each.person: index for index, each in enumerate(votes)}
        for begin, end, person in decided:
            part = slice(max(begin - first, 0), max(end - first + 1, 0))
            if person == LEFT:
                self.kept[part] = False
            elif person in places:
                theirs = places[person]
                self.whose[part] = np.where(self.seen[theirs, part], theirs, NOBODY)

    def within(self, frames: NDArray[np.integer]) -> Numbers:
        """Frames of the video as places, without those outside."""
        at = frames.astype(np.intp) - self.first
        return at[(at >= 0) & (at < self.size)]

    def knots(self, begin: int, end: int) -> list[int]:
        """Places in ``begin..end`` where a shape is to be stored whatever it looks like: both ends, where anybody has
        one stored, where somebody comes or goes, and where a decision begins or ends."""
        marks = np.zeros(self.size, np.bool_)
        for each in self.votes:
            marks[self.within(each.rows.frames)] = True
        turns = np.flatnonzero((self.seen[:, 1:] != self.seen[:, :-1]).any(axis=0) | (np.diff(self.whose) != 0))
        marks[turns] = marks[turns + 1] = True
        marks[begin] = marks[end] = True
        return [int(at) + begin for at in np.flatnonzero(marks[begin : end + 1])]

    def marked(self, at: Numbers) -> tuple[list[Flag], list[float]]:
        """The flags and confidence of rows at some places, by the rows that hold there of who shows it."""
        seen = self.seen[:, at]
        predicted, occluded = np.ones(len(at), np.bool_), np.zeros(len(at), np.intp)
        sure = np.zeros(len(at))
        for index, each in enumerate(self.votes):
            held = np.maximum(np.searchsorted(each.rows.frames, at + self.first, "right") - 1, 0)
            flags, shows = each.rows.flags[held], seen[index]
            predicted &= ~shows | ((flags & int(Flag.PREDICTED)) != 0)
            occluded += shows & ((flags & int(Flag.OCCLUDED)) != 0)
            sure += np.where(shows, each.rows.confidence[held], 0)
        count = np.maximum(seen.sum(axis=0), 1)
        origins = [Flag.PREDICTED if each else Flag.KEYFRAME for each in predicted.tolist()]
        hidden = (2 * occluded > count).tolist()
        flags_of = [
            each | Flag.OCCLUDED if is_hidden else each for each, is_hidden in zip(origins, hidden, strict=True)
        ]
        return flags_of, (sure / count).tolist()


class _Boxes:
    """Boxes alone: the median of each corner."""

    def __init__(self, ballot: _Ballot) -> None:
        self.ballot = ballot
        boxes = np.full((len(ballot.votes), ballot.size, 4), np.nan)
        for index, each in enumerate(ballot.votes):
            at = each.frames - ballot.first
            inside = (at >= 0) & (at < ballot.size)
            boxes[index, at[inside]] = each.boxes[inside]
        self.merged = np.full((ballot.size, 4), np.nan)
        kept = np.flatnonzero(ballot.kept)
        self.merged[kept] = np.nanmedian(boxes[:, kept], axis=0) if len(kept) else 0
        for index in range(len(ballot.votes)):
            decided = ballot.kept & (ballot.whose == index)
            self.merged[decided] = boxes[index, decided]
        self.least = np.ones(ballot.size)
        for index in range(len(ballot.votes)):
            both = kept[ballot.seen[index, kept]]
            self.least[both] = np.minimum(self.least[both], _beside(self.merged[both], boxes[index, both]))

    def rows(self, begin: int, end: int) -> list[Row]:
        at = np.array(self._fitted(self.ballot.knots(begin, end)), np.intp)
        flags, sure = self.ballot.marked(at)
        places = zip(at.tolist(), flags, sure, self.merged[at].tolist(), strict=True)
        return [
            Row(place + self.ballot.first, Kind.BOX, flag, confidence, (x1, y1, x2, y2))
            for place, flag, confidence, (x1, y1, x2, y2) in places
        ]

    def _fitted(self, knots: Sequence[int]) -> list[int]:
        """With more of them where a straight line leaves the median too far (Ramer, 1972)."""
        found = set(knots)
        waiting = list(pairwise(knots))
        while waiting:
            a, b = waiting.pop()
            if b - a < 2:
                continue
            share = ((np.arange(a + 1, b) - a) / (b - a))[:, None]
            off = np.abs(self.merged[a] * (1 - share) + self.merged[b] * share - self.merged[a + 1 : b]).max(axis=1)
            worst = int(off.argmax())
            if off[worst] > TOLERANCE_PX:
                middle = a + 1 + worst
                found.add(middle)
                waiting += [(a, middle), (middle, b)]
        return sorted(found)


class _Shapes:
    """Any kinds: the shape that agrees most with the others."""

    def __init__(self, ballot: _Ballot) -> None:
        self.ballot = ballot
        self.least = np.ones(ballot.size)
        self.chosen: dict[int, Row] = {}
        for begin, end in _stretches(ballot.kept):
            knots = ballot.knots(begin, end)
            for at, following in pairwise([*knots, end + 1]):
                self.chosen[at], self.least[at:following] = self._choose(at)

    def rows(self, begin: int, end: int) -> list[Row]:
        at = np.array([place for place in sorted(self.chosen) if begin <= place <= end], np.intp)
        flags, sure = self.ballot.marked(at)
        return [
            replace(self.chosen[place], frame=place + self.ballot.first, flags=flag, confidence=confidence)
            for place, flag, confidence in zip(at.tolist(), flags, sure, strict=True)
        ]

    def _choose(self, at: int) -> tuple[Row, float]:
        found = {
            index: row
            for index in np.flatnonzero(self.ballot.seen[:, at]).tolist()
            if (row := self.ballot.votes[index].at(at + self.ballot.first)) is not None
        }
        shapes = {index: shape_of(row) for index, row in found.items()}
        shares = {
            index: [agreement(shape, shapes[other]) for other in shapes if other != index]
            for index, shape in shapes.items()
        }
        decided = int(self.ballot.whose[at])
        best = decided if decided in found else max(found, key=lambda index: (sum(shares[index]), -index))
        return found[best], min(shares[best], default=1.0)


def _beside(a: Array, b: Array) -> Array:
    """(n,): intersection over union of each box with that beside it."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    shared = np.maximum(high - low, 0).prod(axis=1)
    union = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1) - shared
    share: Array = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return share


def _stretches(which: Bits) -> list[tuple[int, int]]:
    """[first, last] of what is True without a gap."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], which, [False]]).astype(np.int8)))
    return [(int(begin), int(end) - 1) for begin, end in edges.reshape(-1, 2)]
