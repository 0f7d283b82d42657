"""Labelled clips and a tracker that tests can reckon with by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tracking.evaluate.sequences import LabelledSequence
from tracking.types import Box, Frame, Prediction, Prompt

BOX = Box(10, 10, 30, 30)
HALF = Box(10, 10, 30, 20)
FAR = Box(60, 60, 80, 80)


@dataclass(frozen=True)
class Clip(LabelledSequence):
    """A labelled sequence of blank frames."""

    def frames(self) -> Iterator[Frame]:
        return (Frame(number, np.zeros((100, 100, 3), np.uint8)) for number in range(len(self.boxes)))


def clip(*boxes: Box | None) -> Clip:
    return Clip("clip", (), 0, boxes)


class Still:
    """Stays where it was put last; from frame ``lost_from`` on it says that the object is lost."""

    def __init__(self, lost_from: int = 1000) -> None:
        self.lost_from = lost_from

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.correct(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self.prompt = prompts[0]
        return Still.step(self, frame)

    def step(self, frame: Frame) -> list[Prediction]:
        seen = frame.number < self.lost_from
        return [Prediction(self.prompt.object, frame.number, self.prompt.shape, 0.9 if seen else 0.1, seen)]

    def drop(self, objects: Collection[str]) -> None: ...

    def finish(self) -> list[Prediction]:
        return []


def write_pictures(folder: Path, count: int, first: int = 1, name: str = "{:04d}.jpg") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        cv2.imwrite(str(folder / name.format(number)), np.full((100, 100, 3), 40, np.uint8))


def labelled(folder: Path, *lines: str, name: str = "groundtruth.txt") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n")


def otb_clip(folder: Path, count: int = 3) -> None:
    """Pictures in ``img/``, ``BOX`` on each, counted from 1."""
    write_pictures(folder / "img", count)
    labelled(folder, *["11,11,20,20"] * count)
