"""What is said of an export or import when it is done, where the person looks."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Counted(BaseModel):
    """``words``: of one and of several."""

    words: tuple[str, str]
    count: int


class Report(BaseModel):
    """``taken``: what was written, or has come; ``left_out``: of an import what has not, and why; ``here``: members of
    the workspace whom records name, ``not_here``: others."""

    taken: list[Counted] = []
    left_out: list[tuple[str, int]] = Field([], description="Why, and how often.")
    here: list[str] = []
    not_here: list[str] = []
    notes: list[str] = []
    version: int = 1
    made_at: str = ""
    made_by: str = ""

    def taken_in_words(self) -> str:
        """e.g. "1 project, 3 videos, 12 objects"."""
        there = (each for each in self.taken if each.count)
        return ", ".join(f"{each.count:,} {each.words[0 if each.count == 1 else 1]}" for each in there)
