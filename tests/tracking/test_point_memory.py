"""What models of points hold is as much late in a video as early in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
import torch

from tests.tracking.point_models import POINT_MODELS
from tracking.layers.point_tracker import PointTracker
from tracking.shapes.values import VISIBLE
from tracking.types import Frame, ObjectId, Points, Prompt

NOISE = np.random.default_rng(0).integers(0, 255, (7, 80, 100, 3), dtype=np.uint8)
EARLY, LATE = range(16, 24), range(40, 48)
"""Longer than what any of these looks back on; over as many frames as a window has."""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


def parts(one: object, met: set[int]) -> Iterator[object]:
    """Whatever is held by something of ours, itself first, each once."""
    if id(one) in met:
        return
    met.add(id(one))
    yield one
    if isinstance(one, dict):
        inner = [*one.values()]
    elif isinstance(one, list | tuple | deque | set):
        inner = [*one]
    elif is_dataclass(one) and not isinstance(one, type):
        inner = [getattr(one, field.name) for field in fields(one)]
        inner += list(getattr(one, "__dict__", {}).values())
    elif type(one).__module__.startswith("tracking.") and hasattr(one, "__dict__"):
        inner = [*vars(one).values()]
    else:
        return
    for each in inner:
        yield from parts(each, met)


def held(tracker: PointTracker) -> tuple[int, int]:
    """Bytes of arrays and tensors that a tracker holds, and how many items its lists and tables have."""
    everything = list(parts(tracker, set()))
    arrays = sum(one.nbytes for one in everything if isinstance(one, np.ndarray | torch.Tensor))
    return arrays, sum(len(one) for one in everything if isinstance(one, dict | list | tuple | deque | set))


@pytest.mark.parametrize("create", POINT_MODELS.values(), ids=POINT_MODELS)
def test_a_long_run_holds_no_more_than_a_short_one(create: Callable[[], PointTracker]) -> None:
    tracker, xy = create(), np.random.default_rng(1).uniform(20, 60, (12, 2)).astype(np.float32)
    prompt = Prompt(ObjectId("a"), Points(xy, np.full(len(xy), VISIBLE, np.uint8)))
    tracker.start(Frame(0, NOISE[0]), [prompt])
    most = {EARLY: (0, 0), LATE: (0, 0)}
    for number in range(1, LATE.stop):
        tracker.step(Frame(number, NOISE[number % len(NOISE)]))
        for when in most:
            if number in when:
                most[when] = max(most[when], held(tracker))
    assert most[LATE] == most[EARLY]
    assert most[LATE][0] > 1000
