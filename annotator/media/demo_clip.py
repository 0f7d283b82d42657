"""The clip of the demo project, made on the spot: nothing to download, nobody's rights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.encoders import add_video, codec_for

WIDTH, HEIGHT, FPS, FRAMES = 1280, 720, 24, 240
SEED = 20
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Mover:
    """A textured disc or block on an elliptic way. ``centre``, ``reach`` and ``size`` in px, ``period`` in frames."""

    image: Picture
    mask: NDArray[np.bool_]
    centre: tuple[float, float]
    reach: tuple[float, float]
    period: float
    phase: float

    def place(self, frame: int) -> tuple[int, int]:
        """Left and top on a frame."""
        angle = 2 * np.pi * frame / self.period + self.phase
        height, width = self.mask.shape
        x = self.centre[0] + self.reach[0] * np.cos(angle) - width / 2
        y = self.centre[1] + self.reach[1] * np.sin(angle) - height / 2
        return round(x), round(y)


def write_demo_clip(path: Path, frames: int = FRAMES) -> None:
    """Write an MP4 of 1280 x 720 px at 24 frames per second in which four objects move and pass behind each other."""
    random = np.random.default_rng(SEED)
    ground = _ground(random)
    movers = _movers(random)
    with av.open(str(path), "w", format="mp4") as out:
        stream = add_video(out, codec_for(), rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            image = ground.copy()
            for mover in movers:
                _paste(image, mover, number)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))


def _movers(random: np.random.Generator) -> list[Mover]:
    ways = (
        # size, centre, reach, period, phase, tint, round
        ((150, 150), (420, 330), (260, 90), 200.0, 0.0, (236, 120, 60), True),
        ((220, 120), (760, 500), (380, 60), 260.0, 2.1, (70, 130, 235), False),
        ((96, 96), (900, 260), (180, 150), 120.0, 4.0, (60, 190, 120), True),
        ((110, 190), (240, 500), (120, 40), 170.0, 1.0, (205, 90, 190), False),
    )
    movers = []
    for (width, height), centre, reach, period, phase, tint, is_round in ways:
        texture = _noise(random, height, width, blur=4)
        image = np.clip(0.45 * texture + 0.75 * np.array(tint), 0, 255).astype(np.uint8)
        mask = np.zeros((height, width), np.uint8)
        if is_round:
            cv2.ellipse(mask, (width // 2, height // 2), (width // 2 - 1, height // 2 - 1), 0, 0, 360, 1, -1)
        else:
            mask[:] = 1
        movers.append(Mover(image, mask.astype(bool), centre, reach, period, phase))
    return movers


def _ground(random: np.random.Generator) -> Picture:
    # Grey, so that the objects are what has colour.
    coarse = _noise(random, HEIGHT, WIDTH, blur=40).mean(axis=2, keepdims=True)
    fine = _noise(random, HEIGHT, WIDTH, blur=4).mean(axis=2, keepdims=True)
    mixed = 0.4 * coarse + 0.5 * fine + np.array((-38.0, -30.0, -28.0))
    return np.asarray(np.clip(mixed, 0, 255).astype(np.uint8))


def _noise(random: np.random.Generator, height: int, width: int, *, blur: float) -> NDArray[np.float32]:
    """(height, width, 3) smooth noise over the whole range 0..255."""
    rough = random.random((height, width, 3), np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), blur)
    return np.asarray(255 * (smooth - smooth.min()) / (smooth.max() - smooth.min()), np.float32)


def _paste(image: Picture, mover: Mover, frame: int) -> None:
    """Put an object into a picture; parts beyond its edge are cut off."""
    left, top = mover.place(frame)
    height, width = mover.mask.shape
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + width, WIDTH), min(top + height, HEIGHT)
    if x1 >= x2 or y1 >= y2:
        return
    part = np.s_[y1 - top : y2 - top, x1 - left : x2 - left]
    image[y1:y2, x1:x2][mover.mask[part]] = mover.image[part][mover.mask[part]]
