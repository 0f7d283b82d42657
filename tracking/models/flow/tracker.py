"""Framewise Flow: points that go with the picture, are held to their first look, and are found again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.layers.point_tracker import Followed, ImmediatePointTracker
from tracking.models.flow.looks import Gray, Place, inside, likenesses, patches, search
from tracking.models.flow.motion import LOST_PX, Flow, Moves, align, common
from tracking.shapes.anchors import Places
from tracking.types import Frame, ObjectId

LOOK_PX = 15
"""Half a side of the look that a point keeps."""
ALIGN_MARGIN_PX = 8
"""Around a look when it is aligned with the picture."""
STEP_LOOK_PX = 10
"""The same of what a step is judged by: smaller, as less of it is another thing."""
BACK_COST = 0.1
"""What a pixel of the way back counts against the likeness of a step; five at most."""
FARTHEST_BACK_PX = 2.25
LEAST_STEP_LIKENESS = 0.5
REACH_PX = 4.0
"""A point is drawn to its first look from no farther."""
DRAWN_LIKENESS = 0.8
HIDDEN_LIKENESS = 0.4
"""A point less like any of its looks is hidden."""
FOUND_LIKENESS = 0.82
"""And is seen again where it is this much alike."""
LEARN_LIKENESS = 0.5
"""A look this much like the first one is kept beside it; one less alike may be of what stands before the point."""
SEARCH_PX, SEARCH_GROWTH_PX, LARGEST_SEARCH_PX = 12, 4, 60
STRAY_SHARE = 0.35
"""A point that leaves the others' motion by more than this share of the object's size, and isn't very like itself, is
pulled back."""
FEWEST_TRUSTED, MOST_TRUSTED = 0.3, 0.5
"""With a smaller share of its points an object's motion isn't known; with a larger one it is remembered."""
FADING = 0.9
HIDDEN_CONFIDENCE = 0.1
Sure = NDArray[np.float64]
"""(n,) in [-1, 1]."""


@dataclass
class Group:
    """The n points of one object. ``first``, ``latest``: (n, side, side), what each looked like at its prompt and
    lately; ``hidden``: (n,) for how many frames it has been hidden; ``drift``: (2,) px by which most of them moved per
    frame lately."""

    first: Gray
    latest: Gray
    hidden: NDArray[np.int64] = field(init=False)
    drift: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    def __post_init__(self) -> None:
        self.hidden = np.zeros(len(self.first), np.int64)

    def expected(self, points: NDArray[np.float64], places: NDArray[np.float64], trusted: NDArray[np.bool_]) -> Places:
        """Where (n, 2) points go with those that are ``trusted`` to be at ``places``, or as all went lately where
        hardly any is: that fades, as nobody sees any more where they go."""
        if trusted.mean() < FEWEST_TRUSTED:
            self.drift = self.drift * FADING
            return points + self.drift
        motion = common(points[trusted], places[trusted])
        found = motion(points)
        if trusted.mean() >= MOST_TRUSTED:
            self.drift = (self.drift + np.median(found - points, axis=0)) / 2
        return found


class FlowTracker(ImmediatePointTracker):
    """For every point: of several flows the step that is most like it and comes back to where it began; then its first
    look draws it back where it drifted. Points of an object that can't be followed go with the others until they are
    found again."""

    def __init__(self) -> None:
        super().__init__()
        self._flow = Flow()
        self._groups: dict[ObjectId, Group] = {}

    def begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        gray = _gray(frame)
        self._flow.gray = gray
        for name in names:
            looks = patches(gray, self.objects[name].now - 0.5, LOOK_PX)
            self._groups[name] = Group(looks, looks.copy())

    def follow(self, frame: Frame) -> None:
        before, gray = self._flow.gray, _gray(frame)
        if not self.objects:
            self._flow.gray = gray
            return
        ones, groups = [*self.objects.values()], [self._groups[name] for name in self.objects]
        points = [one.now - 0.5 for one in ones]
        moves = self._flow.moves(gray, points)
        places, good = _best_steps(np.concatenate(points), moves, before, gray)
        ends = np.cumsum([len(each) for each in points])[:-1]
        parts = [*zip(ones, groups, points, np.split(places, ends), np.split(good, ends), strict=True)]
        expected = [group.expected(at, there, ok & one.seen) for one, group, at, there, ok in parts]
        settled = Settling(groups, gray, np.where(good[:, None], places, np.concatenate(expected)))
        settled.settle(np.concatenate(expected), good)
        found = zip(np.split(settled.places, ends), np.split(settled.sure, ends), strict=True)
        for (one, group, at, _, _), others, (place, sure) in zip(parts, expected, found, strict=True):
            _hold(one, group, at, others, place, sure)

    def looks_of(self, name: ObjectId) -> list[Gray]:
        return [*self._groups[name].first]

    def take_looks(self, name: ObjectId, looks: object, here: list[int], there: list[int]) -> None:
        """What is seen now at a point's place stays beside its first look: a person has left it there."""
        known, group = cast(list[Gray], looks), self._groups[name]
        for row, other in zip(here, there, strict=True):
            group.latest[row], group.first[row] = group.first[row], known[other]

    def forget(self, names: Collection[ObjectId]) -> None:
        for name in names:
            self._groups.pop(name, None)


