"""``python -m framewise.bench.points``: how fast models follow points, as in their READMEs.

Deep models have random weights here: the time doesn't depend on them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import numpy as np
import torch
import typer

from framewise.bench.deep import POINTS
from framewise.bench.models import place
from framewise.bench.videos import HEIGHT, WIDTH
from tracking import catalog
from tracking.shapes.values import VISIBLE, Points
from tracking.tracker import Tracker
from tracking.types import Frame, ObjectId, Prompt

COUNTS = (20, 100)
POINTS_AN_OBJECT = 20
FRAMES = 40
"""Long enough for windows to overlap as they do in a long run."""

MODELS: dict[str, Callable[[str, str], Tracker]] = {
    "Framewise Flow": lambda device, precision: catalog.create("framewise-flow"),
    **POINTS,
}


def main(
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    only: Annotated[str, typer.Option(help="The name of one model. Empty: all.")] = "",
) -> None:
    """Print the table."""
    if only and only not in MODELS:
        raise typer.BadParameter(f"One of {', '.join(MODELS)} can be measured; {only!r} came.")
    typer.echo(
        f"{datetime.now(UTC):%Y-%m-%d}, {place(device, precision)}; runs of {FRAMES} frames of {WIDTH}x{HEIGHT}.\n"
    )
    heads = [f"{count} points: frames/s | points x frames/s" for count in COUNTS]
    typer.echo(f"| | {' | '.join(heads)} |\n|---|{'---|' * 2 * len(COUNTS)}")
    for name in [only] if only else MODELS:
        cells = []
        for count in COUNTS:
            speed = frames_per_second(MODELS[name](device, precision), count)
            cells += [f"{speed:.1f}", f"{speed * count:.0f}"]
        typer.echo(f"| {name} | {' | '.join(cells)} |")


def frames_per_second(tracker: Tracker, points: int) -> float:
    """Of a whole run that follows ``points`` points of several objects."""
    random = np.random.default_rng(0)
    image = random.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    xy = random.uniform((0, 0), (WIDTH, HEIGHT), (points, 2)).astype(np.float32)
    prompts = [
        Prompt(ObjectId(str(first)), Points(some, np.full(len(some), VISIBLE, np.uint8)))
        for first in range(0, points, POINTS_AN_OBJECT)
        for some in [xy[first : first + POINTS_AN_OBJECT]]
    ]
    tracker.start(Frame(0, image), prompts)  # libraries and memory are there from now on
    began = time.perf_counter()
    tracker.start(Frame(0, image), prompts)
    for number in range(1, FRAMES):
        tracker.step(Frame(number, np.roll(image, 3 * number, axis=1)))
    tracker.finish()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return FRAMES / (time.perf_counter() - began)


if __name__ == "__main__":
    typer.run(main)
