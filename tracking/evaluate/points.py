"""An evaluation of points from beginning to end, as ``run`` is one of boxes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from tracking import catalog
from tracking.evaluate import comparison
from tracking.evaluate.command import carry_out, reason_of, require_place, require_runnable, say
from tracking.evaluate.point_clips import PointClip, PointClips, find_clips
from tracking.evaluate.point_metrics import QueryMode
from tracking.evaluate.point_scores import JointScores, PointScores, TapScores, measures, score, ticks
from tracking.evaluate.report import plain, replace_whole, shortfalls_of
from tracking.types import TrackingError
from tracking.weights import weights_folder

TITLES: dict[type[PointScores], str] = {TapScores: "TAP-Vid at 256x256", JointScores: "joints"}
HEADINGS = {
    "jaccard": "average\nJaccard",
    "within": "within,\naverage",
    "occlusion": "occlusion\naccuracy",
    "pck": "PCK@0.2",
    "corrections": "corrections\n/ 100 frames",
    "fps": "points x\nframes / s",
}


@dataclass
class PointResult:
    """One model's scores by clip; ``failed``: why it could not be measured on others."""

    model: str
    clips: dict[str, PointScores] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def of(self, kind: type[PointScores]) -> dict[str, PointScores]:
        return {name: scores for name, scores in self.clips.items() if isinstance(scores, kind)}

    def mean(self, kind: type[PointScores]) -> dict[str, float]:
        """Over the clips of a kind, each counting once; what is nan somewhere is averaged over the rest."""
        rows = [asdict(scores) for scores in self.of(kind).values()]
        known = {name: [row[name] for row in rows if not math.isnan(row[name])] for name in measures(kind)}
        return {name: sum(values) / len(values) if values else math.nan for name, values in known.items()}


@dataclass
class PointEvaluation:
    """``results``: of each model, what was measured so far. ``interrupted``: it was told to end before all was."""

    clips: PointClips
    results: list[PointResult]
    mode: QueryMode
    interrupted: bool = False

    def left(self, result: PointResult) -> list[str]:
        """Names of the clips on which a model was neither measured nor failed."""
        return [clip.name for clip in self.clips.clips if clip.name not in {*result.clips, *result.failed}]

    @property
    def complete(self) -> bool:
        return not any(self.left(result) or result.failed for result in self.results)


def main(
    models: Sequence[str],
    data: Path,
    output: Path | None = None,
    *,
    only: str = "",
    frames: int | None = None,
    mode: QueryMode = "first",
) -> PointEvaluation:
    """Evaluate ``models`` on the clips below ``data`` whose points are known, print tables, and write JSON to
    ``output`` if given. Ctrl-C ends it: what was measured is printed and written, and what wasn't is named.

    Args:
        models: ids of the catalogue, or of ``comparison``; its default of points without.
        only: take the clips whose names contain this.
        frames: how many of each clip, the first ones; None: all.
        mode: from where TAP-Vid's points are followed (see ``point_metrics``).

    Raises:
        TrackingError: before anything is measured: a model that can't run here, no clips, nowhere to write.
    """
    told = Console(stderr=True, highlight=False)
    require_place(output)
    names = list(dict.fromkeys(models)) or [catalog.DEFAULT_TRACKER["points"]]
    with told.status("Reading ground truth …"):
        clips = find_clips(data).only(only)
        clips = clips if frames is None else clips.first(frames)
    with told.status("Loading the models …"):
        require_runnable(names, _problem_of)
    evaluation = PointEvaluation(clips, [PointResult(name) for name in names], mode)
    say(told, _sentences(evaluation, frames))
    if not clips.clips:
        raise TrackingError(f"Evaluation needs a clip; nothing under {data} can be used. Choose another part.")
    return carry_out(
        evaluation,
        told,
        output,
        measure=partial(_measure, output=output),
        show=_show,
        shortfalls=_shortfalls,
        write=_write,
    )


