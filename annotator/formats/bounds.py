"""How much a file may hold. Real files stay far below; what goes beyond was made to take a server's memory or time."""

from __future__ import annotations

from annotator.formats.base import FormatError

MOST_ROWS = 20_000_000
MOST_TRACKS = 100_000
MOST_LABELS = 1_000
MOST_VERTICES = 100_000
"""Of one shape."""
MOST_PARTS = 200_000
"""XML elements inside of one that isn't a track, as the head is."""
MOST_SHAPE_PARTS = 10_000
"""XML elements inside of one shape."""
MOST_ATTRIBUTES = 1_000
"""Different names of attributes on one track."""
LONGEST_TEMPLATE = 500_000
"""Characters of a skeleton's template."""


def check_count(what: str, count: int, most: int) -> None:
    """Raises FormatError where there are more than there may be; ``what``: e.g. "tracks"."""
    if count > most:
        raise FormatError(f"A file may have {most:,} {what}; this one has {count:,} or more. Take it apart.")
