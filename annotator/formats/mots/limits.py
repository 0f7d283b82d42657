"""What MOTS can't hold, and which class and id each track has in a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from annotator.formats.base import Limit, TrackData
from annotator.formats.masks import limits_of, numbered

FORMAT = "MOTS"
PER_CLASS = 1000
IGNORED = 10
"""The class of what shall not be judged."""
HIGHEST_ID = 2**16 - 1
OFFICIAL = {"car": 1, "pedestrian": 2}


def classes_of(labels: Iterable[str]) -> dict[str, int]:
    """The class of each label: the data sets' own, or the next one in the order of the names."""
    names = sorted(set(labels))
    free = (number for number in range(len(OFFICIAL) + 1, HIGHEST_ID) if number != IGNORED)
    return {name: OFFICIAL.get(name) or next(free) for name in names}


def ids(tracks: Sequence[TrackData]) -> dict[int, int]:
    """The id of each track by its number: of its class, and within it with the same number where it can be, or else
    the lowest one that is free, as far as they go."""
    by_label: dict[str, list[int]] = defaultdict(list)
    for track in sorted(tracks, key=lambda track: track.number):
        by_label[track.label].append(track.number)
    found: dict[int, int] = {}
    for label, class_ in classes_of(by_label).items():
        first = class_ * PER_CLASS
        within = range(first + 1, min(first + PER_CLASS, HIGHEST_ID + 1))
        own: dict[int, int] = {}
        for number in by_label[label]:
            wanted = number if number >= PER_CLASS else first + number
            if wanted in within and wanted not in own.values():
                own[number] = wanted
        free = iter(sorted(set(within) - set(own.values())))
        others = (number for number in by_label[label] if number not in own)
        found |= own | dict(zip(others, free, strict=False))
    return found


LIMITS: tuple[Limit, ...] = limits_of(
    FORMAT,
    apart=True,
    objects=[numbered("tracks beyond 999 of a label, and those of labels beyond the 64th, are left out", ids)],
)
