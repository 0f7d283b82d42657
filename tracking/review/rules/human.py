"""Shapes of people that a machine replaced. It must never happen."""

from __future__ import annotations

from collections.abc import Iterator

from tracking.review.findings import Finding, Grade
from tracking.review.layer import Facts, Track
from tracking.review.rule import Rule

ID = "human"


def _find(track: Track, facts: Facts) -> Iterator[Finding]:
    for frame in sorted(set((facts.replaced or {}).get(track.key, ()))):
        words = "A tracker replaced a person's shape here, which must never happen. The history has the former one."
        yield Finding(ID, Grade.ERROR, words, track.key, track.name, "", frame, frame)


RULE = Rule(
    ID,
    "Human frame changed by a machine",
    "A run replaced or removed a shape that a person drew. Only a server's history knows.",
    of_track=_find,
)
