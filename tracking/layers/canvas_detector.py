"""A detector around a network that looks at canvases: frames in, letterboxed, and boxes of frames out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tracking.detection import Detection
from tracking.layers.candidates import Candidates, Choice
from tracking.layers.letterbox import GREY, Fit, letterboxed
from tracking.types import Frame, TrackingError

LARGEST_BATCH = 16
LARGEST_SIDE = 4096
Look = Callable[[NDArray[np.uint8]], Sequence[Candidates]]
"""Equally large canvases (N, H, W, 3), RGB -> what may be on each, in px of the canvas."""


class CanvasDetector:
    """A ``Detector``.

    Args:
        look: what the network makes of canvases.
        choice: what is kept of that.
        canvas: height and width of a frame -> those of its canvas.
        fit: where the frame lies in it.
    """

    def __init__(
        self,
        look: Look,
        choice: Choice,
        *,
        canvas: Callable[[int, int], tuple[int, int]],
        fit: Fit,
        fill: int = GREY,
    ) -> None:
        self._look, self._choice = look, choice
        self._canvas, self._fit, self._fill = canvas, fit, fill

    @property
    def classes(self) -> tuple[str, ...]:
        return self._choice.names

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        found: list[list[Detection]] = [[] for _ in frames]
        for size, places in self._batches(frames):
            placed = [letterboxed(frames[place].image, size, self._fit, fill=self._fill) for place in places]
            told = self._look(np.stack([canvas for canvas, _ in placed]))
            for place, candidates, (_, placement) in zip(places, told, placed, strict=True):
                found[place] = self._choice.detections(candidates, placement)
        return found

    def _batches(self, frames: Sequence[Frame]) -> Iterator[tuple[tuple[int, int], list[int]]]:
        """Places of frames whose canvases are equally large."""
        places: dict[tuple[int, int], list[int]] = {}
        for place, frame in enumerate(frames):
            places.setdefault(self._canvas(frame.height, frame.width), []).append(place)
        for size, alike in places.items():
            for start in range(0, len(alike), LARGEST_BATCH):
                yield size, alike[start : start + LARGEST_BATCH]


def checked_side(side: int, multiple: int, usual: int) -> int:
    """A setting ``image_size``: ``usual`` for 0. Raises TrackingError unless the network can look at squares of it."""
    if side == 0:
        return usual
    if not (multiple <= side <= LARGEST_SIDE and side % multiple == 0):
        raise TrackingError(
            f"The setting image_size is a whole multiple of {multiple} up to {LARGEST_SIDE}, or 0 for {usual}; "
            f"{side} came."
        )
    return side
