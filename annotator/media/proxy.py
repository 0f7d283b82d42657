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
from numpy.typing import NDArray
from PIL import Image

from tracking.frames import FrameIndex, FrameReader, MediaError

GROUP = 12
"""Frames from one keyframe to the next: a seek decodes at most so many. At 12, random seeks took 33 ms instead of
180 ms at 250 (720p), for about three times the bytes."""
QUALITY = "22"
TILES = 120
TILE_WIDTH = 160
COLUMNS = 10

ENCODER = {"preset": "veryfast", "crf": QUALITY, "bf": "0", "sc_threshold": "0", "tune": "fastdecode"}
FASTSTART = {"movflags": "+faststart"}

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
    rate = Fraction(index.fps).limit_denominator(1001)
    tiles: list[Image.Image] = []
    decoded: list[int] = []
    with FrameReader(source, index) as reader, av.open(str(proxy), "w", format="mp4", options=FASTSTART) as out:
        stream = out.add_stream("libx264", rate=rate, options=ENCODER)
        stream.width, stream.height = index.width + index.width % 2, index.height + index.height % 2
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = GROUP
        stream.codec_context.time_base = 1 / rate
        for source_number, given in reader.pictures():
            number = len(decoded)
            decoded.append(source_number)
            picture = given
            if _needs_rework(given, index):
                picture = av.VideoFrame.from_ndarray(_even(reader.upright(given)), format="rgb24")
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


def jpeg(image: NDArray[np.uint8], *, quality: int = 90) -> bytes:
    """(H, W, 3) uint8 RGB as a JPEG file."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _plan(index: FrameIndex) -> Strip:
    every = max(1, math.ceil(len(index) / TILES))
    height = max(1, round(TILE_WIDTH * index.height / index.width))
    return Strip(math.ceil(len(index) / every), COLUMNS, TILE_WIDTH, height, every)


def _needs_rework(picture: av.VideoFrame, index: FrameIndex) -> bool:
    """Whether a picture must be turned, padded or scaled before it is encoded; most need only a new pixel format."""
    odd = index.width % 2 or index.height % 2
    return bool(index.rotation or odd or (picture.width, picture.height) != (index.width, index.height))


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
