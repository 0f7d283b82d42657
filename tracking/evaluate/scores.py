"""How well a tracker follows a labelled sequence, and how often a person would have to step in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from statistics import stdev
from typing import ClassVar

from tracking.evaluate import metrics
from tracking.evaluate.redrawing import Draw, as_labelled, drawing
from tracking.evaluate.sequences import LabelledSequence
from tracking.tracker import Tracker
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt, TrackingError, iou

ACCEPTABLE = 0.5
"""IoU below which the simulated annotator corrects a box."""
RESTART_AFTER = 5
"""Frames skipped after a failure, as in the VOT challenges, before the tracker is started again."""

OBJECT = ObjectId("evaluated")


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on one sequence, or what came of it over several: ``frames`` says on how many.

    ``PER_100_FRAMES``: what is counted, and can be told over all frames as if they were one sequence; ``LEADS``: what
    models are compared by.
    """

    PER_100_FRAMES: ClassVar[tuple[str, ...]] = ()
    LEADS: ClassVar[tuple[str, ...]] = ()

    frames: int

    @classmethod
    def measures(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls) if field.name != "frames")


@dataclass(frozen=True, slots=True)
class Scores(Measured):
    """How well boxes follow an object.

    ``frames``: how many, from the first one that shows the object on.
    ``success``, ``precision``, ``normalised_precision``: see ``metrics``, in [0, 1], on the frames that show
    the object, the prompted one included. They judge the tracker's shape even where it says that the object is lost.
    ``ghosts``: share of frames without the object where the tracker claims one; nan when there are none.
    ``failures``: per 100 frames, how often the overlap fell to 0 and the tracker was restarted (VOT robustness).
    ``corrections``: per 100 frames, how often the simulated annotator had to fix or add the box.
    ``fps``: frames per second of the model alone, pictures already decoded.
    """

    PER_100_FRAMES: ClassVar[tuple[str, ...]] = ("failures", "corrections")
    LEADS: ClassVar[tuple[str, ...]] = ("success", "corrections")

    success: float
    precision: float
    normalised_precision: float
    ghosts: float
    failures: float
    corrections: float
    fps: float


MEASURES = Scores.measures()


@dataclass
class ModelScores:
    """One model's scores by sequence, all of one ``kind``; ``failed``: why it could not be measured on others.

    ``prompted``: where a sequence was measured with several prompts what each of them gave, in their order; of
    ``sequences`` they are the mean.
    """

    model: str
    sequences: dict[str, Measured] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    kind: type[Measured] = Scores
    prompted: dict[str, Sequence[Measured]] = field(default_factory=dict)

    def take(self, name: str, measured: Sequence[Measured]) -> None:
        """What a sequence gave, with each of its prompts."""
        if len(measured) > 1:
            self.prompted[name] = measured
        self.sequences[name] = self._of(measured, _mean)

    @property
    def prompts(self) -> list[Measured]:
        """The means over the sequences that each prompt alone gives; empty where there was one."""
        return [self._of(each, _mean) for each in zip(*self.prompted.values(), strict=True)]

    @property
    def redrawn(self) -> Measured:
        """How far prompts of one object are apart: their standard deviation, mean over the sequences."""
        return self._of([self._of(each, _deviation) for each in self.prompted.values()], _mean)

    @property
    def mean(self) -> Measured:
        """Mean over the sequences, each counting once; what is nan somewhere is averaged over the rest."""
        return self._over(_mean)

    @property
    def spread(self) -> Measured:
        """Standard deviation over the sequences (of a sample); nan where fewer than two could be measured."""
        return self._over(_deviation)

    @property
    def pooled(self) -> Measured:
        """What is counted per 100 frames, over all frames as if they were one sequence; the rest is nan."""
        return self._over(
            lambda values: math.nan,
            **{
                name: sum(getattr(one, name) * one.frames for one in self.sequences.values()) / self.frames
                for name in self.kind.PER_100_FRAMES
                if self.sequences
            },
        )

    @property
    def frames(self) -> int:
        return sum(scores.frames for scores in self.sequences.values())

    def _over(self, reckon: Callable[[Sequence[float]], float], **given: float) -> Measured:
        """``reckon`` of what is known of each measure, unless it is ``given``."""
        return replace(self._of(list(self.sequences.values()), reckon), frames=self.frames, **given)

    def _of(self, measured: Sequence[Measured], reckon: Callable[[Sequence[float]], float]) -> Measured:
        """``reckon`` of what is known of each measure; of as many frames as the first one of them."""
        known = {
            name: [value for one in measured if not math.isnan(value := getattr(one, name))]
            for name in self.kind.measures()
        }
        frames = measured[0].frames if measured else 0
        return self.kind(frames, **{name: reckon(values) for name, values in known.items()})


Factory = Callable[[], Tracker]
Tick = Callable[[], object]
"""Called after each frame of each of a sequence's passes."""
PASSES = 3
"""A sequence is followed so many times: undisturbed, with restarts, with an annotator."""


def silent() -> None:
    """A ``Tick`` that nobody hears."""


