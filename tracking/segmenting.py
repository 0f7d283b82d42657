"""Clicks as a person makes them, one after the other and taken back: each answer builds on the one before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from tracking.segmenter import Click, Embedding, Segmented, Segmenter
from tracking.types import Box, Mask

ANSWERS_KEPT = 64
"""For one picture."""


class Answers:
    """The answers that were given on one picture: one more click costs one more, and one that is taken back none."""

    def __init__(self, kept: int = ANSWERS_KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[Hashable, Segmented] = OrderedDict()

    @property
    def nbytes(self) -> int:
        return sum(known.mask.bitmap.nbytes for known in self._known.values())

    def of(
        self, segmenter: Segmenter, embedding: Embedding, clicks: Sequence[Click], box: Box | None, base: Mask | None
    ) -> Segmented:
        """The answer to ``clicks``, each of which corrects the answer to those before; ``base``: a mask that was there
        at first. The same clicks get the same answer, whatever was clicked and taken back meanwhile.

        Raises:
            PromptError: nothing says where the object is.
        """
        start = (box, None if base is None else (base.left, base.top, base.bitmap.shape, base.bitmap.tobytes()))
        found: Segmented | None = None
        if box is not None or not clicks:
            found = self._answer(segmenter, embedding, (), start, base)
        for count in range(1, len(clicks) + 1):
            known = tuple(clicks[:count])
            # A negative click that is made first says nothing by itself: it counts once the object is known.
            if count == len(clicks) or found or base or any(click.positive for click in known):
                found = self._answer(segmenter, embedding, known, start, found.mask if found else base)
        assert found is not None  # noqa: S101 (for the type checker: there is a click, or the first branch was taken)
        return found

    def _answer(
        self,
        segmenter: Segmenter,
        embedding: Embedding,
        clicks: tuple[Click, ...],
        start: tuple[Box | None, Hashable],
        previous: Mask | None,
    ) -> Segmented:
        key = (clicks, start)
        if key not in self._known:
            self._known[key] = segmenter.segment(embedding, clicks, start[0], previous)
            if len(self._known) > self._kept:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def answer(
    segmenter: Segmenter, embedding: Embedding, clicks: Sequence[Click], box: Box | None, base: Mask | None
) -> Segmented:
    """``Answers.of`` for clicks that are asked once."""
    return Answers().of(segmenter, embedding, clicks, box, base)
