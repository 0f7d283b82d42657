"""Runs in a real Ray cluster of two cores on this machine: through an agent, and by the engine alone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import psutil
import pytest
import ray

from tests.tracking.fakes import FakeVideo
from tests.tracking.test_agent import frames, running, tell
from tests.tracking.test_engine import Heard, after_a_while, leg, start
from tracking.engine import OpenVideo
from tracking.engine import ray as module
from tracking.engine.deployment import AHEAD
from tracking.engine.ray import RayEngine, share_of
from tracking.protocol import Correct, VideoAccess
from tracking.session import Pictures, Step

GIB = 2**30


def fake_videos(frame_count: int) -> OpenVideo:
    """Made in each process of the cluster."""

    def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> AbstractContextManager[Pictures]:
        return FakeVideo(frame_count=frame_count).opened()

    return open_video


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the model "slow" notes each step of its."""
    return tmp_path_factory.mktemp("ray") / "steps"


@pytest.fixture(scope="module")
def engine(steps: Path) -> Iterator[RayEngine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.fakes:ENTRIES")
        patch.setenv("SLOW_TRACKER_LOG", str(steps))
        patch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        options = {"num_cpus": 2, "num_gpus": 0, "object_store_memory": 100 * 2**20}
        engine = RayEngine(partial(fake_videos, 1000), options=options)
        yield engine
        engine.close()
        assert not ray.is_initialized()


@pytest.fixture
def stays(engine: RayEngine, monkeypatch: pytest.MonkeyPatch) -> RayEngine:
    """The engine, for an agent that ends before it."""
    monkeypatch.setattr(engine, "close", lambda: None)
    return engine


def processes() -> set[int]:
    """Those of the cluster that hold a model."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        try:
            if "ray::Deployment" in " ".join(process.cmdline()):
                found.add(process.pid)
        except psutil.Error:
            continue
    return found


def unload_all(engine: RayEngine) -> None:
    """Free the cluster's cores."""
    for model in {each.model for each in engine.warm.told()}:
        engine.warm.unload(model)
    assert after_a_while(lambda: ray.available_resources().get("CPU") == 2)


def steps_of(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


async def test_a_run_arrives_frame_by_frame_and_a_correction_reaches_it(stays: RayEngine) -> None:
    async with running(engine=stays, warm=stays.warm) as server:
        connection = await server.connection()
        hello = await server.next("hello")
        await tell(connection, start("r", leg(last=200), model="slow"))
        said = [await server.next("batch")]
        await tell(connection, Correct(run="r", object="a", legs=[leg(frame=1, last=4, epoch=1)]))
        said += await server.until("run.done", storing=connection)

    assert [device["kind"] for device in hello["devices"]] == ["cpu"]
    rows = [row for message in said if message["type"] == "batch" for row in message["rows"]]
    assert [row["frame"] for row in rows if row["epoch"]] == [1, 2, 3, 4]
    before = [row["frame"] for row in rows if not row["epoch"]]
    assert before == list(range(len(before)))
    assert len(before) < 150, "The corrected leg replaces the one before."
    assert [message["type"] for message in said if message["type"] not in ("batch", "load")] == ["leg.done", "run.done"]


async def test_a_process_that_is_killed_loses_nothing_and_tells_nothing_twice(stays: RayEngine) -> None:
    """The test plays the server: what it has stored is where the run begins again."""
    async with running(engine=stays, warm=stays.warm) as server:
        connection = await server.connection()
        await tell(connection, start("r", leg(last=60), model="slow"))
        said = [await server.next("batch")]
        victims = processes()
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        said += await server.until("run.failed", storing=connection)
        stored = frames(said)
        assert said[-1]["again"], said[-1]
        assert "died; it goes on from what is stored" in said[-1]["message"]
        assert stored == list(range(len(stored)))
        again = leg(frame=stored[-1], last=60).model_copy(update={"emit_first": False})
        await tell(connection, start("r", again, model="slow"))
        said = await server.until("run.done", storing=connection)

    assert victims
    assert stored + frames(said) == list(range(61))
    assert processes().isdisjoint(victims)


def test_a_run_that_is_held_back_does_not_compute_far_ahead(engine: RayEngine, steps: Path) -> None:
    gate, held = threading.Event(), threading.Event()
    before = steps_of(steps)
    heard = Heard(lambda step: held.set() or (gate.wait(20) and None))
    engine.start(start("held", leg(last=900), model="slow"), heard)
    assert held.wait(20)
    assert not after_a_while(lambda: steps_of(steps) - before > 3 * AHEAD, within_s=1.5)
    engine.stop("held")
    gate.set()
    told = len(heard.frames)
    assert not heard.over.wait(0.3)
    assert len(heard.frames) == told, "A stopped run says nothing more."


def test_models_are_loaded_pinned_and_unloaded_as_elsewhere(engine: RayEngine) -> None:
    def states(model: str) -> list[str]:
        return [each.state for each in engine.warm.told() if each.model == model]

    unload_all(engine)
    assert engine.warm.told() == []
    engine.warm.pin(["drifting"])
    assert states("drifting") == ["loading"]
    assert after_a_while(lambda: states("drifting") == ["ready"])
    engine.warm.pin([])
    engine.warm.load("drifting")
    assert states("drifting") == ["ready"], "It is there already."


def test_runs_are_spread_share_a_process_and_wait_for_room_and_one_that_fails_fails_alone(
    engine: RayEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAY_WAITING_AFTER_S", 0.2)
    gate = threading.Event()
    under_way = [threading.Event() for _ in range(3)]

    def holding(at: int) -> Callable[[Step], None]:
        return lambda step: under_way[at].set() or (gate.wait(20) and None)

    heard = [Heard(holding(at)) for at in range(3)]
    for at, sink in enumerate(heard):
        engine.start(start(f"run {at}", leg(last=30), model="drifting"), sink)
        assert under_way[at].wait(20)
    users = [each.users for each in engine.warm.told() if each.model == "drifting"]
    assert sorted(map(len, users)) == [1, 2], users
    assert engine.stalled() == {}

    notes: list[str] = []
    broken = Heard(lambda step: notes.extend(step.notes))
    engine.start(start("broken", leg(last=9), model="broken"), broken)
    assert after_a_while(lambda: bool(notes))
    assert "waits for room in the Ray cluster: Broken needs 1 cores, 0 cores are free" in notes[0]
    gate.set()
    assert all(sink.over.wait(20) and sink.frames == list(range(31)) for sink in heard)
    assert broken.over.wait(20), "What nobody uses makes room."
    assert broken.failure is not None
    assert "broken failed (RuntimeError: out of luck)" in broken.failure[0]
    assert "in step" in broken.failure[1]
    assert [each.model for each in engine.warm.told()].count("drifting") == 1


def test_the_cluster_is_told_as_devices_with_their_load(engine: RayEngine) -> None:
    assert [device.memory_bytes for device in engine.devices()] == [psutil.virtual_memory().total]
    assert after_a_while(lambda: engine.loads(cpu=0)[0].memory_bytes > 0)
    assert engine.runs_at_once == 4


def test_the_share_of_a_gpu_is_that_of_the_models_memory() -> None:
    assert share_of(0, 0) == 1.0
    assert share_of(GIB // 2, 20 * GIB) == 0.1
    assert share_of(30 * GIB, 20 * GIB) == 1.0


def test_without_ray_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from framewise import cli

    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said = CliRunner().invoke(cli.app, ["agent", "--server", "http://127.0.0.1:9", "--token", "t", "--engine", "ray"])
    assert said.exit_code == cli.UNCHECKED
    assert "pip install 'framewise[ray]'" in " ".join(said.output.split())
