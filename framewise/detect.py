"""``framewise detect``: a detector over the frames of one video, into one file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from framewise.track import check_target, progress_bar
from tracking import catalog
from tracking.detection import Detection
from tracking.detector import Detector
from tracking.pictures import DecodedVideo
from tracking.protocol import Setting
from tracking.types import Frame, TrackingError

console = Console(stderr=True)
AT_ONCE = 8
"""Frames given to a detector together; Ctrl-C loses no more than these."""


@dataclass
class Findings:
    """What was detected, by frame, in the order of frames. ``asked``: the frames to be looked at."""

    model: str
    classes: tuple[str, ...]
    asked: range
    frames: dict[int, list[Detection]] = field(default_factory=dict)
    interrupted: bool = False
    problem: str = ""

    @property
    def count(self) -> int:
        return sum(map(len, self.frames.values()))

    @property
    def complete(self) -> bool:
        return len(self.frames) == len(self.asked)

    def by_class(self) -> dict[str, int]:
        """How many of each class, the most frequent first."""
        counts: dict[str, int] = {}
        for detections in self.frames.values():
            for one in detections:
                counts[one.label] = counts.get(one.label, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: -item[1]))


def detect(
    video: Path,
    *,
    model: str,
    out: Path,
    every: int = 1,
    first: int = 0,
    last: int | None = None,
    classes: Sequence[str] = (),
    settings: Mapping[str, Setting] | None = None,
) -> Findings:
    """Look at every ``every``-th frame from ``first`` to ``last`` and write what is there to ``out``, also when it is
    interrupted or fails on the way: boxes by frame (``.json``), or MOTChallenge's detections (``.txt``).

    Raises:
        TrackingError: when it can't be done as asked; nothing is written.
    """
    check_target(out, "--out", video)
    writers = {".json": _write_json, ".txt": _write_mot}
    if out.suffix.lower() not in writers:
        raise TrackingError(f"--out is a .json file, or a .txt file in MOTChallenge's layout; {out.name} came.")
    pictures = DecodedVideo(video)
    end = min(pictures.frame_count - 1 if last is None else last, pictures.frame_count - 1)
    if first > end:
        raise TrackingError(
            f"The video has frames 0..{pictures.frame_count - 1}, and --first comes before --last; {first} and {end} "
            "came."
        )
    _tell_licence(model)
    detector = catalog.open_detector(model, classes=classes, **(settings or {}))
    found = Findings(model, detector.classes, range(first, end + 1, every))
    _look(detector, pictures, found)
    writers[out.suffix.lower()](found, pictures, video.name, out)
    _tell(found, out)
    return found


def parse_setting(model: str, text: str) -> tuple[str, Setting]:
    """Read ``NAME=VALUE`` as a detector's setting. Raises TrackingError naming those it has."""
    known = catalog.detector_settings(model)
    name, separator, value = text.partition("=")
    default = known.get(name)
    if not separator or default is None:
        names = ", ".join(f"{name}={value}" for name, value in known.items())
        raise TrackingError(f"A setting of a detector is one of these (with its default): {names}; {text!r} came.")
    try:
        return name, type(default)(value)
    except ValueError as error:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise TrackingError(f"{name} takes {kind}; {value!r} came.") from error


def _look(detector: Detector, pictures: DecodedVideo, found: Findings) -> None:
    """Run to the end, or until Ctrl-C or a failure. Raises TrackingError where nothing was seen before it."""
    with progress_bar() as progress:
        bar = progress.add_task("Detecting", total=len(found.asked))
        try:
            for frames in _batches(pictures, found.asked):
                for frame, detections in zip(frames, detector.detect(frames), strict=True):
                    found.frames[frame.number] = detections
                progress.advance(bar, len(frames))
        except KeyboardInterrupt:
            found.interrupted = True
        except Exception as error:
            problem = str(error) if isinstance(error, TrackingError) else repr(error)
            if not found.frames:
                raise TrackingError(problem) from error
            found.problem = problem


def _batches(pictures: DecodedVideo, asked: range) -> Iterator[list[Frame]]:
    frames: list[Frame] = []
    for frame in pictures.walk(asked.start, "forward"):
        if frame.number > asked[-1]:
            break
        if frame.number in asked:
            frames.append(frame)
        if len(frames) == AT_ONCE:
            yield frames
            frames = []
    if frames:
        yield frames


def _tell_licence(model: str) -> None:
    entry = next((entry for entry in catalog.detectors() if entry.id == model), None)
    if entry is not None and entry.weights:
        console.print(f"Licence of these weights: {entry.weights_licence}", highlight=False, soft_wrap=True)


def _tell(found: Findings, out: Path) -> None:
    """What came of it, where the person looks."""
    looked = f"{len(found.frames)} of {len(found.asked)} frames"
    if found.interrupted:
        console.print(f"[yellow]It was interrupted: {looked} were looked at.[/]", highlight=False)
    elif found.problem:
        console.print(f"[yellow]It failed after {looked}: {escape(found.problem)}[/]", highlight=False, soft_wrap=True)
    elif not found.complete:
        console.print(f"[yellow]The video ended early: {looked} could be looked at.[/]", highlight=False)
    counts = ", ".join(f"{count} {label}" for label, count in found.by_class().items()) or "nothing"
    console.print(f"{found.model} found on {looked}: {counts}.", highlight=False, soft_wrap=True, markup=False)
    if out.suffix.lower() == ".txt" and len(found.by_class()) > 1:
        told = f"MOTChallenge's detections have no classes: those of {found.count} boxes are left out."
        console.print(f"[yellow]{told} A .json file holds them.[/]", highlight=False, soft_wrap=True)
    console.print(f"The boxes are in {out}", highlight=False, soft_wrap=True, markup=False)


def _write_json(found: Findings, pictures: DecodedVideo, name: str, out: Path) -> None:
    told: dict[str, Any] = {
        "video": {
            "name": name,
            "width": pictures.width,
            "height": pictures.height,
            "frames": pictures.frame_count,
            "fps": pictures.fps,
        },
        "model": found.model,
        "classes": found.classes,
        "asked": {"first": found.asked.start, "last": found.asked[-1], "every": found.asked.step},
        "complete": found.complete,
        **({"problem": "interrupted" if found.interrupted else found.problem} if not found.complete else {}),
        "frames": [
            {"frame": frame, "detections": [_as_json(one) for one in detections]}
            for frame, detections in found.frames.items()
        ],
    }
    _replace(out, json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n")


def _as_json(one: Detection) -> dict[str, Any]:
    box = [round(value, 2) for value in (one.box.x1, one.box.y1, one.box.width, one.box.height)]
    return {"class": one.label, "confidence": round(one.confidence, 4), "box": box}


def _write_mot(found: Findings, pictures: DecodedVideo, name: str, out: Path) -> None:
    """Lines frame, -1, left, top, width, height, confidence, -1, -1, -1; frames and pixels count from 1."""
    lines = [
        f"{frame + 1},-1,{one.box.x1 + 1:.2f},{one.box.y1 + 1:.2f},{one.box.width:.2f},{one.box.height:.2f},"
        f"{one.confidence:.4f},-1,-1,-1\n"
        for frame, detections in found.frames.items()
        for one in detections
    ]
    _replace(out, "".join(lines))


def _replace(out: Path, text: str) -> None:
    unfinished = out.with_name(out.name + ".partial")
    unfinished.write_text(text, "utf-8")
    unfinished.replace(out)
