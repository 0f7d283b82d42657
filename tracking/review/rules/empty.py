"""Tracks that show nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tracking.review.findings import Finding, Grade
from tracking.review.layer import Facts, Track
from tracking.review.rule import Rule
from tracking.shapes.chunks import Flag

ID = "empty"


def _find(track: Track, _: Facts) -> Iterator[Finding]:
    if not len(track) or bool(((track.rows.flags & int(Flag.OUTSIDE)) != 0).all()):
        yield Finding.of(ID, Grade.WARNING, track, "It has no shape on any frame. Delete it, or draw it.")


RULE = Rule(ID, "Empty track", "A track has no shape on any frame.", of_track=_find)
