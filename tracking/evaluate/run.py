"""An evaluation from beginning to end: what can be measured is found out first, and what was measured is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from tracking import catalog
from tracking.evaluate import comparison
from tracking.evaluate.command import carry_out, reason_of, require_place, require_runnable, say
from tracking.evaluate.mask_scores import MASK_PASSES, Factory, MaskScores, score_masks
from tracking.evaluate.masked_clips import MaskedClip, find_masked_clips
from tracking.evaluate.redrawing import OFF
from tracking.evaluate.report import Evaluation, sentences, shortfalls, show, write
from tracking.evaluate.scores import PASSES, Measured, ModelScores, Scores, Tick, score_prompts
from tracking.evaluate.sequences import Clips, Followable, LabelledSequence, find_sequences
from tracking.types import TrackingError
from tracking.weights import weights_folder


@dataclass(frozen=True, slots=True)
class Judging:
    """How shapes of one kind are measured: ``find`` reads the clips below a folder, given what texts count pixels from;
    ``measure`` follows one of them ``passes`` times; what comes of it, for each of the prompts, is ``scores``."""

    kind: Literal["box", "mask"]
    words: str
    scores: type[Measured]
    passes: int
    find: Callable[[Path, int | None], Clips[Followable]]
    measure: Callable[[Factory, Any, Tick], Mapping[str, Sequence[Measured]]]
    prompts: int = 1


def _score_boxes(
    build: Factory, sequence: LabelledSequence, tick: Tick, *, prompts: int
) -> Mapping[str, Sequence[Measured]]:
    return {sequence.name: score_prompts(build, sequence, tick, prompts=prompts)}


def _score_masks(build: Factory, clip: MaskedClip, tick: Tick) -> Mapping[str, Sequence[Measured]]:
    scores = score_masks(build, catalog.create_segmenter(catalog.DEFAULT_SEGMENTER), clip, tick)
    return {name: [one] for name, one in scores.items()}


def boxes(prompts: int = 1) -> Judging:
    """Boxes, each object prompted so many times."""
    measure = partial(_score_boxes, prompts=prompts)
    return Judging("box", "boxes", Scores, PASSES * prompts, find_sequences, measure, prompts)


BOXES = boxes()
MASKS = Judging("mask", "masks", MaskScores, MASK_PASSES, find_masked_clips, _score_masks)


def main(
    models: Sequence[str],
    data: Path,
    output: Path | None = None,
    *,
    only: str = "",
    origin: int | None = None,
    frames: int | None = None,
    judging: Judging = BOXES,
) -> Evaluation:
    """Evaluate ``models`` on the labelled clips below ``data``, print tables, and write JSON to ``output`` if given.

    Ctrl-C ends it: what was measured is printed and written, and what wasn't is named.

    Args:
        models: ids of the catalogue, or of ``comparison``; its default for that kind of shape without.
        only: take the sequences whose names contain this.
        frames: how many of each sequence, from the first one on that shows the object, at least 2; None: all.
        origin: what ground truth in texts counts pixels from, 0 or 1; None: what its layout does.
        judging: what shapes are followed and compared.

    Raises:
        TrackingError: before anything is measured: a model that can't run here, no clips, nowhere to write.
    """
    told = Console(stderr=True, highlight=False)
    require_place(output)
    names = list(dict.fromkeys(models)) or [catalog.DEFAULT_TRACKER[judging.kind]]
    with told.status("Reading ground truth …"):
        clips = judging.find(data, origin).only(only)
        clips = clips if frames is None else clips.first(frames)
    with told.status("Loading the models …"):
        require_runnable(names, partial(problem_of, judging=judging))
    evaluation = Evaluation(clips, [ModelScores(name, kind=judging.scores) for name in names])
    say(told, sentences(evaluation))
    if frames is not None:
        told.print(f"Of each sequence the first {frames} frames at most are measured.", soft_wrap=True)
    if judging.prompts > 1:
        told.print(
            f"Each object is prompted {judging.prompts} times: as labelled, and with each edge up to {OFF:.0%} of the "
            "box's side off, corrections likewise.",
            soft_wrap=True,
        )
    if not clips.sequences:
        raise TrackingError(
            f"Evaluation needs a sequence; nothing under {data} can be used"
            + (f" whose name contains {only!r}. Choose another part." if only else ".")
        )
    return carry_out(
        evaluation,
        told,
        output,
        measure=partial(measure, judging=judging, output=output),
        show=show,
        shortfalls=shortfalls,
        write=write,
    )


def measure(evaluation: Evaluation, progress: Progress, *, judging: Judging, output: Path | None = None) -> None:
    """Measure every model on every sequence; write what is there after each of them, whatever comes then.

    A sequence that a model can't do is noted, and the next one follows.
    """
    sequences = evaluation.clips.sequences
    frames = judging.passes * sum(sequence.length for sequence in sequences)
    bar = progress.add_task("", total=frames * len(evaluation.results))
    done = 0
    for result in evaluation.results:
        for number, sequence in enumerate(sequences, start=1):
            doing = f"{result.model}: {sequence.name} ({number} of {len(sequences)})"
            progress.update(bar, description=escape(doing))
            _measure_one(result, judging, sequence, partial(progress.advance, bar))
            done += judging.passes * sequence.length
            progress.update(bar, completed=done)
            if output is not None:
                write(evaluation, output)


def _measure_one(result: ModelScores, judging: Judging, sequence: Followable, tick: partial[None]) -> None:
    try:
        for name, measured in judging.measure(partial(comparison.create, result.model), sequence, tick).items():
            result.take(name, measured)
    except Exception as error:
        # Whatever a model or a clip does, the others are measured.
        result.failed[sequence.name] = reason_of(error)


def problem_of(model: str, judging: Judging = BOXES) -> str:
    """Why a model can't be evaluated here; '': it can."""
    try:
        entry = comparison.find(model)
        if judging.kind not in entry.prompts or judging.kind not in entry.outputs:
            return f"Evaluation compares {judging.words}, and this model doesn't take and give them."
        if refused := catalog.refused(entry):
            return " ".join(refused.values())
        if missing := catalog.missing(entry):
            return f"It needs {', '.join(missing)}, not in {weights_folder()} (see: framewise weights list)."
        comparison.create(model)
    except Exception as error:
        return reason_of(error)
    return ""
