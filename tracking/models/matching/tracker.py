"""Framewise Mask: follows masks by what their pixels look like to a pretrained network; nothing to download.

On each frame the last mask goes with the picture (dense optical flow). Around where it came to, cells of 8 px are
compared with remembered ones of the object and of its surroundings, and judged by a classifier that learns on the spot.
All three together say how likely each pixel is the object's; the picture's edges give the outline.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tracking.layers.efficientnet_lite import pretrained
from tracking.layers.frame_size import FrameSize
from tracking.layers.mask_prompts import prompted_bitmaps
from tracking.models.matching.memory import Memory
from tracking.models.matching.outline import blurred, chance, drawn_to_edges, gone_with, odds, shared
from tracking.models.matching.view import Encoder, Image, Region, Soft, View, around, look
from tracking.scheduling import leave_real_time
from tracking.shapes.bitmaps import cropped
from tracking.shapes.values import Mask
from tracking.types import Frame, ObjectId, Prediction, Prompt

SHORT_SIDE_PX = 480
"""Masks are followed at this size at most, and shown at the video's."""
SMALLEST_FLOW_PX = 16
REACH, LEAST_REACH_PX = 0.4, 24
"""How far from its last mask, gone with the picture, an object is looked for: in its mean sides, and at least."""
HALF = 0.5
PRIOR_WEIGHT = 0.5
"""How much the last mask counts beside what is remembered of the object."""
NOTHING_SPEAKS = -5.0
"""Log-odds of what isn't looked at."""
AREA_FADES = 0.95
"""How slowly it is forgotten, per frame, how large an object was."""
SMALLEST_SHARE = 0.05
"""An object of which less than this part of its last believed area is found is lost."""
FOUND_AGAIN = 0.8
"""Belief needed to take a lost object as returned."""
RETURNED_SHARE = 0.2
"""And the part of its last believed area."""


