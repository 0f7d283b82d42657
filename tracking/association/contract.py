"""The contract of everything that links detections into tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tracking.detection import Detection
from tracking.types import Box, Frame

TrackState = Literal["tentative", "confirmed", "lost"]
"""``tentative``: too few detections so far to be believed. ``confirmed``: believed, and found on this frame. ``lost``:
believed, and not found on this frame."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where one living track is on one frame.

    ``track``: its number, from 1 in order of creation; a number is never used for another object. ``box``: px; of a
    lost track where its motion should have brought it. ``detection``: which of the frame's detections it is, by
    position; None when it wasn't found. ``missed``: frames since it was found last, 0 when it is found on this one.
    ``label`` and ``confidence``: of the detection that it had last.
    """

    track: int
    state: TrackState
    box: Box
    detection: int | None
    missed: int
    label: str
    confidence: float


class Association(Protocol):
    """Links the detections of a video, one frame after the other. All state lives in the instance.

    Frames come in the order of the run, rising or falling; none is left out (a frame without detections gets an empty
    list), and they lie equally far apart. The same detections always give the same tracks.
    """

    def update(self, detections: Sequence[Detection], frame: Frame | None = None) -> list[Link]:
        """Link one frame.

        Args:
            detections: what was found, in any order. A box without a finite size and a confidence outside of [0, 1] are
                left alone: no track takes them. Detections of different labels never become one track.
            frame: the picture, for those who look at how the camera moves; without it they take it to stand still.

        Returns:
            Every living track, oldest first. No detection is in two of them; a track that isn't there any more, and
            was before, has ended.
        """
        ...
