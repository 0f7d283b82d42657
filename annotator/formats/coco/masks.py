"""COCO's run lengths: of the whole image, by columns, as a list or packed into a text (what pycocotools calls
compressed; https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c says how)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.formats import geometry
from annotator.formats.base import FormatError
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.masks import MOST_PIXELS, to_runs

BITS = 5
"""Of a number in each character, the lowest first; another bit says that more come."""
MORE, SIGN, FIRST_CHARACTER = 0x20, 0x10, 48
MOST_CHARACTERS = 8
"""Of one number: more are beyond any image."""
Window = tuple[int, int, int, int]
"""Left, top, width, height in px."""


class EmptyMask(FormatError):
    """Run lengths without a pixel, and no bbox that would be the mask's window."""


def encoded(runs: NDArray[Any]) -> str:
    """Run lengths as a text: from the fourth on, each is the difference from the one before the last."""
    numbers = np.asarray(runs, np.int64).copy()
    numbers[3:] -= np.asarray(runs, np.int64)[1:-2]
    places = numbers[:, None] >> (BITS * np.arange(MOST_CHARACTERS))  # (n, characters)
    signs = (places & SIGN) != 0
    rest = places >> BITS
    over = np.where(signs, rest == -1, rest == 0)  # nothing is left after this character but its sign
    length = over.argmax(axis=1) + 1
    characters = (places & 0x1F) + np.where(over, 0, MORE) + FIRST_CHARACTER
    return bytes(characters[np.arange(MOST_CHARACTERS) < length[:, None]].astype(np.uint8)).decode("ascii")


def decoded(text: str) -> NDArray[np.int64]:
    """Run lengths of a text. Raises FormatError for one that isn't made so."""
    try:
        characters = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - FIRST_CHARACTER
    except UnicodeEncodeError as error:
        raise FormatError("Packed run lengths are of ASCII characters; others came.") from error
    if not len(characters) or characters.min() < 0 or characters.max() > 0x3F or characters[-1] & MORE:
        raise FormatError("Packed run lengths are characters from 0 to o, each number whole; others came.")
    starts = np.flatnonzero(np.concatenate([[True], (characters[:-1] & MORE) == 0]))
    lengths = np.diff(np.append(starts, len(characters)))
    if lengths.max() > MOST_CHARACTERS:
        raise FormatError(f"A packed number has at most {MOST_CHARACTERS} characters; one goes on.")
    place = np.arange(len(characters)) - np.repeat(starts, lengths)
    numbers = np.add.reduceat((characters & 0x1F) << (BITS * place), starts)
    negative = (characters[starts + lengths - 1] & SIGN) != 0
    numbers -= np.where(negative, np.int64(1) << (BITS * lengths), 0)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def segmentation(row: Row, width: int, height: int) -> dict[str, Any]:
    """What of a mask lies in an image of that size."""
    left, top, columns, rows = geometry.mask_window(row)
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + columns, width), min(top + rows, height)
    turned = np.zeros((width, height), np.bool_)  # columns first, as they're counted
    if x1 < x2 and y1 < y2:
        bitmap = geometry.mask_bitmap(row)[y1 - top : y2 - top, x1 - left : x2 - left]
        turned[x1:x2, y1:y2] = bitmap.T
    return {"size": [height, width], "counts": encoded(to_runs(turned, order="C"))}


def read_segmentation(
    frame: int, flags: Flag, score: float, told: Mapping[str, Any], bbox: Sequence[Any] | None
) -> Row:
    """A mask by its run lengths; its window is ``bbox`` where that is one around it, else as small as can be. What it
    costs depends on the run lengths, not on the image. Raises FormatError, EmptyMask where there is none."""
    height, width = _size(told.get("size"))
    counts = _counts(told.get("counts"))
    if counts.min(initial=0) < 0 or int(counts.sum(dtype=np.float64)) != width * height:
        raise FormatError(f"Run lengths add up to their image of {width} x {height} px; these don't.")
    ends = np.cumsum(counts)
    starts, ends = ends[:-1:2], ends[1::2]
    starts, ends = starts[starts < ends], ends[starts < ends]
    tight = _bounds(starts, ends, height)
    window = _window(bbox, width, height) or tight
    if window is None:
        raise EmptyMask("A mask has pixels or a bbox; this one has neither.")
    if tight is not None and not _encloses(window, tight):
        window = tight
    left, top, columns, rows = window
    begin = (starts // height - left) * rows + starts % height - top
    edges = np.stack([begin, begin + ends - starts], axis=1).ravel()
    runs = np.diff(np.concatenate([[0], edges, [columns * rows]]))
    return geometry.mask_of_runs(frame, flags, score, window, runs, order="F")


def _size(told: Any) -> tuple[int, int]:
    if isinstance(told, list) and len(told) == 2 and all(type(side) is int and side > 0 for side in told):
        height, width = told
        if height * width <= MOST_PIXELS:
            return height, width
    raise FormatError(f"A mask has the size [height, width] of its image, of at most {MOST_PIXELS:,} px.")


def _counts(told: Any) -> NDArray[np.int64]:
    if isinstance(told, str):
        return decoded(told)
    if isinstance(told, list) and all(type(count) is int and 0 <= count <= MOST_PIXELS for count in told):
        return np.array(told, np.int64)
    raise FormatError("Run lengths are a text or a list of whole numbers; something else came.")


def _bounds(starts: NDArray[np.int64], ends: NDArray[np.int64], height: int) -> Window | None:
    """Of pixels by columns; None where there is none. A run that goes on in the next column makes it as high as the
    image."""
    if not len(starts):
        return None
    left, right = int(starts[0]) // height, int(ends[-1] - 1) // height + 1
    if (starts // height != (ends - 1) // height).any():
        return left, 0, right - left, height
    top, bottom = int((starts % height).min()), int(((ends - 1) % height).max()) + 1
    return left, top, right - left, bottom - top


def _window(bbox: Sequence[Any] | None, width: int, height: int) -> Window | None:
    """A bbox of whole pixels within the image, as a window."""
    if bbox is None or len(bbox) != 4 or not all(float(value).is_integer() for value in bbox):
        return None
    left, top, columns, rows = map(int, bbox)
    inside = left >= 0 and top >= 0 and left + columns <= width and top + rows <= height
    return (left, top, columns, rows) if inside and columns > 0 and rows > 0 else None


def _encloses(window: Window, other: Window) -> bool:
    (x, y, w, h), (left, top, columns, rows) = window, other
    return x <= left and y <= top and x + w >= left + columns and y + h >= top + rows
