"""Windowed models of points in a session: every kind in one run, each frame encoded once, told early and bettered."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.tracking.fakes import FakeVideo, leg
from tests.tracking.geometry import as_kind
from tracking.catalog import POINT_KINDS
from tracking.layers.compute import Compute
from tracking.layers.windowed_points import Trail, WindowedPoints
from tracking.models.cotracker import tracker as cotracker
from tracking.models.pips import tracker as pips
from tracking.session import TrackingSession
from tracking.shapes.payloads import payload_of
from tracking.shapes.values import kind_of
from tracking.types import Box, Frame, ObjectId, Prompt

MODELS: dict[str, Callable[[], WindowedPoints]] = {
    "pips": pips.tiny,
    "online": cotracker.tiny,
    "offline": lambda: cotracker.tiny(cotracker.OFFLINE),
}
by_model = pytest.mark.parametrize("tiny", MODELS.values(), ids=MODELS)
NOISE = np.random.default_rng(0).integers(0, 255, (12, 80, 100, 3), dtype=np.uint8)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


class Counted(FakeVideo):
    """Frames with something on them."""

    def walk(self, first, way):  # type: ignore[no-untyped-def]
        for frame in super().walk(first, way):
            yield Frame(frame.number, NOISE[frame.number % len(NOISE)])


@by_model
@pytest.mark.parametrize("way", ["forward", "backward"])
def test_a_run_of_all_kinds_encodes_each_frame_once_and_tells_every_frame(tiny, way, monkeypatch) -> None:
    tracker, first, last = tiny(), *((0, 9) if way == "forward" else (9, 0))
    encode, encoded = tracker.encode, []
    monkeypatch.setattr(tracker, "encode", lambda frame: encoded.append(frame.number) or encode(frame))
    legs = [
        leg(ObjectId(kind), frame=first, last=last, way=way, shape=as_kind(kind, Box(30, 20, 70, 60)))
        for kind in POINT_KINDS
    ]
    running = TrackingSession(Counted().opened, lambda: tracker, legs, detect_off_screen=False)

    told = [row.prediction for step in running.steps() for row in step.rows]

    assert sorted(encoded) == list(range(10))
    for one in legs:
        mine = [prediction for prediction in told if prediction.object == one.object]
        assert list(dict.fromkeys(prediction.frame for prediction in mine)) == list(
            range(first, last + (1 if way == "forward" else -1), 1 if way == "forward" else -1)
        )
        assert len(mine) > 10, "nothing was bettered"
        assert {kind_of(prediction.shape) for prediction in mine} == {kind_of(one.shape)}
        assert payload_of(mine[0].shape) == payload_of(one.shape)
        assert sum(prediction.frame == first for prediction in mine) == 1


@by_model
@pytest.mark.parametrize("after", [0, 7])
def test_a_gpu_that_runs_out_of_memory_changes_nothing(tiny, after: int, monkeypatch) -> None:
    def run(tracker: WindowedPoints) -> list[tuple[int, list[float]]]:
        found = tracker.start(Frame(0, NOISE[0]), [Prompt(ObjectId("a"), as_kind("points", Box(30, 20, 70, 60)))])
        for number in range(1, 10):
            found += tracker.step(Frame(number, NOISE[number]))
        return [(one.frame, one.shape.xy.ravel().tolist()) for one in (*found, *tracker.finish())]  # type: ignore[union-attr]

    tracker, calls = tiny(), iter(range(100))
    place = tracker.place

    def fail() -> None:
        if next(calls) == after:
            tracker.compute = Compute(torch.device("cuda"))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        place()

    monkeypatch.setattr(tracker, "place", fail)
    assert run(tracker) == run(tiny())
    assert "out of memory" in tracker.note


def test_a_trail_tells_a_frame_once_all_of_its_points_are_placed() -> None:
    tracker = cotracker.tiny()
    tracker.start(Frame(0, NOISE[0]), [Prompt(ObjectId("a"), as_kind("points", Box(30, 20, 70, 60)))])
    tracker.clock = 3
    tracker._numbers.extend([1, 2, 3])
    trail: Trail = tracker.trails[ObjectId("a")]
    clocks = np.array([[1, 2, 3]])
    for point, known in enumerate([3, 2, 3, 1]):
        part = clocks[:, :known]
        trail.write(np.array([point]), part, np.ones((1, known, 2), np.float32), np.ones((1, known), np.float32))
    assert [one.frame for one in tracker._told([ObjectId("a")])] == [1]
    trail.write(np.array([3]), np.array([[2]]), np.ones((1, 1, 2), np.float32), np.ones((1, 1), np.float32))
    assert [one.frame for one in tracker._told([ObjectId("a")])] == [2]
