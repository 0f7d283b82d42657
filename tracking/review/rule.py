"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tracking.review.findings import Finding
from tracking.review.layer import Facts, Track
from tracking.review.pairs import Pairs


@dataclass(frozen=True, slots=True)
class Listed:
    """What is kept of a track once it was looked at."""

    key: str
    number: int
    label: str

    @property
    def name(self) -> str:
        return f"{self.label} {self.number}"


@dataclass(frozen=True, slots=True)
class Whole:
    """What is known once all tracks were looked at. ``pairs``: tracks of one label that overlap."""

    tracks: Sequence[Listed]
    pairs: Pairs


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is checked.

    Attributes:
        id: as files and the API name it.
        title, says: what people read: a few words, and a sentence with the limits.
        of_track: what it finds in one track.
        of_layer: what it finds in all of them together.
        count: how much it finds in one track, where that is quicker than finding it: what isn't kept is only counted.
    """

    id: str
    title: str
    says: str
    of_track: Callable[[Track, Facts], Iterable[Finding]] | None = None
    of_layer: Callable[[Whole, Facts], Iterable[Finding]] | None = None
    count: Callable[[Track, Facts], int] | None = None
