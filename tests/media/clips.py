"""Tiny video files whose pictures say which frame they are.

Frame N carries N as ten bits in black and white: one column per bit, most significant first, the upper half the bit,
the lower half its opposite. So a picture that is turned, mirrored or mixed from two frames reads as ``None``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tracking.scheduling import leave_real_time

WIDTH, HEIGHT, FPS = 160, 96, 25
BITS = 10
TICKS = 1000
"""Timestamps of the clips are in milliseconds."""
X264 = {"preset": "ultrafast", "crf": "18"}
B_FRAMES = {"preset": "veryfast", "crf": "18", "bf": "3", "g": "24", "x264-params": "b-adapt=0:scenecut=0"}


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB with ``number`` burnt in."""
    bit_of_column = BITS - 1 - np.arange(width) * BITS // width
    upper = ((number >> bit_of_column) & 1).astype(bool)
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2] = np.where(upper, 235, 20)[None, :, None]
    image[height // 2 :] = np.where(upper, 20, 235)[None, :, None]
    return image


def number_in(image: NDArray[np.uint8]) -> int | None:
    """The number burnt into an (H, W, 3) picture, None where it carries none."""
    height, width = image.shape[:2]
    columns = ((np.arange(BITS) + 0.5) * width / BITS).astype(int)
    light = image.mean(axis=2)
    upper = light[height // 4 - 4 : height // 4 + 4][:, columns].mean(axis=0)
    lower = light[3 * height // 4 - 4 : 3 * height // 4 + 4][:, columns].mean(axis=0)
    if np.any(np.abs(upper - lower) < 100):
        return None
    return int("".join("1" if bit else "0" for bit in upper > lower), 2)


def write_clip(
    path: Path,
    frames: int = 60,
    *,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    pixels: str = "yuv420p",
    stamps: Sequence[int] | None = None,
    aspect: Fraction | None = None,
    turns: int = 0,
    container: dict[str, str] | None = None,
) -> Path:
    """Write a clip; ``stamps`` are the frames' times in ms (25 frames per second without), ``aspect`` that of a pixel,
    ``turns`` how many quarters counterclockwise the stored pictures are turned."""
    with ordinary_priority(), av.open(str(path), "w", options=container or {}) as out:
        stream = out.add_stream(codec, rate=FPS, options=options or X264)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.codec_context.time_base = Fraction(1, FPS if stamps is None else TICKS)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        for number in range(frames):
            image = np.rot90(picture(number, *(size[::-1] if turns % 2 else size)), turns)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = stream.codec_context.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@contextmanager
def ordinary_priority() -> Iterator[None]:
    """As root, opening SVT-AV1 raises the thread that opens it to a real-time priority, and leaves it there."""
    try:
        yield
    finally:
        leave_real_time()


def remuxed(source: Path, target: Path, *, shift_s: float = 0, skip: int = 0) -> Path:
    """The same packets in another file: all timestamps ``shift_s`` later, the first ``skip`` packets left out."""
    with av.open(str(source)) as given, av.open(str(target), "w") as out:
        stream = given.streams.video[0]
        copy = out.add_stream_from_template(stream)
        assert stream.time_base is not None
        ticks = round(shift_s / stream.time_base)
        for number, packet in enumerate(p for p in given.demux(stream) if p.size):
            if number >= skip and packet.pts is not None and packet.dts is not None:
                packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                packet.stream = copy
                out.mux(packet)
    return target


def turned(source: Path, target: Path) -> Path:
    """An MP4 whose header asks players to turn its pictures a quarter clockwise, as phones write them."""
    data = bytearray(source.read_bytes())
    matrix = data.index(b"tkhd") + 44
    one = 1 << 16
    struct.pack_into(">9i", data, matrix, 0, one, 0, -one, 0, 0, HEIGHT * one, 0, 1 << 30)
    target.write_bytes(data)
    return target


def ended_early(source: Path, target: Path, seconds: float) -> Path:
    """An MP4 whose edit list ends after ``seconds``, as phones write after trimming; its packets are all there."""
    data = bytearray(source.read_bytes())
    entries = data.index(b"elst") + 12
    struct.pack_into(">I", data, entries, round(seconds * 1000))
    target.write_bytes(data)
    return target


def cut(source: Path, target: Path, share: float) -> Path:
    """The first ``share`` of a file's bytes."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def write_sound(path: Path, seconds: float = 1.0) -> Path:
    """A file that holds only sound."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=48_000)
        for start in range(0, int(48_000 * seconds), 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def write_empty(path: Path) -> Path:
    """A well-formed MP4 with a video track of no pictures."""
    with av.open(str(path), "w", options={"movflags": "empty_moov"}) as out:
        stream = out.add_stream("libx264", rate=FPS, options=X264)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        out.start_encoding()
    return path


def irregular(frames: int) -> list[int]:
    """Times in ms with steps from 10 to 200 ms."""
    steps = np.random.default_rng(7).choice([10, 20, 40, 80, 200], frames)
    return [int(stamp) for stamp in np.concatenate([[0], np.cumsum(steps)[:-1]])]


def numbers_in(images: Iterable[NDArray[np.uint8]]) -> list[int | None]:
    return [number_in(image) for image in images]
