"""``scripts/gpu-check``: every deep model on an NVIDIA GPU, against itself on the CPU and against a bare loop.

Weights are random, the same on both devices; frames are made on the spot. On a machine without a GPU ``--device cpu``
goes through the same steps, but for memory that runs out.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import psutil
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import Tensor

from framewise.bench import gpu_points
from framewise.bench.deep import DEEP, POINTS, Build, Deep, looking, prompt
from framewise.bench.table import median
from tracking.devices import processor_name
from tracking.layers.box_tracker import BoxTracker
from tracking.layers.compute import Compute
from tracking.layers.recording import WORTH_RECORDING
from tracking.shapes.agreement import mask_iou
from tracking.shapes.values import Mask, Shape, bounds_of
from tracking.types import Box, Frame, ObjectId, Prompt

WIDTH, HEIGHT = 1280, 720
BOX_PX = 90
MANY = 8
PARITY_FRAMES = 6
FRAMES = 40
"""Timed for each figure, after those that a recording waits for."""
EARLY, LATE = 100, 2000
SPARE_BYTES = 1 << 20
"""What is left of the memory when it is made to run out."""
FLOAT32_ERROR = 1e-3
"""Most that a pass in float32 may differ between the devices, relative to the largest value of an output."""
FAST_ERROR = 0.1
"""The same for bfloat16, which has 8 bits of mantissa; a broken pass differs by about 1."""
POINTS_SHARE = 0.4
"""Of the time, for models of points."""
GROWTH_MIB = 8.0
"""Most that a model may hold more at frame ``LATE`` than at frame ``EARLY``."""


@dataclass
class Report:
    """What was found of one model.

    ``float32`` and ``fast`` are relative to an output's largest value. The speeds are frames a second for one object
    and for ``MANY``: of whole steps of the tracker, and of its pass alone in a loop (``bare``). An empty ``fallback``
    is a success.
    """

    model: str
    float32: float = float("nan")
    fast: float = float("nan")
    box_px: float = float("nan")
    unrecorded: tuple[float, float] = (float("nan"), float("nan"))
    recorded: tuple[float, float] = (float("nan"), float("nan"))
    bare: tuple[float, float] = (float("nan"), float("nan"))
    recordings: int = 0
    early_mib: float = float("nan")
    late_mib: float = float("nan")
    late_frame: int = 0
    fallback: str = "not tried"
    failures: list[str] = field(default_factory=list)

    def judge(self, on_gpu: bool) -> None:
        """Add to ``failures`` what doesn't hold."""
        if not self.float32 <= FLOAT32_ERROR:
            self.failures.append(f"float32 differs by {self.float32:.1e}, more than {FLOAT32_ERROR:g}")
        if not self.fast <= FAST_ERROR:
            self.failures.append(f"bfloat16 differs by {self.fast:.1e}, more than {FAST_ERROR:g}")
        if not self.late_mib - self.early_mib <= GROWTH_MIB:
            self.failures.append(f"memory grew by {self.late_mib - self.early_mib:.0f} MiB to frame {self.late_frame}")
        if on_gpu and not self.recordings:
            self.failures.append("no pass was recorded")
        if on_gpu and self.fallback:
            self.failures.append(f"memory that ran out: {self.fallback}")


def main(
    device: Annotated[str, typer.Option(help="cuda, or cpu to try the steps without a GPU.")] = "cuda",
    only: Annotated[str, typer.Option(help="The name of one model. Empty: all.")] = "",
    late: Annotated[int, typer.Option(help="The frame at which memory is looked at a second time.")] = LATE,
    minutes: Annotated[float, typer.Option(help="About how long it may take; what didn't fit is named.")] = 7.0,
    write: Annotated[Path | None, typer.Option(help="Also write the table to this file, e.g. docs/gpu.md.")] = None,
) -> None:
    """Check every deep model and print a table. Exits with 1 when something doesn't hold."""
    if only and only not in {*DEEP, *POINTS}:
        raise typer.BadParameter(f"One of {', '.join([*DEEP, *POINTS])} can be checked; {only!r} came.")
    if device == "cuda" and not torch.cuda.is_available():
        raise typer.BadParameter(f"torch {torch.__version__} sees no GPU here. Check the driver, or use --device cpu.")
    place, until = torch.device(device), time.monotonic() + 60 * minutes
    console = Console(width=140)
    builds = {name: build for name, build in DEEP.items() if only in ("", name)}
    of_points = {name: build for name, build in POINTS.items() if only in ("", name)}
    reports: list[Report] = []
    for name, build in builds.items():
        console.print(f"{name} …")
        share = (until - time.monotonic()) * (1 - POINTS_SHARE * bool(of_points)) / (len(builds) - len(reports))
        reports.append(check(name, build, place, late=late, seconds=share))
    point_reports = list(_check_points(of_points, place, until, console))
    console.print(table(reports))
    console.print(gpu_points.table(point_reports))
    failures = _failures(reports, point_reports)
    for failure in failures:
        console.print(f"[red]{failure}")
    if write:
        write.write_text(markdown(reports, place, point_reports))
    if failures:
        raise typer.Exit(1)


