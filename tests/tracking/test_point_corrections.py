"""One point of an object is corrected while it is followed: it alone is anchored anew, in every model of points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.tracking.fakes import FakeVideo, leg
from tests.tracking.point_models import POINT_MODELS
from tracking.layers.point_tracker import Known, PointTracker
from tracking.models.tapir import tracker as tapir
from tracking.models.tapnext import tracker as tapnext
from tracking.session import TrackingSession
from tracking.shapes.values import ABSENT, VISIBLE, Polygon
from tracking.types import Frame, ObjectId, Points, Prediction, Prompt

A = ObjectId("a")
NOISE = np.random.default_rng(0).integers(0, 255, (10, 80, 100, 3), dtype=np.uint8)
JOINTS = np.array([[0, 0], [30, 25], [60, 40], [45, 60]], np.float32)
STATES = np.array([ABSENT, VISIBLE, VISIBLE, VISIBLE], np.uint8)
AT = 4


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


class Noisy(FakeVideo):
    """Every frame looks different everywhere."""

    def walk(self, first, way):  # type: ignore[no-untyped-def]
        for frame in super().walk(first, way):
            yield noisy(frame.number)


def noisy(number: int) -> Frame:
    return Frame(number, NOISE[number % len(NOISE)])


def joints(*, moved: float = 0.0) -> Points:
    """One joint is absent; the third may be ``moved`` to the right."""
    xy = JOINTS.copy()
    xy[2, 0] += moved
    return Points(xy, STATES)


def rows(known: Known | None) -> list[np.ndarray[Any, Any]]:
    """What each point is sought by."""
    assert known is not None
    match known.looks:
        case torch.Tensor() as looks:
            return [row.numpy() for row in looks]
        case tapir.Remembered(looks=looks):
            return [torch.cat([each.fine[at] for each in looks]).numpy() for at in range(len(known.numbers))]
        case tapnext.Remembered(first=first):
            return list(torch.cat(first.state, 1).numpy())
        case [np.ndarray(), *_] as looks:
            return list(looks)
        case list() as looks:
            return [torch.cat([each.fine[at] for each in looks]).numpy() for at in range(len(known.numbers))]
    raise AssertionError(known.looks)


@pytest.mark.parametrize("create", POINT_MODELS.values(), ids=POINT_MODELS)
def test_points_that_were_left_alone_are_sought_by_what_a_person_placed_them_on(
    create: Callable[[], PointTracker],
) -> None:
    made: list[PointTracker] = []

    def making() -> PointTracker:
        made.append(create())
        return made[-1]

    running = TrackingSession(
        Noisy().opened, making, [leg(A, frame=0, last=12, shape=joints())], detect_off_screen=False
    )
    corrected = leg(A, frame=AT, last=12, shape=joints(moved=9), epoch=1, untouched=(0, 1, 3))
    told: dict[int, set[int]] = {0: set(), 1: set()}
    for step in running.steps():
        for row in step.rows:
            told[row.epoch].add(row.prediction.frame)
        if len(made) == 1 and AT in told[0]:
            running.correct(A, [corrected])
    assert told[1] >= set(range(AT + 1, 13))

    first, second = made
    alone = TrackingSession(Noisy().opened, making, [corrected], detect_off_screen=False)
    list(alone.steps())
    before, after, fresh = (rows(tracker.memory_of(A)) for tracker in (first, second, made[-1]))
    same = [[bool(np.allclose(a, b, atol=1e-6)) for a, b in zip(one, after, strict=True)] for one in (before, fresh)]
    assert same == [[True, False, True], [False, True, False]]


def test_points_that_were_left_alone_go_on_as_if_nothing_had_been_corrected() -> None:
    """Where no other point has a say in where one is."""
    left, corrected = tapir.tiny(), tapir.tiny()
    for tracker in (left, corrected):
        tracker.start(noisy(0), [Prompt(A, joints())])
        for number in range(1, AT):
            tracker.step(noisy(number))
    (now,) = left.step(noisy(AT))
    corrected.step(noisy(AT))
    xy = points_of(now).xy.copy()
    xy[2] += 9
    corrected.correct(noisy(AT), [Prompt(A, Points(xy, STATES), untouched=(0, 1, 3))])
    for number in range(AT + 1, AT + 4):
        (expected,), (got,) = left.step(noisy(number)), corrected.step(noisy(number))
        apart = np.abs(points_of(expected).xy - points_of(got).xy).max(axis=1)
        assert (apart < 1e-3).tolist() == [True, True, False, True]


@pytest.mark.parametrize("create", POINT_MODELS.values(), ids=POINT_MODELS)
def test_an_outline_is_anchored_anew_as_a_whole(create: Callable[[], PointTracker]) -> None:
    """What is followed of it are points inside of it, which are others now."""
    tracker = create()
    corners = np.array([[20, 20], [70, 20], [70, 60], [20, 60]], np.float32)
    tracker.start(noisy(0), [Prompt(A, Polygon(corners))])
    wider = corners + np.array([[0, 0], [8, 0], [8, 0], [0, 0]], np.float32)
    tracker.correct(noisy(0), [Prompt(A, Polygon(wider), untouched=(0, 3))])
    assert (tracker.objects[A].prompt.numbers, tracker.step(noisy(1)) is not None) == ([], True)


def points_of(told: Prediction) -> Points:
    assert isinstance(told.shape, Points)
    return told.shape
