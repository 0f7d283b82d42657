"""``python -m framewise.bench.detectors CLIP MODEL …``: how many frames detectors look at in a second of one core."""

from __future__ import annotations

import os
import time
from pathlib import Path

import cv2
import torch
import typer

from tracking import catalog
from tracking.detector import Detector
from tracking.devices import processor_name
from tracking.pictures import DecodedVideo
from tracking.types import Frame

FRAMES, ROUNDS = 8, 3


def main(clip: Path, models: list[str]) -> None:
    """Print the table: frames per second of processor time, the best of three; decoding isn't counted. Models are named
    as for ``framewise detect``."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    video = DecodedVideo(clip)
    frames = [video.read(number) for number in range(0, video.frame_count, -(-video.frame_count // FRAMES))]
    typer.echo(f"{processor_name()}\n\n| | one at a time | {len(frames)} at a time |\n|---|---|---|")
    for model in models:
        detector = catalog.open_detector(model, device="cpu")
        detector.detect(frames[:1])
        alone, together = (rate(detector, frames, count) for count in (1, len(frames)))
        typer.echo(f"| {Path(model).name} | {alone:.1f} | {together:.1f} |")


def rate(detector: Detector, frames: list[Frame], together: int) -> float:
    """Frames per second of processor time, ``together`` at a time."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for start in range(0, len(frames), together):
            detector.detect(frames[start : start + together])
        times.append(time.process_time() - began)
    return len(frames) / min(times)


if __name__ == "__main__":
    typer.run(main)
