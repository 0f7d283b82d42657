"""Objects that are followed as masks and kept as what they were drawn as: boxes, turned boxes, polygons.

``AsMask`` stands between a session and a tracker of masks. What a session gives it becomes masks, what the tracker
finds becomes shapes of the object's own kind again; nobody else knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from tracking.segmenter import Embedding, Segmenter
from tracking.shapes.bitmaps import cropped, spread
from tracking.shapes.mask_outlines import Loss, box_around, polygon_around, rotated_box_around
from tracking.shapes.values import (
    AS_MASK_KINDS,
    Box,
    GeometryKind,
    Mask,
    Polygon,
    RotatedBox,
    Shape,
    area_of,
    bounds_of,
    kind_name,
    kind_of,
)
from tracking.tracker import Noting, Remembering, Sharing, Tracker
from tracking.types import Frame, ObjectId, Prediction, Prompt, PromptError, iou

FILLS = 1 / 3
"""What a segmenter finds in a box must lie in a box that overlaps it so much (IoU); else it found something else."""
EMPTY: dict[GeometryKind, Shape] = {
    "box": Box(0, 0, 0, 0),
    "rotated_box": RotatedBox(0, 0, 0, 0, 0),
    "polygon": Polygon(np.zeros((0, 2), np.float32)),
    "mask": Mask(0, 0, np.zeros((0, 0), np.bool_)),
}
WORTH_A_WORD = 0.01
"""A shape that loses so much of its mask is told of at once; less comes with the sum."""
PLURALS: dict[GeometryKind, str] = {"box": "boxes", "rotated_box": "rotated boxes", "polygon": "polygons"}


@dataclass
class _Kept:
    """An object. ``angle``: of its turned box as it was last seen, in radians; ``reached``: how many frames from its
    prompt it was told of."""

    kind: GeometryKind
    prompted: int
    angle: float = 0.0
    reached: int = 0


@dataclass
class _Losses:
    """What shapes of one kind didn't hold of the masks. ``told``: of how many losses there was a sentence of its own;
    ``worst``: the largest one and its frame."""

    shapes: int = 0
    told: int = 0
    lossy: int = 0
    pieces: int = 0
    holes: int = 0
    worst: tuple[float, int] = (0.0, -1)
    first: int = -1
    last: int = -1

    def take(self, frame: int, loss: Loss) -> None:
        self.first = frame if self.first < 0 else min(self.first, frame)
        self.last = max(self.last, frame)
        self.shapes += 1
        self.lossy += bool(loss)
        self.pieces += loss.pieces
        self.holes += loss.holes
        self.worst = max(self.worst, (loss.share, frame))

    def sentence(self, kind: GeometryKind) -> str:
        """All of it for the person."""
        frames = f"frame {self.first}" if self.first == self.last else f"frames {self.first} to {self.last}"
        share, frame = self.worst
        most = f"at most {_percent(share)} of a mask (frame {frame})"
        return (
            f"{self.lossy} of {self.shapes} {PLURALS[kind]} on {frames} don't hold all of their masks: "
            f"{_lost(kind, self.pieces, self.holes)}, "
            f"{most if share >= WORTH_A_WORD else 'less than 1 % of any mask'}."
        )


@dataclass
class _News:
    """What there is to tell, each sentence once."""

    waiting: list[str] = field(default_factory=list)
    losses: dict[GeometryKind, _Losses] = field(default_factory=dict)
    noted: str = ""

    def lose(self, kind: GeometryKind, frame: int, loss: Loss) -> None:
        losses = self.losses.setdefault(kind, _Losses())
        if losses.worst[0] < WORTH_A_WORD <= loss.share:
            shape, lost = kind.replace("_", " "), _lost(kind, loss.pieces, loss.holes)
            told = f"A {shape} can't hold all of the mask on frame {frame}: {lost}, {_percent(loss.share)} of it."
            self.waiting.append(told)
            losses.told += 1
        losses.take(frame, loss)

    def take(self, tracker: Tracker, *, over: bool) -> list[str]:
        if isinstance(tracker, Noting) and tracker.note != self.noted:
            self.noted = tracker.note
            self.waiting.append(tracker.note)
        if over:
            self.waiting += [each.sentence(kind) for kind, each in self.losses.items() if each.lossy > each.told]
            self.losses.clear()
        told, self.waiting = list(filter(None, self.waiting)), []
        return told


class AsMask:
    """A tracker of masks that follows, and answers with, boxes, turned boxes and polygons too. See
    ``tracking.tracker.Tracker`` for the contract.

    The prompt's own frame is answered with the shape as it was drawn. What is lost of masks is told as ``Telling`` has
    it: at the first loss of a kind, and in sum when the work is over.

    Args:
        create: makes the tracker.
        segmenter: finds what a box is around; called when it is needed.
        takes_boxes: the tracker finds that by itself, and answers with boxes.
        keep: what every object is kept as; None: each as what it is prompted with.
    """

    def __init__(
        self,
        create: Callable[[], Tracker],
        segmenter: Callable[[], Segmenter],
        *,
        takes_boxes: bool = False,
        keep: GeometryKind | None = None,
    ) -> None:
        self._create = create
        self._segmenter = segmenter
        self._takes_boxes = takes_boxes
        self._keep = keep
        self._tracker = create()
        self._objects: dict[ObjectId, _Kept] = {}
        self._news = _News()

    # -------------------------------------------------------------- the contract

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self._answers(self._tracker.start(frame, self._taken(frame, prompts)), prompts)

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self._answers(self._tracker.correct(frame, self._taken(frame, prompts)), prompts)

    def step(self, frame: Frame) -> list[Prediction]:
        return [self._kept(prediction) for prediction in self._tracker.step(frame)]

    def drop(self, objects: Collection[ObjectId]) -> None:
        self._tracker.drop(objects)
        for name in objects:
            self._objects.pop(name, None)

    def finish(self) -> list[Prediction]:
        return [self._kept(prediction) for prediction in self._tracker.finish()]

    def news(self, *, over: bool) -> list[str]:
        """See ``tracking.tracker.Telling``."""
        return self._news.take(self._tracker, over=over)

    def memory_of(self, name: ObjectId) -> object | None:
        """See ``tracking.tracker.Remembering``: whatever the tracker remembers."""
        return self._tracker.memory_of(name) if isinstance(self._tracker, Remembering) else None

    def remember(self, name: ObjectId, memory: object) -> None:
        if isinstance(self._tracker, Remembering):
            self._tracker.remember(name, memory)

    def maker(self) -> Callable[[], Tracker]:
        """See ``tracking.tracker.Sharing``: with what the tracker shares, and the same segmenter."""
        create = self._tracker.maker() if isinstance(self._tracker, Sharing) else self._create
        segmenter, takes_boxes, keep = self._segmenter, self._takes_boxes, self._keep
        return lambda: AsMask(create, segmenter, takes_boxes=takes_boxes, keep=keep)

    # -------------------------------------------------------------- shapes as masks

    def _taken(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prompt]:
        """The prompts as the tracker takes them."""
        masks = _Masks(frame, self._segmenter, self._news.waiting)
        taken = [replace(prompt, shape=self._given(masks, prompt.shape)) for prompt in prompts]
        for prompt in prompts:
            angle = prompt.shape.angle if isinstance(prompt.shape, RotatedBox) else 0.0
            self._objects[prompt.object] = _Kept(self._kind(prompt.shape), frame.number, angle)
        return taken

    def _kind(self, shape: Shape) -> GeometryKind:
        return self._keep or kind_name(kind_of(shape))

    def _given(self, masks: _Masks, shape: Shape) -> Shape:
        if isinstance(shape, Box) and self._takes_boxes and self._kind(shape) == "box":
            return shape
        return masks.of(shape)

    # -------------------------------------------------------------- masks as shapes

    def _answers(self, found: Sequence[Prediction], prompts: Sequence[Prompt]) -> list[Prediction]:
        """What a tracker says of prompts: where an object is kept as it was prompted, it is as it was drawn."""
        drawn = {one.object: one.shape for one in prompts if kind_name(kind_of(one.shape)) == self._kind(one.shape)}
        prompted = {name for name, one in self._objects.items() if name in drawn}
        return [
            replace(each, shape=drawn[each.object])
            if each.object in prompted and each.frame == self._objects[each.object].prompted
            else self._kept(each)
            for each in found
        ]

    def _kept(self, prediction: Prediction) -> Prediction:
        one, mask = self._objects.get(prediction.object), prediction.shape
        if one is None or not isinstance(mask, Mask) or one.kind == "mask":
            return prediction
        if not mask.area:
            return replace(prediction, shape=EMPTY[one.kind])
        shape, loss = _around(mask, one)
        if isinstance(shape, RotatedBox):
            one.angle = shape.angle
        away = abs(prediction.frame - one.prompted)
        if away > one.reached or away == 0:
            one.reached = away
            self._news.lose(one.kind, prediction.frame, loss)
        return replace(prediction, shape=shape)


def _around(mask: Mask, one: _Kept) -> tuple[Shape, Loss]:
    match one.kind:
        case "box":
            return box_around(mask)
        case "rotated_box":
            return rotated_box_around(mask, one.angle)
        case _:
            return polygon_around(mask)


class _Masks:
    """Masks of the shapes on one frame, which is looked at once."""

    def __init__(self, frame: Frame, segmenter: Callable[[], Segmenter], told: list[str]) -> None:
        self._frame = frame
        self._create = segmenter
        self._told = told
        self._look: tuple[Segmenter, Embedding] | None = None

    def of(self, shape: Shape) -> Mask:
        """Raises PromptError for a shape that encloses nothing of the frame."""
        if isinstance(shape, Mask):
            return shape
        if not isinstance(shape, Box | RotatedBox | Polygon):
            kinds = ", ".join(kind.replace("_", " ") for kind in AS_MASK_KINDS)
            raise PromptError(f"What is followed as a mask is one of: {kinds}; a {kind_of(shape).words} came.")
        region = self._filled(shape)
        if isinstance(shape, Polygon):
            return region
        found = self._segmented(shape, region)
        if found is None:
            self._told.append(
                f"On frame {self._frame.number} nothing was found that fills a {kind_of(shape).words}, so all that "
                "lies in it was followed. Draw it closer, or paint a mask."
            )
        return found or region

    def _filled(self, shape: Box | RotatedBox | Polygon) -> Mask:
        """The pixels of the frame whose centres a shape encloses; of a speck the one that it lies on."""
        width, height = self._frame.width, self._frame.height
        box = bounds_of(shape).clipped(width, height)
        if not box.area:
            raise PromptError(
                f"A {kind_of(shape).words} that is followed as a mask encloses something of the frame, which is "
                f"{width} x {height} px; this one doesn't on frame {self._frame.number}. Draw it where the object is."
            )
        left, top = int(box.x1), int(box.y1)
        right, bottom = max(int(np.ceil(box.x2)), left + 1), max(int(np.ceil(box.y2)), top + 1)
        xs, ys = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
        region = area_of(shape)
        shapely.prepare(region)
        mask = cropped(shapely.contains_xy(region, xs, ys), left, top)
        if mask.area:
            return mask
        x, y = min(int(box.centre[0]), width - 1), min(int(box.centre[1]), height - 1)
        return Mask(x, y, np.ones((1, 1), np.bool_))

    def _segmented(self, shape: Box | RotatedBox, region: Mask) -> Mask | None:
        """What a box is around, nothing of it outside; None: the segmenter finds nothing that fills the box."""
        if self._look is None:
            segmenter = self._create()
            self._look = segmenter, segmenter.embed(self._frame.image)
        segmenter, seen = self._look
        box = bounds_of(shape).clipped(self._frame.width, self._frame.height)
        found = segmenter.segment(seen, (), box).mask
        size = (self._frame.height, self._frame.width)
        inside = cropped(spread(found, size) & spread(region, size))
        return inside if inside.area and iou(bounds_of(inside), bounds_of(region)) >= FILLS else None


def _lost(kind: GeometryKind, pieces: int, holes: int) -> str:
    """E.g. "3 other pieces are left out, 1 hole is filled"."""
    piece = "other piece" if kind == "polygon" else "speck"
    parts = [(pieces, piece, "left out"), (holes, "hole", "filled")]
    return ", ".join(
        f"{count} {name} is {done}" if count == 1 else f"{count} {name}s are {done}"
        for count, name, done in parts
        if count
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
