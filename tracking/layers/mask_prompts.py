"""What all trackers share that follow masks: prompts as bitmaps of the frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracking.shapes.bitmaps import spread
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
    whole = spread(shape, (frame.height, frame.width))
    if not whole.any():
        raise PromptError(
            f"A mask must touch the frame; no pixel of it lies in {frame.width} x {frame.height} px on frame "
            f"{frame.number}. Paint it on a frame that shows the object."
        )
    return whole
