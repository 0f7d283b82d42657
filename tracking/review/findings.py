"""What a rule finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tracking.review.layer import Track


class Grade(StrEnum):
    """How bad it is: certainly wrong, probably wrong, worth a look."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


WORST_FIRST: tuple[Grade, ...] = tuple(Grade)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule finds.

    Attributes:
        track: the key of the track it is of, ``other`` that of a second one; "": of the layer as a whole.
        name: how people call the track.
        first, last: its frames, both included; None: it isn't of any frames.
        words: a sentence for people.
    """

    rule: str
    grade: Grade
    words: str
    track: str = ""
    name: str = ""
    other: str = ""
    first: int | None = None
    last: int | None = None

    @classmethod
    def of(cls, rule: str, grade: Grade, track: Track, words: str, rows: tuple[int, int] | None = None) -> Finding:
        """Of a track; ``rows``: the positions of its first and last row."""
        first, last = (None, None) if rows is None else (int(track.rows.frames[row]) for row in rows)
        return cls(rule, grade, words, track.key, track.name, first=first, last=last)

    @property
    def place(self) -> str:
        """Where it is, for a line of text."""
        frames = "" if self.first is None else f"frame {self.first}"
        if self.first is not None and self.last != self.first:
            frames = f"frames {self.first}..{self.last}"
        return ", ".join(filter(None, [self.name, frames]))


def counted(count: int, one: str, several: str) -> str:
    """``1 frame`` or ``3 frames``."""
    return f"{count:,} {one if count == 1 else several}"