def _check_points(
    builds: Mapping[str, gpu_points.Build], device: torch.device, until: float, console: Console
) -> Iterator[gpu_points.PointReport]:
    """One after the other while there is time; what didn't fit is named."""
    for name, build in builds.items():
        if time.monotonic() > until:
            yield gpu_points.PointReport(name, failures=["there was no time for it: raise --minutes, or use --only"])
            continue
        console.print(f"{name} …")
        yield gpu_points.check(name, build, device, scene())
        _free(device)


def check(name: str, build: Build, device: torch.device, *, late: int = LATE, seconds: float = 100.0) -> Report:
    """All that is asked of one model, in about ``seconds``; a failure of one part doesn't keep the others from being
    tried."""
    report, began = Report(name), time.monotonic()
    parts: list[Callable[[], None]] = [
        lambda: _compare(report, build, device),
        lambda: _time(report, build, device),
        lambda: _run_out(report, build, device),
        lambda: _hold(report, build, device, late, seconds - (time.monotonic() - began)),
    ]
    for part in parts:
        try:
            part()
        except Exception as error:
            report.failures.append(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        _free(device)
    report.judge(device.type == "cuda")
    return report


def _compare(report: Report, build: Build, device: torch.device) -> None:
    """Each pass on the device against the same one in float32 on the CPU, from the same state."""
    report.float32, report.box_px = parity(build, device, "float32")
    report.fast, _ = parity(build, device, "bfloat16")


def parity(build: Build, device: torch.device, precision: str) -> tuple[float, float]:
    """Largest relative difference of an output of a pass, and of a box's edges in px, over ``PARITY_FRAMES`` frames.

    Before each frame the device gets the CPU's state, so that differences don't add up.
    """
    expected, got = build("cpu", "float32"), build(device.type, precision)
    error = edge = 0.0
    with _heard(expected) as wanted, _heard(got) as heard:
        for number, frame in zip(range(PARITY_FRAMES), scene(), strict=False):
            if number == 0:
                predictions = expected.start(frame, prompts(expected, 1)), got.start(frame, prompts(got, 1))
            else:
                got.state = expected.state
                predictions = expected.step(frame), got.step(frame)
            edge = max(edge, *(_apart(one.shape, other.shape) for one, other in zip(*predictions, strict=True)))
    if got.note:
        raise RuntimeError(got.note)
    for ours, theirs in zip(heard, wanted, strict=True):
        error = max(error, *map(_relative, ours, theirs))
    return error, edge


@contextmanager
def _heard(tracker: Deep) -> Iterator[list[tuple[Tensor, ...]]]:
    """What the network's passes answer while it is open, on the CPU in float32."""
    answers: list[tuple[Tensor, ...]] = []
    passes = looking(tracker)
    look = passes.look

    def listen(*inputs: Tensor) -> tuple[Tensor, ...]:
        found = look(*inputs)
        answers.append(tuple(tensor.detach().float().cpu().clone() for tensor in found))
        return found

    passes.look = listen  # type: ignore[method-assign]
    try:
        yield answers
    finally:
        passes.look = look  # type: ignore[method-assign]


def _relative(got: Tensor, expected: Tensor) -> float:
    return float((got - expected).abs().max() / expected.abs().max().clamp(min=1e-12))


def _apart(one: Shape, other: Shape) -> float:
    """Of boxes the largest difference of an edge, in px; of masks the share of their pixels that differ, in percent."""
    if isinstance(one, Mask) and isinstance(other, Mask):
        return 100 * (1 - mask_iou(one, other)) if one.area or other.area else 0.0
    return max(abs(a - b) for a, b in zip(bounds_of(one), bounds_of(other), strict=True))


def _time(report: Report, build: Build, device: torch.device) -> None:
    for recorded in (False, True):
        speeds = []
        for objects in (1, MANY):
            tracker = build(device.type, "auto")
            recordings = looking(tracker).recordings
            recordings.active = recorded and recordings.active
            speeds.append(frames_per_second(tracker, objects))
            report.recordings += len(recordings)
        if recorded:
            report.recorded = (speeds[0], speeds[1])
        else:
            report.unrecorded = (speeds[0], speeds[1])
    report.bare = (bare_per_second(build, device, 1), bare_per_second(build, device, MANY))


def frames_per_second(tracker: Deep, objects: int) -> float:
    """Of the tracker's steps that follow ``objects``; frames are ready in memory."""
    frames = [frame for frame, _ in zip(scene(), range(8), strict=False)]
    tracker.start(frames[0], prompts(tracker, objects))
    targets = tracker.targets if isinstance(tracker, BoxTracker) else {}
    boxes = {name: target.box for name, target in targets.items()}
    times = []
    for number in range(1, WORTH_RECORDING + FRAMES + 2):
        for name, target in targets.items():
            target.box = boxes[name]  # random weights let boxes wander
        frame = Frame(number, frames[number % len(frames)].image)
        began = time.perf_counter()
        tracker.step(frame)  # its boxes are on the CPU: nothing is under way any more
        times.append(time.perf_counter() - began)
    return 1 / median(times[-FRAMES:])


def bare_per_second(build: Build, device: torch.device, objects: int) -> float:
    """Of the network's pass alone, on inputs that lie on the device, with nothing of ours around it."""
    tracker = build(device.type, "auto")
    passes = looking(tracker)
    inputs: list[tuple[Tensor, ...]] = []

    def listen(*given: Tensor) -> tuple[Tensor, ...]:
        inputs.append(given)
        return passes.look_once(*given)

    passes.look = listen  # type: ignore[method-assign]
    frames = scene()
    tracker.start(next(frames), prompts(tracker, objects))
    inputs.clear()
    tracker.step(next(frames))
    times = []
    with torch.inference_mode(), tracker.compute.autocast():
        for _ in range(FRAMES // 2 + 2):
            began = time.perf_counter()
            for given in inputs:
                passes.look_once(*given)
            _wait(device)
            times.append(time.perf_counter() - began)
    return 1 / median(times[2:])


def _hold(report: Report, build: Build, device: torch.device, late: int, seconds: float) -> None:
    """Memory after ``EARLY`` frames and after ``late``, or after as many as ``seconds`` allow: the most of the last few
    frames, as some trackers let go of what is old now and then."""
    tracker, until = build(device.type, "auto"), time.monotonic() + seconds
    frames = scene()
    tracker.start(next(frames), prompts(tracker, 2))
    held: deque[float] = deque(maxlen=EARLY // 2)
    for frame in frames:
        tracker.step(frame)
        held.append(_held_mib(device))
        if frame.number == min(EARLY, late):
            report.early_mib = max(held)
        out_of_time = frame.number > EARLY + EARLY // 2 and time.monotonic() > until
        if frame.number >= late or out_of_time:
            report.late_mib, report.late_frame = max(held), frame.number
            return


def _run_out(report: Report, build: Build, device: torch.device) -> None:
    """Let the GPU's memory run out in the middle of a run: the run must go on on the CPU, from the same state."""
    if device.type != "cuda":
        return
    expected, tracker = build("cpu", "float32"), build("cuda", "float32")
    frames = scene()
    first, second = next(frames), next(frames)
    expected.start(first, prompts(expected, MANY))
    tracker.start(first, prompts(tracker, MANY))
    with _no_memory_left(device):
        got = tracker.step(second)
    wanted = expected.step(second)
    off = max(_apart(one.shape, other.shape) for one, other in zip(got, wanted, strict=True))
    if not tracker.note or tracker.compute.device.type != "cpu":
        report.fallback = "the run did not move to the CPU"
    elif off > 1.0:
        report.fallback = f"shapes after it are off by {off:.1f} px or %"
    else:
        report.fallback = ""


@contextmanager
def _no_memory_left(device: torch.device) -> Iterator[None]:
    """The allocator refuses to take more from the GPU than it has now and ``SPARE_BYTES``."""
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved(device) + SPARE_BYTES) / total, 0)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, 0)


