"""Objects that are linked instead of followed: a detector looks at every so-many-th frame, and an association says
which of what it sees is the same object. ``LinkedTracker`` stands where a tracker does in a session, and finds new
objects besides."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tracking.association.contract import Association, Link
from tracking.detection import Detection
from tracking.detector import Detector
from tracking.finder import Discovery
from tracking.finding import are_same
from tracking.shapes.agreement import iou
from tracking.shapes.values import bounds_of
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt, Shape

KEPT_FRAMES = 256
"""Frames of which the detections are kept, for lanes that come over them again."""
HERE = 0.5
"""Overlap from which a detection shows the object that a leg begins with."""
NOTED = 64
"""Sightings that are kept of a track that is no object yet."""
HIDDEN_SHARE = 0.5
"""How sure a place between two sightings is, of the less sure of the two, where the object was looked for in vain."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One detection of one object."""

    frame: int
    shape: Shape
    confidence: float
    label: str


@dataclass(slots=True)
class _Bound:
    """An object that is linked. ``missed``: frames since the last sighting on which it was looked for in vain."""

    object: ObjectId
    last: Sighting
    missed: list[int] = field(default_factory=list)


class Eyes:
    """A detector that looks at every ``every``-th frame, counted from ``origin``, and at each once.

    Args:
        create: makes the detector; called with the first frame that is looked at.
    """

    def __init__(self, create: Callable[[], Detector], *, origin: int = 0, every: int = 1) -> None:
        self._create = create
        self._detector: Detector | None = None
        self._origin, self._every = origin, every
        self._seen: OrderedDict[int, list[Detection]] = OrderedDict()

    def is_due(self, frame: int) -> bool:
        """Whether to look at ``frame``."""
        return (frame - self._origin) % self._every == 0

    def see(self, frame: Frame) -> list[Detection]:
        """What is on ``frame``."""
        if frame.number not in self._seen:
            if self._detector is None:
                self._detector = self._create()
            (self._seen[frame.number],) = self._detector.detect([frame])
            while len(self._seen) > KEPT_FRAMES:
                self._seen.popitem(last=False)
        return self._seen[frame.number]


class Linker:
    """What the linked objects of one run share; it is used in one thread.

    Args:
        associate: makes a fresh association, of which each lane has its own.
        kinds: by class of the detector, what it counts as: only what counts as the same becomes one track. Classes
            without are left alone.
        objects: what objects count as that a run goes on with.
        patience: looks after which an object is offered again that wasn't wanted.
    """

    def __init__(
        self,
        eyes: Eyes,
        associate: Callable[[], Association],
        *,
        kinds: Mapping[str, str],
        objects: Mapping[ObjectId, str] | None = None,
        patience: int = 25,
    ) -> None:
        self.eyes = eyes
        self.associate = associate
        self.kinds = kinds
        self.objects = objects or {}
        self.patience = patience

    def is_due(self, frame: int) -> bool:
        """Whether new objects may come with ``frame``."""
        return self.eyes.is_due(frame)

    def tracker(self) -> LinkedTracker:
        """A fresh one, which knows nothing of what others linked."""
        return LinkedTracker(self)


