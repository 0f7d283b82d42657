"""The copy of a video that browsers seek in, and the thumbnails of its timeline, made in one pass over its pictures."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray
from PIL import Image

from tracking.containers import open_container, video_stream
from tracking.frames import FrameIndex, FrameReader, MediaError
from tracking.orientation import Orientation

GROUP = 12
"""Frames from one keyframe to the next: a seek decodes at most so many. At 12, random seeks took 33 ms instead of
180 ms at 250 (720p), for about three times the bytes."""
QUALITY = "22"
TILES = 120
TILE_WIDTH = 160
COLUMNS = 10

ENCODER = {"preset": "veryfast", "crf": QUALITY, "bf": "0", "sc_threshold": "0", "tune": "fastdecode"}
# In front, the table of an hour (86,400 frames) is 375 kB: a browser opens it in 95 ms with one request, and seeks in 6
# ms. Fragments opened in 22 ms and sought in 3, but only by reading on does a player learn how long they are.
FASTSTART = {"movflags": "+faststart"}
BT601 = 6
KNOWN = (1, 5, 6, 7, 9)
"""Matrices of ITU-T H.273 that a browser can read: BT.709, the two of BT.601, SMPTE 240M, BT.2020."""

Progress = Callable[[float], None]
"""Called with the share that is done, in [0, 1]; raises to cancel."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A sheet of thumbnails: tile i shows frame ``i * every``; tiles run by rows of ``columns``. Sizes in px."""

    count: int
    columns: int
    tile_width: int
    tile_height: int
    every: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def make_proxy(
    source: Path, index: FrameIndex, *, proxy: Path, strip: Path, progress: Progress
) -> tuple[FrameIndex, Strip]:
    """Write ``proxy`` (H.264, MP4) and ``strip`` (JPEG).

    Frame N of the proxy is frame N of the index at N / fps seconds, upright, padded at the right and bottom to even
    sides. Returns the index of the frames that could really be decoded, and what the strip shows.

    Raises:
        MediaError: when the pictures can't be decoded.
    """
    plan = _plan(index)
    rate = _rate(index)
    tiles: list[Image.Image] = []
    decoded: list[int] = []
    with FrameReader(source, index) as reader, av.open(str(proxy), "w", format="mp4", options=FASTSTART) as out:
        stream = out.add_stream("libx264", rate=rate, options=ENCODER)
        stream.width, stream.height = index.width + index.width % 2, index.height + index.height % 2
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = GROUP
        stream.codec_context.time_base = 1 / rate
        stream.codec_context.color_range = ColorRange.MPEG
        for source_number, given in reader.pictures():
            number = len(decoded)
            decoded.append(source_number)
            picture = given
            if _needs_rework(given, index):
                picture = av.VideoFrame.from_ndarray(_even(reader.upright(given)), format="rgb24")
            if not number:
                stream.codec_context.colorspace = _matrix(picture)
            if number % plan.every == 0 and len(tiles) < plan.count:
                tiles.append(_tile(picture, plan))
            picture.pts, picture.time_base = number, 1 / rate
            # The source's own picture types would force its keyframes on the encoder.
            picture.pict_type = av.video.frame.PictureType.NONE
            out.mux(stream.encode(picture))
            progress((number + 1) / len(index))
        out.mux(stream.encode(None))
    if not decoded:
        raise MediaError("None of the video's pictures can be decoded. Convert it to H.264 in MP4 and upload that.")
    shown = index if len(decoded) == len(index) else index.restricted(decoded)
    made = Strip(len(tiles), plan.columns, plan.tile_width, plan.tile_height, plan.every)
    _sheet(tiles, made).save(strip, "JPEG", quality=80)
    return shown, made


def proxy_index(path: Path, *, frame_count: int) -> FrameIndex:
    """The index of a proxy, which follows from how it is made; reading an hour's packets would take seconds."""
    with open_container(path) as container:
        stream = video_stream(container)
        time_base, rate = stream.time_base, stream.average_rate
        if not time_base or not rate:
            raise MediaError("The proxy says no rate. Remove the video and upload it again.")
        numbers = np.arange(frame_count, dtype=np.int64)
        return FrameIndex(
            pts=numbers * round(1 / (rate * time_base)),
            keyframes=numbers % GROUP == 0,
            time_base=time_base,
            orientation=Orientation(),
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            codec="h264",
        )


def jpeg(image: NDArray[np.uint8], *, quality: int = 90) -> bytes:
    """(H, W, 3) uint8 RGB as a JPEG file."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _rate(index: FrameIndex) -> Fraction:
    """Frames per second as a fraction that an MP4 can count in: 30000/1001, not 29.97002997."""
    return Fraction(index.fps).limit_denominator(1001)


def _matrix(picture: av.VideoFrame) -> int:
    """How the proxy's colours are to be read: as the source's are; FFmpeg takes BT.601 where it says nothing."""
    return int(picture.colorspace) if picture.format.name.startswith("yuv") and picture.colorspace in KNOWN else BT601


def _plan(index: FrameIndex) -> Strip:
    every = max(1, math.ceil(len(index) / TILES))
    height = max(1, round(TILE_WIDTH * index.height / index.width))
    return Strip(math.ceil(len(index) / every), COLUMNS, TILE_WIDTH, height, every)


def _needs_rework(picture: av.VideoFrame, index: FrameIndex) -> bool:
    """Whether a picture must be turned, padded or scaled before it is encoded; most need only a new pixel format."""
    odd = index.width % 2 or index.height % 2
    full_range = picture.color_range == ColorRange.JPEG or picture.format.name.startswith("yuvj")
    other_size = (picture.width, picture.height) != (index.width, index.height)
    return bool(not index.orientation.is_upright or odd or full_range or other_size)


def _even(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Repeat the last column and row where a side is odd: 4:2:0 video has even sides."""
    height, width = image.shape[:2]
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _tile(picture: av.VideoFrame, plan: Strip) -> Image.Image:
    small = picture.reformat(width=plan.tile_width, height=plan.tile_height, format="rgb24")
    return Image.fromarray(small.to_ndarray())


def _sheet(tiles: list[Image.Image], strip: Strip) -> Image.Image:
    rows = math.ceil(len(tiles) / strip.columns)
    sheet = Image.new("RGB", (strip.columns * strip.tile_width, rows * strip.tile_height))
    for number, tile in enumerate(tiles):
        row, column = divmod(number, strip.columns)
        sheet.paste(tile, (column * strip.tile_width, row * strip.tile_height))
    return sheet
