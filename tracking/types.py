"""Values that trackers, sessions, agents and the server exchange.

Coordinates are continuous pixels of the decoded, display-oriented frame: (0, 0) is the top-left *corner* of the
top-left pixel, a pixel's centre is at +0.5. Frame numbers are 0-based, in presentation order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, NewType

import numpy as np
from numpy.typing import NDArray

ObjectId = NewType("ObjectId", str)
"""Names one followed object within a run: the track's UUID on the server, any string on the command line."""

Direction = Literal["forward", "backward", "both"]


class Box(NamedTuple):
    """Axis-aligned box by its corners, in px; ``x1 <= x2`` and ``y1 <= y2``. It may reach beyond the frame."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        """Area in square px; 0 for an empty box."""
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def clipped(self, width: int, height: int) -> Box:
        """The part inside a frame of ``width`` x ``height`` px; empty (zero area) when it lies wholly outside."""
        return Box(
            min(max(self.x1, 0.0), width),
            min(max(self.y1, 0.0), height),
            min(max(self.x2, 0.0), width),
            min(max(self.y2, 0.0), height),
        )

    @classmethod
    def from_xywh(cls, left: float, top: float, width: float, height: float) -> Box:
        return cls(left, top, left + width, top + height)


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, in [0, 1]; 0 when either is empty."""
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.area + b.area - shared)


@dataclass(frozen=True, slots=True)
class Points:
    """Ordered points, e.g. the joints of a skeleton. ``xy``: (P, 2) float32 px; ``visible``: (P,) bool."""

    xy: NDArray[np.float32]
    visible: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Mask:
    """Binary mask cropped to a window of the frame. ``left``, ``top``: the window's corner in whole px;
    ``bitmap``: (h, w) bool."""

    left: int
    top: int
    bitmap: NDArray[np.bool_]


Shape = Box | Points | Mask


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


@dataclass(frozen=True, slots=True)
class Prompt:
    """What starts or corrects one object: its shape on the frame the prompt is given with."""

    object: ObjectId
    shape: Shape


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
