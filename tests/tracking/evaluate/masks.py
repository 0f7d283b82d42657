"""Small clips with masks, trackers that follow them in known ways, and a segmenter that does what clicks say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracking.segmenter import Click, Embedding, Segmented
from tracking.shapes.bitmaps import spread
from tracking.shapes.values import moved
from tracking.types import Box, Frame, Mask, Prediction, Prompt

WIDTH, HEIGHT = 60, 40
SQUARE = Box(10, 10, 30, 30)
OTHER = Box(40, 5, 50, 15)


def bitmap(box: Box) -> NDArray[np.bool_]:
    found = np.zeros((HEIGHT, WIDTH), np.bool_)
    x1, y1, x2, y2 = map(int, box)
    found[y1:y2, x1:x2] = True
    return found


def write_clip(folder: Path, *frames: Mapping[int, Box] | None, grey: bool = False, clip: str = "") -> None:
    """A clip in DAVIS's layout: of each frame the boxes that objects fill, by number; None: no mask."""
    pictures, masks = folder / "JPEGImages" / clip, folder / "Annotations" / clip
    for where in (pictures, masks):
        where.mkdir(parents=True, exist_ok=True)
    for number, objects in enumerate(frames):
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), number, np.uint8)).save(pictures / f"{number:05d}.jpg")
        if objects is not None:
            labels = np.zeros((HEIGHT, WIDTH), np.uint8)
            for value, box in objects.items():
                labels[bitmap(box)] = value
            image = Image.fromarray(labels)
            if not grey:
                image.putpalette(list(range(256)) * 3)
            image.save(masks / f"{number:05d}.png")


class Stays:
    """Keeps each mask where it was put last; ``slides``: px by which it moves to the right on each frame; ``lost_on``:
    frames on which it holds everything to be hidden."""

    def __init__(self, slides: float = 0, lost_on: Collection[int] = ()) -> None:
        self.slides, self.lost_on = slides, lost_on
        self.objects: dict[str, Mask] = {}

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.correct(frame, prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        for prompt in prompts:
            assert isinstance(prompt.shape, Mask)
            self.objects[prompt.object] = prompt.shape
        return [Prediction(prompt.object, frame.number, prompt.shape, 1.0) for prompt in prompts]

    def step(self, frame: Frame) -> list[Prediction]:
        self.objects = {name: moved(mask, self.slides, 0) for name, mask in self.objects.items()}  # type: ignore[misc]
        seen = frame.number not in self.lost_on
        return [Prediction(name, frame.number, mask, 0.9, seen) for name, mask in self.objects.items()]  # type: ignore[arg-type]

    def drop(self, objects: Collection[str]) -> None:
        for name in objects:
            self.objects.pop(name, None)

    def finish(self) -> list[Prediction]:
        return []


class Looked(Embedding):
    @property
    def size(self) -> tuple[int, int]:
        return HEIGHT, WIDTH

    @property
    def nbytes(self) -> int:
        return 0


class Knows:
    """A positive click adds the one of ``objects`` that it lies on, a negative one takes it away. Before the click of
    the number ``needs`` only its upper left quarter is added."""

    def __init__(self, *objects: Box, needs: int = 1) -> None:
        self.objects, self.needs = objects, needs

    def embed(self, image: NDArray[np.uint8]) -> Embedding:
        return Looked()

    def segment(
        self, embedding: Embedding, clicks: Sequence[Click], box: Box | None = None, previous: Mask | None = None
    ) -> Segmented:
        found = np.zeros((HEIGHT, WIDTH), np.bool_) if previous is None else spread(previous, (HEIGHT, WIDTH))
        click = clicks[-1]
        for one in self.objects:
            if one.x1 <= click.x <= one.x2 and one.y1 <= click.y <= one.y2:
                added = one if len(clicks) >= self.needs else Box(one.x1, one.y1, *one.centre)
                found = found | bitmap(added) if click.positive else found & ~bitmap(one)
                break
        return Segmented(Mask(0, 0, found), 0.9)
