"""What XMem remembers: bounded, object by object."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from tracking.models.xmem.memory import LONG, Elements, Memory, Rules, similarity
from tracking.types import ObjectId

A, B = ObjectId("a"), ObjectId("b")
CELLS, KEY, VALUE = 40, 4, 3
SMALL = Rules(every=1, most_frames=5, least_frames=3, prototypes=16, most_long=100, top=6, most_anchors=3)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def elements() -> Elements:
    return Elements.new(torch.randn(CELLS, KEY), 1 + torch.rand(CELLS), torch.rand(CELLS, KEY))


def value(number: float = 0.0) -> Tensor:
    return torch.full((CELLS, VALUE), float(number))


def query() -> tuple[Tensor, Tensor]:
    return torch.randn(CELLS, KEY), torch.rand(CELLS, KEY)


def frames_of(memory: Memory, name: ObjectId) -> list[int]:
    return sorted(set(memory.origin[memory.held[name].mask].tolist()) - {LONG})


def filled(rules: Rules, frames: int) -> Memory:
    memory = Memory(rules)
    for number in range(frames):
        memory.add(number, elements(), {A: value(number)}, [A] if number == 0 else ())
        memory.read(*query())
    return memory


def test_similarity_is_the_weighed_squared_distance() -> None:
    (q, e), (k, s) = query(), (torch.randn(7, KEY), 1 + torch.rand(7))
    naive = -(e[:, None] * (k - q[:, None]) ** 2).sum(dim=-1) * s / KEY**0.5
    assert torch.allclose(similarity(q, e, k, s), naive, atol=1e-5)


def test_what_is_read_is_a_mean_of_the_most_similar() -> None:
    memory = Memory(SMALL)
    seen = elements()
    memory.add(0, seen, {A: torch.arange(CELLS * 1.0)[:, None]}, [A])
    q, e = query()
    read = memory.read(q, e)[A]
    likeness = similarity(q, e, seen.key, seen.shrinkage)
    best, rows = likeness.topk(SMALL.top, dim=1)
    assert torch.allclose(read[:, 0], (best.softmax(dim=1) * rows).sum(dim=1), atol=1e-4)


def test_memory_has_a_limit_that_no_video_exceeds() -> None:
    """It is full after some forty frames; ``framewise.bench.memory`` goes through 20,000."""
    memory, largest = Memory(SMALL), 0
    for number in range(300):
        memory.add(number, elements(), {A: value(), B: value()}, [A, B] if number % 50 == 0 else ())
        memory.read(*query())
        largest = max(largest, memory.size)
    assert largest <= SMALL.most_long + (SMALL.most_frames + SMALL.most_anchors - 1) * CELLS
    assert memory.long_size <= SMALL.most_long
    assert len(memory.held[A].values) <= memory.size


def test_the_limit_of_the_long_term_memory_is_reached_and_kept() -> None:
    sizes = [filled(SMALL, frames).long_size for frames in (5, 8, 40, 80)]
    assert sizes[:2] == [16, 32]
    assert SMALL.most_long - 2 * SMALL.prototypes <= sizes[2] <= SMALL.most_long
    assert SMALL.most_long - 2 * SMALL.prototypes <= sizes[3] <= SMALL.most_long


def test_what_was_shown_stays_while_the_rest_gets_old() -> None:
    memory = filled(SMALL, 60)
    frames = frames_of(memory, A)
    assert frames[0] == 0
    assert frames[1:] == list(range(60 - (len(frames) - 1), 60))


def test_the_first_and_the_newest_of_many_corrections_stay() -> None:
    memory = Memory(SMALL)
    for number in range(30):
        memory.add(number, elements(), {A: value(number)}, [A] if number in (0, 2, 4, 6) else ())
    assert memory.anchors[A] == (0, 4, 6)
    assert {0, 4, 6} <= set(frames_of(memory, A))
    assert 2 not in frames_of(memory, A)


def test_prototypes_hold_values_of_those_who_were_remembered() -> None:
    memory = filled(SMALL, 4)
    memory.add(4, elements(), {A: value(4), B: value(40)}, [B])
    for number in range(5, 10):
        memory.add(number, elements(), {A: value(number), B: value(10 * number)})
        memory.read(*query())
    older = memory.held[A].mask & ~memory.held[B].mask
    assert 0 < (memory.origin[older] == LONG).sum() < memory.long_size  # those of before B came
    assert frames_of(memory, B)[0] == 4
    assert memory.held[B].values.min() >= 40
    assert memory.held[B].values.max() <= 90 + 1e-3
    assert {name: read.shape for name, read in memory.read(*query()).items()} == dict.fromkeys((A, B), (CELLS, VALUE))


def test_an_object_is_forgotten_and_dropped_alone() -> None:
    memory = filled(SMALL, 12)
    memory.add(12, elements(), {A: value(12), B: value(120)}, [B])
    before = memory.held[A].values.clone()
    memory.forget_recent(B)
    assert frames_of(memory, B) == [12]
    memory.drop([B])
    assert torch.equal(memory.held[A].values, before)
    memory.forget_recent(A)
    assert frames_of(memory, A) == [0]
    assert (memory.origin == LONG).sum() == memory.long_size > 0
    memory.drop([A])
    assert memory.size == 0
    assert memory.read(*query()) == {}


def test_a_frame_that_is_remembered_again_replaces_itself() -> None:
    memory = Memory(SMALL)
    memory.add(0, elements(), {A: value(0)}, [A])
    memory.add(1, elements(), {A: value(1)})
    memory.add(1, elements(), {A: value(2), B: value(3)}, [B])
    assert memory.size == 2 * CELLS
    assert memory.held[A].values[-1, 0] == 2


def test_a_copy_keeps_a_state() -> None:
    memory = filled(SMALL, 7)
    copied = memory.copy()
    q, e = query()
    expected = copied.copy().read(q, e)[A]
    for number in range(7, 20):
        memory.add(number, elements(), {A: value(number)})
        memory.read(*query())
    assert np.array_equal(copied.read(q, e)[A], expected)
