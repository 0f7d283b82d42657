"""``python -m framewise.bench.models``: what deep trackers cost for one object and for eight, as in their READMEs.

Weights are random: the time doesn't depend on them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
import torch
import typer

from framewise.bench.table import median
from tracking.devices import processor_name
from tracking.layers.network_tracker import NetworkTracker
from tracking.models.mixformer.network import MixFormer
from tracking.models.mixformer.tracker import MixFormerTracker, UpdateRule
from tracking.models.mixformer.weights import VARIANTS
from tracking.models.transt.network import Config, TransT
from tracking.models.transt.tracker import TransTTracker
from tracking.types import Box, Frame, ObjectId, Prompt

WIDTH, HEIGHT = 1280, 720
BOX_PX = 90.0
MANY = 8
FRAMES = 5
WARM_UP = 2

Build = Callable[[str, str], NetworkTracker[Any]]


def _transt(device: str, precision: str) -> NetworkTracker[Any]:
    return TransTTracker(TransT(Config()), Config(), device=device, precision=precision)


def _mixformer(name: str) -> Build:
    def build(device: str, precision: str) -> NetworkTracker[Any]:
        variant = VARIANTS[name]
        return MixFormerTracker(
            MixFormer(variant.config),
            variant.config,
            search_factor=variant.search_factor,
            update=UpdateRule(variant.interval, variant.online),
            device=device,
            precision=precision,
        )

    return build


MODELS: dict[str, Build] = {
    "TransT-N4": _transt,
    "MixFormer-22k": _mixformer("cvt_online"),
    "MixViT-B": _mixformer("vit_online"),
    "MixViT-B (ConvMAE)": _mixformer("convmae_online"),
}


def main(
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    only: Annotated[str, typer.Option(help=f"One of {', '.join(MODELS)}. Empty: all.")] = "",
) -> None:
    """Print the table: ms per frame without decoding."""
    if only and only not in MODELS:
        raise typer.BadParameter(f"One of {', '.join(MODELS)} can be measured; {only!r} came.")
    rows = []
    for name in [only] if only else MODELS:
        tracker = MODELS[name](device, precision)
        tracker.network.requires_grad_(False)
        one, many = frame_ms(tracker, 1), frame_ms(tracker, MANY)
        size = sum(parameter.numel() for parameter in tracker.network.parameters()) / 1e6
        rows.append(f"| {name} | {size:.1f} M | {one:.0f} | {many:.0f} | {many / one:.1f} |")
    typer.echo(f"{datetime.now(UTC):%Y-%m-%d}, {place(tracker)}, random weights, {WIDTH}x{HEIGHT}; ms per frame.\n")
    typer.echo(f"| | parameters | 1 object | {MANY} objects | ratio |\n|---|---|---|---|---|")
    typer.echo("\n".join(rows))


def frame_ms(tracker: NetworkTracker[Any], objects: int) -> float:
    """Median time of a step that follows ``objects``."""
    random = np.random.default_rng(0)
    image = random.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    corners = random.uniform((0, 0), (WIDTH - BOX_PX, HEIGHT - BOX_PX), (objects, 2)).tolist()
    tracker.start(Frame(0, image), [_prompt(number, *corner) for number, corner in enumerate(corners)])
    boxes = {name: target.box for name, target in tracker.targets.items()}
    times = []
    for number in range(1, WARM_UP + FRAMES + 1):
        for name, target in tracker.targets.items():
            target.box = boxes[name]  # random weights let boxes wander
        began = time.perf_counter()
        tracker.step(Frame(number, image))  # its boxes are on the CPU: nothing is under way any more
        times.append((time.perf_counter() - began) * 1000)
    return median(times[WARM_UP:])


def _prompt(number: int, x: float, y: float) -> Prompt:
    return Prompt(ObjectId(str(number)), Box.from_xywh(x, y, BOX_PX, BOX_PX))


def place(tracker: NetworkTracker[Any]) -> str:
    """The device and precision of ``tracker``, for people."""
    compute = tracker.compute
    precision = str(compute.dtype).removeprefix("torch.")
    if compute.device.type == "cuda":
        return f"{torch.cuda.get_device_name(compute.device)}, {precision}"
    return f"{torch.get_num_threads()} threads of {processor_name()}, {precision}"


if __name__ == "__main__":
    typer.run(main)
