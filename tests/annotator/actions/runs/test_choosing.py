"""Which run begins next, and where: a table of standings and what is decided of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from annotator.actions.runs.choosing import AtWork, Machine, decide
from annotator.announce.turns import Waiting, in_turn

ANN, BEN, CAT = 1, 2, 3
HOME, ELSEWHERE = 10, 20


def run(number: int, person: int = ANN, **changes: object) -> Waiting:
    return replace(Waiting(UUID(int=number), person, HOME, "net"), **changes)  # type: ignore[arg-type]


def box(number: int, **changes: object) -> Machine:
    machine = Machine(number, models=frozenset({"net", "other"}), finders=frozenset({"finder"}))
    return replace(machine, **changes)  # type: ignore[arg-type]


def busy(*persons: int, workspace: int = HOME, swept: bool = False) -> tuple[AtWork, ...]:
    return tuple(AtWork(person, workspace, swept) for person in persons)


WARM = frozenset({"net"})
TABLE: dict[str, tuple[Sequence[Waiting], Sequence[Machine], Mapping[int, int], dict[int, int]]] = {
    "without a machine a run waits": ([run(1)], [], {}, {}),
    "it goes where its model is in memory": ([run(1)], [box(1), box(2, warm=WARM)], {}, {1: 2}),
    "a warm machine goes before one that does less": (
        [run(1)],
        [box(1, runs_at_once=4), box(2, warm=WARM, runs_at_once=4, at_work=busy(BEN))],
        {},
        {1: 2},
    ),
    "a warm machine without room doesn't": ([run(1)], [box(1), box(2, warm=WARM, at_work=busy(BEN))], {}, {1: 1}),
    "of cold ones the least busy is taken": (
        [run(1)],
        [box(1, runs_at_once=4, at_work=busy(BEN)), box(2, cpu=0.9)],
        {},
        {1: 2},
    ),
    "of idle ones the one whose processor has least to do": ([run(1)], [box(1, cpu=0.9), box(2, cpu=0.1)], {}, {1: 2}),
    "a second run of a model goes to the machine that has just got it": (
        [run(1), run(2, BEN)],
        [box(1, runs_at_once=2), box(2, runs_at_once=2, cpu=0.5)],
        {},
        {1: 1, 2: 1},
    ),
    "a named machine is waited for": ([run(1, machine=2)], [box(1), box(2, at_work=busy(BEN))], {}, {}),
    "and taken when it is free": ([run(1, machine=2)], [box(1, warm=WARM), box(2)], {}, {1: 2}),
    "a machine lacks the model": ([run(1, model="big")], [box(1)], {}, {}),
    "or what carries masks for what links": ([run(1, carrier="masks")], [box(1)], {}, {}),
    "which another one has": (
        [run(1, carrier="masks")],
        [box(1), box(2, models=frozenset({"net", "masks"}))],
        {},
        {1: 2},
    ),
    "or the finder": ([run(1, finder="another")], [box(1)], {}, {}),
    "or serves another workspace": ([run(1)], [box(1, workspace=ELSEWHERE)], {}, {}),
    "a model for GPUs waits for one where there is one": (
        [run(1)],
        [box(1, warm=WARM), box(2, has_gpu=True, at_work=busy(BEN))],
        {},
        {},
    ),
    "and does without where there is none": ([run(1)], [box(1)], {}, {1: 1}),
    "one in maintenance takes nothing new": ([run(1)], [box(1, keeps=frozenset())], {}, {}),
    "but what it was at work on": ([run(1)], [box(1, keeps=frozenset({UUID(int=1)}))], {}, {1: 1}),
    "who asks for one run comes before the second of who asked for many": (
        [run(1), run(2), run(3), run(4, BEN)],
        [box(1, runs_at_once=2)],
        {},
        {1: 1, 4: 1},
    ),
    "who has a run at work comes behind who has none": (
        [run(1), run(2, BEN)],
        [box(1, runs_at_once=2, at_work=busy(ANN))],
        {},
        {2: 1},
    ),
    "a workspace has so many at once and no more": (
        [run(1), run(2), run(3, CAT, workspace=ELSEWHERE)],
        [box(1, runs_at_once=4, at_work=busy(BEN))],
        {HOME: 2},
        {1: 1, 3: 1},
    ),
    "a limit that was lowered ends nothing": (
        [run(1)],
        [box(1, runs_at_once=9, at_work=busy(BEN, BEN))],
        {HOME: 1},
        {},
    ),
    "a run of a sweep begins beside nothing": (
        [run(1, swept=True)],
        [box(1, runs_at_once=4, at_work=busy(BEN))],
        {},
        {},
    ),
    "and behind what somebody waits for": ([run(1, swept=True), run(2, BEN)], [box(1)], {}, {2: 1}),
    "what somebody waits for begins beside a sweep, which gives way": (
        [run(1)],
        [box(1, at_work=busy(BEN, swept=True))],
        {},
        {1: 1},
    ),
}


@pytest.mark.parametrize(("waiting", "machines", "limits", "expected"), TABLE.values(), ids=TABLE.keys())
def test_what_is_decided(
    waiting: Sequence[Waiting], machines: Sequence[Machine], limits: Mapping[int, int], expected: dict[int, int]
) -> None:
    decided = decide(waiting, machines, limits, slow={"net"})
    assert {run_id.int: machine for run_id, machine in decided.items()} == expected


def test_people_take_turns_and_sweeps_come_last() -> None:
    many = [run(number) for number in (1, 2, 3)]
    line = in_turn([run(9, swept=True), *many, run(4, BEN), run(5, BEN), run(6, CAT)], [CAT])
    assert [one.id.int for one in line] == [1, 4, 2, 5, 6, 3, 9]
