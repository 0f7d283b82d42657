"""How well a tracker follows points that are known, and how often a person would have to move one back."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tracking.evaluate.point_clips import JointClip, PointClip, TapClip
from tracking.evaluate.point_metrics import SIDE_PX, THRESHOLDS_PX, Query, QueryMode, off, queries, tap_vid
from tracking.evaluate.scores import OBJECT
from tracking.frames import Way
from tracking.shapes.values import ABSENT, OCCLUDED, VISIBLE, Points, Skeleton
from tracking.tracker import Remembering, Tracker
from tracking.types import Frame, ObjectId, Prediction, Prompt, TrackingError

Factory = Callable[[], Tracker]
Tick = Callable[[], object]


@dataclass(frozen=True, slots=True)
class TapScores:
    """TAP-Vid's measures of one clip (see ``point_metrics``), in [0, 1]. ``points``: queries. ``fps``: points times
    frames per second of the model alone."""

    points: int
    jaccard: float
    within: float
    occlusion: float
    within_1: float
    within_2: float
    within_4: float
    within_8: float
    within_16: float
    fps: float


@dataclass(frozen=True, slots=True)
class JointScores:
    """``points``: joints that show on the first labelled frame; others aren't followed. ``pck``: the share of them that
    is right on the labelled frames after it that show them. ``corrections``: joints that the simulated annotator moves
    back, per 100 frames. ``fps``: points times frames per second of the model alone."""

    points: int
    pck: float
    corrections: float
    fps: float


PointScores = TapScores | JointScores


def measures(kind: type[PointScores]) -> tuple[str, ...]:
    """What is averaged over clips."""
    return tuple(field.name for field in fields(kind) if field.name != "points")


def score(build: Factory, clip: PointClip, mode: QueryMode, tick: Tick) -> PointScores:
    """All measures of one clip. Raises TrackingError when the model doesn't answer for every frame."""
    return score_taps(build, clip, mode, tick) if isinstance(clip, TapClip) else score_joints(build, clip, tick)


def ticks(clip: PointClip, mode: QueryMode) -> int:
    """How often ``score`` calls ``tick`` at least."""
    passes = 2 if isinstance(clip, JointClip) or mode == "strided" else 1
    return passes * clip.length


def score_taps(build: Factory, clip: TapClip, mode: QueryMode, tick: Tick) -> TapScores:
    """Each query is an object of its own, so that points don't help each other."""
    asked, clock = queries(clip.occluded, mode), Stopwatch()
    answers = Answers(asked, clip)
    ways: Sequence[Way] = ("forward",) if mode == "first" else ("forward", "backward")
    for way in ways:
        _ask(build(), clip, answers, way, clock, tick)
    size = np.array(clip.size)
    found = tap_vid(asked, clip.xy * SIDE_PX, clip.occluded, answers.xy / size * SIDE_PX, answers.occluded, mode)
    shares = dict(zip((f"within_{threshold}" for threshold in THRESHOLDS_PX), found.within, strict=True))
    return TapScores(
        points=len(asked),
        jaccard=found.average_jaccard,
        within=found.average_within,
        occlusion=found.occlusion_accuracy,
        fps=clock.rate(answers.given),
        **shares,
    )