def prompts(tracker: Deep, objects: int) -> list[Prompt]:
    """One for each object of ``scene``, at most ``MANY``."""
    boxes = [Box.from_xywh(*_place(which, 0), BOX_PX, BOX_PX) for which in range(objects)]
    return [prompt(tracker, ObjectId(str(which)), box) for which, box in enumerate(boxes)]


def scene() -> Iterator[Frame]:
    """Frames without end: ``MANY`` textured objects that sway over a textured ground."""
    random = np.random.default_rng(0)
    ground = _texture(random, HEIGHT, WIDTH)
    things = [_texture(random, BOX_PX, BOX_PX) for _ in range(MANY)]
    for number in count():
        image = ground.copy()
        for which, thing in enumerate(things):
            x, y = _place(which, number)
            image[y : y + BOX_PX, x : x + BOX_PX] = thing
        yield Frame(number, image)


def _texture(random: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    noise = random.integers(0, 255, (height, width, 3), dtype=np.uint8)
    return np.asarray(cv2.normalize(cv2.blur(noise, (7, 7)), None, 0, 255, cv2.NORM_MINMAX), np.uint8)  # type: ignore[call-overload]


def _place(which: int, frame: int) -> tuple[int, int]:
    sway = round(12 * np.sin(frame / 10 + which))
    return 100 + 290 * (which % 4) + sway, 150 + 300 * (which // 4)


def _held_mib(device: torch.device) -> float:
    """On a GPU what tensors hold there; otherwise the resident memory."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return torch.cuda.memory_allocated(device) / 2**20
    return float(psutil.Process().memory_info().rss) / 2**20


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _free(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


HEADINGS = (
    "model",
    "float32",
    "bfloat16",
    "box, px; mask, %",
    "1: bare",
    "1: plain",
    "1: graph",
    f"{MANY}: bare",
    f"{MANY}: plain",
    f"{MANY}: graph",
    "MiB early",
    "MiB late",
    "memory ran out",
    "holds",
)


def rows(reports: list[Report]) -> list[tuple[str, ...]]:
    """The table's cells, under ``HEADINGS``."""
    return [
        (
            report.model,
            f"{report.float32:.1e}",
            f"{report.fast:.1e}",
            f"{report.box_px:.3f}",
            *(
                f"{speeds[which]:.1f}"
                for which in (0, 1)
                for speeds in (report.bare, report.unrecorded, report.recorded)
            ),
            f"{report.early_mib:.0f}",
            f"{report.late_mib:.0f} (frame {report.late_frame})",
            report.fallback or "goes on on the CPU",
            "no" if report.failures else "yes",
        )
        for report in reports
    ]


def table(reports: list[Report]) -> Table:
    """For a terminal."""
    found = Table(*HEADINGS, title="Deep models", title_justify="left")
    for row in rows(reports):
        found.add_row(*row)
    return found


def markdown(reports: list[Report], device: torch.device, points: Sequence[gpu_points.PointReport] = ()) -> str:
    """The whole of ``docs/gpu.md``."""
    lines = [
        "# Deep models on a GPU",
        "",
        f"Written by `scripts/gpu-check` on {datetime.now(UTC):%Y-%m-%d}: {card(device)}.",
        "",
        "- **float32**, **bfloat16**: largest difference of an output of a pass from the same pass in float32 on the",
        f"  CPU, relative to the output's largest value; at most {FLOAT32_ERROR:g} and {FAST_ERROR:g}.",
        "- **box, px**: largest difference of a box's edge, in float32; **mask, %**: largest share of its pixels.",
        f"- **1**, **{MANY}**: objects; frames of {WIDTH} x {HEIGHT} a second. *bare*: the network's pass alone in a",
        "  loop; *plain*: the tracker, kernel by kernel; *graph*: the tracker, its pass recorded as a CUDA graph.",
        f"- **MiB**: held by tensors after {EARLY} frames and later, two objects.",
        "- **memory ran out**: what a run does when the GPU's memory is used up in the middle of it.",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'---|' * len(HEADINGS)}",
        *(f"| {' | '.join(row)} |" for row in rows(reports)),
    ]
    lines += gpu_points.markdown(points) if points else []
    if failures := _failures(reports, points):
        lines += ["", "What doesn't hold:", "", *(f"- {failure}" for failure in failures)]
    return "\n".join(lines) + "\n"


def _failures(reports: Sequence[Report], points: Sequence[gpu_points.PointReport]) -> list[str]:
    found = [(report.model, report.failures) for report in reports]
    found += [(report.model, report.failures) for report in points]
    return [f"{model}: {failure}" for model, failures in found for failure in failures]


def card(device: torch.device) -> str:
    """Device, torch and CUDA, for people."""
    numbers = str(Compute.best(device.type).dtype).removeprefix("torch.")
    if device.type != "cuda":
        return f"{torch.get_num_threads()} threads of {processor_name()}, torch {torch.__version__}, {numbers}"
    name = torch.cuda.get_device_name(device)
    return f"{name}, torch {torch.__version__}, CUDA {torch.version.cuda}, {numbers}"


if __name__ == "__main__":
    typer.run(main)
