"""Framewise Flow: points that go with the picture, are held to their first look, and are found again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.layers.point_tracker import Followed, ImmediatePointTracker
from tracking.models.flow.looks import Gray, Place, inside, likeness, patch, search
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
COVERED_LIKENESS = 0.15
APART_PX = 3.0
"""A point less like itself than the first, whose flow is farther than the second from where the others go, is behind
something that goes its own way, and is where they go."""
FEWEST_TRUSTED, MOST_TRUSTED = 0.3, 0.5
"""With a smaller share of its points an object's motion isn't known; with a larger one it is remembered."""
FADING = 0.9
HIDDEN_CONFIDENCE = 0.1


@dataclass
class Look:
    """What a point looked like at its prompt and lately, and for how many frames it has been hidden."""

    first: Gray
    latest: Gray
    hidden: int = 0

    def __post_init__(self) -> None:
        # Its border repeated outwards: what is sought in it looks a little beyond.
        edges = (ALIGN_MARGIN_PX,) * 4
        self.template = np.asarray(cv2.copyMakeBorder(self.first, *edges, cv2.BORDER_REPLICATE), np.uint8)


@dataclass
class Group:
    """The points of one object, and the (2,) px by which most of them moved per frame lately."""

    looks: list[Look]
    drift: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

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
            looks = [patch(gray, place, LOOK_PX) for place in self.objects[name].now - 0.5]
            self._groups[name] = Group([Look(look, look) for look in looks])

    def follow(self, frame: Frame) -> None:
        before, gray = self._flow.gray, _gray(frame)
        if not self.objects:
            self._flow.gray = gray
            return
        moves = self._flow.moves(gray, [one.now - 0.5 for one in self.objects.values()])
        for (name, one), found in zip(self.objects.items(), moves, strict=True):
            _move(one, self._groups[name], found, before, gray)

    def looks_of(self, name: ObjectId) -> list[Gray]:
        return [look.first for look in self._groups[name].looks]

    def take_looks(self, name: ObjectId, looks: object, here: list[int], there: list[int]) -> None:
        """What is seen now at a point's place stays beside its first look: a person has left it there."""
        known, group = cast(list[Gray], looks), self._groups[name]
        for row, other in zip(here, there, strict=True):
            group.looks[row] = Look(known[other], group.looks[row].first)

    def forget(self, names: Collection[ObjectId]) -> None:
        for name in names:
            self._groups.pop(name, None)


def _move(one: Followed, group: Group, moves: Moves, before: Gray, now: Gray) -> None:
    points = one.now - 0.5
    places, good = _best_steps(points, moves, before, now)
    trusted = good & one.seen
    expected = group.expected(points, places, trusted)
    size = max(float(np.ptp(points, axis=0).max()), 2.0 * LOOK_PX)
    for number, look in enumerate(group.looks):
        place = places[number] if good[number] else expected[number]
        place, sure = _settled(look, now, place, expected[number], known=bool(good[number]))
        strays = np.linalg.norm(place - expected[number]) > STRAY_SHARE * size and sure < DRAWN_LIKENESS
        if strays and len(points) > 2:
            place, sure, look.hidden = expected[number], HIDDEN_CONFIDENCE, look.hidden + 1
        one.now[number] = place + 0.5
        one.seen[number] = look.hidden == 0
        one.sure[number] = sure


def _best_steps(
    points: NDArray[np.float64], moves: Moves, before: Gray, now: Gray
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The best proposal for each of (n, 2) points, and whether it is to be believed."""
    count = moves.back.shape[1]
    alike = np.full(moves.back.shape, -1.0)
    for number, point in enumerate(points):
        look = patch(before, point, STEP_LOOK_PX)
        for which in range(count):
            place = moves.places[number, which]
            if moves.back[number, which] < LOST_PX and inside(place, now):
                alike[number, which] = likeness(look, patch(now, place, STEP_LOOK_PX))
    best = (alike - BACK_COST * np.minimum(moves.back, 5)).argmax(axis=1)
    rows = np.arange(len(points))
    good = (moves.back[rows, best] < FARTHEST_BACK_PX) & (alike[rows, best] > LEAST_STEP_LIKENESS)
    return moves.places[rows, best], good


def _settled(look: Look, now: Gray, place: Place, expected: Place, *, known: bool) -> tuple[Place, float]:
    """Where a point is, and how sure that is, given where flow brought it (``known``) or the others did."""
    if not inside(place, now):
        look.hidden += 1
        return place, 0.0
    place, first = _drawn_to_first_look(look, now, place)
    there = patch(now, place, LOOK_PX)
    sure = max(first, likeness(look.latest, there))
    if sure < COVERED_LIKENESS and np.linalg.norm(place - expected) > APART_PX:
        known = False
    if known and sure >= HIDDEN_LIKENESS:
        look.hidden = 0
        if first > LEARN_LIKENESS:
            look.latest = there
        return place, sure
    look.hidden += 1
    reach = min(SEARCH_PX + SEARCH_GROWTH_PX * look.hidden, LARGEST_SEARCH_PX)
    for kept in (look.first, look.latest):
        found, alike = search(now, kept, expected, reach)
        if alike > FOUND_LIKENESS and inside(found, now):
            look.hidden = 0
            return found, alike
    return place if known else expected, HIDDEN_CONFIDENCE


def _drawn_to_first_look(look: Look, now: Gray, place: Place) -> tuple[Place, float]:
    """``place``, or where the first look fits better nearby; and how alike that is to the first look."""
    alike = likeness(look.first, patch(now, place, LOOK_PX))
    around = patch(now, place, LOOK_PX + ALIGN_MARGIN_PX)
    middle = np.full(2, float(LOOK_PX + ALIGN_MARGIN_PX))
    found = align(look.template, around, middle)
    if found is None or np.linalg.norm(found - middle) >= REACH_PX:
        return place, alike
    drawn = place + found - middle
    drawn_alike = likeness(look.first, patch(now, drawn, LOOK_PX))
    return (drawn, drawn_alike) if drawn_alike > max(DRAWN_LIKENESS, alike) else (place, alike)


def _gray(frame: Frame) -> Gray:
    return np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8)


def create() -> FlowTracker:
    """The tracker, ready to start."""
    return FlowTracker()
