"""Which frames a video has: their times, how their packets are recognised, and what of the file is no frame."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from tracking.containers import MediaError
from tracking.orientation import Orientation

MOST_FRAMES = 10_000_000
MOST_PX = 65_500
"""The longest side: what JPEG holds, less what a decoder pads."""
MOST_PIXELS = 2**27
"""Of one picture, about 16,384 x 8,192: 400 MB as RGB."""
NO_STAMP = -(2**63)
"""The time of a packet that carries none."""

UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, EOFError)

HIDDEN, BEGINS, DAMAGED, TWIN, UNREAD, GAPS = "hidden", "begins", "damaged", "twin", "unread", "gaps"
"""Why something of a recording is no frame: an MP4's edit list hides it; it comes before the first picture that can be
decoded (the file begins in the middle of a group); it can't be decoded; nothing tells it from another packet; the file
ends earlier than it says, or can't be read from there on; its times leap. See ``FrameIndex.left_out``."""


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """The frames of one video file, in presentation order.

    ``pts``: (N,) int64 in units of ``time_base`` seconds, strictly rising · ``keyframes``: (N,) bool, where decoding
    may begin · ``orientation``: what brings a decoded picture upright · ``width``, ``height``: square px, upright ·
    ``stamps``: (N,) int64, the times on the frames' packets, which in some files don't rise or are the same twice ·
    ``positions``: (N,) int64, where in the file the packets lie, -1 unknown; empty where stamps alone tell frames apart
    · ``left_out``: how many pictures of the file are no frames, by reason.
    """

    pts: NDArray[np.int64]
    keyframes: NDArray[np.bool_]
    time_base: Fraction
    orientation: Orientation
    width: int
    height: int
    codec: str
    stamps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    positions: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    left_out: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not len(self.stamps):
            object.__setattr__(self, "stamps", self.pts)

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def fps(self) -> float:
        """Mean frames per second, kept between 0.01 and 1000; 25 for a single picture, which has no rate."""
        # As a fraction to the end: a rate of 24 is 24, and not the 24.000000000000004 that floats make of it.
        span = int(self.pts[-1] - self.pts[0]) * self.time_base
        return min(max(float((len(self) - 1) / span), 0.01), 1000.0) if span > 0 else 25.0

    @property
    def duration_s(self) -> float:
        """Time on screen, the last frame shown as long as the mean one."""
        return len(self) / self.fps

    def group_start(self, frame: int) -> int:
        """The nearest frame at or before ``frame`` where decoding may begin."""
        before = np.flatnonzero(self.keyframes[: frame + 1])
        return int(before[-1]) if len(before) else 0

    def longest_group(self) -> int:
        """The most frames from one where decoding may begin to the next."""
        starts = np.union1d([0], np.flatnonzero(self.keyframes))
        return int(np.diff(np.append(starts, len(self))).max())

    def save(self, path: Path) -> None:
        numbers = [
            *(self.time_base.numerator, self.time_base.denominator, self.orientation.turns),
            *(self.width, self.height, int(self.orientation.mirrored)),
        ]
        with path.open("wb") as out:
            np.savez_compressed(
                out,
                pts=self.pts,
                keyframes=self.keyframes,
                stamps=np.empty(0, np.int64) if self.stamps is self.pts else self.stamps,
                positions=self.positions,
                numbers=np.array(numbers),
                codec=np.array(self.codec),
                left_out=np.array(json.dumps(self.left_out)),
            )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote. Raises MediaError for anything else; nothing in the file is run."""
        try:
            _check_archive(path)
            with np.load(path, allow_pickle=False) as stored:
                index = cls(**_fields(stored))
        except (*UNREADABLE, BadZipFile, zlib.error) as error:
            raise MediaError("This is no frame index. Index the video again.") from error
        index._check()
        return index

    def _check(self) -> None:
        one_each = self.pts.ndim == 1 and self.pts.size > 0 and self.pts.shape == self.keyframes.shape
        known = self.stamps.shape == self.pts.shape and self.positions.shape in ((0,), self.pts.shape)
        if not one_each or not known or np.any(np.diff(self.pts) <= 0):
            raise MediaError("A frame index holds rising timestamps, one per frame; this one doesn't. Index it again.")
        if self.orientation.turns not in range(4) or not (0 < self.width <= MOST_PX and 0 < self.height <= MOST_PX):
            raise MediaError(f"A frame index has sides of 1..{MOST_PX} px; this one hasn't. Index the video again.")


def _fields(stored: Any) -> dict[str, Any]:
    """What an archive holds. Indexes of earlier versions know nothing of mirrors, stamps and what was left out."""
    numbers = [int(value) for value in stored["numbers"]]
    numerator, denominator, turns, width, height = numbers[:5]
    later = {
        name: stored[name].astype(np.int64) for name in ("stamps", "positions") if name in stored and stored[name].size
    }
    left_out = json.loads(str(stored["left_out"])) if "left_out" in stored else {}
    return {
        "pts": stored["pts"].astype(np.int64),
        "keyframes": stored["keyframes"].astype(bool),
        "time_base": Fraction(numerator, denominator),
        "orientation": Orientation(turns, mirrored=any(numbers[5:6])),
        "width": width,
        "height": height,
        "codec": str(stored["codec"]),
        "left_out": {str(reason): int(count) for reason, count in left_out.items()},
        **later,
    }


def _check_archive(path: Path) -> None:
    """Raise ValueError for an archive that would unpack to more than any index has."""
    with ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > 32 * MOST_FRAMES:
            raise ValueError("The archive holds more than a frame index.")
