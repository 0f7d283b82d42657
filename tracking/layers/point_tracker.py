"""What all trackers share that follow points: shapes of every kind made of points, taken apart and put together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.layers.frame_size import FrameSize
from tracking.shapes.anchors import Anchored, Places, Seen, anchored, refuses
from tracking.shapes.values import bounds_of, is_empty, is_finite, kind_of, share_inside
from tracking.types import Frame, ObjectId, Prediction, Prompt, PromptError


@dataclass
class Followed:
    """One object: its prompt by points, where they are now, which are seen, and how sure each is, in [0, 1]."""

    prompt: Anchored
    now: Places
    seen: Seen
    sure: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Known:
    """What a tracker knows of one object's points, for another of its kind, or for itself after a correction.

    ``numbers``: which points of the shape those are, by number; ``looks``: what ``looks_of`` gave, in that order.
    """

    numbers: list[int]
    looks: object


class PointTracker(ABC):
    """Follows points, those of all objects at once. See ``tracking.tracker.Tracker`` for the contract.

    A correction re-anchors the points that were moved; those that a prompt calls ``untouched`` go on with what they
    looked like where a person had placed them.
    """

    def __init__(self) -> None:
        self.objects: dict[ObjectId, Followed] = {}
        self._frame_size = FrameSize()
        self._untouched: dict[ObjectId, tuple[int, ...]] = {}

    @abstractmethod
    def begin(self, frame: Frame, names: Sequence[ObjectId]) -> None:
        """Learn what the points of ``names`` look like on ``frame``, where they are now."""

    @abstractmethod
    def step(self, frame: Frame) -> list[Prediction]: ...

    def looks_of(self, name: ObjectId) -> object | None:
        """What the points of an object that is followed are sought by, in their order; None: nothing yet. It isn't
        changed afterwards."""
        return None

    def take_looks(self, name: ObjectId, looks: object, here: list[int], there: list[int]) -> None:  # noqa: B027
        """Seek some points of an object, which has just begun, by those of ``looks`` (of ``looks_of``): the rows
        ``here`` by the rows ``there``."""

    def forget(self, names: Collection[ObjectId]) -> None:  # noqa: B027 (most keep nothing of their own)
        """Let go of what is kept of ``names``."""

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self.drop(tuple(self.objects))
        self._frame_size.begin(frame)
        return self.correct(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self._frame_size.require(frame)
        fresh = _followed(frame, prompts)
        known = {prompt.object: self.memory_of(prompt.object) for prompt in prompts if prompt.untouched}
        self._untouched = {prompt.object: prompt.untouched for prompt in prompts}
        self.objects.update(fresh)
        self.begin(frame, tuple(fresh))
        for name, memory in known.items():
            if memory is not None:
                self.remember(name, memory)
        return [Prediction(prompt.object, frame.number, prompt.shape, confidence=1.0) for prompt in prompts]

    def memory_of(self, name: ObjectId) -> Known | None:
        """See ``tracking.tracker.Remembering``: what its points are sought by."""
        one = self.objects.get(name)
        looks = None if one is None else self.looks_of(name)
        return None if one is None or looks is None else Known(one.prompt.numbers, looks)

    def remember(self, name: ObjectId, memory: object) -> None:
        """Seek the points of an object that its latest prompt calls untouched by what was known of them before."""
        assert isinstance(memory, Known)  # noqa: S101 (for the type checker: it is of a tracker of this kind)
        numbers = self.objects[name].prompt.numbers
        both = [each for each in self._untouched.get(name, ()) if each in numbers and each in memory.numbers]
        if both:
            self.take_looks(name, memory.looks, [*map(numbers.index, both)], [*map(memory.numbers.index, both)])

    def drop(self, objects: Collection[ObjectId]) -> None:
        for name in objects:
            self.objects.pop(name, None)
        self.forget(objects)

    def finish(self) -> list[Prediction]:
        return []


class ImmediatePointTracker(PointTracker):
    """Tells where points are on a frame as soon as it has seen it."""

    @abstractmethod
    def follow(self, frame: Frame) -> None:
        """Move the points of all ``objects`` to where they are on ``frame``."""

    def step(self, frame: Frame) -> list[Prediction]:
        self._frame_size.require(frame)
        self.follow(frame)
        return [predicted(name, frame.number, one) for name, one in self.objects.items()]


def predicted(name: ObjectId, frame: int, one: Followed) -> Prediction:
    """What is told of an object whose points are where ``one`` says."""
    return Prediction(
        name,
        frame,
        one.prompt.place(one.now, one.seen),
        confidence=float(np.clip(one.sure.mean(), 0, 1)),
        visible=one.prompt.visible(one.seen),
    )


def _followed(frame: Frame, prompts: Sequence[Prompt]) -> dict[ObjectId, Followed]:
    if not prompts:
        raise PromptError("Tracking needs at least one object; none was given. Draw one first.")
    found = {prompt.object: _followable(frame, prompt) for prompt in prompts}
    if len(found) < len(prompts):
        raise PromptError(
            f"Each object takes one shape per frame; {len(prompts)} came for {len(found)}. Send one each."
        )
    return found


def _followable(frame: Frame, prompt: Prompt) -> Followed:
    shape = prompt.shape
    if refuses(shape):
        raise PromptError(
            f"This model follows what is made of points; a {kind_of(shape).words} came. Draw points, a skeleton, a "
            "line or an outline, or choose a model for this kind of shape."
        )
    if not is_finite(shape) or is_empty(shape):
        raise PromptError(
            f"A {kind_of(shape).words} needs points to follow; it has none on frame {frame.number}. Draw it there."
        )
    if share_inside(shape, frame.width, frame.height) <= 0:
        box = bounds_of(shape)
        raise PromptError(
            f"A {kind_of(shape).words} must touch the frame; {box.x1:g}, {box.y1:g} to {box.x2:g}, {box.y2:g} lies "
            f"outside of {frame.width} x {frame.height} px on frame {frame.number}. Draw it on a frame that shows the "
            "object."
        )
    prompted = anchored(shape)
    count = len(prompted.start)
    return Followed(prompted, prompted.start.copy(), np.ones(count, bool), np.ones(count))
