"""Pictures whose pixels are numbers of objects, written, and read from strangers."""

from __future__ import annotations

import io
import logging
import re
import struct
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from annotator.formats.archive import Archive
from annotator.formats.base import FormatError, TrackData
from annotator.formats.limits import rows_of
from annotator.formats.masks import mask_of

log = logging.getLogger(__name__)

LARGEST_FILE = 64 * 2**20
LARGEST_PICTURE = 2**26
"""Pixels of one picture: more than any camera's."""
MOST_PIXELS = 2**36
"""Of all pictures of an archive that differ from the one before: an hour and a half at 1280 x 720."""
MOST_PICTURES = 90_000
"""Of an archive, which has other files too."""
NUMBERED = re.compile(r"(?<![0-9])([0-9]{1,9})\.png", re.IGNORECASE)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEAD = struct.Struct(">I4sII")
"""Of the first chunk, its length, name, and the picture's width and height."""
BROKEN = (OSError, SyntaxError, ValueError, EOFError, zlib.error, struct.error, IndexError, TypeError, OverflowError)


# ---------------------------------------------------------------- out


def frames_of(tracks: Sequence[TrackData]) -> dict[int, list[tuple[int, bytes]]]:
    """Of each frame that shows any the tracks' positions and packed masks, in the order of their numbers."""
    found: dict[int, list[tuple[int, bytes]]] = {}
    for place in sorted(range(len(tracks)), key=lambda place: tracks[place].number):
        rows = rows_of(tracks[place])
        rows = rows.take(rows.shown)
        for frame, payload in zip(rows.frames.tolist(), rows.payloads, strict=True):
            found.setdefault(frame, []).append((place, payload))
    return found


def painted(
    shown: Sequence[tuple[int, bytes]],
    values: Sequence[int],
    size: tuple[int, int],
    dtype: type[np.generic],
) -> NDArray[Any]:
    """A picture of ``size`` (height, width) with each mask's pixels of its value; masks lie within, and don't meet."""
    picture = np.zeros(size, dtype)
    for place, payload in shown:
        mask = mask_of(payload)
        h, w = mask.bitmap.shape
        picture[mask.top : mask.top + h, mask.left : mask.left + w][mask.bitmap] = values[place]
    return picture


def png(picture: NDArray[Any], palette: bytes | None = None) -> bytes:
    """A picture (h, w) of uint8 with a palette, or of uint16, as a file."""
    image = Image.fromarray(picture)
    if palette is not None:
        image.putpalette(palette)  # which makes it one of indices
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


# ---------------------------------------------------------------- in


@dataclass(slots=True)
class PictureFolder:
    """The pictures of one folder by their frames' numbers, as the file names count."""

    folder: str
    paths: dict[int, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.folder.rpartition("/")[2]


def folders_in(archive: Archive) -> list[PictureFolder]:
    """The folders of an archive that have numbered PNGs, in the archive's order."""
    found: dict[str, PictureFolder] = {}
    count = 0
    for path in archive.paths:
        folder, _, name = path.rpartition("/")
        number = NUMBERED.search(name)
        if number is None or number.end() != len(name):
            continue
        count += 1
        frame = int(number[1])
        known = found.setdefault(folder, PictureFolder(folder)).paths
        if frame in known:
            raise FormatError(f"A frame has one picture; {known[frame][-100:]} and {path[-100:]} are of the same.")
        known[frame] = path
    if count > MOST_PICTURES:
        raise FormatError(f"An archive may have {MOST_PICTURES:,} pictures; this one has {count:,}. Take it apart.")
    return list(found.values())


@dataclass(slots=True)
class PictureReader:
    """Reads the pictures of an archive. ``modes``: what Pillow calls those that are taken; ``wanted``: the same in
    words, for people."""

    archive: Archive
    modes: Collection[str]
    wanted: str
    left: int = MOST_PIXELS

    def of(self, folder: PictureFolder) -> Iterator[tuple[int, NDArray[Any], bool]]:
        """Frame by frame its number, the numbers of objects (h, w), and whether the picture is the same as before.

        Raises:
            FormatError: a picture that can't be read, is of another kind, or of another size than the first one.
        """
        before: bytes | None = None
        found: NDArray[Any] | None = None
        for frame in sorted(folder.paths):
            path = folder.paths[frame]
            with self.archive.read(path) as content:
                data = content.read(LARGEST_FILE + 1)
            if found is not None and data == before:
                yield frame, found, True
                continue
            size = None if found is None else (found.shape[1], found.shape[0])
            found, before = self._decoded(data, path[-100:], size), data
            yield frame, found, False

    def _decoded(self, data: bytes, path: str, size: tuple[int, int] | None) -> NDArray[Any]:
        if len(data) > LARGEST_FILE:
            raise FormatError(f"{path}: a picture has at most {LARGEST_FILE / 2**20:.0f} MiB; this one goes on.")
        self._check_size(data, path, size)
        try:
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                if image.mode not in self.modes:
                    raise FormatError(f"{path}: {self.wanted}; this one is of the kind {image.mode}.")
                return np.asarray(image)
        except BROKEN as error:
            log.info("Damaged picture %s: %r", path, error)
            raise FormatError(f"{path} is no PNG that can be read. Is the file whole?") from error

    def _check_size(self, data: bytes, path: str, size: tuple[int, int] | None) -> None:
        """By the head alone, before anything is unpacked."""
        if not data.startswith(SIGNATURE) or len(data) < HEAD.size + len(SIGNATURE):
            raise FormatError(f"{path} is no PNG that can be read. Is the file whole?")
        _, _, width, height = HEAD.unpack_from(data, len(SIGNATURE))
        if not 0 < width * height <= LARGEST_PICTURE:
            raise FormatError(f"{path}: a picture has at most {LARGEST_PICTURE:,} px; this one has {width} x {height}.")
        if size is not None and (width, height) != size:
            raise FormatError(
                f"{path}: the pictures of a video have one size; the first one has {size[0]} x {size[1]} px, this one "
                f"{width} x {height}."
            )
        self.left -= width * height
        if self.left < 0:
            raise FormatError(f"The pictures of a file have at most {MOST_PIXELS:,} px together. Take it apart.")
