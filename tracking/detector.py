"""The contract of what finds objects of known classes on single frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tracking.detection import Detection
from tracking.types import Frame


class Detector(Protocol):
    """Looks at single frames. It is used by one thread at a time, and keeps nothing between calls but its parameters.

    What it is to keep (least confidence, classes, overlap) and how it looks (input size, device, precision) are
    settings that it was made with; see ``tracking.catalog.DetectorEntry``.
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """The names that its weights know, in their order, also of those that aren't looked for."""
        ...

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """What is on each of ``frames``, the surest first; boxes lie within the frame.

        The answer to a frame doesn't depend on those beside it. Frames may differ in size; those of one size are looked
        at together where the network takes several.
        """
        ...
