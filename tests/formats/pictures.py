"""Masks, and archives of pictures, for the tests of formats that have them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from annotator.formats import geometry
from annotator.formats.base import Dataset, LabelInfo, TrackData, VideoInfo
from tracking.shapes.bitmaps import spread
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.values import Mask

WIDTH, HEIGHT = 64, 48
VIDEO = VideoInfo("street.mp4", WIDTH, HEIGHT, 6, 25.0)
LABELS = (LabelInfo("car", "#ff0000"), LabelInfo("Fußgänger", "#00ff00"))


def mask(frame: int, left: int, top: int, width: int = 10, height: int = 8) -> Row:
    return geometry.mask_row(frame, Flag.KEYFRAME, 1.0, left, top, np.ones((height, width), np.bool_))


def layer(*tracks: TrackData) -> Dataset:
    return Dataset(VIDEO, LABELS, tracks, len(tracks))


def whole(row: Row) -> NDArray[np.bool_]:
    """A mask over its picture."""
    left, top, _, _ = geometry.mask_window(row)
    return spread(Mask(left, top, geometry.mask_bitmap(row)), (HEIGHT, WIDTH))


def shown(track: TrackData) -> dict[int, NDArray[np.bool_]]:
    return {row.frame: whole(row) for row in track.rows if not row.flags & Flag.OUTSIDE}


def picture(values: NDArray[Any], mode: str = "P") -> bytes:
    """A PNG of (h, w) values. ``mode``: as Pillow calls it."""
    image = Image.fromarray(values.astype(np.uint16 if mode == "I;16" else np.uint8))
    if mode == "P":
        image.putpalette(bytes(range(256)) * 3)
    elif mode != image.mode:
        image = image.convert(mode)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def huge(width: int, height: int) -> bytes:
    """A few bytes that say that they are a large picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def archive(folder: Path, members: dict[str, bytes]) -> Path:
    target = folder / "in.zip"
    with zipfile.ZipFile(target, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return target


def square(value: int, left: int = 5, top: int = 5, side: int = 8) -> NDArray[np.uint16]:
    values = np.zeros((HEIGHT, WIDTH), np.uint16)
    values[top : top + side, left : left + side] = value
    return values