class Stopwatch:
    """Time that a model took."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def time(self, call: Callable[[], list[Prediction]]) -> list[Prediction]:
        begun = time.perf_counter()
        found = call()
        self.seconds += time.perf_counter() - begun
        return found

    def rate(self, count: int) -> float:
        return count / self.seconds if self.seconds > 0 else math.nan


class Answers:
    """What a model says of M queries: ``xy`` (M, T, 2) px, ``occluded`` (M, T); on its query's frame each is right.
    ``given``: how many answers came."""

    def __init__(self, asked: Sequence[Query], clip: TapClip) -> None:
        self.asked, self.given = asked, 0
        self.xy = np.full((len(asked), clip.length, 2), np.nan)
        self.occluded = np.ones((len(asked), clip.length), bool)
        width, height = clip.size
        # On the very border there is nothing to look at.
        self._start = np.clip(clip.xy * (width, height), 0, (width - 1e-3, height - 1e-3))

    def prompts(self, frame: int) -> list[Prompt]:
        """Those whose query is on ``frame``."""
        return [
            Prompt(
                ObjectId(str(which)),
                Points(self._start[point, at][None].astype(np.float32), np.full(1, VISIBLE, np.uint8)),
            )
            for which, (point, at) in enumerate(self.asked)
            if at == frame
        ]

    def take(self, predictions: Iterable[Prediction]) -> None:
        for told in predictions:
            if not isinstance(told.shape, Points):
                raise TrackingError(f"Evaluation of points needs points; a {type(told.shape).__name__} came.")
            which = int(told.object)
            self.given += 1
            self.xy[which, told.frame] = told.shape.xy[0]
            self.occluded[which, told.frame] = not told.visible or told.shape.seen[0] != VISIBLE

    def require(self, way: Way, last: int) -> None:
        """Raises TrackingError where an answer lacks on the way to the frame ``last``."""
        for which, (_, at) in enumerate(self.asked):
            way_frames = range(at, last + 1) if way == "forward" else range(at, last - 1, -1)
            lacks = [frame for frame in way_frames if np.isnan(self.xy[which, frame]).any()]
            if lacks:
                raise TrackingError(f"A tracker answers for every frame; of frame {lacks[0]} this one says nothing.")


def _ask(tracker: Tracker, clip: TapClip, answers: Answers, way: Way, clock: Stopwatch, tick: Tick) -> None:
    begun = False
    for frame in clip.frames(way):
        prompts = answers.prompts(frame.number)
        if begun:
            answers.take(clock.time(lambda frame=frame: tracker.step(frame)))  # type: ignore[misc]
            if prompts:
                answers.take(clock.time(lambda frame=frame, new=prompts: tracker.correct(frame, new)))  # type: ignore[misc]
        elif prompts:
            answers.take(clock.time(lambda frame=frame, new=prompts: tracker.start(frame, new)))  # type: ignore[misc]
            begun = True
        tick()
    if begun:
        answers.take(clock.time(tracker.finish))
    answers.require(way, clip.length - 1 if way == "forward" else 0)


# -------------------------------------------------------------- joints


def score_joints(build: Factory, clip: JointClip, tick: Tick) -> JointScores:
    """The joints are one skeleton, from the first labelled frame on: followed undisturbed, and with an annotator."""
    clock = Stopwatch()
    first = clip.xy[:, 0], clip.visible[:, 0]
    found = dict(_followed(build(), clip, 0, _Beginning(*first), clock, tick))
    right = [
        ~off(found[number], clip.xy[:, number], clip.areas[number])[clip.visible[:, number] & first[1]]
        for number in range(1, len(clip.labelled))
    ]
    judged = np.concatenate(right)
    joints = int(first[1].sum())
    return JointScores(
        points=joints,
        pck=float(judged.mean()) if len(judged) else math.nan,
        corrections=count_corrections(build, clip, tick) * 100 / clip.length,
        fps=clock.rate(joints * clip.length),
    )


def count_corrections(build: Factory, clip: JointClip, tick: Tick) -> int:
    """How many joints an annotator moves back who looks at every labelled frame. After each such frame the model begins
    there anew, with the other joints where it had them, as a correction does in the editor."""
    followed = clip.visible[:, 0]
    number, moved, beginning = 0, 0, _Beginning(clip.xy[:, 0], followed)
    while True:
        tracker = build()
        for later, found in _followed(tracker, clip, number, beginning, Stopwatch(), tick):
            wrong = off(found, clip.xy[:, later], clip.areas[later]) & clip.visible[:, later] & followed
            if wrong.any():
                moved += int(wrong.sum())
                number = later
                beginning = _Beginning(
                    np.where(wrong[:, None], clip.xy[:, later], found),
                    followed,
                    tuple(np.flatnonzero(~wrong & followed).tolist()),
                    tracker.memory_of(OBJECT) if isinstance(tracker, Remembering) else None,
                )
                break
        else:
            return moved


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Where joints begin, (n, 2), and which of them are ``followed``; after a correction which were left alone, and
    what the model knew of them."""

    xy: NDArray[np.float64]
    followed: NDArray[np.bool_]
    untouched: tuple[int, ...] = ()
    memory: object = None


def _followed(
    tracker: Tracker,
    clip: JointClip,
    number: int,
    beginning: _Beginning,
    clock: Stopwatch,
    tick: Tick,
) -> Iterable[tuple[int, NDArray[np.float64]]]:
    """Where the joints are on each labelled frame after ``number``, on which they begin, as soon as it is told; by the
    number of the labelled frame."""
    due = {frame: later for later, frame in enumerate(clip.labelled) if later > number}
    begun = False
    for frame in clip.frames(clip.labelled[number]):
        told = clock.time(lambda frame=frame: _fed(tracker, frame, beginning, begun))  # type: ignore[misc]  # noqa: B023
        begun = True
        tick()
        yield from _due(told, due)
    yield from _due(clock.time(tracker.finish), due)
    if due:
        raise TrackingError(f"A tracker answers for every frame; of frame {min(due)} this one says nothing.")


def _fed(tracker: Tracker, frame: Frame, beginning: _Beginning, begun: bool) -> list[Prediction]:
    if begun:
        return tracker.step(frame)
    xy, followed = beginning.xy, beginning.followed
    inside = ((xy >= 0) & (xy <= (frame.width, frame.height))).all(axis=1)
    seen = np.where(inside, VISIBLE, OCCLUDED)
    shape = Skeleton(xy.astype(np.float32), np.where(followed, seen, ABSENT).astype(np.uint8))
    told = tracker.start(frame, [Prompt(OBJECT, shape, untouched=beginning.untouched)])
    if beginning.memory is not None and isinstance(tracker, Remembering):
        tracker.remember(OBJECT, beginning.memory)
    return told


def _due(told: Iterable[Prediction], due: dict[int, int]) -> Iterable[tuple[int, NDArray[np.float64]]]:
    for prediction in told:
        if prediction.frame in due:
            if not isinstance(prediction.shape, Points):
                raise TrackingError(f"Joints stay joints; a {type(prediction.shape).__name__} came.")
            yield due.pop(prediction.frame), prediction.shape.xy.astype(np.float64)
