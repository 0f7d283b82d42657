"""The part of ``scripts/gpu-check`` that tries models of points: where they say that points are, against the CPU, and
how fast they follow them."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from rich.table import Table

from tracking.layers.point_tracker import PointTracker
from tracking.shapes.values import VISIBLE
from tracking.tracker import Tracker
from tracking.types import Frame, ObjectId, Points, Prediction, Prompt

Build = Callable[[str, str], PointTracker]
COUNTS = (20, 200)
POINTS, FRAMES = 20, 10
"""Followed on both devices."""
WIDTH, HEIGHT = 1280, 720
POINTS_AN_OBJECT = 20
TIMED_FRAMES = 40
"""Long enough for windows to overlap as they do in a long run."""
BORDER_PX = 150
FARTHEST_PX = 0.1
"""Most that the middle one of all points may lie off in float32. Single ones may lie anywhere: random weights say of
many places that they are equally likely."""
HEADINGS = ("model", "median, px", "largest, px", *(f"{count}: frames/s" for count in COUNTS), "holds")


@dataclass
class PointReport:
    """What was found of one model: how far points lie from where the CPU says, px, and frames a second by the number of
    points."""

    model: str
    median_px: float = math.nan
    largest_px: float = math.nan
    speeds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def row(self) -> tuple[str, ...]:
        """Under ``HEADINGS``."""
        speeds = [f"{speed:.1f}" for speed in self.speeds] or ["-"] * len(COUNTS)
        return (
            self.model,
            f"{self.median_px:.4f}",
            f"{self.largest_px:.2f}",
            *speeds,
            "no" if self.failures else "yes",
        )


def check(name: str, build: Build, device: torch.device, scene: Iterator[Frame]) -> PointReport:
    """All that is asked of one model; a failure of one part doesn't keep the other from being tried."""
    report, frames = PointReport(name), [frame for frame, _ in zip(scene, range(FRAMES), strict=False)]
    parts: list[Callable[[], None]] = [
        lambda: _compare(report, build, device, frames),
        lambda: _time(report, build, device),
    ]
    for part in parts:
        try:
            part()
        except Exception as error:
            report.failures.append(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        gc.collect()
    return report


def _compare(report: PointReport, build: Build, device: torch.device, frames: Sequence[Frame]) -> None:
    expected, got = (_followed(build(place, "float32"), frames) for place in ("cpu", device.type))
    if expected.keys() != got.keys():
        raise RuntimeError(f"The CPU told of {len(expected)} shapes, {device.type} of {len(got)}")
    off = np.concatenate([np.linalg.norm(expected[key] - got[key], axis=1) for key in expected])
    report.median_px, report.largest_px = float(np.median(off)), float(off.max())
    if not report.median_px <= FARTHEST_PX:
        report.failures.append(f"half of all points lie {report.median_px:.2f} px off, more than {FARTHEST_PX:g}")


def _time(report: PointReport, build: Build, device: torch.device) -> None:
    report.speeds = [frames_per_second(build(device.type, "auto"), count) for count in COUNTS]


def _followed(tracker: PointTracker, frames: Sequence[Frame]) -> dict[tuple[ObjectId, int], NDArray[np.float32]]:
    """Where the points of each object are on each frame, as they were told last."""
    first = frames[0]
    inner = (BORDER_PX, BORDER_PX), (first.width - BORDER_PX, first.height - BORDER_PX)
    xy = np.random.default_rng(0).uniform(*inner, (POINTS, 2)).astype(np.float32)
    told: list[Prediction] = tracker.start(
        first, [Prompt(ObjectId("points"), Points(xy, np.full(POINTS, VISIBLE, np.uint8)))]
    )
    for frame in frames[1:]:
        told += tracker.step(frame)
    told += tracker.finish()
    if note := getattr(tracker, "note", ""):
        raise RuntimeError(note)
    return {(one.object, one.frame): one.shape.xy for one in told if isinstance(one.shape, Points)}


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
    for number in range(1, TIMED_FRAMES):
        tracker.step(Frame(number, np.roll(image, 3 * number, axis=1)))
    tracker.finish()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return TIMED_FRAMES / (time.perf_counter() - began)


def table(reports: Iterable[PointReport]) -> Table:
    """For a terminal."""
    found = Table(*HEADINGS, title="Models of points", title_justify="left")
    for report in reports:
        found.add_row(*report.row())
    return found


def markdown(reports: Iterable[PointReport]) -> list[str]:
    """Their part of ``docs/gpu.md``, by line."""
    return [
        "",
        "## Models of points",
        "",
        f"- **median, largest**: how far {POINTS} points on {FRAMES} frames lie from where the CPU says, in float32;",
        f"  the median at most {FARTHEST_PX:g} px. Weights are random: single points may lie anywhere.",
        f"- **{COUNTS[0]}**, **{COUNTS[1]}**: points.",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'---|' * len(HEADINGS)}",
        *(f"| {' | '.join(report.row())} |" for report in reports),
    ]
