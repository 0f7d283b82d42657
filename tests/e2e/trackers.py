"""Models of the product under test: the default one at a pace that leaves time to do something while it runs, and the
misbehaving ones of the unit tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from tests.e2e.clips import thing_at
from tests.tracking import fakes, weighty
from tracking import catalog
from tracking.catalog import DetectorEntry, FinderEntry, ModelEntry
from tracking.detection import Detection
from tracking.finder import Discovery
from tracking.finding import are_same
from tracking.shapes.values import GEOMETRY_KINDS, bounds_of, moved
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt, Shape
from tracking.warm import held
from tracking.words import checked_words

PAUSE_S = 0.03
HOME = Box(100, 60, 160, 120)
AWAY = range(60, 70)


class Unhurried:
    """The default tracker, with a pause before each frame."""

    def __init__(self) -> None:
        self.tracker = catalog.create(catalog.DEFAULT_TRACKER["box"])

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.tracker.start(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.tracker.correct(frame, prompts)

    def step(self, frame: Frame) -> list[Prediction]:
        time.sleep(PAUSE_S)
        return self.tracker.step(frame)

    def drop(self, objects: Collection[ObjectId]) -> None:
        self.tracker.drop(objects)

    def finish(self) -> list[Prediction]:
        return self.tracker.finish()


class Settling:
    """Comes back to ``HOME`` wherever it was prompted; forward in time it is elsewhere on the frames ``AWAY``."""

    def __init__(self) -> None:
        self.prompts: dict[ObjectId, tuple[int, Box]] = {}

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        for prompt in prompts:
            assert isinstance(prompt.shape, Box)
            self.prompts[prompt.object] = (frame.number, prompt.shape)
        return self.step(frame)

    correct = start

    def step(self, frame: Frame) -> list[Prediction]:
        return [
            Prediction(of, frame.number, self._box(frame.number, *given), 1.0) for of, given in self.prompts.items()
        ]

    def drop(self, objects: Collection[ObjectId]) -> None:
        for gone in objects:
            self.prompts.pop(gone, None)

    def finish(self) -> list[Prediction]:
        return []

    def _box(self, frame: int, prompted: int, box: Box) -> Box:
        share = 0.5 ** abs(frame - prompted)
        away = HOME.width if frame > prompted and frame in AWAY else 0.0
        x, y = HOME.x1 + (box.x1 - HOME.x1) * share + away, HOME.y1 + (box.y1 - HOME.y1) * share
        return Box(x, y, x + HOME.width, y + HOME.height)


class Carrying:
    """Carries a shape of any kind along with the things of ``clips.moving_things``: a pixel a frame to the right."""

    def __init__(self, pace: float = 1.0) -> None:
        self.pace = pace
        self.prompts: dict[ObjectId, tuple[int, Shape]] = {}

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self.prompts |= {prompt.object: (frame.number, prompt.shape) for prompt in prompts}
        return self.step(frame)

    correct = start

    def step(self, frame: Frame) -> list[Prediction]:
        time.sleep(PAUSE_S)
        return [
            Prediction(of, frame.number, moved(shape, self.pace * (frame.number - since), 0), 0.9)
            for of, (since, shape) in self.prompts.items()
        ]

    def drop(self, objects: Collection[ObjectId]) -> None:
        for gone in objects:
            self.prompts.pop(gone, None)

    def finish(self) -> list[Prediction]:
        return []


class Slipping(Carrying):
    """Carries a shape along, but begun behind the first frame everything slips 6 px down behind its prompt: what was
    done again is told from what stayed."""

    def step(self, frame: Frame) -> list[Prediction]:
        return [self._slipped(one, frame.number) for one in super().step(frame)]

    def _slipped(self, one: Prediction, frame: int) -> Prediction:
        since, _ = self.prompts[one.object]
        return replace(one, shape=moved(one.shape, 0, 6)) if 0 < since < frame else one


class Hanging(Carrying):
    """Hangs in its fifth step, as long as the agent lives. Where it runs, a run has stalled after two seconds."""

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        from tracking.engine import local

        local.STALLED_AFTER_S = 2.0
        self.steps = 0
        return super().start(frame, prompts)

    def step(self, frame: Frame) -> list[Prediction]:
        self.steps += 1
        if self.steps > 5:
            threading.Event().wait()
        return super().step(frame)


class Weighing(Carrying):
    """Has a network, which stays in memory, and weighs 4 MB."""

    def __init__(self) -> None:
        from torch import nn

        super().__init__()
        self.network = held(partial(nn.Linear, 1000, 1000))


class Knowing:
    """A finder that knows where the things of ``clips.moving_things`` are: one at first, from frame 50 on all three."""

    def find(self, frame: Frame, known: Sequence[Prediction]) -> list[Discovery]:
        rows = (0, 1, 2) if frame.number >= 50 else (0,)
        boxes = [thing_at(row, frame.number) for row in rows]
        new = [box for box in boxes if not any(are_same(box, bounds_of(one.shape)) for one in known)]
        return [Discovery("car", box, 0.9) for box in new]


def knowing(*, classes: Sequence[str]) -> Knowing:
    return Knowing()


class Watching:
    """A detector that sees what ``Knowing`` knows, at a pace that leaves time to do something meanwhile."""

    classes: tuple[str, ...] = ("car", "kite")

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        time.sleep(PAUSE_S * len(frames))
        return [
            [Detection(bounds_of(new.shape), 0.9, new.label) for new in Knowing().find(frame, ())] for frame in frames
        ]


def watching(*, classes: Sequence[str] = (), confidence: float = 0.25) -> Watching:
    return Watching()


class Naming(Watching):
    """The same by words: what it sees is whatever comes first."""

    def __init__(self, words: Sequence[str]) -> None:
        self.classes = checked_words(words)

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        return [[replace(one, label=self.classes[0]) for one in seen] for seen in super().detect(frames)]


def naming(*, classes: Sequence[str] = (), confidence: float = 0.25) -> Naming:
    return Naming(classes)


WATCHING = DetectorEntry(
    "watching",
    "Watching",
    "For tests.",
    f"{__name__}:watching",
    "Apache-2.0",
    Watching.classes,
    settings={"confidence": 0.25},
)
DETECTORS = (
    WATCHING,
    replace(WATCHING, id="naming", name="Naming", factory=f"{__name__}:naming", classes=(), by_word=True),
)
"""For ``FRAMEWISE_EXTRA_DETECTORS``."""

FINDERS = (FinderEntry("things", "Things", "For tests.", f"{__name__}:knowing", ("car", "kite")),)
"""For ``FRAMEWISE_EXTRA_FINDERS``."""

UNHURRIED = ModelEntry(
    id="unhurried",
    name="Unhurried",
    summary="For tests.",
    prompts=("box",),
    outputs=("box",),
    factory=f"{__name__}:Unhurried",
    licence="Apache-2.0",
)
SETTLING = replace(UNHURRIED, id="settling", name="Settling", factory=f"{__name__}:Settling")
CARRYING = replace(
    UNHURRIED,
    id="carrying",
    name="Carrying",
    prompts=GEOMETRY_KINDS,
    outputs=GEOMETRY_KINDS,
    factory=f"{__name__}:Carrying",
    settings={"pace": 1.0},
)
MASKING = replace(CARRYING, id="masking-along", name="Masking", prompts=("mask",), outputs=("mask",), settings={})
SLIPPING = replace(CARRYING, id="slipping", name="Slipping", factory=f"{__name__}:Slipping", settings={})
HANGING = replace(UNHURRIED, id="hanging", name="Hanging", factory=f"{__name__}:Hanging")
WEIGHTY = replace(weighty.entry(), factory=f"{__name__}:Weighing")
ENTRIES = (*fakes.ENTRIES, UNHURRIED, SETTLING, CARRYING, MASKING, SLIPPING, HANGING, WEIGHTY)
"""For ``FRAMEWISE_EXTRA_TRACKERS``."""
