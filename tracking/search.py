"""Looking for new objects while a session walks through a video: on which frames, and what of it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tracking.finder import Discovery, Finder
from tracking.shapes.values import bounds_of
from tracking.types import Box, Frame, Prediction, Shape, Way


@dataclass(frozen=True, slots=True)
class Seek:
    """The frames that are walked for new objects, whether or not anything is followed there: from ``frame`` to
    ``last``, both included."""

    frame: int
    way: Way
    last: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What looks for new objects, on every ``every``-th frame of ``seek``; ``create`` makes it, in its thread. None:
    what links objects finds them, too.

    ``confidence``, in [0, 1]: what is less sure is left. ``region``, px of the frame: what has its middle outside of it
    is left; None: the whole frame counts.
    """

    create: Callable[[], Finder] | None
    seek: Seek
    every: int = 10
    confidence: float = 0.0
    region: Box | None = None


class Search:
    """A finder on its way: which frames it looks at, and what it says."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        self._finder: Finder | None = None

    def is_due(self, frame: int) -> bool:
        """Whether to look at ``frame``."""
        return abs(frame - self.finding.seek.frame) % self.finding.every == 0

    def find(self, frame: Frame, known: Sequence[Prediction], finder: Finder | None = None) -> Iterator[Discovery]:
        """What is new on ``frame`` and wanted; ``finder``: what looks, if not its own."""
        for new in (finder or self._own()).find(frame, known):
            if new.confidence >= self.finding.confidence and self._is_inside(new.shape):
                yield new

    def _own(self) -> Finder:
        if self._finder is None:
            assert self.finding.create is not None  # noqa: S101 (for the type checker: who links comes with its finder)
            self._finder = self.finding.create()
        return self._finder

    def _is_inside(self, shape: Shape) -> bool:
        region, box = self.finding.region, bounds_of(shape)
        x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
        return region is None or (region.x1 <= x <= region.x2 and region.y1 <= y <= region.y2)
