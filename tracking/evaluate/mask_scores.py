"""How well a tracker follows the masks of a clip, and how long a person would work on them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from tracking.evaluate.annotator import click_until
from tracking.evaluate.mask_metrics import Bitmap, boundary, region
from tracking.evaluate.masked_clips import Labels, MaskedClip
from tracking.evaluate.scores import Measured, Tick, silent
from tracking.segmenter import Segmenter
from tracking.shapes.bitmaps import cropped, spread
from tracking.tracker import Tracker
from tracking.types import Click, Clicked, Frame, Mask, ObjectId, Prediction, Prompt, TrackingError

ACCEPTABLE = 0.75
"""IoU below which the simulated annotator stops to correct a mask."""
CLICKS = 3
"""The most they click on it before they go on."""
BEGUN = 0.85
"""IoU until which they click when an object is new, and ``FIRST_CLICKS`` times at most."""
FIRST_CLICKS = 20
WATCHED_PER_SECOND, LOCATING_S, CLICKING_S = 10.0, 1.0, 1.5
"""Frames that they watch in a second, how long it takes them to find what is wrong, and to click."""
AGREEING, AGREES_ABOVE = 10, 0.98
"""What is followed again after a correction ends where so many frames in a row have this IoU with what was there."""
MASK_PASSES = 2
"""A clip is followed so many times: undisturbed, and with an annotator."""


@dataclass(frozen=True, slots=True)
class MaskScores(Measured):
    """How well masks follow an object.

    ``frames``: how many, from the first one that shows the object on. ``j``, ``f``, ``jf``: region and boundary
    similarity and their mean, in [0, 1], over the frames between the first one and the clip's last one that have a
    mask, as DAVIS has it; what the tracker holds to be lost or hidden counts as not there.

    The annotator watches once and stops where IoU falls below ``ACCEPTABLE`` (after Ravi et al., *SAM 2*, 2024, online
    annotation). ``clicks``: how many a new object takes. ``corrections``: per 100 frames; each edits one frame.
    ``seconds``: of one person for the object: clicks, watching (shared by the clip's objects) and corrections.
    ``redone``: frames that are followed again per correction, up to where they join what was found undisturbed; nan
    without corrections. ``fps``: frames per second of the model alone, with all objects of the clip at once.
    """

    PER_100_FRAMES: ClassVar[tuple[str, ...]] = ("corrections",)
    LEADS: ClassVar[tuple[str, ...]] = ("jf", "corrections", "seconds")

    j: float
    f: float
    jf: float
    clicks: float
    corrections: float
    seconds: float
    redone: float
    fps: float


Factory = Callable[[], Tracker]
Found = dict[int, dict[int, Bitmap]]
"""(H, W) bitmaps by object and frame."""


def score_masks(build: Factory, segmenter: Segmenter, clip: MaskedClip, tick: Tick = silent) -> dict[str, MaskScores]:
    """All measures of the objects of one clip, by name: all followed at once, undisturbed and with an annotator."""
    found, seconds = follow_masks(build(), clip, tick)
    work = annotate(build(), segmenter, clip, found, tick)
    fps = (clip.length - 1) / seconds if seconds > 0 else math.nan
    return {clip.name_of(number): _scores(clip, number, found[number], work[number], fps) for number in clip.objects}


def _scores(clip: MaskedClip, number: int, found: Mapping[int, Bitmap], work: Work, fps: float) -> MaskScores:
    judged = [(found[frame], labels == number) for frame, labels in _judged(clip, number)]
    j = float(np.mean([region(*pair) for pair in judged]))
    f = float(np.mean([boundary(*pair) for pair in judged]))
    frames = len(clip.pictures) - _entry(clip, number)
    return MaskScores(
        frames=frames,
        j=j,
        f=f,
        jf=(j + f) / 2,
        clicks=work.first_clicks,
        corrections=100 * len(work.redone) / frames,
        seconds=work.seconds,
        redone=float(np.mean(list(work.redone.values()))) if work.redone else math.nan,
        fps=fps,
    )


def _judged(clip: MaskedClip, number: int) -> Iterator[tuple[int, Labels]]:
    """Frames with a mask after the one that an object enters on, but for the clip's last one if there are others."""
    first, last = _entry(clip, number) + 1, len(clip.pictures) - 1
    frames = [frame for frame in range(first, last + 1) if clip.masks[frame] is not None]
    for frame in frames[:-1] if len(frames) > 1 and frames[-1] == last else frames:
        labels = clip.labels(frame)
        if labels is not None:
            yield frame, labels


def _entry(clip: MaskedClip, number: int) -> int:
    return clip.entries[clip.objects.index(number)]


# ---------------------------------------------------------------- undisturbed


def follow_masks(tracker: Tracker, clip: MaskedClip, tick: Tick = silent) -> tuple[Found, float]:
    """What is found of each object on each frame after the one it enters on, and the seconds that ``step`` took."""
    found: Found = {number: {} for number in clip.objects}
    seconds = 0.0
    begun = False
    for frame in clip.frames():
        if begun:
            before = time.perf_counter()
            told = tracker.step(frame)
            seconds += time.perf_counter() - before
            _note(found, told, frame)
        if prompts := _entering(clip, frame):
            (tracker.correct if begun else tracker.start)(frame, prompts)
        begun = True
        tick()
    _note(found, tracker.finish(), frame)
    _require_all(clip, found)
    return found, seconds


def _entering(clip: MaskedClip, frame: Frame) -> list[Prompt]:
    """True masks of the objects that the clip shows first on this frame."""
    new = [number for number, entry in zip(clip.objects, clip.entries, strict=True) if entry == frame.number]
    labels = clip.labels(frame.number) if new else None
    return [] if labels is None else [_prompt(number, labels == number) for number in new]


def _prompt(number: int, bitmap: Bitmap, clicks: tuple[Click, ...] = ()) -> Prompt:
    return Prompt(_object(number), cropped(bitmap), Clicked(clicks) if clicks else None)


def _object(number: int) -> ObjectId:
    return ObjectId(str(number))


def _note(found: Found, told: list[Prediction], frame: Frame) -> None:
    for one in told:
        found[int(one.object)][one.frame] = _bitmap(one, frame)


def _bitmap(prediction: Prediction, frame: Frame) -> Bitmap:
    """(H, W): what a tracker holds to be the object and in view."""
    if not isinstance(prediction.shape, Mask):
        kind = type(prediction.shape).__name__.lower()
        raise TrackingError(f"Masks are compared; this model answers with a {kind}. Choose a mask tracker.")
    if not prediction.visible:
        return np.zeros((frame.height, frame.width), np.bool_)
    return spread(prediction.shape, (frame.height, frame.width))


def _require_all(clip: MaskedClip, found: Found) -> None:
    for number in clip.objects:
        for frame in range(_entry(clip, number) + 1, len(clip.pictures)):
            if frame not in found[number]:
                raise TrackingError(f"A tracker answers for every frame; of frame {frame} this one says nothing.")


# ---------------------------------------------------------------- with an annotator


@dataclass
class Work:
    """What one object cost: ``first_clicks`` when it was new, ``seconds``, and how many frames were followed again
    after the correction of each frame, ``redone``; ``agreeing``: how many in a row were as before, None: no correction
    is open."""

    first_clicks: int = 0
    seconds: float = 0.0
    redone: dict[int, int] = field(default_factory=dict)
    agreeing: int | None = None

    def watched(self, found: Bitmap, before: Bitmap) -> None:
        """A frame on which the object is ``found``, where it was found ``before`` when nobody corrected anything."""
        if self.agreeing is None:
            return
        self.redone[max(self.redone)] += 1
        self.agreeing = self.agreeing + 1 if region(found, before) > AGREES_ABOVE else 0
        if self.agreeing >= AGREEING:
            self.agreeing = None

    def corrected(self, frame: int, clicks: int) -> None:
        self.redone[frame], self.agreeing = 0, 0
        self.seconds += LOCATING_S + clicks * CLICKING_S


def annotate(
    tracker: Tracker, segmenter: Segmenter, clip: MaskedClip, undisturbed: Found, tick: Tick = silent
) -> dict[int, Work]:
    """What each object costs an annotator who watches the clip once, sees every frame, and stops where a mask is wrong.

    A new object is clicked on until ``BEGUN``, and followed from its true mask. What isn't there any more is dropped by
    one click, and clicked on again where it comes back. A tracker that tells of a frame later is taken to see nothing.
    """
    work = {number: Work() for number in clip.objects}
    begun = False
    for frame in clip.frames():
        labels = clip.labels(frame.number)
        if begun:
            told = {int(one.object): _bitmap(one, frame) for one in tracker.step(frame) if one.frame == frame.number}
            for number, entry in zip(clip.objects, clip.entries, strict=True):
                if entry < frame.number:
                    found = told.get(number, np.zeros((frame.height, frame.width), np.bool_))
                    work[number].watched(found, undisturbed[number][frame.number])
                    if labels is not None:
                        _watch(tracker, segmenter, frame, number, found, labels == number, work[number])
        if prompts := _entering(clip, frame):
            (tracker.correct if begun else tracker.start)(frame, prompts)
            for prompt in prompts:
                _begin(segmenter, frame, prompt, work[int(prompt.object)])
        begun = True
        tick()
    for one in work.values():
        one.seconds += clip.length / WATCHED_PER_SECOND / len(work)
    return work


def _begin(segmenter: Segmenter, frame: Frame, prompt: Prompt, work: Work) -> None:
    assert isinstance(prompt.shape, Mask)  # noqa: S101 (for the type checker: ``_prompt`` made it)
    truth = spread(prompt.shape, (frame.height, frame.width))
    embedding = segmenter.embed(frame.image)
    clicked = click_until(segmenter, embedding, truth, np.zeros_like(truth), goal=BEGUN, most=FIRST_CLICKS)
    work.first_clicks = clicked.clicks
    work.seconds += LOCATING_S + clicked.clicks * CLICKING_S


def _watch(
    tracker: Tracker, segmenter: Segmenter, frame: Frame, number: int, found: Bitmap, truth: Bitmap, work: Work
) -> None:
    """Look at one object on one frame, and correct it where it is wrong."""
    if region(found, truth) >= ACCEPTABLE:
        return
    if not truth.any():
        tracker.drop([_object(number)])
        work.corrected(frame.number, 1)
        return
    embedding = segmenter.embed(frame.image)
    clicked = click_until(segmenter, embedding, truth, found, goal=ACCEPTABLE, most=CLICKS)
    work.corrected(frame.number, clicked.clicks)
    if clicked.bitmap.any():
        tracker.correct(frame, [_prompt(number, clicked.bitmap, clicked.meant)])
