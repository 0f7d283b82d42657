"""Models of the product under test: the default one at a pace that leaves time to do something while it runs, and the
misbehaving ones of the unit tests."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from tests.tracking import fakes
from tracking import catalog
from tracking.catalog import ModelEntry
from tracking.types import Frame, ObjectId, Prediction, Prompt

PAUSE_S = 0.03


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


UNHURRIED = ModelEntry(
    id="unhurried",
    name="Unhurried",
    summary="For tests.",
    prompts=("box",),
    outputs=("box",),
    factory=f"{__name__}:Unhurried",
    licence="Apache-2.0",
)
ENTRIES = (*fakes.ENTRIES, UNHURRIED)
"""For ``FRAMEWISE_EXTRA_TRACKERS``."""
