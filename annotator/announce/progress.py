"""How far each object of a run has come. Pure: kept as JSON in ``Run.objects_state``, changed as values.

A leg is one object's way in one direction, from the frame ``origin`` to ``last``, both included. ``at`` is the last
frame that is stored; another agent can go on from there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, PrivateAttr, TypeAdapter

from tracking.protocol import Clicks, Leg, RunPrompt
from tracking.shapes.chunks import Row

Way = Literal["forward", "backward"]
WAYS: tuple[Way, Way] = ("forward", "backward")


class HeldPoints(BaseModel):
    """Of the rows that the event ``revision`` took away these ``points``, by number, stay as they were."""

    model_config = ConfigDict(extra="forbid")

    revision: int
    points: list[int]


class LegState(BaseModel):
    """``prompt``: the id of the shape on ``origin``, which is kept apart (``models.LegPrompt``): it may be large.

    ``base``: frames that were done before a correction moved the origin. ``emit_first``: the origin itself is still
    to be stored (``at`` is None until then). ``left``: it ended early, because the object left or was lost. ``since``:
    the epoch of the correction that it began with.

    ``former``: revisions of the events that took away what this leg redoes, ``stale`` rows of it; ``agreeing``: how
    many of its last frames lie on those; ``agreed``: the frame where it joined them. ``held``: which points it doesn't
    redo, where single ones were corrected.

    ``check``: it goes back over another leg, to be compared with it. ``checked``: from which frame this one was.
    ``linked``: an association links it, where the model doesn't follow it. ``clicked``: what the shape on ``origin``
    came of; ``left_alone``: the points that its correction did not move. Both go once a frame beyond that is stored.
    """

    model_config = ConfigDict(extra="forbid")

    way: Way
    origin: int
    last: int
    prompt: UUID
    at: int | None = None
    base: int = 0
    emit_first: bool = False
    ended: bool = False
    left: bool = False
    grown: bool = False
    since: int = 0
    former: list[int] = []
    held: list[HeldPoints] = []
    stale: int = 0
    agreeing: int = 0
    agreed: int | None = None
    check: bool = False
    checked: int | None = None
    linked: bool = False
    clicked: Clicks | None = None
    left_alone: list[int] = []

    _new: Row | None = PrivateAttr(default=None)

    def hand_over(self) -> Row | None:
        """The shape on ``origin``, once, where the leg is new; whoever takes it stores it as ``prompt``."""
        new, self._new = self._new, None
        return new

    @property
    def untouched(self) -> list[int]:
        """The points that it redoes on no frame."""
        if len(self.held) < len(self.former):
            return []
        return sorted(set.intersection(*({*held.points} for held in self.held))) if self.held else []

    @property
    def step(self) -> int:
        return 1 if self.way == "forward" else -1

    @property
    def head(self) -> int:
        """The frame it has reached."""
        return self.origin if self.at is None else self.at

    @property
    def done(self) -> int:
        """Frames stored."""
        return self.base + (0 if self.at is None else (self.at - self.origin) * self.step + self.emit_first)

    @property
    def total(self) -> int:
        """Frames it will have stored; those it has once it ended."""
        return self.done if self.ended else self.base + self.length

    @property
    def length(self) -> int:
        return max(0, (self.last - self.origin) * self.step + self.emit_first)

    @property
    def redone(self) -> int:
        """Of the ``stale`` frames, those that were tracked again."""
        return min(self.stale, ((self.head if self.agreed is None else self.agreed) - self.origin) * self.step)

    def reaches(self, frame: int) -> bool:
        """Whether ``frame`` lies on its way, beyond or at its head."""
        return (frame - self.head) * self.step >= 0

    def is_beyond(self, frame: int) -> bool:
        """Whether ``frame`` lies on its way, beyond its head."""
        return (frame - self.head) * self.step > 0

    def advance(self, frame: int) -> None:
        if self.reaches(frame):
            self.at = frame
            if frame != self.origin:  # Nobody begins with the prompt again.
                self.clicked, self.left_alone = None, []

    def move_end(self, last: int) -> None:
        """Let it end elsewhere; at or behind its head it has ended, beyond it goes on (unless the object left)."""
        if last == self.last or self.left or self.check:
            return
        beyond = (last - self.head) * self.step > 0 or (self.at is None and last == self.origin)
        self.grown = self.grown or (last - self.last) * self.step > 0
        self.last = last
        self.ended = not beyond


class ObjectState(BaseModel):
    """One track of a run. ``start``: the frame of its first prompt. ``epoch`` grows with each correction. ``seen``: on
    how many frames it was held to be visible."""

    model_config = ConfigDict(extra="forbid")

    start: int
    epoch: int = 0
    seen: int = 0
    legs: list[LegState] = []

    def leg(self, way: Way) -> LegState | None:
        """Its leg in a direction, rather one that still goes on."""
        those = [leg for leg in self.legs if leg.way == way]
        return next((leg for leg in those if not leg.ended), those[0] if those else None)

    @property
    def unfinished(self) -> list[LegState]:
        return [leg for leg in self.legs if not leg.ended]

    @property
    def head(self) -> int:
        """The frame it has reached; of two ways, on the one that is still going."""
        told = [leg for leg in self.legs if not leg.check]
        legs = [leg for leg in told if not leg.ended] or told
        return legs[0].head if legs else self.start

    @property
    def to_check(self) -> int:
        """About how many frames the ways back will have that haven't begun."""
        told = [leg for leg in self.legs if not leg.check and leg.checked is None and leg.agreed is None]
        return sum(max(0, leg.total - 1) for leg in told) if self.unfinished else 0

    def is_stale(self, frame: int, epoch: int) -> bool:
        """Whether a row of ``epoch`` lies where a later correction does it again. What is behind the correction, and
        was on its way when it came, still counts."""
        return any(leg.since > epoch and (frame - leg.origin) * leg.step >= 0 for leg in self.legs)

    def has_told(self, frame: int, epoch: int) -> bool:
        """Whether ``frame`` lies behind the head of a leg that a row of ``epoch`` may belong to: such a row only
        betters what was found before."""
        return any(
            leg.since <= epoch and not leg.check and (frame - leg.origin) * leg.step > 0 and not leg.is_beyond(frame)
            for leg in self.legs
        )

    def advance(self, frame: int) -> None:
        """``frame`` is stored: move the leg that it lies on."""
        for leg in self.legs:
            if not leg.ended and leg.reaches(frame):
                leg.advance(frame)
                return