def score_prompts(build: Factory, sequence: LabelledSequence, tick: Tick = silent, *, prompts: int = 1) -> list[Scores]:
    """All measures of one sequence for each of so many prompts: the box as it is labelled, then as others would draw it
    (see ``redrawing``), where the object is corrected and the tracker restarted too.

    Raises TrackingError when no frame shows the object.
    """
    return [score(build, sequence, tick, draw=drawing(sequence.name, which)) for which in range(prompts)]


def score(build: Factory, sequence: LabelledSequence, tick: Tick = silent, *, draw: Draw = as_labelled) -> Scores:
    """All measures of one sequence: followed once undisturbed, once with restarts, once with an annotator.

    Raises TrackingError when no frame shows the object.
    """
    if all(box is None for box in sequence.boxes):
        raise TrackingError(f"A labelled sequence must show its object; {sequence.name} never does. Leave it out.")
    predictions, seconds = follow(build(), sequence, tick, draw=draw)
    shapes = [_box(prediction) for prediction in predictions]
    claimed = [box if prediction.visible else None for prediction, box in zip(predictions, shapes, strict=True)]
    truth = sequence.boxes[sequence.shown_first :]
    per_cent = 100 / len(truth)
    return Scores(
        frames=len(truth),
        success=metrics.success_auc(shapes, truth),
        precision=metrics.precision(shapes, truth),
        normalised_precision=metrics.normalised_precision(shapes, truth),
        ghosts=metrics.ghosts(claimed, truth),
        failures=count_failures(build, sequence, tick, draw=draw) * per_cent,
        corrections=count_corrections(build(), sequence, tick, draw=draw) * per_cent,
        fps=(len(truth) - 1) / seconds if seconds > 0 else math.nan,
    )


def follow(
    tracker: Tracker, sequence: LabelledSequence, tick: Tick = silent, *, draw: Draw = as_labelled
) -> tuple[list[Prediction], float]:
    """Predictions from the first frame that shows the object on, and the seconds that ``step`` took altogether."""
    latest: dict[int, Prediction] = {}
    seconds = 0.0
    numbers: list[int] = []
    for frame, truth in _labelled_frames(sequence, tick):
        if not numbers:
            found = tracker.start(frame, [_prompt(frame, truth, draw)])
        else:
            begun = time.perf_counter()
            found = tracker.step(frame)
            seconds += time.perf_counter() - begun
        numbers.append(frame.number)
        latest.update((prediction.frame, prediction) for prediction in found)
    latest.update((prediction.frame, prediction) for prediction in tracker.finish())
    if silent_on := [number for number in numbers if number not in latest]:
        raise TrackingError(f"A tracker answers for every frame; of frame {silent_on[0]} this one says nothing.")
    return [latest[number] for number in numbers], seconds


def count_failures(build: Factory, sequence: LabelledSequence, tick: Tick = silent, *, draw: Draw = as_labelled) -> int:
    """How often the tracker's box lost all overlap with an object in view; it is restarted ``RESTART_AFTER`` frames
    later, on the first frame that shows the object."""
    failures, wait = 0, 0
    tracker: Tracker | None = None
    for frame, truth in _labelled_frames(sequence, tick):
        if wait > 0:
            wait -= 1
        elif tracker is None:
            if truth is not None:
                tracker = build()
                tracker.start(frame, [_prompt(frame, truth, draw)])
        elif _overlap(tracker.step(frame), frame, truth) == 0:
            failures += 1
            tracker, wait = None, RESTART_AFTER - 1
    return failures


def count_corrections(
    tracker: Tracker, sequence: LabelledSequence, tick: Tick = silent, *, draw: Draw = as_labelled
) -> int:
    """How often an annotator who looks at every frame sets the box right.

    They do whenever the object is in view and the tracker's box overlaps it by less than ``ACCEPTABLE``, or is marked
    as lost; the tracker goes on from the corrected box.
    """
    corrections = 0
    started = False
    for frame, truth in _labelled_frames(sequence, tick):
        if not started:
            tracker.start(frame, [_prompt(frame, truth, draw)])
            started = True
            continue
        found = [prediction for prediction in tracker.step(frame) if prediction.visible]
        if truth is not None and _overlap(found, frame, truth) < ACCEPTABLE:
            corrections += 1
            tracker.correct(frame, [_prompt(frame, truth, draw)])
    return corrections


def _labelled_frames(sequence: LabelledSequence, tick: Tick) -> Iterator[tuple[Frame, Box | None]]:
    """Frames and true boxes from the first frame that shows the object on.

    Raises TrackingError when there are fewer frames than boxes.
    """
    first, index = sequence.shown_first, -1
    for index, frame in enumerate(sequence.frames()):
        if index >= first:
            yield frame, sequence.boxes[index]
            tick()
    if index + 1 < len(sequence.boxes):
        raise TrackingError(
            f"Every labelled frame must be decodable; after {index + 1} of {len(sequence.boxes)} no more come."
        )


def _prompt(frame: Frame, truth: Box | None, draw: Draw) -> Prompt:
    if truth is None:
        raise TrackingError("A tracker starts where its object is in view; this frame doesn't show it. Start later.")
    return Prompt(OBJECT, draw(frame.number, truth))


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


def _deviation(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else math.nan


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
