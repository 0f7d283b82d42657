"""Clicks as a person makes them, one after the other and taken back: each answer builds on the one before."""

from __future__ import annotations

from collections.abc import Sequence

from tracking.segmenter import Click, Embedding, Segmented, Segmenter
from tracking.types import Box, Mask


def answer(
    segmenter: Segmenter, embedding: Embedding, clicks: Sequence[Click], box: Box | None, base: Mask | None
) -> Segmented:
    """The answer to ``clicks``, each of which corrects the answer to those before; ``base``: a mask that was there at
    first. The same clicks get the same answer, whatever was clicked and taken back meanwhile.

    Raises:
        PromptError: nothing says where the object is.
    """
    found: Segmented | None = None
    if box is not None or not clicks:
        found = segmenter.segment(embedding, (), box, base)
    # A negative click that is made first says nothing by itself: it counts once something says where the object is.
    for count in range(1, len(clicks) + 1):
        known = clicks[:count]
        if count < len(clicks) and not (found or base or any(click.positive for click in known)):
            continue
        found = segmenter.segment(embedding, known, box, found.mask if found else base)
    assert found is not None  # noqa: S101 (for the type checker: there is a click, or the first branch was taken)
    return found
