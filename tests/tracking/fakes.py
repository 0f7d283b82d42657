"""A video and trackers that tests can reason about: no decoder, no network."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tracking.catalog import DetectorEntry, FinderEntry, ModelEntry
from tracking.detection import Detection
from tracking.finder import Discovery
from tracking.protocol import Setting
from tracking.session import Leg, LegEnd, TrackingSession, Way
from tracking.shapes.agreement import agreement
from tracking.shapes.values import GEOMETRY_KINDS, GeometryKind, Mask, is_empty, moved
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt, PromptError, Shape
from tracking.words import checked_words

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
    """Moves every shape, of whatever kind, by ``by`` px per frame to the right; notes in ``dropped`` who was
    dropped."""

    def __init__(self, by: float = 1.0) -> None:
        self.by = by
        self.shapes: dict[ObjectId, Shape] = {}
        self.dropped: list[ObjectId] = []

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.correct(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        found = []
        for prompt in prompts:
            if is_empty(prompt.shape):
                raise PromptError("A box needs an area.")
            self.shapes[prompt.object] = prompt.shape
            found.append(Prediction(prompt.object, frame.number, prompt.shape, 1.0))
        return found

    def step(self, frame: Frame) -> list[Prediction]:
        self.shapes = {name: moved(shape, self.by, 0) for name, shape in self.shapes.items()}
        return [self.predict(name, frame.number) for name in self.shapes]

    def predict(self, name: ObjectId, frame: int) -> Prediction:
        return Prediction(name, frame, self.shapes[name], 0.9)

    def drop(self, objects: Collection[ObjectId]) -> None:
        for name in objects:
            self.shapes.pop(name, None)
            self.dropped.append(name)

    def finish(self) -> list[Prediction]:
        return []


class Knowing(Drifting):
    """Knows on which frame it first saw each object, and keeps in ``heard`` what it is told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[ObjectId, int] = {}
        self.heard: dict[ObjectId, object] = {}

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self.first = {prompt.object: frame.number for prompt in prompts}
        return super().start(frame, prompts)

    def memory_of(self, name: ObjectId) -> object | None:
        return f"{name} on {self.first[name]}" if name in self.shapes else None

    def remember(self, name: ObjectId, memory: object) -> None:
        self.heard[name] = memory


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


