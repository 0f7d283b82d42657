"""Values that trackers, sessions, agents and the server exchange.

Coordinates are continuous pixels of the decoded, display-oriented frame: (0, 0) is the top-left *corner* of the
top-left pixel, a pixel's centre is at +0.5. Frame numbers are 0-based, in presentation order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, NewType

import numpy as np
from numpy.typing import NDArray

# What a session speaks of; the shapes themselves are values of their own.
from tracking.shapes.agreement import iou as iou
from tracking.shapes.values import Box as Box
from tracking.shapes.values import Mask as Mask
from tracking.shapes.values import Points as Points
from tracking.shapes.values import Shape as Shape

ObjectId = NewType("ObjectId", str)
"""Names one followed object within a run: the track's UUID on the server, any string on the command line."""

Way = Literal["forward", "backward"]
Direction = Literal["forward", "backward", "both"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture. ``image``: (H, W, 3) uint8 RGB, display-oriented; treat it as read-only."""

    number: int
    image: NDArray[np.uint8]

    @property
    def width(self) -> int:
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        return int(self.image.shape[0])


class Click(NamedTuple):
    """A place in continuous px of the picture, within it; ``positive``: it belongs to the object, else it doesn't."""

    x: float
    y: float
    positive: bool


@dataclass(frozen=True, slots=True)
class Clicked:
    """What a person clicked, in this order, and the box that they drew around an object, until its mask was right."""

    clicks: tuple[Click, ...] = ()
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What starts or corrects one object: its shape on the frame the prompt is given with.

    ``clicked``: what the shape came of, where that is known. It adds to the shape, which counts where the two differ;
    a tracker may do without it. ``untouched``: of a correction of what is made of points those, by number, that were
    left where the tracker had put them.
    """

    object: ObjectId
    shape: Shape
    clicked: Clicked | None = None
    untouched: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where a tracker believes one object is on one frame.

    ``confidence`` is in [0, 1] and always filled. ``visible`` is False when the tracker holds the object to be lost,
    hidden or out of the frame; ``shape`` is then its best guess (usually the last one seen).
    """

    object: ObjectId
    frame: int
    shape: Shape
    confidence: float
    visible: bool = True


class TrackingError(Exception):
    """Work that can't be done as asked; the message says the rule, what came and what to do, for the person."""


class PromptError(TrackingError):
    """A prompt that no tracker can start from (empty, outside of the frame, of the wrong kind)."""
