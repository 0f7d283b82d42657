"""Tiny video files whose pictures say which frame they are.

Frame N carries N as ten bits in black and white: one column per bit, most significant first, the upper half the bit,
the lower half its opposite. So a picture that is turned, mirrored or mixed from two frames reads as ``None``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tracking.scheduling import leave_real_time

WIDTH, HEIGHT, FPS = 160, 96, 25
BITS = 10
TICKS = 1000
"""Timestamps of the clips are in milliseconds."""
X264 = {"preset": "ultrafast", "crf": "18"}
Picture = NDArray[np.uint8]
ORIENTATIONS: dict[str, tuple[tuple[int, int, int, int], Callable[[Picture], Picture]]] = {
    "upright": ((1, 0, 0, 1), lambda shown: shown),
    "turned": ((0, 1, -1, 0), lambda shown: np.rot90(shown, 1)),
    "upside down": ((-1, 0, 0, -1), lambda shown: np.rot90(shown, 2)),
    "turned back": ((0, -1, 1, 0), lambda shown: np.rot90(shown, 3)),
    "mirrored": ((-1, 0, 0, 1), np.fliplr),
    "flipped": ((1, 0, 0, -1), np.flipud),
    "transposed": ((0, 1, 1, 0), lambda shown: shown.transpose(1, 0, 2)),
    "transversed": ((0, -1, -1, 0), lambda shown: np.rot90(shown, 2).transpose(1, 0, 2)),
}
"""What an MP4's display matrix may ask for: its a, b, c, d, and how a picture is stored that it brings upright."""
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
    stored: str = "upright",
    container: dict[str, str] | None = None,
    start: int = 0,
) -> Path:
    """Write a clip whose first picture has the number ``start``; ``stamps`` are the times in ms (25 frames per second
    without), ``aspect`` that of a pixel, ``stored`` the orientation that its pictures need to be upright; ``size`` is
    the stored one."""
    store = ORIENTATIONS[stored][1]
    shown = size if store(np.empty((size[1], size[0], 3), np.uint8)).shape[:2] == (size[1], size[0]) else size[::-1]
    with ordinary_priority(), av.open(str(path), "w", options=container or {}) as out:
        stream = out.add_stream(codec, rate=FPS, options=options or X264)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.codec_context.time_base = Fraction(1, FPS if stamps is None else TICKS)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        for number in range(frames):
            image = np.ascontiguousarray(store(picture(start + number, *shown)))
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
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


def remuxed(
    source: Path, target: Path, *, shift_s: float = 0, skip: int = 0, container: dict[str, str] | None = None
) -> Path:
    """The same packets in another file: all timestamps ``shift_s`` later, the first ``skip`` packets left out."""
    with av.open(str(source)) as given, av.open(str(target), "w", options=container or {}) as out:
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


def begun_at(source: Path, target: Path, clock_s: float) -> Path:
    """The same packets in a file whose clock shows ``clock_s`` at its beginning, which may be negative."""
    return remuxed(source, target, shift_s=clock_s, container={"avoid_negative_ts": "disabled", **_copied(target)})


def _copied(target: Path) -> dict[str, str]:
    return {"mpegts_copyts": "1"} if target.suffix == ".ts" else {}


def joined(target: Path, *parts: Path) -> Path:
    """Files one after the other, as recorders and ``cat`` join transport streams."""
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target


def with_matrix(source: Path, target: Path, matrix: Sequence[int]) -> Path:
    """An MP4 whose header asks players to map its pictures by (a, b, c, d)."""
    data = bytearray(source.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    struct.pack_into(">9i", data, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    target.write_bytes(data)
    return target


def oriented(folder: Path, name: str, frames: int = 60, **options: Any) -> Path:
    """A clip that is stored as phones and cameras do, and says how it is brought upright: one of ORIENTATIONS."""
    stored = write_clip(folder / "stored.mp4", frames, stored=name, **options)
    return with_matrix(stored, folder / f"{name}.mp4".replace(" ", "-"), ORIENTATIONS[name][0])


def with_damage(source: Path, target: Path, *packets: int) -> Path:
    """The same file, but that what these packets (numbers in the order of decoding) hold is noise."""
    data = bytearray(source.read_bytes())
    random = np.random.default_rng(3)
    with av.open(str(source)) as given:
        for number, packet in enumerate(p for p in given.demux(given.streams.video[0]) if p.size):
            if number in packets:
                assert packet.pos is not None
                data[packet.pos : packet.pos + packet.size] = random.bytes(packet.size)
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
