"""Boxes as several people would draw them: what a model makes of an object owes something to the prompt's chance."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np

from tracking.types import Box

OFF = 0.02
"""Each edge lies up to this share of the box's side off."""

Draw = Callable[[int, Box], Box]
"""From a frame's number and the labelled box to the box that is drawn there."""


def as_labelled(frame: int, truth: Box) -> Box:
    """Nothing is off."""
    return truth


def drawing(sequence: str, which: int) -> Draw:
    """How somebody draws the boxes of a sequence: the first one (0) as they are labelled, every other one with each
    edge a little off, on each frame otherwise, and always the same: models that are compared get the same boxes."""
    if which == 0:
        return as_labelled

    def draw(frame: int, truth: Box) -> Box:
        off = np.random.default_rng((crc32(sequence.encode()), which, frame)).uniform(-OFF, OFF, 4)
        width, height = truth.x2 - truth.x1, truth.y2 - truth.y1
        return Box(*(float(edge) for edge in np.array(truth) + off * (width, height, width, height)))

    return draw
