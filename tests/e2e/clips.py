"""Small videos of things that move, made on the spot."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tests.media.clips import ordinary_priority
from tracking.types import Box

WIDTH, HEIGHT, FPS = 320, 180, 25
THING = (36, 30)
TOPS = (15, 75, 135)
"""Where the three things are: one below the other, moving to the right side by side."""


def thing_at(row: int, frame: int) -> Box:
    """The box of the thing in a row (0..2) on a frame."""
    left, top = 12 + frame, TOPS[row]
    return Box(left, top, left + THING[0], top + THING[1])


def moving_things(path: Path, frames: int) -> Path:
    """Write a video in which three textured things move by one pixel a frame over a textured ground."""
    ground = _texture(HEIGHT, WIDTH, seed=1, blur=8) // 2
    things = [_texture(THING[1], THING[0], seed=2 + row, blur=2) for row in range(len(TOPS))]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in range(frames):
            image = ground.copy()
            for row, thing in enumerate(things):
                box = thing_at(row, frame)
                image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)] = thing
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def _texture(height: int, width: int, *, seed: int, blur: float) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), blur)
    return np.asarray(cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX), np.uint8)  # type: ignore[call-overload]


def long_clip(path: Path, seconds: int) -> Path:
    """Write a video whose proxy takes a while to make, though it takes none: three seconds of it, over and over. Its
    groups are long, so that it needs one."""
    unit = 3 * FPS
    size = (640, 360)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "bf": "0", "g": str(unit)})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        picture = _texture(size[1], size[0], seed=9, blur=3)
        stored = []
        for frame in range(unit):
            moved = np.roll(picture, 8 * frame, axis=1)
            stored += stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24"))
        stored += stream.encode(None)
        for number in range(seconds * FPS):
            given = stored[number % unit]
            packet = av.Packet(bytes(given))
            packet.stream, packet.time_base = stream, Fraction(1, FPS)
            packet.pts = packet.dts = number
            packet.is_keyframe = given.is_keyframe
            out.mux(packet)
    return path


def coloured(path: Path, codec: str, options: dict[str, str], *, pixels: str = "yuv420p", matrix: int = 2) -> Path:
    """Write twelve frames of patches of many colours, smooth enough for any codec, which move. ``matrix``: what the
    stream says of how its colours are stored (ITU-T H.273; 2: nothing)."""
    patches = np.random.default_rng(5).integers(0, 255, (6, 10, 3), np.uint8)
    picture = cv2.resize(patches, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    with ordinary_priority(), av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        stream.codec_context.colorspace = matrix
        for frame in range(12):
            shown = np.ascontiguousarray(np.roll(picture, 20 * frame, axis=1))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        out.mux(stream.encode(None))
    return path
