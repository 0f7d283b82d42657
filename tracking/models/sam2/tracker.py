"""SAM 2 as a tracker: what it is shown, what it is asked, how its answers become shapes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar
from weakref import ReferenceType, WeakValueDictionary, ref

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from tracking.layers.box_tracker import prompted_boxes
from tracking.layers.compute import Compute, best_device
from tracking.layers.frame_size import FrameSize
from tracking.layers.mask_prompts import prompted_bitmaps
from tracking.layers.on_device import OnDevice
from tracking.models.sam2.memory import Bank, DistractorAwareBank, Memory, PlainBank, Sight
from tracking.models.sam2.network import IN, OUT, Clicks, Encoded, Found, Network
from tracking.models.sam2.variants import VARIANTS, Variant, check_side, enliven, require_transformers, tiny_config
from tracking.models.sam2.weights import changed_at, load, located
from tracking.shapes.bitmaps import cropped
from tracking.shapes.values import bounds_of
from tracking.types import Box, Clicked, Frame, Mask, ObjectId, Prediction, Prompt, PromptError, Shape, iou
from tracking.warm import held, keeps

CPU_BATCH, GPU_BATCH = 4, 16
"""Most objects in a pass, so that memory stays bounded."""
EYES = 3
"""Frames whose features are kept: as many as runs that walk together are apart."""
MEANT = 0.9
"""IoU with the shape that was accepted from which what the network makes of its clicks counts as the same."""
APART = 0.7
"""A distractor: with what looks alike added, an object's box overlaps its own so much or less."""


