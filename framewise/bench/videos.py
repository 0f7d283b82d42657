"""Videos to measure with, made on the spot: nothing is downloaded."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from framewise.bench.product import Product
from tracking.types import Box

WIDTH, HEIGHT, FPS = 1280, 720, 24
HOUR = 86_400
GROUP = 12
OBJECT = (120, 90)


def moving_object(path: Path, frames: int, *, size: tuple[int, int] = (WIDTH, HEIGHT), seed: int = 7) -> Box:
    """Write a video of ``size`` px: a textured object moves over a textured ground. Returns its box on frame 0."""
    ground = _texture(size[1], size[0], seed, blur=9)
    width, height = OBJECT
    thing = _texture(height, width, seed + 1, blur=3)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        for number in range(frames):
            x, y = _place(number)
            image = ground.copy()
            image[y : y + height, x : x + width] = thing
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    x, y = _place(0)
    return Box(x, y, x + width, y + height)


def hour_long(path: Path) -> None:
    """Write a proxy of an hour."""
    repeated(path, HOUR, group=GROUP)


def repeated(path: Path, frames: int, *, group: int) -> None:
    """Write a long video: some seconds whose packets are repeated, which takes no time to encode. ``group``: frames
    from one keyframe to the next."""
    ground = _texture(HEIGHT, WIDTH, 3, blur=9)
    unit = max(240, group)
    stored: list[tuple[bytes, bool]] = []
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        options = {"preset": "veryfast", "crf": "22", "bf": "0", "sc_threshold": "0"}
        stream = out.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = group
        for number in range(unit):
            picture = av.VideoFrame.from_ndarray(np.roll(ground, 5 * number, axis=1), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, FPS)
            stored += [(bytes(packet), packet.is_keyframe) for packet in stream.encode(picture)]
        stored += [(bytes(packet), packet.is_keyframe) for packet in stream.encode(None)]
        for number in range(frames):
            data, is_keyframe = stored[number % unit]
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, FPS)
            packet.pts = packet.dts = number
            packet.is_keyframe = is_keyframe
            out.mux(packet)


def add_hour(product: Product) -> int:
    """Put an hour of video with a million shapes into a running product. Returns the video's id."""
    return int(_beside(product, "add_hour").splitlines()[-1])


def add_review(product: Product) -> int:
    """Put a long crowd with verdicts into a running product. Returns the video's id."""
    return int(_beside(product, "add_review").splitlines()[-1])


def add_crowd(product: Product, video: int) -> None:
    """Put thousands of objects, hundreds on each frame, into a video of a running product."""
    _beside(product, "add_crowd", str(video))


def _beside(product: Product, module: str, *arguments: str) -> str:
    """Run a module of the benchmark on the product's database. Returns what it printed."""
    environment = {**os.environ, "FRAMEWISE_DATA": str(product.data)}
    command = [sys.executable, "-m", f"framewise.bench.{module}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


def _place(frame: int) -> tuple[int, int]:
    """Left and top of the object: a slow ellipse."""
    angle = frame / 40
    x = WIDTH / 2 + 0.32 * WIDTH * np.cos(angle) - OBJECT[0] / 2
    y = HEIGHT / 2 + 0.28 * HEIGHT * np.sin(angle) - OBJECT[1] / 2
    return round(x), round(y)


def _texture(height: int, width: int, seed: int, *, blur: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), blur)
    return np.asarray(cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX), np.uint8)  # type: ignore[call-overload]
