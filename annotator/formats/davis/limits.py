"""What DAVIS's pictures can't hold."""

from __future__ import annotations

from collections.abc import Sequence

from annotator.formats.base import Limit, TrackData
from annotator.formats.masks import limits_of, numbered

FORMAT = "DAVIS"
VOID = 255
MOST_OBJECTS = VOID - 1


def indices(tracks: Sequence[TrackData]) -> dict[int, int]:
    """The palette index of each track by its number: the same where it can be, or else the lowest one that is free, as
    far as they go."""
    numbers = sorted(track.number for track in tracks)
    found = {number: number for number in numbers if number <= MOST_OBJECTS}
    free = iter(sorted(set(range(1, VOID)) - found.keys()))
    others = (number for number in numbers if number > MOST_OBJECTS)
    return found | dict(zip(others, free, strict=False))


LIMITS: tuple[Limit, ...] = limits_of(
    FORMAT, apart=True, objects=[numbered(f"tracks beyond {MOST_OBJECTS} objects are left out", indices)]
)
