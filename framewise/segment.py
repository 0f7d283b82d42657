"""``framewise segment``: clicks on one picture, as the smart tool makes them, into a mask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from rich.console import Console

from framewise.prompts import read_mask
from tracking import catalog
from tracking.segmenter import Click
from tracking.segmenting import answer
from tracking.shapes.bitmaps import spread
from tracking.types import Box, Mask, TrackingError

console = Console(stderr=True)
SIGNS = {"+": True, "-": False}


def segment(image: Path, points: Sequence[str], box: str, mask: Path | None, *, model: str, out: Path) -> None:
    """Write the mask that ``points`` and ``box`` mean, as a grey PNG of the picture's size: 255 is the object.

    Raises:
        TrackingError: when it can't be done as asked; nothing is written.
    """
    clicks, typed_box = [parse_click(text) for text in points], parse_box(box) if box else None
    if not out.parent.is_dir():
        raise TrackingError(f"--out needs a folder that exists; this one doesn't: {out.parent}")
    if out.suffix.lower() != ".png":
        raise TrackingError(f"--out is a PNG file; its name ends with .png; {out.name} came.")
    pixels = _read(image)
    segmenter = catalog.open_segmenter(model or catalog.DEFAULT_SEGMENTER)
    found = answer(segmenter, segmenter.embed(pixels), clicks, typed_box, None if mask is None else _mask(mask))
    whole = spread(found.mask, (pixels.shape[0], pixels.shape[1]))
    if not whole.any():
        raise TrackingError("Nothing is left of the object: the clicks take it all away. Give fewer negative ones.")
    Image.fromarray(whole.astype(np.uint8) * 255).save(out)
    share = 100 * float(whole.mean())
    console.print(
        f"The mask has {int(whole.sum())} px, {share:.1f} % of the picture; estimated IoU {found.score:.2f}. "
        f"It is in {out}",
        highlight=False,
        soft_wrap=True,
        markup=False,
    )


def parse_click(text: str) -> Click:
    """Read ``x,y,+`` or ``x,y,-``. Raises TrackingError that says how it is written."""
    try:
        x, y, sign = (part.strip() for part in text.split(","))
        click = Click(float(x), float(y), SIGNS[sign])
        if math.isfinite(click.x) and math.isfinite(click.y):
            return click
    except (ValueError, KeyError):
        pass
    raise TrackingError(f"A point is written x,y,+ (on the object) or x,y,- (not on it), as 240,180,+; {text!r} came.")


def parse_box(text: str) -> Box:
    """Read ``x1,y1,x2,y2``. Raises TrackingError that says how it is written."""
    try:
        x1, y1, x2, y2 = map(float, text.split(","))
        if x1 < x2 and y1 < y2 and all(map(math.isfinite, (x1, y1, x2, y2))):
            return Box(x1, y1, x2, y2)
    except ValueError:
        pass
    raise TrackingError(f"A box is written x1,y1,x2,y2, x1 < x2, y1 < y2, e.g. 120,80,260,310; {text!r} came.")


def _mask(file: Path) -> Mask:
    try:
        return read_mask(str(file))
    except ValueError as error:
        raise TrackingError(f"{error}: {file}") from error


def _read(image: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(image) as opened:
            return np.asarray(opened.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise TrackingError(f"A picture to segment is an image file; this can't be read ({error}): {image}") from error
