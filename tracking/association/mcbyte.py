"""McByte (Stanczyk, Bremond, 2024, https://arxiv.org/abs/2409.14220): BoT-SORT without looks, where a mask that
each track carries from frame to frame decides between detections that overlap could not tell apart.

The masks are those of any model of the catalogue that follows masks; the paper's are Cutie's, begun by SAM.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from tracking.association.assignment import Array, Numbers, intersections
from tracking.association.botsort import BotSort
from tracking.association.bytetrack import Costs
from tracking.association.columns import Found
from tracking.association.contract import Link
from tracking.association.settings import BotSortSettings, McByteSettings
from tracking.detection import Detection
from tracking.types import Box, Frame, Mask, ObjectId, Prediction, Prompt, PromptError, TrackingError

SMALLEST = 4.0
"""Side in px from which there is something to outline in a box."""


class MaskEngine(Protocol):
    """Carries masks on, each by its track's number."""

    def step(self, frame: Frame) -> Mapping[int, tuple[Mask, float]]:
        """Where they are on ``frame``, and how sure that is, in [0, 1]; those that aren't seen are left out."""
        ...

    def begin(self, frame: Frame, new: Mapping[int, Box | Mask]) -> None:
        """Also carry these from ``frame`` on, which ``step`` saw last. What can't be outlined is left out."""
        ...

    def drop(self, ended: Collection[int]) -> None: ...


class FollowedMasks:
    """A ``MaskEngine`` by a model of the catalogue, which is loaded with the first mask.

    Args:
        model: its id; empty: the default.

    Raises:
        TrackingError: there is no such model, it follows no masks, or this machine lacks its weights.
    """

    def __init__(self, model: str) -> None:
        # The catalogue lists what links, too: it can't be imported from here.
        self._catalog: Any = import_module("tracking.catalog")
        entry = self._catalog.entry_for(model, ["mask"])
        # It is read with the first mask only: what it lacks is told before anything has begun.
        if lacking := self._catalog.missing(entry):
            raise TrackingError(
                f"{entry.name} is to carry masks, and needs {', '.join(lacking)}. Get it: framewise weights download "
                f"{entry.id}; or choose another model of masks."
            )
        self._model = entry.id
        self._tracker: Any = None
        self._size = (0, 0)
        self._carried: set[int] = set()

    def step(self, frame: Frame) -> Mapping[int, tuple[Mask, float]]:
        if self._size != (frame.height, frame.width):
            self._tracker, self._size, self._carried = None, (frame.height, frame.width), set()
        return self._masks(self._tracker.step(frame), frame) if self._carried else {}

    def begin(self, frame: Frame, new: Mapping[int, Box | Mask]) -> None:
        for number, shape in new.items():
            prompt = [Prompt(ObjectId(str(number)), shape)]
            try:
                if self._carried:
                    self._tracker.correct(frame, prompt)
                else:
                    self._tracker = self._fresh()
                    self._tracker.start(frame, prompt)
            except PromptError:
                continue
            self._carried.add(number)

    def drop(self, ended: Collection[int]) -> None:
        if gone := self._carried & set(ended):
            self._tracker.drop([ObjectId(str(number)) for number in gone])
            self._carried -= gone

    def _fresh(self) -> Any:
        catalog = self._catalog
        return import_module("tracking.as_mask").AsMask(
            lambda: catalog.create(self._model),
            cache(lambda: catalog.create_segmenter(catalog.DEFAULT_SEGMENTER)),
            takes_boxes="box" in catalog.find(self._model).prompts,
            keep="mask",
        )

    def _masks(self, told: Sequence[Prediction], frame: Frame) -> dict[int, tuple[Mask, float]]:
        return {
            int(one.object): (one.shape, one.confidence)
            for one in told
            if one.frame == frame.number and one.visible and isinstance(one.shape, Mask) and one.shape.area
        }


