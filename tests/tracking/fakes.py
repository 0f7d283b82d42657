"""A video and trackers that tests can reason about: no decoder, no network."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tracking.catalog import ModelEntry
from tracking.session import Leg, LegEnd, TrackingSession, Way
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt, PromptError

A, B, C = ObjectId("a"), ObjectId("b"), ObjectId("c")
BOX = Box(10, 10, 20, 20)


@dataclass
class FakeVideo:
    """Blank frames. ``walks`` notes where each decoder began, ``decoded`` which frames were decoded, ``open`` how many
    decoders are."""

    frame_count: int = 100
    width: int = 100
    height: int = 80
    walks: list[int] = field(default_factory=list)
    decoded: list[int] = field(default_factory=list)
    open: int = 0

    def opened(self) -> AbstractContextManager[FakeVideo]:
        return nullcontext(self)

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        self.walks.append(first)
        self.open += 1
        try:
            for number in range(first, self.frame_count) if way == "forward" else range(first, -1, -1):
                self.decoded.append(number)
                yield Frame(number, np.zeros((self.height, self.width, 3), np.uint8))
        finally:
            self.open -= 1


class Drifting:
    """Moves every box by ``by`` px per frame to the right; notes in ``dropped`` who was dropped."""

    def __init__(self, by: float = 1.0) -> None:
        self.by = by
        self.boxes: dict[ObjectId, Box] = {}
        self.dropped: list[ObjectId] = []

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.correct(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        found = []
        for prompt in prompts:
            assert isinstance(prompt.shape, Box)
            if prompt.shape.area == 0:
                raise PromptError("A box needs an area.")
            self.boxes[prompt.object] = prompt.shape
            found.append(Prediction(prompt.object, frame.number, prompt.shape, 1.0))
        return found

    def step(self, frame: Frame) -> list[Prediction]:
        self.boxes = {name: Box(box.x1 + self.by, box.y1, box.x2 + self.by, box.y2) for name, box in self.boxes.items()}
        return [self.predict(name, frame.number) for name in self.boxes]

    def predict(self, name: ObjectId, frame: int) -> Prediction:
        return Prediction(name, frame, self.boxes[name], 0.9)

    def drop(self, objects: Collection[ObjectId]) -> None:
        for name in objects:
            self.boxes.pop(name, None)
            self.dropped.append(name)

    def finish(self) -> list[Prediction]:
        return []


class Windowed(Drifting):
    """Speaks of each frame only two frames later, like models that look ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[list[Prediction]] = []

    def step(self, frame: Frame) -> list[Prediction]:
        self.held.append(super().step(frame))
        return self.held.pop(0) if len(self.held) > 2 else []

    def finish(self) -> list[Prediction]:
        return [prediction for held in self.held for prediction in held]


class Losing(Drifting):
    """Holds every object to be lost from its third step on."""

    def __init__(self) -> None:
        super().__init__(by=0)
        self.count = 0

    def step(self, frame: Frame) -> list[Prediction]:
        self.count += 1
        return super().step(frame)

    def predict(self, name: ObjectId, frame: int) -> Prediction:
        return Prediction(name, frame, self.boxes[name], 0.1, visible=self.count < 3)


class Complaining(Drifting):
    """Notes on its third step that it goes on without its GPU, and keeps that note."""

    note = ""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def step(self, frame: Frame) -> list[Prediction]:
        self.count += 1
        if self.count == 3:
            self.note = "The GPU gave out."
        return super().step(frame)


def leg(name: ObjectId = A, frame: int = 0, last: int = 5, way: Way = "forward", **more: object) -> Leg:
    return Leg(name, more.pop("shape", BOX), frame, way, last, **more)  # type: ignore[arg-type]


@dataclass
class Story:
    """What a session handed out: (object, frame) of every row in order, and the ends."""

    rows: list[tuple[ObjectId, int]] = field(default_factory=list)
    ends: list[LegEnd] = field(default_factory=list)
    outside: list[tuple[ObjectId, int]] = field(default_factory=list)

    def frames(self, name: ObjectId) -> list[int]:
        return [frame for one, frame in self.rows if one == name]


def play(session: TrackingSession, after: dict[tuple[ObjectId, int], Callable[[], None]] | None = None) -> Story:
    """Run a session to its end. ``after``: what to do once the row (object, frame) has come."""
    story = Story()
    for step in session.steps():
        for row in step.rows:
            key = (row.prediction.object, row.prediction.frame)
            story.rows.append(key)
            if row.outside:
                story.outside.append(key)
            if after and key in after:
                after.pop(key)()
        story.ends += step.ends
    return story


class Slow(Drifting):
    """Takes a while for each frame, and says which one it works on in the file that ``SLOW_TRACKER_LOG`` names."""

    def step(self, frame: Frame) -> list[Prediction]:
        with Path(os.environ.get("SLOW_TRACKER_LOG", os.devnull)).open("a") as log:
            log.write(f"{frame.number}\n")
        time.sleep(0.02)
        return super().step(frame)


class Broken(Drifting):
    """Raises on its third step."""

    def step(self, frame: Frame) -> list[Prediction]:
        self.dropped.append(A)
        if len(self.dropped) == 3:
            raise RuntimeError("out of luck")
        return super().step(frame)


def _entry(model: str, factory: type[Drifting], **settings: float | int | str | bool) -> ModelEntry:
    return ModelEntry(
        id=model,
        name=model.title(),
        summary="For tests.",
        prompts=("box",),
        outputs=("box",),
        factory=f"{__name__}:{factory.__name__}",
        licence="Apache-2.0",
        settings=settings,
    )


ENTRIES = (
    _entry("drifting", Drifting, by=1.0),
    _entry("slow", Slow),
    _entry("broken", Broken),
    _entry("losing", Losing),
    _entry("windowed", Windowed),
)
"""What ``FRAMEWISE_EXTRA_TRACKERS=tests.tracking.fakes:ENTRIES`` adds to the catalogue."""
