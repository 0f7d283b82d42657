"""The media store can't be reached, or doesn't let us in."""

from __future__ import annotations


class MediaAway(OSError):
    """What the store, or its absence, answered is for the log; ``words`` are for people."""

    words = "the media store can't be reached"
