"""The contract of click segmentation: one picture is looked at once, then clicks on it are answered, many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tracking.shapes import bitmaps
from tracking.types import Box, Mask, PromptError
from tracking.types import Click as Click


@dataclass(frozen=True, slots=True)
class Segmented:
    """What was meant. ``mask``: cropped to the object, and empty (a bitmap without pixels set) where nothing is left of
    it; ``score`` in [0, 1]: the model's own estimate of its IoU with what is meant."""

    mask: Mask
    score: float


class Embedding(Protocol):
    """What a segmenter keeps of one picture; only the one that made it knows what it is."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the picture in px."""
        ...

    @property
    def nbytes(self) -> int:
        """About how much memory it takes."""
        ...


class Segmenter(Protocol):
    """Answers clicks. It is used by one thread at a time, and keeps nothing between calls but its parameters."""

    def embed(self, image: NDArray[np.uint8]) -> Embedding:
        """Look at a picture, (H, W, 3) uint8 RGB; it isn't changed."""
        ...

    def segment(
        self, embedding: Embedding, clicks: Sequence[Click], box: Box | None = None, previous: Mask | None = None
    ) -> Segmented:
        """The object that is meant.

        Args:
            embedding: what ``embed`` of the same segmenter gave.
            clicks: in the order they were made; the last one is what ``previous`` doesn't know of yet.
            box: the object lies in it, and reaches its sides.
            previous: the answer to the clicks before the last one, or a mask from elsewhere that the clicks correct.

        Raises:
            PromptError: nothing says where the object is (see ``check_prompts``).
        """
        ...


def check_prompts(size: tuple[int, int], clicks: Sequence[Click], box: Box | None, previous: Mask | None) -> None:
    """Raise PromptError unless a positive click, a box or a mask says where the object is, within the picture of
    ``size`` (height, width)."""
    height, width = size
    for click in clicks:
        if not (0 <= click.x <= width and 0 <= click.y <= height):
            raise PromptError(
                f"Clicks lie in the picture of {width} x {height} px; one came at {click.x:g}, {click.y:g}."
            )
    if box is not None and not box.clipped(width, height).area > 0:
        raise PromptError(f"A box has an area in the picture of {width} x {height} px; {tuple(box)} has none there.")
    starts = box is not None or any(click.positive for click in clicks)
    if not starts and (previous is None or not previous.area):
        raise PromptError(
            "Segmenting starts from a positive click, a box, or a mask to correct; none of these came. Click on the "
            "object first."
        )


def cropped(bitmap: NDArray[np.bool_], left: int = 0, top: int = 0) -> Mask:
    """A bitmap whose corner is at ``left``, ``top`` as a mask around what is set in it; of nothing, one empty pixel."""
    mask = bitmaps.cropped(bitmap, left, top)
    return mask if mask.area else Mask(left, top, np.zeros((1, 1), np.bool_))
