"""``python -m framewise.bench.objects``: how many frames per second the default box tracker follows 1, 8 and 20 objects
at 1280 x 720, on the cores there are; pictures are already decoded."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from framewise.bench.table import Figure, median, show
from framewise.bench.videos import HEIGHT, WIDTH
from tracking import catalog
from tracking.layers.cores import usable
from tracking.types import Box, Frame, ObjectId, Prompt

AREA = f"Default box tracker at {WIDTH} x {HEIGHT}, {usable()} cores"
LIMITS = {1: 25.0, 8: None, 20: 8.0}
"""Frames per second that are promised, by the number of objects."""
BOX_PX = 90.0
GRAIN_PX = 8
PAN_PX = 2
WARM_UP, FRAMES = 3, 15


def measure() -> list[Figure]:
    """A row for each number of objects, all of them in view and believed in on every frame."""
    return [
        Figure(AREA, "1 object" if count == 1 else f"{count} objects", frames_per_second(count), "fps", limit, True)
        for count, limit in LIMITS.items()
    ]


def frames_per_second(objects: int) -> float:
    """Median over ``FRAMES`` steps that follow ``objects`` boxes of a picture that pans."""
    frames = panning(WARM_UP + FRAMES + 1)
    random = np.random.default_rng(0)
    corners = random.uniform((BOX_PX, BOX_PX), (WIDTH - 2 * BOX_PX, HEIGHT - 2 * BOX_PX), (objects, 2)).tolist()
    tracker = catalog.create(catalog.DEFAULT_TRACKER["box"])
    prompts = [Prompt(ObjectId(str(n)), Box.from_xywh(x, y, BOX_PX, BOX_PX)) for n, (x, y) in enumerate(corners)]
    tracker.start(next(frames), prompts)
    rates = []
    for frame in frames:
        began = time.perf_counter()
        found = tracker.step(frame)
        rates.append(1 / (time.perf_counter() - began))
        if not all(prediction.visible for prediction in found):
            raise RuntimeError(
                f"An object that is in view was lost on frame {frame.number}: looking for it costs otherwise."
            )
    return median(rates[WARM_UP:])


def panning(count: int) -> Iterator[Frame]:
    """A picture that pans to the right, ``PAN_PX`` a frame."""
    picture = _picture()
    return (Frame(number, np.roll(picture, number * PAN_PX, axis=1)) for number in range(count))


def _picture() -> NDArray[np.uint8]:
    """(HEIGHT, WIDTH, 3): soft spots of all colours."""
    shape = HEIGHT // GRAIN_PX, WIDTH // GRAIN_PX, 3
    coarse = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


if __name__ == "__main__":
    show(measure(), Console())
