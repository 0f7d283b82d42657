"""What all trackers share that follow masks: prompts as bitmaps of the frame, and bitmaps as masks again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.values import Mask, kind_of
from tracking.types import Frame, ObjectId, Prompt, PromptError


def prompted_bitmaps(frame: Frame, prompts: Sequence[Prompt]) -> dict[ObjectId, NDArray[np.bool_]]:
    """Each prompted mask as (H, W), what of it lies in the frame. Raises PromptError when nothing does."""
    if not prompts:
        raise PromptError("Tracking needs at least one object; none was given. Draw a mask first.")
    bitmaps = {prompt.object: _bitmap(frame, prompt) for prompt in prompts}
    if len(bitmaps) < len(prompts):
        raise PromptError(
            f"Each object takes one mask per frame; {len(prompts)} came for {len(bitmaps)}. Send one each."
        )
    return bitmaps


def _bitmap(frame: Frame, prompt: Prompt) -> NDArray[np.bool_]:
    shape = prompt.shape
    if not isinstance(shape, Mask):
        raise PromptError(
            f"This model follows masks; a {kind_of(shape).words} came. Paint a mask, or choose a model for this kind "
            "of shape."
        )
    if not shape.area:
        raise PromptError(f"A mask needs pixels to follow; it has none on frame {frame.number}. Paint it there.")
    whole = placed(shape, frame.width, frame.height)
    if not whole.any():
        raise PromptError(
            f"A mask must touch the frame; no pixel of it lies in {frame.width} x {frame.height} px on frame "
            f"{frame.number}. Paint it on a frame that shows the object."
        )
    return whole


def placed(mask: Mask, width: int, height: int) -> NDArray[np.bool_]:
    """(height, width): what of a mask lies in a frame of that size."""
    whole = np.zeros((height, width), np.bool_)
    rows, columns = mask.bitmap.shape
    top, left = max(mask.top, 0), max(mask.left, 0)
    bottom, right = min(mask.top + rows, height), min(mask.left + columns, width)
    if top < bottom and left < right:
        whole[top:bottom, left:right] = mask.bitmap[
            top - mask.top : bottom - mask.top, left - mask.left : right - mask.left
        ]
    return whole


def cropped(bitmap: NDArray[np.bool_]) -> Mask:
    """(H, W) of a frame as a mask whose window is as small as can be; without a pixel, an empty one."""
    rows = np.flatnonzero(bitmap.any(axis=1))
    if not len(rows):
        return Mask(0, 0, np.zeros((0, 0), np.bool_))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(bitmap[top:bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    return Mask(left, top, bitmap[top:bottom, left:right].copy())
