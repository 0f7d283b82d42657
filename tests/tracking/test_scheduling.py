"""Nothing computes at a real-time priority, whatever the thread that began it had."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.media.clips import write_clip
from tracking import catalog
from tracking.layers.network_tracker import NetworkTracker
from tracking.models.mixformer.tracker import tiny as tiny_mixformer
from tracking.models.transt.tracker import tiny as tiny_transt
from tracking.scheduling import leave_real_time
from tracking.types import Box, Frame, ObjectId, Prompt

pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_FIFO"), reason="threads have no such priorities here")


def policy() -> int:
    return os.sched_getscheduler(0)


def at_real_time(call: Callable[[], object], priority: int = 1) -> None:
    """Run ``call`` in a thread of its own, which has raised itself as an encoder does."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
            call()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised and isinstance(raised[0], PermissionError):
        pytest.skip("only root may raise a priority: what this guards against can't happen here")
    if raised:
        raise raised[0]


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_a_thread_and_those_it_starts_become_ordinary() -> None:
    found: list[int] = []

    def leave() -> None:
        leave_real_time()
        found.append(policy())
        later = threading.Thread(target=lambda: found.append(policy()))
        later.start()
        later.join()

    at_real_time(leave)
    assert found == [os.SCHED_OTHER, os.SCHED_OTHER]


def test_it_is_said_once_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    at_real_time(lambda: (leave_real_time(), leave_real_time()))
    assert [record.message for record in caplog.records if "priority" in record.message] == [
        "Models compute at an ordinary priority: at a real-time one their threads could wait for ever."
    ]


def test_whoever_asks_the_catalogue_for_a_model_computes_at_an_ordinary_priority() -> None:
    found: list[int] = []
    at_real_time(lambda: (catalog.create("framewise-cf"), found.append(policy())))
    assert found == [os.SCHED_OTHER]


@pytest.mark.parametrize("tiny", [tiny_mixformer, tiny_transt], ids=["mixformer", "transt"])
def test_networks_compute_at_an_ordinary_priority_in_all_of_their_threads(
    tiny: Callable[[], NetworkTracker], two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = tiny()
    found: dict[int, int] = {}
    follow = tracker.follow

    def noting(frame: Frame, targets: Sequence[object]) -> list[float]:
        found[threading.get_ident()] = policy()
        return follow(frame, targets)

    monkeypatch.setattr(tracker, "follow", noting)
    frames = [Frame(n, np.random.default_rng(n).integers(0, 255, (120, 160, 3), np.uint8)) for n in range(3)]
    prompts = [Prompt(ObjectId(str(x)), Box.from_xywh(x, 20, 30, 30)) for x in (10, 50, 90)]

    def run() -> None:
        tracker.start(frames[0], prompts)
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        tracker.step(frames[1])
        tracker.step(frames[2])

    at_real_time(run)
    assert len(found) >= 2, "the objects were not followed side by side"
    assert set(found.values()) == {os.SCHED_OTHER}


def test_a_test_clip_in_av1_leaves_no_thread_at_real_time(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mp4", 3, codec="libsvtav1", options={"preset": "8"})
    assert {os.sched_getscheduler(int(task.name)) for task in Path("/proc/self/task").iterdir()} == {os.SCHED_OTHER}
