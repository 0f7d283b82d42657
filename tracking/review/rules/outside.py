"""Shapes that lie where there is no picture."""

from __future__ import annotations

from collections.abc import Iterator

from tracking.review.findings import Finding, Grade
from tracking.review.layer import Facts, Track, runs_of
from tracking.review.rule import Rule

ID = "out-of-bounds"


def _find(track: Track, facts: Facts) -> Iterator[Finding]:
    frames = track.rows.frames
    if facts.picture.width:
        width, height = facts.picture
        left, top, right, bottom = track.corners
        beside = (right < 0) | (bottom < 0) | (left > width) | (top > height)
        for rows in runs_of(beside & track.shown) if beside.any() else ():
            words = f"Nothing of it lies in the picture of {width} x {height} px. End it there, or mark it outside."
            yield Finding.of(ID, Grade.ERROR, track, words, rows)
    if facts.frame_count and len(track):
        beyond = frames >= facts.frame_count
        for rows in runs_of(beyond) if beyond.any() else ():
            words = f"The video has frames 0..{facts.frame_count - 1}. Is this another video's file?"
            yield Finding.of(ID, Grade.ERROR, track, words, rows)


RULE = Rule(
    ID,
    "Out of bounds",
    "Nothing of a shape lies in the picture and it isn't marked outside, or its frame lies beyond the video's end.",
    of_track=_find,
)
