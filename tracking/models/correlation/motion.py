"""Where an object goes on to, by what people said of it: two prompts in short succession.

Whoever corrects a box again after a few frames knows better than the tracker where its object is going. Mostly it is
half covered, and the box stays behind on what covers it or on the background: these look the same from frame to frame,
and stand still.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracking.models.correlation.features import Float
from tracking.types import Box

WITHIN = 10
"""Frames from one prompt to the next up to which they tell how their object moves."""
LARGEST = 0.6
"""Most that an object is taken to move from frame to frame, in sides of its box."""
LASTS = 0.9
"""Share of the trust in what prompts told that is left a frame later."""
KEPT_UP = 0.1
"""How much of what is found beside the expected place counts for the motion from then on."""
SPREAD = 0.25
"""Standard deviation of where an object is expected, in sides of its box."""
PULL = 0.5
"""How far a believed find is drawn to the expected place, as long as the motion is trusted in full."""


@dataclass(frozen=True, slots=True)
class Said:
    """A prompt. ``frame``: its number; ``box``: in px; ``before``: the latest one of another frame, as far as known."""

    frame: int
    box: Box
    before: Said | None = None

    def after(self, earlier: Said) -> Said:
        """The same, said after ``earlier``; one that was said of the same frame was said in its place."""
        before = earlier.before if earlier.frame == self.frame else earlier
        return Said(self.frame, self.box, before and Said(before.frame, before.box))

    @property
    def motion(self) -> Motion | None:
        """What this prompt and the one before tell; None: nothing."""
        if self.before is None or abs(self.frame - self.before.frame) > WITHIN:
            return None
        return Motion(self.before, self)


class Motion:
    """How an object moves, in px per frame number: backward it goes back the way it came. ``trust`` in that: [0, 1]."""

    def __init__(self, before: Said, now: Said) -> None:
        frames = now.frame - before.frame
        (x, y), (from_x, from_y) = now.box.centre, before.box.centre
        self._x = _limited((x - from_x) / frames, LARGEST * now.box.width)
        self._y = _limited((y - from_y) / frames, LARGEST * now.box.height)
        self._frame = now.frame
        self._frames = 0
        self.trust = 1.0

    def go_on(self, frame: int) -> None:
        """The frame of this number is looked at next."""
        self._frames = frame - self._frame
        self._frame = frame
        self.trust *= LASTS

    def ahead(self, box: Box) -> tuple[float, float]:
        """Where the middle of an object is expected on this frame that was in ``box`` on the one before, in px."""
        x, y = box.centre
        return x + self._x * self._frames, y + self._y * self._frames

    def expected(self, grid: int, cells: tuple[float, float]) -> Float:
        """How much a match counts in each cell of a search region whose middle is the expected place: (grid, grid) in
        [0, 1]. ``cells``: width and height of the object."""
        offset = np.arange(grid, dtype=np.float32) - grid // 2
        across, down = (np.exp(-0.5 * (offset / np.float32(SPREAD * max(side, 1.0))) ** 2) for side in cells)
        trust = np.float32(self.trust)
        return np.asarray(1 - trust + trust * np.outer(down, across), np.float32)

    def drawn(self, found: Box, last: Box, *, believed: bool) -> Box:
        """What was found, drawn to where an object is expected that was in ``last``: all the way if it isn't believed.
        The motion follows what comes of it."""
        (x, y), (ahead_x, ahead_y) = found.centre, self.ahead(last)
        share = self.trust * (PULL if believed else 1.0)
        beside_x, beside_y = (1 - share) * (x - ahead_x), (1 - share) * (y - ahead_y)
        if self._frames:
            self._x += KEPT_UP * beside_x / self._frames
            self._y += KEPT_UP * beside_y / self._frames
        move_x, move_y = ahead_x + beside_x - x, ahead_y + beside_y - y
        return Box(found.x1 + move_x, found.y1 + move_y, found.x2 + move_x, found.y2 + move_y)


def _limited(value: float, most: float) -> float:
    return min(max(value, -most), most)
