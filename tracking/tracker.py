"""The contract of every tracker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol, runtime_checkable

from tracking.types import Frame, ObjectId, Prediction, Prompt


class Tracker(Protocol):
    """Follows prompted objects through the frames it is given, one at a time.

    Frames come in the order of the run: rising numbers forward, falling numbers backward; a tracker must not care
    which. All state lives in the instance, none in its class or module, so that two sessions never mix; a new
    instance given the same frames and prompts gives the same predictions.

    Raises:
        PromptError: from ``start`` and ``correct``, when a prompt can't be followed (empty, wholly outside of the
            frame, or of a kind the model doesn't take).
        TrackingError: when a frame's size differs from that of the first one.
    """

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        """Begin on ``frame`` with one prompt per object. Returns the prompted objects on this frame."""
        ...

    def step(self, frame: Frame) -> list[Prediction]:
        """Follow every object to ``frame``. Returns predictions, also of earlier frames for windowed models: those that
        it hasn't spoken of yet, in their order, and better ones of those that it has."""
        ...

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        """Re-anchor known objects, or add new ones, on ``frame``, the one that ``step`` saw last; the objects not
        named go on undisturbed."""
        ...

    def drop(self, objects: Collection[ObjectId]) -> None:
        """Stop following ``objects``; unknown ones are ignored."""
        ...

    def finish(self) -> list[Prediction]:
        """End of the run: hand over what a windowed model still holds back. The tracker isn't used afterwards."""
        ...


@runtime_checkable
class Noting(Protocol):
    """A tracker that may have something to tell the person who waits for it."""

    note: str
    """One or more sentences, e.g. that the GPU gave out; empty: nothing."""


@runtime_checkable
class Telling(Protocol):
    """A tracker that has several things to tell, each once."""

    def news(self, *, over: bool) -> list[str]:
        """Sentences that weren't handed out before. ``over``: the tracker's work is done, and its sums are final."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A tracker that knows an object by all that people said of it: where a correction lets another tracker follow the
    object, that one hears of the earlier prompts too."""

    def memory_of(self, name: ObjectId) -> object | None:
        """What was said of an object, for another tracker of this model; None: it isn't followed."""
        ...

    def remember(self, name: ObjectId, memory: object) -> None:
        """Take over what was said of an object elsewhere. Comes after ``start`` with the object's new shape, which
        counts on its frame."""
        ...


@runtime_checkable
class Sharing(Protocol):
    """A tracker whose kind is dear to make, because of what never changes in it, such as a network's weights."""

    def maker(self) -> Callable[[], Tracker]:
        """What makes fresh trackers with the same settings that share it. It doesn't hold on to what this one saw."""
        ...
