"""``python -m framewise.bench.association``: what linking costs per frame, and what it remembers, as in the README of
``tracking/association``.

Objects walk over a picture of 1280 x 720, nine in ten are found on each frame, and each has a look of 128 numbers.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import numpy as np
import typer

from framewise.bench.table import Figure, median
from tracking.association.registry import ASSOCIATIONS, create
from tracking.detection import Detection
from tracking.devices import processor_name
from tracking.types import Box

FEW, MANY = 30, 300
FRAMES = 60
WARM_UP = 10
LONG = 20_000
LOOK = 128
FOUND = 0.9
RATE = 25.0


def measure() -> list[Figure]:
    """Figures for the table of ``make bench``; no picture is looked at."""
    return [
        Figure("Linking detections", f"{entry.name}, {objects} objects", frame_ms(entry.id, objects), "ms/frame")
        for entry in ASSOCIATIONS
        for objects in (FEW, MANY)
    ]


def frame_ms(association: str, objects: int) -> float:
    """Median time of a frame, in ms."""
    linking = create(association, RATE)
    times = []
    for detections in walk(objects, FRAMES):
        began = time.perf_counter()
        linking.update(detections)
        times.append((time.perf_counter() - began) * 1000)
    return median(times[WARM_UP:])


def kept_kb(association: str, frames: int) -> tuple[float, float]:
    """What an association remembers at a tenth of ``frames`` and at their end, in kB; a few objects come and go."""
    linking = create(association, RATE)
    kept = []
    for number, detections in enumerate(walk(5, frames), start=1):
        linking.update(detections if number % 100 < 60 else [])
        if number in (frames // 10, frames):
            kept.append(len(pickle.dumps(linking)) / 1000)
    return kept[0], kept[1]


def walk(objects: int, frames: int) -> Iterator[list[Detection]]:
    """The detections of each frame."""
    random = np.random.default_rng(1)
    place, speed = random.uniform((0, 0), (1200, 600), (objects, 2)), random.normal(0, 3, (objects, 2))
    looks = random.normal(size=(objects, LOOK))
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    for _ in range(frames):
        place = (place + speed) % (1200, 600)
        noisy = place + random.normal(0, 1, place.shape)
        yield [
            Detection(Box.from_xywh(x, y, 40, 90), 0.9, appearance=look)
            for (x, y), look in zip(noisy.tolist(), looks.astype(np.float32), strict=True)
            if random.uniform() < FOUND
        ]


def main(
    long: Annotated[bool, typer.Option(help=f"Also what is remembered over {LONG} frames; takes minutes.")] = False,
) -> None:
    """Print the table."""
    typer.echo(f"{datetime.now(UTC):%Y-%m-%d}, {processor_name()}; ms per frame, median of {FRAMES - WARM_UP}.\n")
    typer.echo(f"| | {FEW} objects | {MANY} objects |\n|---|---|---|")
    for entry in ASSOCIATIONS:
        few, many = (frame_ms(entry.id, objects) for objects in (FEW, MANY))
        typer.echo(f"| {entry.name} | {few:.1f} | {many:.1f} |")
    if long:
        for entry in ASSOCIATIONS:
            early, late = kept_kb(entry.id, LONG)
            typer.echo(f"{entry.name} remembers {early:.0f} kB after {LONG // 10} frames, {late:.0f} kB after {LONG}.")


if __name__ == "__main__":
    typer.run(main)
