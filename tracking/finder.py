"""The contract of what looks for objects that nobody prompted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tracking.types import Frame, Prediction, Shape


@dataclass(frozen=True, slots=True)
class Discovery:
    """An object that isn't followed yet. ``label``: its class, by the finder's name; ``confidence`` in [0, 1].
    ``frame``: where its ``shape`` was seen, if that was before the frame that was looked at."""

    label: str
    shape: Shape
    confidence: float
    frame: int | None = None


class Finder(Protocol):
    """Looks at single frames. All state lives in the instance.

    Raises:
        TrackingError: when it can't look, with what to do about it.
    """

    def find(self, frame: Frame, known: Sequence[Prediction]) -> Sequence[Discovery]:
        """What is on ``frame`` beside the objects that are followed already.

        Args:
            known: where each of those is, as far as it is known: on this frame, or where it was seen last.
        """
        ...