class Bettering(Drifting):
    """Speaks with every frame of the two before it again: each time it holds them to lie 10 px lower."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Prediction] = []

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        found = super().correct(frame, prompts)
        self.said += found
        return found

    def step(self, frame: Frame) -> list[Prediction]:
        lower = [replace(one, shape=moved(one.shape, 0, 10)) for one in self.said if abs(one.frame - frame.number) <= 2]
        self.said = [*lower, *super().step(frame)]
        return self.said


class Losing(Drifting):
    """Holds every object to be lost from its third step on."""

    def __init__(self) -> None:
        super().__init__(by=0)
        self.count = 0

    def step(self, frame: Frame) -> list[Prediction]:
        self.count += 1
        return super().step(frame)

    def predict(self, name: ObjectId, frame: int) -> Prediction:
        return Prediction(name, frame, self.shapes[name], 0.1, visible=self.count < 3)


class Fading(Drifting):
    """Sees less and less: from its third step on its masks are empty."""

    def __init__(self) -> None:
        super().__init__(by=0)
        self.count = 0

    def step(self, frame: Frame) -> list[Prediction]:
        self.count += 1
        return super().step(frame)

    def predict(self, name: ObjectId, frame: int) -> Prediction:
        shape = self.shapes[name]
        assert isinstance(shape, Mask)
        seen = shape.bitmap if self.count < 3 else np.zeros_like(shape.bitmap)
        return Prediction(name, frame, Mask(shape.left, shape.top, seen), 0.9)


class Spotting:
    """A finder that comes upon one ``label`` at ``box`` on the frames ``on``, unless something known lies there."""

    def __init__(self, box: Box, on: Collection[int], label: str = "car") -> None:
        self.box, self.on, self.label = box, on, label
        self.looked: list[int] = []

    def find(self, frame: Frame, known: Sequence[Prediction]) -> list[Discovery]:
        self.looked.append(frame.number)
        if frame.number not in self.on or any(agreement(one.shape, self.box) > 0.3 for one in known):
            return []
        return [Discovery(self.label, self.box, 0.8)]


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


class Anything(Drifting):
    """Follows every kind of geometry; ``pace`` px a frame to the right."""

    def __init__(self, pace: float = 1.0, device: str = "auto") -> None:
        super().__init__(by=pace)


def _entry(
    model: str, factory: type[Drifting], prompts: tuple[GeometryKind, ...] = ("box",), **settings: Setting
) -> ModelEntry:
    return ModelEntry(
        id=model,
        name=model.title(),
        summary="For tests.",
        prompts=prompts,
        outputs=prompts,
        factory=f"{__name__}:{factory.__name__}",
        licence="Apache-2.0",
        settings=settings,
    )


EVERY_KIND = _entry("anything", Anything, GEOMETRY_KINDS, pace=1.0, device="auto")
ENTRIES = (
    _entry("drifting", Drifting, by=1.0),
    _entry("slow", Slow),
    _entry("broken", Broken),
    _entry("losing", Losing),
    _entry("windowed", Windowed),
    _entry("masking", Drifting, ("mask",)),
    EVERY_KIND,
)
"""What ``FRAMEWISE_EXTRA_TRACKERS=tests.tracking.fakes:ENTRIES`` adds to the catalogue."""


def spotting(classes: Sequence[str]) -> Spotting:
    """A finder of cars, for ``FINDERS``."""
    assert set(classes) <= {"car", "person"}
    return Spotting(Box(60, 50, 70, 60), on=range(5, 1000))


FINDERS = (FinderEntry("spotting", "Spotting", "For tests.", f"{__name__}:spotting", ("car", "person")),)
"""What ``FRAMEWISE_EXTRA_FINDERS=tests.tracking.fakes:FINDERS`` adds."""


class Repeating:
    """A detector that sees the same on every frame; ``breaks``: it fails on this frame."""

    def __init__(
        self, seen: Sequence[Detection], breaks: int | None = None, classes: tuple[str, ...] = ("car", "person")
    ) -> None:
        self.seen, self.breaks, self.classes = list(seen), breaks, classes
        self.looked: list[int] = []

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        for frame in frames:
            if frame.number == self.breaks:
                raise RuntimeError("out of memory")
            self.looked.append(frame.number)
        return [list(self.seen) for _ in frames]


def repeating(*, classes: Sequence[str] = (), confidence: float = 0.25, breaks: int = -1) -> Repeating:
    """A detector of a car and a person, for ``DETECTORS``."""
    seen = [Detection(Box(60, 50, 70, 60), 0.8, "car"), Detection(Box(10, 20, 14.5, 30), 0.4, "person")]
    chosen = [one for one in seen if one.confidence >= confidence and (not classes or one.label in classes)]
    return Repeating(chosen, None if breaks < 0 else breaks)


def naming(*, classes: Sequence[str] = (), confidence: float = 0.25) -> Repeating:
    """A detector that sees each word once, side by side, for ``DETECTORS``."""
    words = checked_words(classes)
    seen = [Detection(Box(10 * at, 5, 10 * at + 8, 15), 0.9, word) for at, word in enumerate(words)]
    return Repeating(seen, classes=words)


DETECTORS = (
    DetectorEntry(
        "repeating",
        "Repeating",
        "For tests.",
        f"{__name__}:repeating",
        "Apache-2.0",
        ("car", "person"),
        settings={"confidence": 0.25, "breaks": -1},
    ),
    DetectorEntry(
        "naming",
        "Naming",
        "For tests.",
        f"{__name__}:naming",
        "Apache-2.0",
        (),
        settings={"confidence": 0.25},
        by_word=True,
    ),
)
"""What ``FRAMEWISE_EXTRA_DETECTORS=tests.tracking.fakes:DETECTORS`` adds."""
