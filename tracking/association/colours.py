"""What things look like by their colours: needs no network, and tells clothes apart, not people dressed alike."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.frames import MediaError
from tracking.types import Box, Frame

SIZE = 48
"""Px: what is seen is made so large."""
INSIDE = 0.15
"""Of each side so much is left out, which is mostly what is around it."""
STRIPES = 3
"""From top to bottom, each counted by itself."""
BINS = (8, 4, 4)
"""Of hue, saturation and brightness."""
LEAST_PX = 4

Look = NDArray[np.float32]


def look(frame: Frame, box: Box) -> Look | None:
    """(384,) of unit length: the square roots of how often each colour is in each stripe, so that a cosine is a
    Bhattacharyya coefficient. None: less than ``LEAST_PX`` of it is on the picture."""
    if not np.isfinite(box).all():
        return None
    inner = Box(
        box.x1 + INSIDE * box.width,
        box.y1 + INSIDE * box.height,
        box.x2 - INSIDE * box.width,
        box.y2 - INSIDE * box.height,
    )
    x1, y1, x2, y2 = (round(value) for value in inner.clipped(frame.width, frame.height))
    if x2 - x1 < LEAST_PX or y2 - y1 < LEAST_PX:
        return None
    part = cv2.resize(frame.image[y1:y2, x1:x2], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    hsv = np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2HSV), np.float32)
    colours: NDArray[np.float32] = np.divide(hsv, (180, 256, 256), dtype=np.float32)
    height = SIZE // STRIPES
    counts = [_counts(colours[at * height : (at + 1) * height]) for at in range(STRIPES)]
    vector = np.sqrt(np.concatenate(counts))
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _counts(part: NDArray[np.float32]) -> NDArray[np.float64]:
    """(128,): how often each colour (h, w, 3), in [0, 1), is there."""
    ranges = [(0.0, 1.0)] * 3
    counts, _ = np.histogramdd(part.reshape(-1, 3), bins=BINS, range=ranges)
    # Neighbouring hues and brightnesses are much the same, and light changes.
    soft = counts + 0.5 * (np.roll(counts, 1, 0) + np.roll(counts, -1, 0))
    soft[:, :, 1:] += 0.5 * counts[:, :, :-1]
    soft[:, :, :-1] += 0.5 * counts[:, :, 1:]
    smooth: NDArray[np.float64] = soft.reshape(-1)
    return smooth


@dataclass(frozen=True, slots=True)
class Sight:
    """``who``, to be seen on ``frame`` in ``box``."""

    who: Hashable
    frame: int
    box: Box


@dataclass(frozen=True, slots=True)
class Seen:
    """``looks``: the mean look of everybody who was seen; ``wanted``, ``looked_at``: how many frames should be read,
    and were; ``problem``: why not all, in words; empty: there is none."""

    looks: Mapping[Hashable, Look]
    wanted: int = 0
    looked_at: int = 0
    problem: str = ""


class Pictures(Protocol):
    """Where frames can be read, in any order: rising ones are cheapest."""

    def read(self, frame: int) -> Frame: ...


def see(
    source: Pictures, sights: Sequence[Sight], *, most_s: float, watch: Callable[[float], None] = lambda _: None
) -> Seen:
    """Look at everybody of ``sights``, a frame after the other.

    Args:
        most_s: after so many seconds no further frame is read.
        watch: is told which share is done, in [0, 1].
    """
    by_frame: defaultdict[int, list[Sight]] = defaultdict(list)
    for sight in sights:
        by_frame[sight.frame].append(sight)
    found: defaultdict[Hashable, list[Look]] = defaultdict(list)
    began, problem, done = time.monotonic(), "", 0
    for number, several in sorted(by_frame.items()):
        watch(done / len(by_frame))
        if time.monotonic() - began > most_s:
            problem = f"Reading frames took longer than {most_s:g} s."
            break
        try:
            frame = source.read(number)
        except MediaError as error:
            problem = str(error)
            continue
        done += 1
        for sight in several:
            vector = look(frame, sight.box)
            if vector is not None:
                found[sight.who].append(vector)
    return Seen({who: _mean(looks) for who, looks in found.items()}, len(by_frame), done, problem)


def _mean(looks: Sequence[Look]) -> Look:
    whole = np.sum(looks, axis=0)
    return np.asarray(whole / np.linalg.norm(whole), np.float32)
