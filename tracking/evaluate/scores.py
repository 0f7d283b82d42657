"""How well the catalogue's trackers follow labelled clips, and how often a person would have to step in."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tracking import catalog
from tracking.evaluate import metrics
from tracking.evaluate.sequences import LabelledSequence, find_sequences
from tracking.tracker import Tracker
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt, TrackingError, iou

ACCEPTABLE = 0.5
"""IoU below which the simulated annotator corrects a box."""
RESTART_AFTER = 5
"""Frames skipped after a failure, as in the VOT challenges, before the tracker is started again."""

OBJECT = ObjectId("evaluated")


@dataclass(frozen=True, slots=True)
class Scores:
    """What was measured on one sequence, or its mean over several.

    ``success``, ``precision``, ``normalised_precision``: see ``tracking.metrics``, in [0, 1], on the frames that show
    the object, the prompted one included. They judge the tracker's shape even where it says that the object is lost.
    ``ghosts``: share of frames without the object where the tracker claims one; nan when there are none.
    ``failures``: per 100 frames, how often the overlap fell to 0 and the tracker was restarted (VOT robustness).
    ``corrections``: per 100 frames, how often the simulated annotator had to fix or add the box.
    ``fps``: frames per second of the model alone, pictures already decoded.
    """

    success: float
    precision: float
    normalised_precision: float
    ghosts: float
    failures: float
    corrections: float
    fps: float


@dataclass(frozen=True, slots=True)
class ModelScores:
    """One model's scores by sequence."""

    model: str
    sequences: dict[str, Scores]

    @property
    def mean(self) -> Scores:
        """Mean over the sequences, each counting once; what is nan somewhere is averaged over the rest."""
        return Scores(*(_mean([getattr(scores, name) for scores in self.sequences.values()]) for name in COLUMNS))


COLUMNS = tuple(field.name for field in fields(Scores))

Factory = Callable[[], Tracker]


def evaluate(model: str, sequences: Sequence[LabelledSequence], *, factory: Factory | None = None) -> ModelScores:
    """Follow every sequence with ``model`` (built by ``factory`` where given, else by the catalogue)."""
    build = factory or (lambda: catalog.create(model))
    return ModelScores(model, {sequence.name: score(build, sequence) for sequence in sequences})


def score(build: Factory, sequence: LabelledSequence) -> Scores:
    """All measures of one sequence: followed once undisturbed, once with restarts, once with an annotator.

    Raises TrackingError when no frame shows the object.
    """
    if all(box is None for box in sequence.boxes):
        raise TrackingError(f"A labelled sequence must show its object; {sequence.name} never does. Leave it out.")
    predictions, seconds = follow(build(), sequence)
    shapes = [_box(prediction) for prediction in predictions]
    claimed = [box if prediction.visible else None for prediction, box in zip(predictions, shapes, strict=True)]
    truth = sequence.boxes[_first(sequence) :]
    per_cent = 100 / len(truth)
    return Scores(
        success=metrics.success_auc(shapes, truth),
        precision=metrics.precision(shapes, truth),
        normalised_precision=metrics.normalised_precision(shapes, truth),
        ghosts=metrics.ghosts(claimed, truth),
        failures=count_failures(build, sequence) * per_cent,
        corrections=count_corrections(build(), sequence) * per_cent,
        fps=(len(truth) - 1) / seconds if seconds > 0 else math.nan,
    )


def follow(tracker: Tracker, sequence: LabelledSequence) -> tuple[list[Prediction], float]:
    """Predictions from the first frame that shows the object on, and the seconds that ``step`` took altogether."""
    latest: dict[int, Prediction] = {}
    seconds = 0.0
    numbers: list[int] = []
    for frame, truth in _labelled_frames(sequence):
        if not numbers:
            found = tracker.start(frame, [_prompt(truth)])
        else:
            begun = time.perf_counter()
            found = tracker.step(frame)
            seconds += time.perf_counter() - begun
        numbers.append(frame.number)
        latest.update((prediction.frame, prediction) for prediction in found)
    latest.update((prediction.frame, prediction) for prediction in tracker.finish())
    return [latest[number] for number in numbers], seconds