class LinkedTracker:
    """A ``Tracker`` and a ``Finder``.

    Of a frame on which an object was looked for in vain it says nothing until the object is seen again: then all
    between comes at once, on a straight line and not visible. Between two looks that follow each other it is visible.
    What isn't seen again is ``given_up``, and ends with its last sighting.
    """

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._association = linker.associate()
        self._bound: dict[int, _Bound] = {}
        self._free: dict[int, list[Sighting]] = {}
        """Sightings of tracks that are no objects (yet), since they began or were offered."""
        self._refused: dict[int, int] = {}
        """By track that nobody wants: the look from which on it is offered again."""
        self._offered: list[tuple[int, Discovery]] = []
        self._given_up: list[ObjectId] = []
        self._links: list[Link] = []
        self._looks = 0
        self._looked = -1
        self._unlooked: Frame | None = None

    # -------------------------------------------------------------- as a tracker

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        """Begin on ``frame``, also with no object at all: it then only finds."""
        detections = self._wanted(frame)
        seen = [one for _, one in detections]
        places: list[int] = []
        for prompt in prompts:
            places.append(self._put_in(detections, prompt, taken=places))
        self._update(frame, detections)
        tracks = {link.detection: link.track for link in self._links if link.detection is not None}
        predictions = []
        for prompt, place in zip(prompts, places, strict=True):
            if place not in tracks:  # The association takes no such detection.
                self._given_up.append(prompt.object)
                continue
            (noted,) = self._free.pop(tracks[place])
            confidence = seen[place].confidence if place < len(seen) else noted.confidence
            last = replace(noted, shape=prompt.shape, confidence=confidence)
            self._bound[tracks[place]] = _Bound(prompt.object, last)
            predictions.append(Prediction(prompt.object, frame.number, last.shape, confidence))
        return predictions

    def step(self, frame: Frame) -> list[Prediction]:
        if not self._linker.is_due(frame.number):
            self._unlooked = frame
            return []
        return self._look(frame)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        """Take in objects that ``find`` offered. Others are known by no shape on ``frame``: they are given up."""
        predictions: list[Prediction] = []
        for prompt in prompts:
            track = next((track for track, new in self._offered if new.shape is prompt.shape), None)
            if track is None or track not in self._free:
                self._given_up.append(prompt.object)
                continue
            first, *later = self._free.pop(track)
            bound = self._bound[track] = _Bound(prompt.object, first)
            predictions.append(Prediction(prompt.object, first.frame, first.shape, first.confidence))
            for seen in later:
                predictions += _until(bound, seen)
        return predictions

    def drop(self, objects: Collection[ObjectId]) -> None:
        for track, bound in tuple(self._bound.items()):
            if bound.object in objects:
                del self._bound[track]
                self._refused[track] = self._looks + self._linker.patience

    def finish(self) -> list[Prediction]:
        return [] if self._unlooked is None else self._look(self._unlooked)

    def given_up(self) -> list[ObjectId]:
        """Objects that ended since this was asked last, as they weren't seen again for too long."""
        given_up, self._given_up = self._given_up, []
        return given_up

    # -------------------------------------------------------------- as a finder

    def find(self, frame: Frame, known: Sequence[Prediction]) -> list[Discovery]:
        """Tracks that are believed by now, and are no object of this or of any other lane yet. Each is told where it
        was first seen."""
        for track, _ in self._offered:
            if track in self._free:  # It wasn't taken: who takes it later begins there.
                del self._free[track][:-1]
        self._offered = []
        if self._looked != frame.number:
            return []
        taken = [bounds_of(one.shape) for one in known]
        for link in self._links:
            sightings = self._free.get(link.track)
            if link.state != "confirmed" or not sightings or self._refused.get(link.track, 0) > self._looks:
                continue
            if any(are_same(bounds_of(sightings[-1].shape), other) for other in taken):
                del sightings[:-1]
                continue
            first = sightings[0]
            new = Discovery(first.label, first.shape, first.confidence, first.frame)
            self._offered.append((link.track, new))
        return [new for _, new in self._offered]

    # -------------------------------------------------------------- one frame

    def _look(self, frame: Frame) -> list[Prediction]:
        detections = self._wanted(frame)
        self._update(frame, detections)
        return [prediction for link in self._links for prediction in self._told(link, frame.number)]

    def _wanted(self, frame: Frame) -> list[tuple[str, Detection]]:
        """(class, detection under the name of what it counts as)."""
        kinds = self._linker.kinds
        seen = self._linker.eyes.see(frame)
        return [(one.label, replace(one, label=kinds[one.label])) for one in seen if one.label in kinds]

    def _put_in(self, detections: list[tuple[str, Detection]], prompt: Prompt, taken: Collection[int]) -> int:
        """Make sure that the object of a prompt is among the detections, at none of the places that are taken. Returns
        its place there."""
        box = bounds_of(prompt.shape)
        kind = self._linker.objects.get(prompt.object, "")
        alike = [
            iou(box, one.box) if kind in ("", one.label) and place not in taken else 0.0
            for place, (_, one) in enumerate(detections)
        ]
        place = int(np.argmax(alike)) if alike else -1
        if place >= 0 and alike[place] > HERE:
            name, seen = detections[place]
            detections[place] = name, replace(seen, box=box, confidence=1.0)
            return place
        detections.append((kind, Detection(box, 1.0, kind)))
        return len(detections) - 1

    def _update(self, frame: Frame, detections: Sequence[tuple[str, Detection]]) -> None:
        """Link a frame's detections, and note what is seen of tracks that are no objects."""
        self._links = self._association.update([one for _, one in detections], frame)
        self._looks += 1
        self._looked, self._unlooked = frame.number, None
        for link in self._links:
            if link.detection is None:
                continue
            name, seen = detections[link.detection]
            shape = seen.box if seen.mask is None else seen.mask
            sighting = Sighting(frame.number, shape, seen.confidence, name)
            noted = self._free.setdefault(link.track, [])
            noted.append(sighting)
            del noted[:-NOTED]
        living = {link.track for link in self._links}
        for track in self._bound.keys() - living:
            self._given_up.append(self._bound.pop(track).object)
        for notes in (self._free, self._refused):
            for track in notes.keys() - living:
                del notes[track]
        for track in self._free.keys() & self._refused.keys():
            del self._free[track][:-1]

    def _told(self, link: Link, frame: int) -> Iterator[Prediction]:
        """What is known of an object by now, also of the frames behind it."""
        bound = self._bound.get(link.track)
        if bound is None:
            return
        seen = self._free.pop(link.track, None)
        if seen is None:
            bound.missed.append(frame)
            return
        yield from _until(bound, seen[-1])


def _until(bound: _Bound, seen: Sighting) -> Iterator[Prediction]:
    """From an object's last sighting to ``seen``, which is its last one then."""
    before = bound.last
    step = 1 if seen.frame > before.frame else -1
    steps = abs(seen.frame - before.frame)
    sure = min(before.confidence, seen.confidence)
    hidden = bool(bound.missed)
    for at in range(1, steps):
        shape = _between(before.shape, seen.shape, at / steps)
        confidence = sure * HIDDEN_SHARE if hidden else sure
        yield Prediction(bound.object, before.frame + at * step, shape, confidence, visible=not hidden)
    yield Prediction(bound.object, seen.frame, seen.shape, seen.confidence)
    bound.last, bound.missed = seen, []


def _between(before: Shape, after: Shape, share: float) -> Shape:
    """A box on a straight line between two; of other shapes the one that was seen last."""
    if not (isinstance(before, Box) and isinstance(after, Box)):
        return before
    return Box(*(a + (b - a) * share for a, b in zip(before, after, strict=True)))
