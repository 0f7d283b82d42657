"""What all trackers share that search for each object in a crop around its last box."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tracking.layers.frame_size import FrameSize
from tracking.shapes.values import kind_of
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt, PromptError

LARGEST_BATCH = 16
"""Most crops per forward pass; more objects take several, so that memory stays bounded."""


@dataclass
class Target:
    """One followed object: where it was last seen. Models add what they remember of it."""

    box: Box


S = TypeVar("S")
T = TypeVar("T", bound=Target)


class BoxTracker(ABC, Generic[T]):
    """Follows boxes, all of them in one forward pass. See ``tracking.tracker.Tracker`` for the contract.

    ``targets`` holds the followed objects; ``threshold`` is the confidence below which an object counts as lost;
    ``batch`` is how many objects share a forward pass.
    """

    def __init__(self, *, threshold: float, batch: int = LARGEST_BATCH) -> None:
        self.targets: dict[ObjectId, T] = {}
        self.threshold = threshold
        self.batch = batch
        self._frame_size = FrameSize()

    @abstractmethod
    def begin(self, frame: Frame, boxes: Sequence[Box]) -> list[T]:
        """Learn what the objects in ``boxes`` look like on ``frame``."""

    @abstractmethod
    def follow(self, frame: Frame, targets: Sequence[T]) -> list[float]:
        """Move each target's ``box`` to where it is on ``frame``. Returns their confidences, each in [0, 1]."""

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self.targets.clear()
        self._frame_size.begin(frame)
        return self.correct(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self._frame_size.require(frame)
        boxes = prompted_boxes(frame, prompts)
        for chunk in _chunks(prompts, self.batch):
            targets = self.begin(frame, [boxes[prompt.object] for prompt in chunk])
            self.targets.update(zip((prompt.object for prompt in chunk), targets, strict=True))
        return [Prediction(prompt.object, frame.number, prompt.shape, confidence=1.0) for prompt in prompts]

    def step(self, frame: Frame) -> list[Prediction]:
        self._frame_size.require(frame)
        confidences = self.follow_all(frame, list(self.targets.values()))
        return [
            Prediction(name, frame.number, target.box, confidence, confidence >= self.threshold)
            for (name, target), confidence in zip(self.targets.items(), confidences, strict=True)
        ]

    def follow_all(self, frame: Frame, targets: Sequence[T]) -> list[float]:
        """As ``follow``, for any number of targets: a batch at a time."""
        return [confidence for chunk in _chunks(targets, self.batch) for confidence in self.follow(frame, chunk)]

    def drop(self, objects: Collection[ObjectId]) -> None:
        for name in objects:
            self.targets.pop(name, None)

    def finish(self) -> list[Prediction]:
        return []


def _chunks(items: Sequence[S], size: int) -> Iterator[Sequence[S]]:
    return (items[first : first + size] for first in range(0, len(items), size))


def prompted_boxes(frame: Frame, prompts: Sequence[Prompt]) -> dict[ObjectId, Box]:
    """The part of each prompted box that lies inside of the frame. Raises PromptError when there is none."""
    if not prompts:
        raise PromptError("Tracking needs at least one object; none was given. Draw a box first.")
    boxes = {prompt.object: _visible_box(frame, prompt) for prompt in prompts}
    if len(boxes) < len(prompts):
        raise PromptError(f"Each object takes one box per frame; {len(prompts)} came for {len(boxes)}. Send one each.")
    return boxes


def _visible_box(frame: Frame, prompt: Prompt) -> Box:
    shape = prompt.shape
    if not isinstance(shape, Box):
        raise PromptError(
            f"This model follows boxes; a {kind_of(shape).words} came. Draw a box, or choose a "
            "model for this kind of shape."
        )
    if not all(math.isfinite(edge) for edge in shape) or shape.width <= 0 or shape.height <= 0:
        raise PromptError(f"A box needs width and height; {_spelt(shape)} came on frame {frame.number}. Draw it.")
    inside = shape.clipped(frame.width, frame.height)
    if inside.width <= 0 or inside.height <= 0:
        raise PromptError(
            f"A box must touch the frame; {_spelt(shape)} lies outside of {frame.width} x {frame.height} px on frame "
            f"{frame.number}. Draw it on a frame that shows the object."
        )
    return inside


def _spelt(box: Box) -> str:
    return f"{box.x1:g}, {box.y1:g} to {box.x2:g}, {box.y2:g}"
