"""An evaluation of associations from beginning to end, as ``run`` is one of trackers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from tracking.association.contract import Association, Link
from tracking.association.registry import DEFAULT_ASSOCIATION, create, find
from tracking.evaluate.command import carry_out, reason_of, require_place, say
from tracking.evaluate.joining import accepted
from tracking.evaluate.report import named, plain, replace_whole, shortfalls_of
from tracking.evaluate.sequences import Skipped
from tracking.evaluate.track_clips import Rows, TrackClip, find_track_clips
from tracking.evaluate.track_scores import TrackScores, compare, require_package
from tracking.types import TrackingError

if TYPE_CHECKING:
    from tracking.association.appearance import Appearance

MEASURES = tuple(one.name for one in fields(TrackScores))
HEADINGS = {
    "hota": "HOTA",
    "deta": "DetA",
    "assa": "AssA",
    "idf1": "IDF1",
    "mota": "MOTA",
    "switches": "id\nswitches",
    "ms": "ms /\nframe",
}


JOINED = ", joined"
"""What an association is called whose tracks were joined afterwards."""


@dataclass
class TrackResult:
    """One association's scores by clip; ``failed``: why it could not be measured on others."""

    association: str
    clips: dict[str, TrackScores] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def mean(self) -> dict[str, float]:
        """Over the clips, each counting once."""
        rows = [asdict(scores) for scores in self.clips.values()]
        return {name: float(np.mean([row[name] for row in rows])) if rows else math.nan for name in MEASURES}


@dataclass
class TrackEvaluation:
    """``results``: of each association, what was measured so far; with ``join`` also of its tracks once all proposals
    that are at least so sure were accepted. ``interrupted``: it was told to end before."""

    clips: list[TrackClip]
    skipped: list[Skipped]
    results: list[TrackResult]
    detections: str
    looks: Path | None = None
    join: float | None = None
    interrupted: bool = False

    def left(self, result: TrackResult) -> list[str]:
        """Names of the clips on which an association was neither measured nor failed."""
        return [clip.name for clip in self.clips if clip.name not in {*result.clips, *result.failed}]

    @property
    def complete(self) -> bool:
        return not any(self.left(result) or result.failed for result in self.results)


def main(
    associations: Sequence[str],
    data: Path,
    output: Path | None = None,
    *,
    only: str = "",
    detections: str = "det.txt",
    frames: int | None = None,
    looks: Path | None = None,
    join: float | None = None,
) -> TrackEvaluation:
    """Link the detections of every clip below ``data``, compare with its truth, print tables, and write JSON to
    ``output`` if given. Ctrl-C ends it: what was measured is printed and written, and what wasn't is named.

    Args:
        associations: ids; the default one without.
        only: take the clips whose names contain this.
        detections: the name of the file that holds them.
        frames: how many of each clip, the first ones; None: all.
        looks: an ONNX file of a network that tells what detections look like; None: nobody looks.
        join: also measure the tracks once all joins and swaps that are proposed after the run were accepted, if they
            are at least so sure, in [0, 1]; None: nobody does.

    Raises:
        TrackingError: before anything is measured: an unknown association, no clips, nowhere to write.
    """
    told = Console(stderr=True, highlight=False)
    require_place(output)
    names = list(dict.fromkeys(associations)) or [DEFAULT_ASSOCIATION]
    for name in names:
        find(name)
    require_package()
    appearance = None if looks is None else _appearance(looks)
    with told.status("Reading ground truth and detections …"):
        clips, skipped = find_track_clips(data, detections)
    clips = [clip if frames is None else clip.shortened(frames) for clip in clips if only in clip.name]
    skipped = [one for one in skipped if only in one.name]
    results = [TrackResult(name) for once in names for name in ([once] if join is None else [once, once + JOINED])]
    evaluation = TrackEvaluation(clips, skipped, results, detections, looks, join)
    say(told, _sentences(evaluation, frames))
    if not clips:
        raise TrackingError(f"Evaluation needs a clip; nothing under {data} can be used. Choose another part.")
    return carry_out(
        evaluation,
        told,
        output,
        measure=partial(_measure, output=output, appearance=appearance),
        show=_show,
        shortfalls=_shortfalls,
        write=_write,
    )


def _appearance(file: Path) -> Appearance:
    from tracking.association.appearance import Appearance

    return Appearance(file)


def _measure(
    evaluation: TrackEvaluation, progress: Progress, *, output: Path | None, appearance: Appearance | None
) -> None:
    clips = evaluation.clips
    looked: dict[str, TrackClip] = {}
    bar = progress.add_task("", total=len(evaluation.results) * sum(clip.length for clip in clips))
    for result in evaluation.results:
        for number, clip in enumerate(clips, start=1):
            doing = f"{result.association}: {clip.name} ({number} of {len(clips)})"
            progress.update(bar, description=escape(doing))
            try:
                if clip.name not in looked:
                    looked[clip.name] = with_looks(clip, appearance)
                association = create(result.association.removesuffix(JOINED), clip.rate)
                joins = evaluation.join if result.association.endswith(JOINED) else None
                result.clips[clip.name] = measure(association, looked[clip.name], joins)
            except Exception as error:
                # Whatever an association or a clip does, the others are measured.
                result.failed[clip.name] = reason_of(error)
            progress.advance(bar, clip.length)
            if output is not None:
                _write(evaluation, output)


