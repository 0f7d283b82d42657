"""What an evaluation tells: tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tracking.evaluate.leave_one_out import lead, of_model
from tracking.evaluate.scores import Measured, ModelScores
from tracking.evaluate.sequences import Clips, Followable

SHOWN_NAMES = 5
"""How many sequences a sentence names."""


@dataclass
class Evaluation:
    """``results``: of each model, what was measured so far. ``interrupted``: it was told to end before all was."""

    clips: Clips[Followable]
    results: list[ModelScores]
    interrupted: bool = False

    def left(self, result: ModelScores) -> list[str]:
        """Names of the sequences on which a model was neither measured nor failed."""
        done = {*result.sequences, *result.failed}
        return [s.name for s in self.clips.sequences if s.name not in done and not done.issuperset(s.names)]

    @property
    def clip_of(self) -> dict[str, str]:
        """The clip of each sequence: its first picture, or its video."""
        return {name: str(one.pictures[0]) for one in self.clips.sequences for name in one.names}

    @property
    def complete(self) -> bool:
        return not any(self.left(result) or result.failed for result in self.results)


def show(evaluation: Evaluation, console: Console) -> None:
    """Print a table per model (a row per sequence, their mean, its spread, what is counted over all frames, and the
    mean with a clip left out), and what each model is ahead of the first one."""
    for result in evaluation.results:
        if result.sequences:
            console.print(_table(result, evaluation))
    if any(result.sequences for result in evaluation.results):
        console.print(
            "lowest, highest: the mean with any one clip left out; error: its standard error over the clips "
            "(jackknife). Objects of one clip are left out together.",
            soft_wrap=True,
        )
    if any(result.prompted for result in evaluation.results):
        console.print(
            "prompt 1, 2, …: the mean with that prompt alone, the first one as labelled; redrawn: the deviation "
            "between the prompts of one object, mean over the objects.",
            soft_wrap=True,
        )
    for sentence in leads(evaluation):
        console.print(escape(sentence), soft_wrap=True)


def leads(evaluation: Evaluation) -> Iterable[str]:
    """Of each model after the first, what it has more than the first, and how sure that is."""
    first, *others = evaluation.results
    for other in others:
        for measure in first.kind.LEADS:
            told = lead(other, first, measure, evaluation.clip_of)
            if told.shared:
                more = told.difference
                yield (
                    f"{other.model} against {first.model}, {measure}: {more.mean:+.3f} (error {more.error:.3f}; "
                    f"{more.lowest:+.3f} to {more.highest:+.3f} with any one clip left out), "
                    f"more on {told.more} of {told.shared} sequences."
                )


def _table(result: ModelScores, evaluation: Evaluation) -> Table:
    count, asked = len(result.sequences), sum(len(one.names) for one in evaluation.clips.sequences)
    title = result.model if count == asked else f"{result.model}: {count} of {asked} sequences"
    # It fits into 80 columns.
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("sequence", overflow="fold", min_width=len("deviation"))
    for name in ("frames", *result.kind.measures()):
        words = name.replace("normalised", "norm.").replace("corrections", "correc-\ntions").replace("_", "\n")
        table.add_column(words, justify="right", vertical="bottom", no_wrap=True)
    for name, scores in result.sequences.items():
        table.add_row(escape(name), *_cells(scores))
    table.add_section()
    table.add_row("mean", *_cells(result.mean))
    table.add_row("deviation", *_cells(result.spread, frames=False))
    table.add_row("over all", *_cells(result.pooled))
    table.add_section()
    for part, scores in of_model(result, evaluation.clip_of).items():
        table.add_row(part, *_cells(scores, frames=False))
    if result.prompted:
        table.add_section()
        for number, scores in enumerate(result.prompts, start=1):
            table.add_row(f"prompt {number}", *_cells(scores, frames=False))
        table.add_row("redrawn", *_cells(result.redrawn, frames=False))
    return table


def sentences(evaluation: Evaluation) -> Iterable[str]:
    """What was not measured, and why; how pixels were counted."""
    clips = evaluation.clips
    for origin in (0, 1):
        names = [sequence.name for sequence in clips.sequences if sequence.origin == origin]
        if names:
            yield f"Pixels count from {origin}: {named(names)}."
    for sequence in clips.sequences:
        if sequence.note:
            yield f"{sequence.name}: {sequence.note}"
    for skipped in clips.skipped:
        yield f"Skipped {skipped.name}: {skipped.why}"


def shortfalls(evaluation: Evaluation) -> Iterable[str]:
    """Of each model, where it failed and what was left when everything ended."""
    for result in evaluation.results:
        yield from shortfalls_of(result.model, result.failed, evaluation.left(result))


def shortfalls_of(what: str, failed: Mapping[str, str], left: Sequence[str]) -> Iterable[str]:
    """Where ``what`` failed (reasons by name), and what of it was left."""
    for name, why in failed.items():
        yield f"{what} failed on {name}: {why}"
    if left:
        yield f"{what} was not measured on {named(left)}."


def named(names: Sequence[str]) -> str:
    """``3 sequences (a, b, c)``; of many only the first ones."""
    count = "1 sequence" if len(names) == 1 else f"{len(names)} sequences"
    return f"{count} ({', '.join(names[:SHOWN_NAMES])}{', …' if len(names) > SHOWN_NAMES else ''})"


def as_json(evaluation: Evaluation) -> str:
    """The same as JSON; null where there was nothing to measure.

    By model: ``sequences`` (measures by name), ``mean``, ``spread`` (standard deviation over the sequences), ``pooled``
    (per 100 of all frames), ``left_out`` (see ``leave_one_out``), ``leads`` (of what it has more than the first model),
    ``failed`` (reasons by sequence) and ``missing`` (sequences it didn't come to); of several prompts ``prompts`` (the
    mean of each) and ``redrawn`` (the deviation between those of one object). Beside the
    models ``evaluation``: whether it is ``complete``, what texts count ``pixels_from``, ``notes`` and ``skipped``, both
    by sequence.
    """
    clips = evaluation.clips
    told: dict[str, Any] = {
        result.model: {
            "sequences": {name: _plain(scores) for name, scores in result.sequences.items()},
            "mean": _plain(result.mean),
            "spread": _plain(result.spread, frames=False),
            "pooled": _plain(result.pooled),
            "left_out": {
                part: _plain(scores, frames=False) for part, scores in of_model(result, evaluation.clip_of).items()
            },
            "leads": _leads(evaluation, result),
            **_prompted(result),
            "failed": result.failed,
            "missing": evaluation.left(result),
        }
        for result in evaluation.results
    }
    told["evaluation"] = {
        "complete": evaluation.complete,
        "pixels_from": {sequence.name: sequence.origin for sequence in clips.sequences},
        "notes": {sequence.name: sequence.note for sequence in clips.sequences if sequence.note},
        "skipped": {skipped.name: skipped.why for skipped in clips.skipped},
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def _prompted(result: ModelScores) -> dict[str, Any]:
    if not result.prompted:
        return {}
    return {
        "prompts": [_plain(each, frames=False) for each in result.prompts],
        "redrawn": _plain(result.redrawn, frames=False),
    }


def _leads(evaluation: Evaluation, result: ModelScores) -> dict[str, Any]:
    first = evaluation.results[0]
    if result is first:
        return {}
    found = {measure: lead(result, first, measure, evaluation.clip_of) for measure in first.kind.LEADS}
    return {
        measure: {
            "over": first.model,
            **plain(asdict(one.difference)),
            "more_on": one.more,
            "of": one.shared,
        }
        for measure, one in found.items()
    }


def write(evaluation: Evaluation, output: Path) -> None:
    replace_whole(output, as_json(evaluation))


def replace_whole(output: Path, text: str) -> None:
    """Put a text in place of what was there, whole or not at all."""
    unfinished = output.with_name(output.name + ".partial")
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.replace(output)


def plain(row: Mapping[str, float]) -> dict[str, float | None]:
    """Measures by name as JSON has them: rounded, null where there was nothing to measure."""
    return {name: None if math.isnan(value) else round(value, 4) for name, value in row.items()}


def _plain(scores: Measured, *, frames: bool = True) -> dict[str, float | None]:
    return plain({name: value for name, value in asdict(scores).items() if frames or name != "frames"})


def _cells(scores: Measured, *, frames: bool = True) -> list[str]:
    values = [getattr(scores, name) for name in scores.measures()]
    return [str(scores.frames) if frames else "", *("-" if math.isnan(value) else f"{value:.3g}" for value in values)]
