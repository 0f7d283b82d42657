"""``python -m framewise.bench.memory``: what trackers hold after 400 frames and after 20,000, as in their READMEs.

Deep models are their tiny variants: what could grow is the same.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Annotated

import cv2
import numpy as np
import psutil
import typer

from framewise.bench.deep import prompt
from framewise.bench.models import NANOTRACK, has_nanotrack
from tracking import catalog
from tracking.models.cotracker import tracker as cotracker
from tracking.models.mixformer import tracker as mixformer
from tracking.models.pips import tracker as pips
from tracking.models.tapnext import tracker as tapnext
from tracking.models.transt import tracker as transt
from tracking.models.xmem import tracker as xmem
from tracking.models.xmem.tracker import XMemTracker
from tracking.tracker import Tracker
from tracking.types import Box, Frame, ObjectId

EARLY, LATE = 400, 20_000
WIDTH, HEIGHT = 320, 180
OBJECT = (50, 40)
HIDDEN = range(171, 200)
"""On these of every 200 frames the first object can't be seen."""

XMEM = "XMem, tiny"
MODELS: dict[str, Callable[[], Tracker]] = {
    "Framewise CF": lambda: catalog.create("framewise-cf"),
    NANOTRACK: lambda: catalog.create("nanotrack"),
    "TransT, tiny": transt.tiny,
    "MixFormer, tiny": mixformer.tiny,
    XMEM: xmem.tiny,
    "Framewise Flow": lambda: catalog.create("framewise-flow"),
    "PIPs, tiny": pips.tiny,
    "TAPNext++, tiny": tapnext.tiny,
    "CoTracker 3 online, tiny": cotracker.tiny,
    "CoTracker 3 offline, tiny": lambda: cotracker.tiny(cotracker.OFFLINE),
}


def main(
    only: Annotated[str, typer.Option(help=f"One of {', '.join(MODELS)}. Empty: all whose weights are here.")] = "",
) -> None:
    """Print a line for each model. Each has a process of its own: what one has freed another would use again."""
    if only and only not in MODELS:
        raise typer.BadParameter(f"One of {', '.join(MODELS)} can be measured; {only!r} came.")
    if only:
        tracker = MODELS[only]()
        early, late = memory_mib(tracker)
        typer.echo(f"{only}: {early:.1f} MiB after {EARLY} frames, {late:.1f} MiB after {LATE}.{_elements(tracker)}")
        return
    for name in MODELS:
        if name != NANOTRACK or has_nanotrack():
            subprocess.run([sys.executable, "-m", "framewise.bench.memory", "--only", name], check=True)  # noqa: S603


def _elements(tracker: Tracker) -> str:
    if not isinstance(tracker, XMemTracker):
        return ""
    memory = tracker.state.memory
    return f" It remembers {memory.long_size} prototypes, and {memory.size - memory.long_size} cells of frames."


def memory_mib(tracker: Tracker) -> tuple[float, float]:
    """Resident memory in MiB after ``EARLY`` and after ``LATE`` frames with three objects."""
    process, early = psutil.Process(), 0.0
    frames = _scenes()
    boxes = [Box.from_xywh(_left(which, 0), 60, *OBJECT) for which in range(3)]
    tracker.start(next(frames), [prompt(tracker, ObjectId(str(which)), box) for which, box in enumerate(boxes)])
    for frame in frames:
        tracker.step(frame)
        if frame.number == EARLY:
            early = process.memory_info().rss / 2**20
        if frame.number == LATE:
            break
    return early, process.memory_info().rss / 2**20


def _scenes() -> Iterator[Frame]:
    """Three textured objects that sway; the first one comes and goes."""
    random = np.random.default_rng(0)
    width, height = OBJECT
    noise = random.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    ground = np.asarray(cv2.blur(noise, (9, 9)), np.uint8)
    things = random.integers(0, 255, (3, height, width, 3), dtype=np.uint8)
    number = 0
    while True:
        image = ground.copy()
        for which, thing in enumerate(things):
            x = _left(which, number)
            if which or number % 200 not in HIDDEN:
                image[60 : 60 + height, x : x + width] = thing
        yield Frame(number, image)
        number += 1


def _left(which: int, frame: int) -> int:
    return round(20 + 90 * which + 15 * math.sin(frame / 30 + which))


if __name__ == "__main__":
    typer.run(main)
