"""Which run begins next, and on which machine. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from annotator.announce.turns import Waiting, in_turn


@dataclass(frozen=True, slots=True)
class AtWork:
    """A run that a machine has been given."""

    person: int | None
    workspace: int
    swept: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """One that is connected. ``workspace``: None: it serves all; ``warm``: models in its memory; ``cpu``: share of its
    processor in use; ``keeps``: in maintenance, the only runs that it takes: those that it is at work on still; None:
    it takes all."""

    id: int
    workspace: int | None = None
    models: frozenset[str] = frozenset()
    finders: frozenset[str] = frozenset()
    warm: frozenset[str] = frozenset()
    at_work: tuple[AtWork, ...] = ()
    runs_at_once: int = 1
    cpu: float = 0.0
    has_gpu: bool = False
    keeps: frozenset[UUID] | None = None

    def serves(self, run: Waiting) -> bool:
        """Whether it could ever do a run, busy or not."""
        return (
            self.workspace in (None, run.workspace)
            and run.machine in (None, self.id)
            and (self.keeps is None or run.id in self.keeps)
            and run.model in self.models
            and (run.carrier is None or run.carrier in self.models)
            and (run.finder is None or run.finder in self.finders)
        )

    def has_room(self, run: Waiting) -> bool:
        """Whether it could begin a run now. What a sweep does gives way to what somebody waits for; a run of a sweep
        begins only beside nothing."""
        if run.swept:
            return not self.at_work
        return sum(not each.swept for each in self.at_work) < self.runs_at_once


def decide(
    waiting: Sequence[Waiting], machines: Sequence[Machine], limits: Mapping[int, int], slow: Collection[str] = ()
) -> dict[UUID, int]:
    """The machines of the runs that begin now; all others wait on.

    Runs begin in turn (see ``in_turn``), each on a machine that has room for it: for a model that is slow without a GPU
    on one with a GPU, as long as such a one serves it at all; then where the model is in memory; then where the least
    is going on.

    Args:
        waiting: oldest first.
        limits: by workspace, how many runs it may have at work at once; a workspace without may have any number.
        slow: models that are of little use without a GPU.
    """
    now = {machine.id: machine for machine in machines}
    count = Counter(each.workspace for machine in machines for each in machine.at_work)
    persons = [each.person for machine in machines for each in machine.at_work if not each.swept]
    given: dict[UUID, int] = {}
    for run in in_turn(waiting, persons):
        if count[run.workspace] >= limits.get(run.workspace, count[run.workspace] + 1):
            continue
        serving = [machine for machine in now.values() if machine.serves(run)]
        if run.model in slow and any(machine.has_gpu for machine in serving):
            serving = [machine for machine in serving if machine.has_gpu]
        best = min(
            (machine for machine in serving if machine.has_room(run)),
            key=lambda machine: (run.model not in machine.warm, len(machine.at_work), machine.cpu, machine.id),
            default=None,
        )
        if best is None:
            continue
        given[run.id] = best.id
        count[run.workspace] += 1
        begun = AtWork(run.person, run.workspace, run.swept)
        now[best.id] = replace(best, at_work=(*best.at_work, begun), warm=best.warm | {run.model})
    return given