def _measure(evaluation: PointEvaluation, progress: Progress, *, output: Path | None) -> None:
    clips, mode = evaluation.clips.clips, evaluation.mode
    bar = progress.add_task("", total=len(evaluation.results) * sum(ticks(clip, mode) for clip in clips))
    done = 0
    for result in evaluation.results:
        for number, clip in enumerate(clips, start=1):
            doing = f"{result.model}: {clip.name} ({number} of {len(clips)})"
            progress.update(bar, description=escape(doing))
            _measure_one(result, clip, mode, partial(progress.advance, bar))
            done += ticks(clip, mode)
            progress.update(bar, completed=done)
            if output is not None:
                _write(evaluation, output)


def _measure_one(result: PointResult, clip: PointClip, mode: QueryMode, tick: partial[None]) -> None:
    try:
        result.clips[clip.name] = score(partial(comparison.create, result.model), clip, mode, tick)
    except Exception as error:
        # Whatever a model or a clip does, the others are measured.
        result.failed[clip.name] = reason_of(error)


def _problem_of(model: str) -> str:
    """Why a model can't be evaluated here; '': it can."""
    try:
        entry = comparison.find(model)
        if not {"points", "skeleton"} <= set(entry.prompts):
            return "Evaluation compares points, and this model doesn't follow them."
        if refused := catalog.refused(entry):
            return " ".join(refused.values())
        if missing := catalog.missing(entry):
            return f"It needs {', '.join(missing)}, not in {weights_folder()} (see: framewise weights list)."
        comparison.create(model)
    except Exception as error:
        return reason_of(error)
    return ""


# -------------------------------------------------------------- what is told


def _sentences(evaluation: PointEvaluation, frames: int | None) -> Iterable[str]:
    """How it is measured, and what isn't."""
    way = "on, forward" if evaluation.mode == "first" else "on, and from every fifth one, both ways"
    yield f"TAP-Vid's points are asked from their first visible frame {way}; each is an object of its own."
    yield "Joints are one skeleton, from the first labelled frame on; those that don't show there aren't followed."
    if frames is not None:
        yield f"Of each clip the first {frames} frames at most are measured."
    for skipped in evaluation.clips.skipped:
        yield f"Skipped {skipped.name}: {skipped.why}"


def _shortfalls(evaluation: PointEvaluation) -> Iterable[str]:
    for result in evaluation.results:
        yield from shortfalls_of(result.model, result.failed, evaluation.left(result))


def _show(evaluation: PointEvaluation, console: Console) -> None:
    for result in evaluation.results:
        for kind in TITLES:
            if result.of(kind):
                console.print(_table(result, kind))


def _table(result: PointResult, kind: type[PointScores]) -> Table:
    table = Table(
        title=f"{result.model}: {TITLES[kind]}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=0
    )
    table.add_column("clip", overflow="fold", min_width=8)
    table.add_column("points", justify="right")
    for name in measures(kind):
        heading = HEADINGS.get(name, f"{name.removeprefix('within_')} px")
        table.add_column(heading, justify="right", vertical="bottom", no_wrap=True)
    for name, scores in result.of(kind).items():
        row = asdict(scores)
        table.add_row(escape(name), str(row["points"]), *(_cell(row[measure]) for measure in measures(kind)))
    table.add_section()
    table.add_row("mean", "", *(_cell(value) for value in result.mean(kind).values()))
    return table


def _cell(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"


def as_json(evaluation: PointEvaluation) -> str:
    """The same as JSON; null where there was nothing to measure. By model: for ``tap_vid`` and ``joints`` the ``clips``
    (measures by name) and their ``mean``; ``failed`` (reasons by clip) and ``missing``. Beside the models
    ``evaluation``: whether it is ``complete``, the ``queries``, and what was ``skipped``."""
    keys: dict[type[PointScores], str] = {TapScores: "tap_vid", JointScores: "joints"}
    told: dict[str, Any] = {
        result.model: {
            **{
                key: {
                    "clips": {name: plain(asdict(scores)) for name, scores in result.of(kind).items()},
                    "mean": plain(result.mean(kind)),
                }
                for kind, key in keys.items()
                if result.of(kind)
            },
            "failed": result.failed,
            "missing": evaluation.left(result),
        }
        for result in evaluation.results
    }
    told["evaluation"] = {
        "complete": evaluation.complete,
        "queries": evaluation.mode,
        "skipped": {skipped.name: skipped.why for skipped in evaluation.clips.skipped},
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def _write(evaluation: PointEvaluation, output: Path) -> None:
    replace_whole(output, as_json(evaluation))
