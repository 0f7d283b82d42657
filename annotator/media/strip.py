"""One pass over a video's pictures: the thumbnails of its timeline, and what of it can't be decoded."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracking.frames import FrameIndex, FrameReader, MediaError

TILES = 120
TILE_WIDTH, TILE_HEIGHT = 160, 320
COLUMNS = 10


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


@dataclass(frozen=True, slots=True)
class Seen:
    """What going through all pictures told: the strip, and how many frames can't be decoded."""

    strip: Strip
    damaged: int


def look_through(
    source: Path,
    index: FrameIndex,
    *,
    strip: Path,
    progress: Callable[[float], None],
    each: Callable[[int, av.VideoFrame], None] = lambda *_: None,
) -> Seen:
    """Decode all pictures once: write ``strip`` (JPEG) and count what is damaged.

    Args:
        progress: called with the share that is done, in [0, 1]; raises to cancel.
        each: gets every frame's number and picture, as stored; one that can't be decoded has the picture before it.

    Raises:
        MediaError: when none can be decoded.
    """
    plan = _plan(index)
    tiles: list[Image.Image] = []
    held: av.VideoFrame | None = None
    shown = came = 0

    def show(number: int, picture: av.VideoFrame) -> None:
        if number % plan.every == 0 and len(tiles) < plan.count:
            tiles.append(_tile(picture, plan, index))
        each(number, picture)

    with FrameReader(source, index) as reader:
        for number, picture in reader.pictures():
            for missing in range(shown, number):
                show(missing, held or picture)
            show(number, picture)
            held, shown, came = picture, number + 1, came + 1
            progress(shown / len(index))
    if held is None:
        raise MediaError("None of the video's pictures can be decoded. Convert it to H.264 in MP4 and upload that.")
    for missing in range(shown, len(index)):
        show(missing, held)
    _sheet(tiles, plan).save(strip, "JPEG", quality=80)
    return Seen(plan, len(index) - came)


def _plan(index: FrameIndex) -> Strip:
    every = max(1, math.ceil(len(index) / TILES))
    scale = min(TILE_WIDTH / index.width, TILE_HEIGHT / index.height)
    width, height = max(1, round(index.width * scale)), max(1, round(index.height * scale))
    return Strip(math.ceil(len(index) / every), COLUMNS, width, height, every)


def _tile(picture: av.VideoFrame, plan: Strip, index: FrameIndex) -> Image.Image:
    width, height = plan.tile_width, plan.tile_height
    if index.orientation.swaps_sides:
        width, height = height, width
    small = cast(NDArray[np.uint8], picture.reformat(width=width, height=height, format="rgb24").to_ndarray())
    return Image.fromarray(index.orientation.upright(small))


def _sheet(tiles: list[Image.Image], strip: Strip) -> Image.Image:
    rows = math.ceil(len(tiles) / strip.columns)
    sheet = Image.new("RGB", (strip.columns * strip.tile_width, rows * strip.tile_height))
    for number, tile in enumerate(tiles):
        row, column = divmod(number, strip.columns)
        sheet.paste(tile, (column * strip.tile_width, row * strip.tile_height))
    return sheet