@dataclass
class Target:
    """One object. ``soft``: (h, w) probabilities on the last frame; ``shown``: its last believed mask, of ``area``
    pixels at the size that masks are followed at; ``lost``: nothing is believed since."""

    memory: Memory
    soft: Soft
    shown: Mask
    area: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A frame as it is followed: ``small`` and ``gray`` are (h, w), ``per_pixel`` of its pixels to one of theirs."""

    frame: Frame
    small: Image
    gray: Image
    per_pixel: float

    @classmethod
    def of(cls, frame: Frame) -> Scene:
        per_pixel = max(1.0, min(frame.width, frame.height) / SHORT_SIDE_PX)
        small = _resized(frame.image, frame.width / per_pixel, frame.height / per_pixel)
        return cls(frame, small, np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8), per_pixel)


def _resized(image: Image, width: float, height: float) -> Image:
    size = max(1, round(width)), max(1, round(height))
    if size == (image.shape[1], image.shape[0]):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


class MatchingTracker:
    """Follows masks, all of them by one look of the network. See ``tracking.tracker.Tracker`` for the contract.

    ``threshold``: confidence below which an object counts as lost.
    """

    def __init__(self, encoder: Encoder, *, threshold: float) -> None:
        self._encoder = encoder
        self.threshold = threshold
        self.targets: dict[ObjectId, Target] = {}
        self._frame_size = FrameSize()

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        bitmaps = prompted_bitmaps(frame, prompts)
        self._frame_size.begin(frame)
        self.targets.clear()
        # It remembers what it worked on before.
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        return self._anchor(frame, prompts, bitmaps)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self._frame_size.require(frame)
        return self._anchor(frame, prompts, prompted_bitmaps(frame, prompts))

    def step(self, frame: Frame) -> list[Prediction]:
        self._frame_size.require(frame)
        scene = Scene.of(frame)
        with _computing():
            found = self._follow(scene) if self.targets else []
        self._before = scene.gray
        return found

    def drop(self, objects: Collection[ObjectId]) -> None:
        for name in objects:
            self.targets.pop(name, None)

    def finish(self) -> list[Prediction]:
        return []

    def memory_of(self, name: ObjectId) -> object | None:
        target = self.targets.get(name)
        return None if target is None else target.memory.of_prompts()

    def remember(self, name: ObjectId, memory: object) -> None:
        target = self.targets.get(name)
        if target is not None and isinstance(memory, Memory):
            target.memory.learn_from(memory)

    # -------------------------------------------------------------- prompts

    def _anchor(
        self, frame: Frame, prompts: Sequence[Prompt], bitmaps: Mapping[ObjectId, NDArray[np.bool_]]
    ) -> list[Prediction]:
        scene = Scene.of(frame)
        softs = {name: _shrunk(bitmap, scene.gray) for name, bitmap in bitmaps.items()}
        with _computing():
            view = self._look(scene, [around(soft) for soft in softs.values()])
            for name, soft in softs.items():
                known = self.targets.get(name)
                memory = Memory(view.features.shape[1]) if known is None else known.memory
                memory.anchor(view.features, view.cells(soft))
                self.targets[name] = Target(memory, soft, cropped(bitmaps[name]), _area(soft))
        self._before = scene.gray
        return [Prediction(prompt.object, frame.number, prompt.shape, confidence=1.0) for prompt in prompts]

    def _look(self, scene: Scene, regions: Sequence[Region]) -> View:
        region = reduce(Region.joined, regions)
        return look(self._encoder, scene.frame.image, region, scene.per_pixel)

    # -------------------------------------------------------------- frame by frame

    def _follow(self, scene: Scene) -> list[Prediction]:
        priors = self._gone_on(scene)
        view = self._look(scene, [around(prior) for prior in priors.values()])
        names = list(self.targets)
        softs = [self._chances(self.targets[name], scene, view, priors[name]) for name in names]
        if len(softs) > 1:
            softs = shared(softs)
        return [self._settle(name, scene, view, soft) for name, soft in zip(names, softs, strict=True)]

    def _gone_on(self, scene: Scene) -> dict[ObjectId, Soft]:
        """Where each object is if it went with the picture."""
        regions = {name: around(one.soft) for name, one in self.targets.items()}
        region = reduce(Region.joined, regions.values())
        now, before = (np.ascontiguousarray(gray[region.slices]) for gray in (scene.gray, self._before))
        flow = self._flow_between(now, before)
        priors = {}
        for name, one in self.targets.items():
            prior = np.zeros_like(one.soft)
            prior[region.slices] = gone_with(one.soft[region.slices], flow)
            priors[name] = prior
        return priors

    def _flow_between(self, now: Image, before: Image) -> NDArray[np.float32]:
        """(h, w, 2): where each pixel came from, as steps in px; none in what is too small to have a motion."""
        if min(now.shape) < SMALLEST_FLOW_PX:
            return np.zeros((*now.shape, 2), np.float32)
        # Its type asks for a flow to begin with, which it needs not.
        return np.asarray(self._flow.calc(now, before, None), np.float32)  # type: ignore[call-overload]

    def _chances(self, target: Target, scene: Scene, view: View, prior: Soft) -> Soft:
        """(h, w): how likely each pixel is the object's, by itself."""
        window = view.region if target.lost else around(prior)
        near = view.within(window) if target.lost else view.cells(_widened(prior, target.area)) > 0
        evidence = torch.full((len(near),), NOTHING_SPEAKS)
        evidence[near] = target.memory.evidence(view.features[near])
        log_odds = view.pixels(evidence)[window.within(view.region)]
        if not target.lost:
            log_odds = log_odds + PRIOR_WEIGHT * odds(blurred(prior[window.slices]))
        soft = np.zeros_like(prior)
        soft[window.slices] = drawn_to_edges(np.ascontiguousarray(scene.small[window.slices]), chance(log_odds))
        return soft

    def _settle(self, name: ObjectId, scene: Scene, view: View, soft: Soft) -> Prediction:
        """Believe in what was found, or call the object lost."""
        target = self.targets[name]
        area = _area(soft)
        confidence = float(soft[soft > HALF].mean()) if area else 0.0
        needed, share = (FOUND_AGAIN, RETURNED_SHARE) if target.lost else (self.threshold, SMALLEST_SHARE)
        if confidence < needed or area < share * target.area:
            if not target.lost:
                target.memory.forget_recent()
            target.lost, target.soft = True, np.zeros_like(soft)
            confidence = min(confidence, max(0.0, self.threshold - 0.01))
            return Prediction(name, scene.frame.number, target.shown, confidence, visible=False)
        target.lost, target.soft = False, soft
        target.area = max(area, round(AREA_FADES * target.area))
        target.shown = self._mask(scene, soft)
        near = view.within(around(soft))
        target.memory.learn(view.features[near], view.cells(soft)[near])
        return Prediction(name, scene.frame.number, target.shown, confidence)

    def _mask(self, scene: Scene, soft: Soft) -> Mask:
        """Probabilities as a mask of the video's size."""
        size = scene.frame.width, scene.frame.height
        whole = soft if soft.shape == size[::-1] else cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR)
        return cropped(whole > HALF)


def _widened(prior: Soft, area: int) -> Soft:
    """(h, w): 1 where an object of so many pixels may have got to, else 0."""
    reach = round(max(REACH * math.sqrt(area), LEAST_REACH_PX))
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.dilate((prior > HALF).astype(np.uint8), square), np.float32)


def _area(soft: Soft) -> int:
    return int(np.count_nonzero(soft > HALF))


def _shrunk(bitmap: NDArray[np.bool_], like: Image) -> Soft:
    """A bitmap of the video's size as probabilities of the size of ``like``. What has a pixel keeps one."""
    soft = bitmap.astype(np.float32)
    size = like.shape[1], like.shape[0]
    if soft.shape == like.shape:
        return soft
    return np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_AREA), np.float32)


@contextmanager
def _computing() -> Iterator[None]:
    leave_real_time()  # torch's own threads inherit it
    with torch.inference_mode():
        yield


def create(*, threshold: float = 0.3) -> MatchingTracker:
    """A tracker that needs nothing but the prompt. ``threshold``: confidence below which an object counts as lost."""
    return MatchingTracker(pretrained(), threshold=threshold)
