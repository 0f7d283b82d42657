"""A tracker for load tests that does no work but to say when each shape was made: by where the shape is."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from tracking.catalog import ModelEntry
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt

STEPS = 200
"""Places along each side of the picture, in px: a time is told by two of them, in ms."""
AROUND_MS = STEPS * STEPS
OFFSET, SIDE = 4, 20


def stamp(now_s: float) -> Box:
    """A box that tells a time; the same again after 40 s."""
    ms = int(now_s * 1000) % AROUND_MS
    x, y = OFFSET + ms % STEPS, OFFSET + ms // STEPS
    return Box(x, y, x + SIDE, y + SIDE)


def age_ms(x: float, y: float, now_s: float) -> float:
    """How long ago the box with this corner was made; in [0, 40,000)."""
    made = round(x - OFFSET) + STEPS * round(y - OFFSET)
    return (now_s * 1000 - made) % AROUND_MS


class Stamping:
    """``fps``: of its frames in a second, at most."""

    def __init__(self, fps: float = 20.0) -> None:
        self.pause = 1 / fps
        self.due = 0.0
        self.objects: set[ObjectId] = set()

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self.objects |= {prompt.object for prompt in prompts}
        return self.step(frame)

    correct = start

    def step(self, frame: Frame) -> list[Prediction]:
        now = time.monotonic()
        self.due = max(self.due + self.pause, now)
        time.sleep(self.due - now)
        box = stamp(time.time())
        return [Prediction(each, frame.number, box, 1.0) for each in self.objects]

    def drop(self, objects: Collection[ObjectId]) -> None:
        self.objects -= set(objects)

    def finish(self) -> list[Prediction]:
        return []


ENTRIES = (
    ModelEntry(
        id="stamping",
        name="Stamping",
        summary="For load tests: tells by its shapes when they were made.",
        prompts=("box",),
        outputs=("box",),
        factory=f"{__name__}:Stamping",
        licence="Apache-2.0",
        settings={"fps": 20.0},
        on_cpu=True,
    ),
)
"""For ``FRAMEWISE_EXTRA_TRACKERS``."""
