"""``python -m framewise.bench.hundreds``: how many frames per second the default point tracker follows 20 and 300
points at 1280 x 720, as one object and as many, beside a plain loop of OpenCV's Lucas-Kanade; pictures are already
decoded."""

from __future__ import annotations

import time

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from framewise.bench.objects import panning
from framewise.bench.table import Figure, median, show
from framewise.bench.videos import HEIGHT, WIDTH
from tracking import catalog
from tracking.layers.cores import usable
from tracking.shapes.values import VISIBLE
from tracking.types import Frame, ObjectId, Points, Prompt

AREA = f"Default point tracker at {WIDTH} x {HEIGHT}, {usable()} cores"
POINTS = 300
CASES = ((20, 1, 25.0), (300, 1, 12.0), (300, 15, 12.0))
"""Points, objects that they are shared out to, and frames per second that are promised."""
BORDER_PX = 100
"""Nearer to the border no point begins: the picture pans."""
WARM_UP, FRAMES = 2, 8


def measure() -> list[Figure]:
    """Frames per second of the loop and of the tracker, and how many times as long its frames take, for information."""
    plain = lucas_kanade_fps()
    figures = [Figure(AREA, f"{POINTS} points, plain forward-backward Lucas-Kanade", plain, "fps")]
    for points, objects, limit in CASES:
        fps = frames_per_second(points, objects)
        words = f"{points} points of {'1 object' if objects == 1 else f'{objects} objects'}"
        figures.append(Figure(AREA, words, fps, "fps", limit, at_least=True))
        if points == POINTS:
            figures.append(Figure(AREA, f"{words}, time of a frame against Lucas-Kanade", plain / fps, "times"))
    return figures


def frames_per_second(points: int, objects: int) -> float:
    """Median over ``FRAMES`` steps of the tracker that follows so many points, shared out to ``objects``."""
    tracker = catalog.create(catalog.DEFAULT_TRACKER["points"])
    frames = panning(WARM_UP + FRAMES + 1)
    prompts = [
        Prompt(ObjectId(str(number)), Points(some, np.full(len(some), VISIBLE, np.uint8)))
        for number, some in enumerate(np.split(_points(points), objects))
    ]
    tracker.start(next(frames), prompts)
    rates = []
    for frame in frames:
        began = time.perf_counter()
        found = tracker.step(frame)
        rates.append(1 / (time.perf_counter() - began))
        if len(found) != objects:
            raise RuntimeError(f"Of {objects} objects {len(found)} were told of on frame {frame.number}.")
    return median(rates[WARM_UP:])


def lucas_kanade_fps() -> float:
    """The same of a loop that does nothing but follow the points to the next frame and back."""
    frames = panning(WARM_UP + FRAMES + 1)
    before, points = _gray(next(frames)), _points(POINTS)[:, None]
    rates = []
    for frame in frames:
        began = time.perf_counter()
        now = _gray(frame)
        found = _follow(before, now, points)
        _follow(now, before, found)
        before, points = now, found
        rates.append(1 / (time.perf_counter() - began))
    return median(rates[WARM_UP:])


def _follow(before: NDArray[np.uint8], now: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 1, 2) px, with the window and levels of the tracker's own flow."""
    found, _, _ = cv2.calcOpticalFlowPyrLK(before, now, points, points.copy(), winSize=(21, 21), maxLevel=5)
    return np.asarray(found, np.float32)


def _gray(frame: Frame) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8)


def _points(count: int) -> NDArray[np.float32]:
    """(n, 2) px, column by column, so that the points of an object are neighbours."""
    xy = np.random.default_rng(0).uniform(BORDER_PX, (WIDTH - BORDER_PX, HEIGHT - BORDER_PX), (count, 2))
    return xy[np.argsort(xy[:, 0])].astype(np.float32)


if __name__ == "__main__":
    show(measure(), Console())