class McByte(BotSort):
    """``rate``: frames a second. ``engine``: what carries masks; None: as the settings say. Without pictures it links
    as BoT-SORT does."""

    def __init__(self, settings: McByteSettings, rate: float, engine: MaskEngine | None = None) -> None:
        shared = {name: getattr(settings, name) for name in BotSortSettings.model_fields if hasattr(settings, name)}
        super().__init__(BotSortSettings(**{**shared, "with_reid": False}), rate)
        self._of_masks = settings
        self._engine = FollowedMasks(settings.mask_model) if engine is None else engine
        self._masks: Mapping[int, tuple[Mask, float]] = {}
        self._asked: set[int] = set()
        """Tracks whose mask was begun, or couldn't be."""

    def update(self, detections: Sequence[Detection], frame: Frame | None = None) -> list[Link]:
        self._masks = {} if frame is None else self._engine.step(frame)
        links = super().update(detections, frame)
        if frame is not None:
            self._carry(frame, links, detections)
        return links

    def _carry(self, frame: Frame, links: Sequence[Link], detections: Sequence[Detection]) -> None:
        """Let go the masks of what ended, and begin one for each believed track that nothing hides."""
        ended = self._asked - {link.track for link in links}
        self._engine.drop(ended)
        self._asked -= ended
        here = [link for link in links if link.state == "confirmed" and link.detection is not None]
        boxes = np.array([link.box for link in here], np.float64).reshape(-1, 4)
        hidden = self._hidden(boxes)
        new: dict[int, Box | Mask] = {}
        for link, is_hidden in zip(here, hidden, strict=True):
            if link.track in self._asked or is_hidden or link.detection is None:
                continue
            seen = detections[link.detection]
            box = seen.box.clipped(frame.width, frame.height)
            if min(box.width, box.height) >= SMALLEST:
                new[link.track] = box if seen.mask is None else seen.mask
                self._asked.add(link.track)
        self._engine.begin(frame, new)

    def _hidden(self, boxes: Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """(n,): whether too much of a box is covered by one that stands lower in the picture, so nearer."""
        areas = np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-9).prod(1)
        covered = intersections(boxes, boxes) / areas[:, None]
        covered[boxes[:, None, 3] >= boxes[None, :, 3]] = 0
        return np.asarray(covered.max(1, initial=0) >= self._of_masks.mask_creation_bbox_overlap_threshold)

    def _link(self, rows: Numbers, seen: Found, free: Numbers, costs: Costs, limit: float) -> tuple[Numbers, Numbers]:
        def conditioned(rows: Numbers, seen: Found) -> Array:
            return self._conditioned(costs(rows, seen), rows, seen, limit)

        return super()._link(rows, seen, free, conditioned, limit)

    def _conditioned(self, costs: Array, rows: Numbers, seen: Found, limit: float) -> Array:
        """(rows, seen): where a track or a detection could be linked in more than one way, a pair costs less by how
        much of the box its mask fills, if nearly all of the mask is in the box, and the mask is sure."""
        possible = costs <= limit
        several = (possible.sum(1) > 1)[:, None] | (possible.sum(0) > 1)[None]
        cheaper = costs.copy()
        for row, column in np.argwhere(possible & several):
            mask, sure = self._masks.get(int(self.tracks.number[rows[row]]), (None, 0.0))
            if mask is None or sure < self._of_masks.minimum_mask_average_confidence:
                continue
            coverage, fill = shares(mask, seen.boxes[column])
            wanted = self._of_masks
            if coverage >= wanted.minimum_mask_coverage and fill >= wanted.minimum_mask_fill_ratio:
                cheaper[row, column] -= fill
        return cheaper


def shares(mask: Mask, box: Array) -> tuple[float, float]:
    """How much of a mask lies in a box, and how much of the box it fills, both in [0, 1]. ``box``: (4,) corners in
    px."""
    low, high = np.floor(box[:2]).astype(int), np.ceil(box[2:]).astype(int)
    left, top = (max(0, int(value)) for value in low - (mask.left, mask.top))
    right, bottom = (max(0, int(value)) for value in high - (mask.left, mask.top))
    inside = int(np.count_nonzero(mask.bitmap[top:bottom, left:right]))
    area = int((high - low).prod())
    return inside / max(mask.area, 1), inside / max(area, 1)