class SearchState(BaseModel):
    """How far a run has looked for new objects: on every ``every``-th frame from ``origin`` to ``last``. ``at``: the
    frame that it has come to."""

    model_config = ConfigDict(extra="forbid")

    way: Way
    origin: int
    last: int
    every: int
    at: int | None = None
    ended: bool = False

    @property
    def step(self) -> int:
        return 1 if self.way == "forward" else -1

    @property
    def done(self) -> int:
        """Frames behind it."""
        return 0 if self.at is None else (self.at - self.origin) * self.step + 1

    @property
    def total(self) -> int:
        """Frames it will have behind it; those it has once it ended."""
        return self.done if self.ended else max(0, (self.last - self.origin) * self.step + 1)

    @property
    def next(self) -> int:
        """The frame to go on with; the last one is gone to at any rate, as only with it the search has ended."""
        if self.at is None:
            return self.origin
        further = self.at + self.every * self.step
        return self.last if (further - self.last) * self.step > 0 else further

    def advance(self, frame: int) -> None:
        """``frame`` is behind it. An agent may go beyond an end that was moved meanwhile, and says nothing else."""
        if (frame - self.origin) * self.step < 0:
            return
        if (frame - self.last) * self.step > 0:
            frame = self.last
        if self.at is None or (frame - self.at) * self.step > 0:
            self.at = frame
        self.ended = self.ended or (self.last - frame) * self.step <= 0

    def move_end(self, last: int) -> None:
        """Let it end elsewhere; behind where it has come to it has ended, beyond it goes on."""
        if last != self.last:
            self.last = last
            self.ended = self.at is not None and (last - self.at) * self.step <= 0


OBJECTS: TypeAdapter[dict[str, ObjectState]] = TypeAdapter(dict[str, ObjectState])