def with_looks(clip: TrackClip, appearance: Appearance | None) -> TrackClip:
    """The same with what its detections look like, where that can be seen."""
    if appearance is None or not clip.pictures:
        return clip
    frames = (clip.frame(number) for number in range(clip.length))
    seen = (
        tuple(appearance.looks(frame, detections)) if frame is not None else detections
        for frame, detections in zip(frames, clip.detections, strict=True)
    )
    return replace(clip, detections=tuple(seen))


def measure(association: Association, clip: TrackClip, join: float | None = None) -> TrackScores:
    """Link a clip's detections as they would be live: what is told of a frame is what was known on it. ``join``: how
    sure joins are at least that are made afterwards; None: none are."""
    told, times = link(association, clip)
    if join is not None:
        told, _ = accepted(told, clip, join)
    ms = float(np.median(times)) * 1000
    return compare(clip.truth, told, clip.length, distractors=clip.distractors, ms=ms)


def link(association: Association, clip: TrackClip) -> tuple[Rows, list[float]]:
    """Where believed tracks were found, and the seconds that each frame took, but for reading its picture."""
    links: list[tuple[int, Link]] = []
    times = []
    for number, detections in enumerate(clip.detections):
        frame = clip.frame(number)
        began = perf_counter()
        told = association.update(detections, frame)
        times.append(perf_counter() - began)
        links += [(number, one) for one in told if one.state == "confirmed"]
    return (
        Rows(
            np.array([number for number, _ in links], np.intp),
            np.array([one.track for _, one in links], np.intp),
            np.array([one.box for _, one in links], np.float64).reshape(-1, 4),
        ),
        times,
    )


# -------------------------------------------------------------- what is told


def _sentences(evaluation: TrackEvaluation, frames: int | None) -> Iterable[str]:
    looks = "nobody knows" if evaluation.looks is None else f"{evaluation.looks.name} tells"
    yield f"Detections are those of {evaluation.detections}; {looks} what they look like."
    if evaluation.join is not None:
        yield f"Joined: as if all joins and swaps that are at least {evaluation.join:.0%} sure were accepted."
    if frames is not None:
        yield f"Of each clip the first {frames} frames at most are measured."
    for clip in evaluation.clips:
        if clip.note:
            yield f"{clip.name}: {clip.note}"
    blind = [clip.name for clip in evaluation.clips if not clip.pictures]
    if evaluation.looks is not None and blind:
        yield f"Without pictures nobody knows what detections look like: {named(blind)}."
    entries = [find(name) for name in dict.fromkeys(one.association.removesuffix(JOINED) for one in evaluation.results)]
    looking = [entry.name for entry in entries if entry.pictures]
    if looking and blind:
        yield f"Without pictures the camera is taken to stand still by {', '.join(looking)}: {named(blind)}."
    for skipped in evaluation.skipped:
        yield f"Skipped {skipped.name}: {skipped.why}"


def _shortfalls(evaluation: TrackEvaluation) -> Iterable[str]:
    for result in evaluation.results:
        yield from shortfalls_of(result.association, result.failed, evaluation.left(result))


def _show(evaluation: TrackEvaluation, console: Console) -> None:
    for result in evaluation.results:
        if result.clips:
            console.print(_table(result))


def _table(result: TrackResult) -> Table:
    table = Table(title=result.association, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("clip", overflow="fold", min_width=8)
    for name in MEASURES:
        table.add_column(HEADINGS.get(name, name), justify="right", vertical="bottom", no_wrap=True)
    for name, scores in result.clips.items():
        table.add_row(escape(name), *_cells(asdict(scores)))
    table.add_section()
    table.add_row("mean", *_cells(result.mean))
    return table


def _cells(row: dict[str, float]) -> list[str]:
    return [f"{row[name]:.3g}" if name in ("frames", "switches", "ms") else f"{row[name]:.3f}" for name in MEASURES]


def as_json(evaluation: TrackEvaluation) -> str:
    """The same as JSON. By association: ``clips`` (measures by name), their ``mean``, ``failed`` (reasons by clip) and
    ``missing``. Beside them ``evaluation``: whether it is ``complete``, the file of ``detections``, that of ``looks``
    (null: nobody looked), ``notes`` by clip, and what was ``skipped``."""
    told: dict[str, Any] = {
        result.association: {
            "clips": {name: plain(asdict(scores)) for name, scores in result.clips.items()},
            "mean": plain(result.mean),
            "failed": result.failed,
            "missing": evaluation.left(result),
        }
        for result in evaluation.results
    }
    told["evaluation"] = {
        "complete": evaluation.complete,
        "detections": evaluation.detections,
        "looks": None if evaluation.looks is None else evaluation.looks.name,
        "notes": {clip.name: clip.note for clip in evaluation.clips if clip.note},
        "skipped": {skipped.name: skipped.why for skipped in evaluation.skipped},
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def _write(evaluation: TrackEvaluation, output: Path) -> None:
    replace_whole(output, as_json(evaluation))
