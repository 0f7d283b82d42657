"""What ``framewise track --out-masks`` writes: for each frame a PNG whose pixels are the numbers of objects, as DAVIS
and YouTube-VOS keep masks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from framewise.prompts import TypedPrompt, numbers_of
from tracking.shapes.bitmaps import spread
from tracking.shapes.palette import palette
from tracking.shapes.values import GeometryKind, Mask, kind_of
from tracking.types import TrackingError

MOST_OBJECTS = 255


def check_masks(folder: Path, prompts: Sequence[TypedPrompt], keep_as: GeometryKind | None = None) -> None:
    """Before anything is computed: raise TrackingError unless masks of ``prompts`` can be written to ``folder``."""
    if keep_as not in (None, "mask"):
        raise TrackingError("--out-masks holds masks; --keep-as turns them into other shapes. Give one of the two.")
    for prompt in prompts:
        if keep_as is None and not isinstance(prompt.shape, Mask):
            raise TrackingError(
                f"--out-masks holds masks; a {kind_of(prompt.shape).words} was given. Give objects by --mask, or add "
                "--keep-as mask, or write --out."
            )
    if max(numbers_of(prompts)) > MOST_OBJECTS:
        raise TrackingError(f"--out-masks numbers at most {MOST_OBJECTS} objects; {len(prompts)} were given.")
    if not folder.parent.is_dir():
        raise TrackingError(f"--out-masks needs a folder that exists around it; this one doesn't: {folder.parent}")
    if folder.is_dir() and (there := len(list(folder.iterdir()))):
        raise TrackingError(f"--out-masks needs a new or an empty folder; this one holds {there} already: {folder}")


def write_masks(
    folder: Path, frames: Sequence[int], size: tuple[int, int], shapes: Mapping[int, Mapping[int, Mask]]
) -> str:
    """Write a PNG for each of ``frames``; nothing is left of a writing that doesn't come to its end.

    Args:
        size: height and width of the frames.
        shapes: masks by number of the object, then by frame. Where two overlap, the higher number is shown.

    Returns: what was written, and what is hidden in it, for the person.
    """
    unfinished = folder.with_name(folder.name + ".partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        hidden = [_write(unfinished / f"{frame:05}.png", frame, size, shapes) for frame in frames]
        if folder.is_dir():
            folder.rmdir()
        unfinished.replace(folder)
    except OSError as error:
        raise TrackingError(f"The masks can't be written ({error}). Choose another --out-masks: {folder}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    told = f"The masks are in {folder}, {len(frames)} files: 0 is background, other pixels are numbers of objects."
    if any(hidden):
        told += (
            f" On {np.count_nonzero(hidden)} of them objects overlap, by {sum(hidden)} px in all; there the higher "
            "number is shown."
        )
    return told


def _write(file: Path, frame: int, size: tuple[int, int], shapes: Mapping[int, Mapping[int, Mask]]) -> int:
    """Returns how many pixels of objects are hidden by others."""
    pixels = np.zeros(size, np.uint8)
    hidden = 0
    for number in sorted(shapes):
        if frame in shapes[number]:
            whole = spread(shapes[number][frame], size)
            hidden += int(np.count_nonzero(pixels[whole]))
            pixels[whole] = number
    image = Image.fromarray(pixels)
    image.putpalette(palette())
    image.save(file)
    return hidden
