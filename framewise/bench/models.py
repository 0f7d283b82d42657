"""``python -m framewise.bench.models``: what models cost for one object and for eight, as in their READMEs.

Deep models have random weights here: the time doesn't depend on them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from framewise.bench.deep import DEEP, OTHERS, prompt
from framewise.bench.table import median
from framewise.bench.videos import HEIGHT, WIDTH, moving_object
from tracking import catalog
from tracking.devices import processor_name
from tracking.layers.box_tracker import BoxTracker
from tracking.models.transt import tracker as transt
from tracking.pictures import DecodedVideo
from tracking.session import Leg, TrackingSession
from tracking.tracker import Tracker
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt

BOX_PX = 90.0
MANY = 8
FRAMES = 5
WARM_UP = 2
CLIP_FRAMES = 240
RUN_MS = 5000.0
"""About how long a run takes of which the share outside of the model is measured."""

Build = Callable[[str, str], Tracker]


NANOTRACK = "NanoTrack v2"
MODELS: dict[str, Build] = {
    "Framewise CF": lambda device, precision: catalog.create("framewise-cf"),
    NANOTRACK: lambda device, precision: catalog.create("nanotrack"),
    **DEEP,
    **OTHERS,
}


def main(
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    only: Annotated[str, typer.Option(help="The name of one model. Empty: all whose weights are here.")] = "",
) -> None:
    """Print the table."""
    if only and only not in MODELS:
        raise typer.BadParameter(f"One of {', '.join(MODELS)} can be measured; {only!r} came.")
    names = [only] if only else [name for name in MODELS if name != NANOTRACK or has_nanotrack()]
    typer.echo(f"{datetime.now(UTC):%Y-%m-%d}, {place(device, precision)}; ms per frame of {WIDTH}x{HEIGHT} in the")
    typer.echo("model; outside: the share of a run of one object that isn't spent there.\n")
    typer.echo(f"| | 1 object | {MANY} objects | ratio | outside |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="framewise-bench-") as folder:
        clip = Path(folder) / "moving.mp4"
        box = moving_object(clip, CLIP_FRAMES)
        for name in names:
            build = MODELS[name]
            one, many = (frame_ms(build(device, precision), objects) for objects in (1, MANY))
            frames = min(CLIP_FRAMES, round(RUN_MS / one))
            outside = share_outside(build(device, precision), clip, box, frames)
            typer.echo(f"| {name} | {one:.1f} | {many:.1f} | {many / one:.1f} | {outside:.1%} |")


def has_nanotrack() -> bool:
    """Whether its weights are here."""
    return not catalog.missing(catalog.find("nanotrack"))


def place(device: str, precision: str) -> str:
    """The device and precision of the measurement, for people."""
    tracker = transt.tiny(device=device, precision=precision)
    compute = tracker.compute
    numbers = str(compute.dtype).removeprefix("torch.")
    if compute.device.type == "cuda":
        return f"{torch.cuda.get_device_name(compute.device)}, {numbers}"
    return f"{torch.get_num_threads()} threads of {processor_name()}, {numbers}"


def frame_ms(tracker: Tracker, objects: int) -> float:
    """Median time of a step that follows ``objects``."""
    random = np.random.default_rng(0)
    image = random.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    corners = random.uniform((0, 0), (WIDTH - BOX_PX, HEIGHT - BOX_PX), (objects, 2)).tolist()
    tracker.start(Frame(0, image), [_prompt(tracker, number, *corner) for number, corner in enumerate(corners)])
    targets = tracker.targets if isinstance(tracker, BoxTracker) else {}
    boxes = {name: target.box for name, target in targets.items()}
    times = []
    for number in range(1, WARM_UP + FRAMES + 1):
        for name, target in targets.items():
            target.box = boxes[name]  # random weights let boxes wander
        began = time.perf_counter()
        tracker.step(Frame(number, image))  # its boxes are on the CPU: nothing is under way any more
        times.append((time.perf_counter() - began) * 1000)
    return median(times[WARM_UP:])


@dataclass
class Timed:
    """A tracker, and the seconds spent in it."""

    tracker: Tracker
    seconds: float = 0.0

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self._timed(lambda: self.tracker.start(frame, prompts))

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self._timed(lambda: self.tracker.correct(frame, prompts))

    def step(self, frame: Frame) -> list[Prediction]:
        return self._timed(lambda: self.tracker.step(frame))

    def drop(self, objects: Collection[ObjectId]) -> None:
        self.tracker.drop(objects)

    def finish(self) -> list[Prediction]:
        return self.tracker.finish()

    def _timed(self, call: Callable[[], list[Prediction]]) -> list[Prediction]:
        began = time.perf_counter()
        found = call()
        self.seconds += time.perf_counter() - began
        return found


def share_outside(tracker: Tracker, clip: Path, box: Box, frames: int) -> float:
    """Which part of a run through ``frames`` of ``clip`` isn't spent in the model, in [0, 1], but in opening the video,
    decoding and keeping the books."""
    timed = Timed(tracker)
    name = ObjectId("a")
    leg = Leg(name, prompt(tracker, name, box).shape, 0, "forward", frames - 1)
    began = time.perf_counter()
    session = TrackingSession(lambda: nullcontext(DecodedVideo(clip)), lambda: timed, [leg], detect_off_screen=False)
    for _ in session.steps():
        pass
    return 1 - timed.seconds / (time.perf_counter() - began)


def _prompt(tracker: Tracker, number: int, x: float, y: float) -> Prompt:
    return prompt(tracker, ObjectId(str(number)), Box.from_xywh(x, y, BOX_PX, BOX_PX))


if __name__ == "__main__":
    typer.run(main)
