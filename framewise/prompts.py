"""What ``framewise track`` follows, as people type it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import radians
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from tracking.shapes.values import (
    VISIBLE,
    Box,
    GeometryKind,
    Mask,
    Points,
    Polygon,
    Polyline,
    RotatedBox,
    Shape,
    Skeleton,
    is_empty,
)
from tracking.types import TrackingError


@dataclass(frozen=True, slots=True)
class TypedPrompt:
    """A shape, in px, and the frame it is on.

    Of one that an image gave, ``number``: what that calls the object, 0: nothing; ``size``: its height and width.
    """

    shape: Shape
    frame: int
    number: int = 0
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a kind of shape is written. ``read`` makes it of what stands before ``@``, or raises ValueError."""

    kind: GeometryKind
    metavar: str
    example: str
    read: Callable[[str], Shape]

    @property
    def option(self) -> str:
        return f"--{self.kind.replace('_', '-')}"


def _box(text: str) -> Shape:
    x1, y1, x2, y2 = _numbers(text)
    if x1 >= x2 or y1 >= y2:
        raise ValueError("A box runs from its top-left to its bottom-right corner, x1 < x2, y1 < y2")
    return Box(x1, y1, x2, y2)


def _rotated_box(text: str) -> Shape:
    x, y, width, height, angle = _numbers(text)
    return RotatedBox(x, y, width, height, radians(angle))


def _polygon(text: str) -> Shape:
    return Polygon(_places(text, 3))


def _polyline(text: str) -> Shape:
    return Polyline(_places(text, 2))


def _points(text: str) -> Shape:
    xy = _places(text, 1)
    return Points(xy, np.full(len(xy), VISIBLE, np.uint8))


def _skeleton(text: str) -> Shape:
    xy = _places(text, 1)
    return Skeleton(xy, np.full(len(xy), VISIBLE, np.uint8))


def read_mask(text: str) -> Mask:
    """The pixels of an image that aren't 0 (or transparent), cropped to where they are."""
    return _cropped(_read_pixels(text)[0] != 0)


def _read_pixels(text: str) -> tuple[NDArray[np.generic], bool]:
    """(H, W), and whether they are indices of a palette."""
    try:
        with Image.open(Path(text)) as image:
            # A palette's index is what segmentation data sets mean; of colours, whatever isn't black.
            flat = image if image.mode in ("P", "L", "1", "I", "I;16") else image.convert("L")
            return np.asarray(flat), image.mode == "P"
    except (OSError, UnidentifiedImageError) as error:
        raise ValueError(f"A mask is an image file ({error})") from error


def _cropped(pixels: NDArray[np.bool_]) -> Mask:
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if not len(rows):
        raise ValueError("A mask has pixels that aren't black; this one has none")
    top, left = int(rows[0]), int(columns[0])
    return Mask(left, top, pixels[top : rows[-1] + 1, left : columns[-1] + 1])


GRAMMARS: tuple[Grammar, ...] = (
    Grammar("box", "x1,y1,x2,y2@FRAME", "120,80,260,310@0", _box),
    Grammar("rotated_box", "x,y,width,height,degrees@FRAME", "190,200,140,60,30@0", _rotated_box),
    Grammar("polygon", "x,y;x,y;x,y@FRAME", "120,80;260,90;200,310@0", _polygon),
    Grammar("polyline", "x,y;x,y@FRAME", "0,300;180,260;400,255@0", _polyline),
    Grammar("points", "x,y;x,y@FRAME", "120,80;260,310@0", _points),
    Grammar("skeleton", "x,y;x,y@FRAME", "120,80;125,140;120,200@0", _skeleton),
    Grammar("mask", "FILE.png@FRAME", "person.png@0", read_mask),
)


def parse(kind: GeometryKind, text: str) -> TypedPrompt:
    """Read a shape of a kind with its frame. Raises TrackingError that says how it is written."""
    grammar = next(grammar for grammar in GRAMMARS if grammar.kind == kind)
    name = kind.replace("_", " ")
    matched = re.fullmatch(r"\s*(.+?)\s*@\s*(\d+)\s*", text, re.S)
    try:
        if matched is None:
            raise ValueError("")
        shape = grammar.read(matched[1])
        if is_empty(shape):
            raise ValueError(f"A {name} to follow shows something; this one is empty")
    except ValueError as error:
        # Python's own words about numbers say nothing that the grammar doesn't.
        rule = f"{error}. " if str(error).startswith("A ") else ""
        raise TrackingError(
            f"{rule}A {name} is written {grammar.metavar}, e.g. {grammar.example}; {text!r} came."
        ) from error
    return TypedPrompt(shape, int(matched[2]))


def parse_all(typed: Iterable[tuple[GeometryKind, Sequence[str] | None]]) -> list[TypedPrompt]:
    """Everything that was typed, kind by kind. Raises TrackingError when that is nothing."""
    prompts = [prompt for kind, texts in typed for text in texts or () for prompt in _parse_each(kind, text)]
    if not prompts:
        options = ", ".join(grammar.option for grammar in GRAMMARS)
        raise TrackingError(f"Tracking starts from an object; none was given. Give one by {options}.")
    return prompts


def _parse_each(kind: GeometryKind, text: str) -> list[TypedPrompt]:
    """As ``parse``; each index of an image's palette but 0 is an object, as segmentation data sets keep several."""
    prompt = parse(kind, text)
    if kind != "mask":
        return [prompt]
    pixels, has_palette = _read_pixels(text.rpartition("@")[0].strip())
    height, width = pixels.shape
    prompt = replace(prompt, size=(height, width))
    numbers = [int(number) for number in np.unique(pixels) if number] if has_palette else []
    return [replace(prompt, shape=_cropped(pixels == number), number=number) for number in numbers] or [prompt]


def numbers_of(prompts: Sequence[TypedPrompt]) -> list[int]:
    """What to call each object, from 1: as its file does where no other is called so, else by the next free number."""
    wanted = [prompt.number for prompt in prompts]
    free = (number for number in count(1) if number not in wanted)
    taken: set[int] = set()
    numbers = []
    for number in wanted:
        numbers.append(next(free) if not number or number in taken else number)
        taken.add(number)
    return numbers


def _numbers(text: str) -> list[float]:
    numbers = [float(part) for part in text.split(",")]
    if not all(map(math.isfinite, numbers)):
        raise ValueError("")
    return numbers


def _places(text: str, least: int) -> NDArray[np.float32]:
    places = [_numbers(place) for place in text.split(";") if place.strip()]
    if len(places) < least or any(len(place) != 2 for place in places):
        raise ValueError("")
    return np.array(places, np.float32)
