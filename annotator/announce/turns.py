"""Whose turn it is among runs that wait. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run that waits for a machine. ``person``: who asked for it; ``finder``: what it looks for objects with;
    ``machine``: the only one that it may go to; None: nobody, none, any. ``swept``: it is of a sweep. ``carrier``: the
    model that carries masks for what links its objects; None: none."""

    id: UUID
    person: int | None
    workspace: int
    model: str
    finder: str | None = None
    machine: int | None = None
    swept: bool = False
    carrier: str | None = None


def in_turn(waiting: Sequence[Waiting], at_work: Iterable[int | None]) -> list[Waiting]:
    """Runs in the order in which they begin: people take turns, so that who asks for one run waits for one of each of
    the others, however many those have asked for. Runs of sweeps come behind all others.

    Args:
        waiting: as they were asked for, oldest first.
        at_work: of each run that a machine is at work on, sweeps' apart, the person: who has some begins behind.
    """
    has = Counter(at_work)
    turns: list[tuple[bool, int, int]] = []
    for place, run in enumerate(waiting):
        turns.append((run.swept, 0 if run.swept else has[run.person], place))
        if not run.swept:
            has[run.person] += 1
    return [waiting[place] for _, _, place in sorted(turns)]