class Eyes:
    """A network, and the features of the last frames that it saw, so that trackers which walk together encode each
    frame once. May be used by several threads."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._seen: list[tuple[ReferenceType[NDArray[np.uint8]], Encoded]] = []
        self._lock = threading.Lock()

    def look(self, frame: Frame) -> Encoded:
        with self._lock:
            for image, features in self._seen:
                if image() is frame.image:
                    return features
        features = self.network.encode(self._pixels(frame))
        with self._lock:
            alive = [one for one in self._seen if one[0]() is not None]
            self._seen = [*alive, (ref(frame.image), features)][-EYES:]
        return features

    def _pixels(self, frame: Frame) -> Tensor:
        """(1, 3, S, S): the whole frame, squeezed into a square."""
        size = (self.network.side, self.network.side)
        picture = torch.from_numpy(np.array(frame.image)).permute(2, 0, 1)[None]
        if self.network.device.type != "cpu":
            picture = picture.to(self.network.device).float()
        picture = F.interpolate(picture, size=size, mode="bilinear", antialias=True, align_corners=False)
        mean, deviation = (
            torch.tensor(values, device=picture.device).view(1, 3, 1, 1) for values in self.network.normal
        )
        return (picture / 255.0 - mean) / deviation


T = TypeVar("T")
Open = Callable[[Compute], Eyes]
"""Brings the network to where it is to compute."""


@dataclass
class Followed:
    """One object. ``box``: whether it is told as a box; ``shape``: as it was last seen."""

    bank: Bank
    box: bool
    shape: Shape

    def copy(self) -> Followed:
        return replace(self, bank=self.bank.copy())


class Sam2Tracker(OnDevice):
    """Follows masks, and boxes by the masks in them. See ``tracking.tracker.Tracker`` for the contract.

    What a person said of an object (prompts, corrections) is remembered for the whole run, what was followed for as
    long as the network can look back. A GPU that doesn't start, or runs out of memory, is left for the CPU with a
    ``note``.
    """

    def __init__(self, open_network: Open, *, distractors: bool, device: str, precision: str) -> None:
        self.objects: dict[ObjectId, Followed] = {}
        self.distractors = distractors
        self._clicked: tuple[Frame, dict[ObjectId, Prompt]] | None = None
        self._open = open_network
        self._frame_size = FrameSize()
        super().__init__(device=device, precision=precision)

    # -------------------------------------------------------------- the contract

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self.objects.clear()
        self._frame_size.begin(frame)
        # Libraries of a GPU load with their first call, and say in many ways that they can't.
        return self.computed(lambda: self._prompt(frame, prompts), RuntimeError, self._kept())

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        self._frame_size.require(frame)
        return self.computed(lambda: self._prompt(frame, prompts), torch.OutOfMemoryError, self._kept())

    def step(self, frame: Frame) -> list[Prediction]:
        self._frame_size.require(frame)
        self._clicked = None
        return self.computed(lambda: self._follow(frame), torch.OutOfMemoryError, self._kept())

    def drop(self, objects: Collection[ObjectId]) -> None:
        for name in objects:
            self.objects.pop(name, None)
            if self._clicked is not None:
                self._clicked[1].pop(name, None)

    def finish(self) -> list[Prediction]:
        return []

    def memory_of(self, name: ObjectId) -> tuple[Memory, ...] | None:
        """What people said of an object."""
        known = self.objects.get(name)
        return None if known is None else tuple(known.bank.said)

    def remember(self, name: ObjectId, memory: object) -> None:
        """Take over what ``memory_of`` gave elsewhere, with pictures of the same size."""
        assert isinstance(memory, tuple)  # noqa: S101 (for the type checker: it is of a tracker of this kind)
        here = self.compute.device
        self.objects[name].bank.hear([one.move(lambda tensor: tensor.to(here)) for one in memory])
        if self._clicked is not None and (prompt := self._clicked[1].get(name)) is not None:
            frame = self._clicked[0]
            self.computed(lambda: self._learn_clicked(frame, prompt), torch.OutOfMemoryError, self._kept())

    # -------------------------------------------------------------- prompts

    def _prompt(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        boxed = [prompt for prompt in prompts if isinstance(prompt.shape, Box)]
        painted = [prompt for prompt in prompts if not isinstance(prompt.shape, Box)]
        boxes = prompted_boxes(frame, boxed) if boxed else {}
        bitmaps = prompted_bitmaps(frame, painted) if painted or not boxed else {}
        if both := boxes.keys() & bitmaps.keys():
            raise PromptError(
                f"Each object takes one shape per frame; a mask and a box came for {min(both)}. Send one."
            )
        image = self.eyes.look(frame)
        for chunk in self._chunks(painted):
            self._learn(frame, image, chunk, *self._given(image, [bitmaps[prompt.object] for prompt in chunk]))
        for chunk in self._chunks(boxed):
            self._learn(frame, image, chunk, *self._meant(frame, image, [boxes[prompt.object] for prompt in chunk]))
        clicked = {prompt.object: prompt for prompt in painted if prompt.clicked is not None}
        self._clicked = frame, clicked
        for prompt in clicked.values():
            self._learn_clicked(frame, prompt)
        return [Prediction(prompt.object, frame.number, prompt.shape, confidence=1.0) for prompt in prompts]

    def _given(self, image: Encoded, bitmaps: Sequence[NDArray[np.bool_]]) -> tuple[Found, Tensor]:
        """What masks show, and the logits (N, S, S) to remember them by."""
        masks = torch.stack([self._square(bitmap) for bitmap in bitmaps]).to(self.network.device)
        return self.network.given(image, masks), masks * (IN - OUT) + OUT

    def _meant(self, frame: Frame, image: Encoded, boxes: Sequence[Box]) -> tuple[Found, Tensor]:
        """What boxes are around, and the logits (N, S, S) to remember it by."""
        features = self.network.plain(image, len(boxes))
        found = self.network.decode(image, features, clicks=self._corners(frame, boxes))
        return found, self.network.enlarged(found.logits)

    def _learn_clicked(self, frame: Frame, prompt: Prompt) -> None:
        """Remember a mask that was clicked by what the network makes of the clicks, as it was trained to; where that is
        another mask, the one that was accepted counts alone, as it is known by now."""
        image, clicks = self.eyes.look(frame), self._clicks(frame, prompt.clicked or Clicked())
        if not clicks.labels.numel():
            return
        found = self.network.decode(image, self._with_what_was_said(frame, image, prompt.object), clicks=clicks)
        logits = self.network.enlarged(found.logits)
        meant = logits[0] > 0
        accepted = self._square(prompted_bitmaps(frame, [prompt])[prompt.object]).to(meant.device) > 0
        if int((meant & accepted).sum()) >= MEANT * int((meant | accepted).sum()):
            self._learn(frame, image, [prompt], found, logits)

    def _with_what_was_said(self, frame: Frame, image: Encoded, name: ObjectId) -> Tensor:
        """Features (1, C, h, w) as earlier prompts of an object see them, where there are any. What was followed is
        left out: it is what led to the correction."""
        said = [one for one in self.objects[name].bank.said if one.frame != frame.number]
        if not said:
            return self.network.plain(image, 1)
        bank = PlainBank(self.network.window, prompts=said)
        return self.network.remembering(image, [bank.recall(frame.number)])

    def _clicks(self, frame: Frame, clicked: Clicked) -> Clicks:
        """One object's box and clicks, in this order."""
        box = clicked.box
        corners = [] if box is None else [(box.x1, box.y1, 2), (box.x2, box.y2, 3)]
        points = [*corners, *((each.x, each.y, int(each.positive)) for each in clicked.clicks)]
        places = np.array([one[:2] for one in points], np.float64).reshape(1, -1, 2)
        return self._placed(frame, places, [[one[2] for one in points]])

    def _learn(self, frame: Frame, image: Encoded, prompts: Sequence[Prompt], found: Found, logits: Tensor) -> None:
        features = self.network.memorise(image, logits, found.score, certain=True)
        for row, prompt in enumerate(prompts):
            known = self.objects.get(prompt.object)
            bank = self._new_bank() if known is None else known.bank
            bank.anchor(Memory(frame.number, features[row].clone(), found.pointer[row].clone()))
            self.objects[prompt.object] = Followed(bank, isinstance(prompt.shape, Box), prompt.shape)

    def _new_bank(self) -> Bank:
        return (DistractorAwareBank if self.distractors else PlainBank)(self.network.window)

    def _square(self, bitmap: NDArray[np.bool_]) -> Tensor:
        """A mask of the frame in the network's picture: (S, S) of 0 and 1. What is too small to fill a pixel gets those
        that it fills most."""
        whole = torch.from_numpy(bitmap).float()[None, None]
        size = (self.network.side, self.network.side)
        share = F.interpolate(whole, size=size, mode="bilinear", antialias=True, align_corners=False)[0, 0]
        return (share >= min(0.5, float(share.max()))).float()

    def _corners(self, frame: Frame, boxes: Sequence[Box]) -> Clicks:
        return self._placed(frame, np.array(boxes).reshape(-1, 2, 2), [[2, 3]] * len(boxes))

    def _placed(self, frame: Frame, points: NDArray[np.float64], labels: Sequence[Sequence[int]]) -> Clicks:
        """``points``: (N, P, 2) in px of the frame."""
        scale = np.array([self.network.side / frame.width, self.network.side / frame.height])
        xy, told = torch.from_numpy(points * scale).float(), torch.tensor(labels, dtype=torch.int32)
        return Clicks(xy.to(self.network.device), told.to(self.network.device))

    # -------------------------------------------------------------- following

    def _follow(self, frame: Frame) -> list[Prediction]:
        if not self.objects:
            return []
        image = self.eyes.look(frame)
        return [one for chunk in self._chunks(list(self.objects)) for one in self._follow_some(frame, image, chunk)]

    def _follow_some(self, frame: Frame, image: Encoded, names: Sequence[ObjectId]) -> Iterator[Prediction]:
        network, followed = self.network, [self.objects[name] for name in names]
        features = network.remembering(image, [one.bank.recall(frame.number) for one in followed])
        found = network.decode(image, features)
        memories = network.memorise(image, network.enlarged(found.logits), found.score, certain=False)
        qualities, scores = found.quality.tolist(), found.score.sigmoid().tolist()
        for row, (name, one) in enumerate(zip(names, followed, strict=True)):
            memory = Memory(frame.number, memories[row].clone(), found.pointer[row].clone())
            area = int((found.logits[row] > 0).sum())
            one.bank.keep(memory, Sight(area, qualities[row], partial(distracted, found, row)))
            mask = self._mask(frame, found.logits[row])
            if mask.area:
                one.shape = bounds_of(mask) if one.box else mask
            confidence = min(max(qualities[row], 0.0), 1.0) * scores[row]
            yield Prediction(name, frame.number, one.shape, confidence, visible=mask.area > 0)

    def _mask(self, frame: Frame, logits: Tensor) -> Mask:
        """Logits (L, L) as a mask on the frame; maybe an empty one."""
        size = (frame.height, frame.width)
        large = F.interpolate(logits[None, None].float(), size=size, mode="bilinear", align_corners=False)
        return cropped((large[0, 0] > 0).cpu().numpy())

    def _chunks(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        size = CPU_BATCH if self.compute.device.type == "cpu" else GPU_BATCH
        return (items[first : first + size] for first in range(0, len(items), size))

    # -------------------------------------------------------------- where it computes

    def _kept(self) -> Callable[[], None]:
        """How to come back to what it carries now."""
        objects = {name: one.copy() for name, one in self.objects.items()}

        def put_back() -> None:
            self.objects = objects
            for one in objects.values():
                one.bank.move(lambda tensor: tensor.to(self.compute.device))

        return put_back

    def _use(self, compute: Compute) -> None:
        super()._use(compute)
        self.eyes = self._open(compute)
        self.network = self.eyes.network


def distracted(found: Found, row: int) -> bool:
    """Whether another mask that the network thought of shows something beside the object."""
    options = (found.options[row] > 0).cpu().numpy()  # (K, S/4, S/4)
    chosen = int(found.chosen[row])
    own = options[chosen]
    box = _bounds(own)
    beside = (_largest_piece(one & ~own) for which, one in enumerate(options) if which != chosen)
    return any(iou(box, _bounds(own | piece)) <= APART for piece in beside if piece.any())


def _bounds(bitmap: NDArray[np.bool_]) -> Box:
    return bounds_of(cropped(bitmap))


def _largest_piece(bitmap: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, pieces, numbers, _ = cv2.connectedComponentsWithStats(bitmap.astype(np.uint8), connectivity=8)
    if count < 2:
        return bitmap
    return np.asarray(pieces == 1 + int(numbers[1:, cv2.CC_STAT_AREA].argmax()))


_AT_WORK: WeakValueDictionary[tuple[object, ...], Eyes] = WeakValueDictionary()
"""Networks of trackers at work: runs, and the parts of one, share them. They are only read."""
_LAST: deque[Eyes] = deque(maxlen=1)
"""The last one stays: a corrected object gets a new tracker after its old one has gone."""
_SHARING = threading.Lock()


def shared(key: tuple[object, ...], build: Callable[[], nn.Module], compute: Compute) -> Eyes:
    """The network that ``build`` makes, where ``compute`` says; one for all who ask by the same ``key`` meanwhile."""
    whole = (*key, compute)
    if keeps():
        return held(lambda: Eyes(Network(build().to(compute.device))), whole)
    with _SHARING:
        eyes = _AT_WORK.get(whole)
        if eyes is None:
            _LAST.clear()
            eyes = Eyes(Network(build().to(compute.device)))
            _AT_WORK[whole] = eyes
        _LAST.append(eyes)
    return eyes


def created(
    variant: Variant,
    load: Callable[[int, Path], nn.Module],
    *,
    distractor_aware: bool = False,
    image_size: int = 0,
    device: str = "auto",
    precision: str = "auto",
    weights: str = "",
) -> Sam2Tracker:
    """A tracker with official weights.

    Args:
        load: reads the network for a side in px from a file or folder.
        distractor_aware: whether it remembers by the rules of DAM4SAM.
        image_size: side of the network's picture in px; 0: by device.
        weights: a file, a folder or a hub id; '': what lies in the weights folder.

    Raises:
        TrackingError: a package, the weights or the size can't be had as asked.
    """
    require_transformers()
    side = image_size or (variant.sides.cpu if best_device(device).type == "cpu" else variant.sides.gpu)
    check_side(side, variant.sides)
    path = located(variant, weights)
    return Sam2Tracker(
        partial(shared, (variant, side, path, changed_at(path)), partial(load, side, path)),
        distractors=distractor_aware,
        device=device,
        precision=precision,
    )


def _creator(model: str) -> Callable[..., Sam2Tracker]:
    variant = VARIANTS[model]
    return partial(created, variant, partial(load, variant))


sam2_1_tiny = _creator("sam2.1-tiny")
sam2_1_small = _creator("sam2.1-small")
sam2_1_base_plus = _creator("sam2.1-base-plus")
sam2_1_large = _creator("sam2.1-large")
sam2_tiny = _creator("sam2-tiny")
sam2_small = _creator("sam2-small")
sam2_base_plus = _creator("sam2-base-plus")
sam2_large = _creator("sam2-large")

TINY_SIDE = 128


def tiny(*, distractor_aware: bool = False, device: str = "cpu", precision: str = "auto") -> Sam2Tracker:
    """A very small SAM 2 with fixed random weights: for trying the machinery, not for finding anything."""
    return Sam2Tracker(
        partial(shared, ("tiny",), tiny_network), distractors=distractor_aware, device=device, precision=precision
    )


def tiny_network() -> nn.Module:
    """Its network, as ``transformers`` builds it, with weights lively enough for masks that differ."""
    from transformers import Sam2VideoModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Sam2VideoModel(tiny_config(TINY_SIDE))
        enliven(network)
    return network.requires_grad_(False).eval()