def count_failures(build: Factory, sequence: LabelledSequence) -> int:
    """How often the tracker's box lost all overlap with an object in view; it is restarted ``RESTART_AFTER`` frames
    later, on the first frame that shows the object."""
    failures, wait = 0, 0
    tracker: Tracker | None = None
    for frame, truth in _labelled_frames(sequence):
        if wait > 0:
            wait -= 1
        elif tracker is None:
            if truth is not None:
                tracker = build()
                tracker.start(frame, [_prompt(truth)])
        elif _overlap(tracker.step(frame), frame, truth) == 0:
            failures += 1
            tracker, wait = None, RESTART_AFTER - 1
    return failures


def count_corrections(tracker: Tracker, sequence: LabelledSequence) -> int:
    """How often an annotator who looks at every frame sets the box right.

    They do whenever the object is in view and the tracker's box overlaps it by less than ``ACCEPTABLE``, or is marked
    as lost; the tracker goes on from the corrected box.
    """
    corrections = 0
    started = False
    for frame, truth in _labelled_frames(sequence):
        if not started:
            tracker.start(frame, [_prompt(truth)])
            started = True
            continue
        found = [prediction for prediction in tracker.step(frame) if prediction.visible]
        if truth is not None and _overlap(found, frame, truth) < ACCEPTABLE:
            corrections += 1
            tracker.correct(frame, [_prompt(truth)])
    return corrections


def show(results: Sequence[ModelScores], console: Console | None = None) -> None:
    """Print a table per model: a row per sequence, and the mean."""
    console = console or Console()
    for result in results:
        table = Table(title=result.model, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        table.add_column("sequence", overflow="fold")
        for name in COLUMNS:
            table.add_column(name.replace("_", "\n"), justify="right", vertical="bottom", no_wrap=True)
        for sequence, scores in result.sequences.items():
            table.add_row(sequence, *_cells(scores))
        table.add_section()
        table.add_row("mean", *_cells(result.mean))
        console.print(table)


def as_json(results: Sequence[ModelScores]) -> str:
    """The same figures as JSON: by model, ``sequences`` and ``mean``; null where there was nothing to measure."""
    models = {
        result.model: {
            "sequences": {name: _plain(scores) for name, scores in result.sequences.items()},
            "mean": _plain(result.mean),
        }
        for result in results
    }
    return json.dumps(models, indent=2)


def main(models: Sequence[str], data: Path, output: Path | None = None, *, only: str = "") -> list[ModelScores]:
    """Evaluate ``models`` on the labelled clips below ``data``, print tables, and write JSON to ``output`` if given.

    ``only``: take the sequences whose names contain this. Raises TrackingError for an unknown model, missing weights,
    and a folder without labelled clips.
    """
    sequences = [sequence for sequence in find_sequences(data) if only in sequence.name]
    if not sequences:
        raise TrackingError(
            f"Evaluation needs a sequence; no name under {data} contains {only!r}. Choose another part."
        )
    results = [evaluate(model, sequences) for model in models or [catalog.DEFAULT_TRACKER["box"]]]
    show(results)
    if output is not None:
        output.write_text(as_json(results) + "\n", encoding="utf-8")
    return results


def _labelled_frames(sequence: LabelledSequence) -> Iterator[tuple[Frame, Box | None]]:
    """Frames and true boxes from the first frame that shows the object on."""
    first = _first(sequence)
    for index, (frame, truth) in enumerate(zip(sequence.frames(), sequence.boxes, strict=True)):
        if index >= first:
            yield frame, truth


def _first(sequence: LabelledSequence) -> int:
    return next(index for index, box in enumerate(sequence.boxes) if box is not None)


def _prompt(truth: Box | None) -> Prompt:
    if truth is None:
        raise TrackingError("A tracker starts where its object is in view; this frame doesn't show it. Start later.")
    return Prompt(OBJECT, truth)


def _box(prediction: Prediction) -> Box:
    if not isinstance(prediction.shape, Box):
        kind = type(prediction.shape).__name__.lower()
        raise TrackingError(f"Evaluation compares boxes; this model answers with a {kind}. Choose a box tracker.")
    return prediction.shape


def _overlap(found: Sequence[Prediction], frame: Frame, truth: Box | None) -> float:
    """IoU of the prediction of this frame with the truth; 0 without one, nan when the object isn't in view."""
    if truth is None:
        return math.nan
    return next((iou(_box(prediction), truth) for prediction in found if prediction.frame == frame.number), 0.0)


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _plain(scores: Scores) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else round(value, 4) for name, value in asdict(scores).items()}


def _cells(scores: Scores) -> list[str]:
    return ["-" if math.isnan(value) else f"{value:.3g}" for value in asdict(scores).values()]