def _hold(one: Followed, group: Group, points: Places, expected: Places, places: Places, sure: Sure) -> None:
    """Put the points of one object where they are found, but for those that stray from the others."""
    size = max(float(np.ptp(points, axis=0).max()), 2.0 * LOOK_PX)
    if len(points) > 2:
        strays = (_lengths(places - expected) > STRAY_SHARE * size) & (sure < DRAWN_LIKENESS)
        places, sure = np.where(strays[:, None], expected, places), np.where(strays, HIDDEN_CONFIDENCE, sure)
        group.hidden += strays
    one.now, one.seen, one.sure = places + 0.5, group.hidden == 0, sure


def _best_steps(points: Places, moves: Moves, before: Gray, now: Gray) -> tuple[Places, NDArray[np.bool_]]:
    """The best proposal for each of (n, 2) points, and whether it is to be believed."""
    alike = np.full(moves.back.shape, -1.0)
    possible = (moves.back < LOST_PX) & inside(moves.places, now)
    looks = patches(before, points, STEP_LOOK_PX)
    alike[possible] = likenesses(looks[np.nonzero(possible)[0]], patches(now, moves.places[possible], STEP_LOOK_PX))
    best = (alike - BACK_COST * np.minimum(moves.back, 5)).argmax(axis=1)
    rows = np.arange(len(points))
    good = (moves.back[rows, best] < FARTHEST_BACK_PX) & (alike[rows, best] > LEAST_STEP_LIKENESS)
    return moves.places[rows, best], good


class Settling:
    """Where the points of several groups are, ``places`` (n, 2), and how sure that is, ``sure`` (n,): all at once but
    for the search for what isn't seen."""

    def __init__(self, groups: Sequence[Group], now: Gray, places: Places) -> None:
        self.now, self.places, self.sure = now, places.copy(), np.zeros(len(places))
        self._rows = [(group, row) for group in groups for row in range(len(group.first))]
        self._first = np.concatenate([group.first for group in groups])
        self._latest = np.concatenate([group.latest for group in groups])

    def settle(self, expected: Places, known: NDArray[np.bool_]) -> None:
        """Given where flow brought them (``known``) or where the others did, and where the others go (``expected``)."""
        there = np.flatnonzero(inside(self.places, self.now))
        for row in np.flatnonzero(~inside(self.places, self.now)).tolist():
            self._hide(row)
        if not len(there):
            return
        first = self._draw_to_first_looks(there)
        seen = patches(self.now, self.places[there], LOOK_PX)
        self.sure[there] = np.maximum(first, likenesses(self._latest[there], seen))
        for number, row in enumerate(there.tolist()):
            group, point = self._rows[row]
            if known[row] and self.sure[row] >= HIDDEN_LIKENESS:
                group.hidden[point] = 0
                if first[number] > LEARN_LIKENESS:
                    group.latest[point] = seen[number]
            else:
                self._seek(row, expected[row], known=bool(known[row]))

    def _hide(self, row: int) -> int:
        group, point = self._rows[row]
        group.hidden[point] += 1
        return int(group.hidden[point])

    def _seek(self, row: int, expected: Place, *, known: bool) -> None:
        group, point = self._rows[row]
        reach = min(SEARCH_PX + SEARCH_GROWTH_PX * self._hide(row), LARGEST_SEARCH_PX)
        for kept in (group.first[point], group.latest[point]):
            found, alike = search(self.now, kept, expected, reach)
            if alike > FOUND_LIKENESS and inside(found, self.now):
                group.hidden[point] = 0
                self.places[row], self.sure[row] = found, alike
                return
        self.places[row], self.sure[row] = self.places[row] if known else expected, HIDDEN_CONFIDENCE

    def _draw_to_first_looks(self, rows: NDArray[np.intp]) -> Sure:
        """Move points to where their first looks fit better nearby; how alike they are to these."""
        first, places = self._first[rows], self.places[rows]
        alike = likenesses(first, patches(self.now, places, LOOK_PX))
        around = patches(self.now, places, LOOK_PX + ALIGN_MARGIN_PX)
        # The border of a look is repeated outwards: what is sought in it looks a little beyond.
        margin = (ALIGN_MARGIN_PX, ALIGN_MARGIN_PX)
        off, found = align(np.pad(first, ((0, 0), margin, margin), mode="edge"), around)
        near = np.flatnonzero(found & (_lengths(off) < REACH_PX))
        drawn = places[near] + off[near]
        drawn_alike = likenesses(first[near], patches(self.now, drawn, LOOK_PX))
        better = drawn_alike > np.maximum(DRAWN_LIKENESS, alike[near])
        self.places[rows[near[better]]], alike[near[better]] = drawn[better], drawn_alike[better]
        return alike


def _lengths(steps: Places) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(steps, axis=-1), np.float64)


def _gray(frame: Frame) -> Gray:
    return np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8)


def create() -> FlowTracker:
    """The tracker, ready to start."""
    return FlowTracker()