def make_leg(
    way: Way,
    *,
    shape: Row,
    end: int,
    emit_first: bool = False,
    linked: bool = False,
    clicked: Clicks | None = None,
) -> LegState:
    """A leg from the frame of ``shape`` to ``end``. ``clicked``: what the shape came of."""
    at = None if emit_first else shape.frame
    leg = LegState(
        way=way,
        origin=shape.frame,
        last=end,
        prompt=uuid4(),
        emit_first=emit_first,
        at=at,
        linked=linked,
        clicked=clicked,
    )
    leg._new = shape
    leg.ended = leg.length == 0
    return leg


def corrected_leg(
    state: ObjectState, way: Way, *, shape: Row, end: int, held: Sequence[int] = (), clicked: Clicks | None = None
) -> LegState:
    """A leg that goes on from a correction, which is stored, in the object's current epoch. ``held``: the points that
    it left alone; ``clicked``: what its shape came of."""
    leg = make_leg(way, shape=shape, end=end, clicked=clicked)
    leg.left_alone = list(held)
    leg.base = max(0, (shape.frame - state.start) * leg.step)
    leg.since = state.epoch
    before = state.leg(way)
    if before is not None and not before.ended:
        leg.former = before.former
        both = [HeldPoints(revision=old.revision, points=sorted({*old.points} & {*held})) for old in before.held]
        leg.held = [old for old in both if old.points]
    return leg


def check_of(leg: LegState, *, shape: Row) -> LegState:
    """The leg that goes back over ``leg`` from ``shape``, to where it began or was checked before."""
    way: Way = "backward" if leg.way == "forward" else "forward"
    end = (leg.origin if leg.checked is None else leg.checked) + leg.step
    check = make_leg(way, shape=shape, end=end)
    check.check = True
    return check


def leg_end(way: Way, *, frame: int, first: int, last: int, keyframes: Sequence[int]) -> int:
    """Where a leg from ``frame`` ends: before the next of the (rising) keyframes, or at the run's bound."""
    if way == "forward":
        at = bisect_right(keyframes, frame)
        return min(last, keyframes[at] - 1) if at < len(keyframes) else last
    at = bisect_left(keyframes, frame)
    return max(first, keyframes[at - 1] + 1) if at > 0 else first


def ways(direction: str) -> tuple[Way, ...]:
    return WAYS if direction == "both" else tuple(way for way in WAYS if way == direction)


def corrected_ways(direction: str, *, start: int, frame: int) -> tuple[Way, ...]:
    """Which ways a correction on ``frame`` redoes, for an object that was first prompted on ``start``."""
    if direction != "both" or frame == start:
        return ways(direction)
    return ("forward",) if frame > start else ("backward",)


def resumed(track: str, leg: LegState, stored: Mapping[tuple[str, int], Row]) -> Row | None:
    """The shape that a leg goes on from; None: it begins with its prompt, on its origin.

    Args:
        stored: shapes by (track, frame).
    """
    # A check that went on from what it is to be compared with would agree with it.
    return None if leg.at is None or leg.check else stored.get((track, leg.at))


def agent_legs(
    track: str, state: ObjectState, stored: Mapping[tuple[str, int], Row], prompts: Mapping[UUID, Row]
) -> list[Leg]:
    """What an agent is told to (re)do for an object.

    Args:
        stored: shapes by (track, frame), as for ``resumed``.
        prompts: those of the legs that aren't ``resumed``, by id.
    """
    return [
        Leg(
            prompt=RunPrompt.of(
                track, resumed(track, leg, stored) or prompts[leg.prompt], epoch=state.epoch, clicked=leg.clicked
            ),
            direction=leg.way,
            last=leg.last,
            emit_first=leg.at is None,
            check=leg.check,
            linked=leg.linked,
            untouched=leg.left_alone,
        )
        for leg in state.unfinished
    ]


def heads(objects: Mapping[str, ObjectState]) -> Iterator[tuple[str, int]]:
    """(track, last stored frame) from which unfinished legs go on."""
    for track, state in objects.items():
        for leg in state.unfinished:
            if leg.at is not None:
                yield track, leg.at
