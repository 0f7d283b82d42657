"""Two runs of one network, and memory that gives out under one of them: in the sessions of the engine, where torch
allocates."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from tests.tracking.test_engine import leg, start
from tracking.engine.local import LocalEngine
from tracking.layers.compute import Compute
from tracking.models.mixformer.tracker import MixFormerTracker, tiny
from tracking.protocol import VideoAccess
from tracking.session import Pictures, Step, Way
from tracking.tracker import Tracker
from tracking.types import Frame
from tracking.warm import Warm, held, making

LAST = 5
ON_GPU = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has a total capacity …")
ON_CPU = RuntimeError(
    "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
    "8589934592 bytes. Error code 12 (Cannot allocate memory)"
)


class Noise:
    """A video of noise."""

    frame_count = 100

    def walk(self, first: int, way: Way) -> Iterator[Frame]:
        for number in range(first, self.frame_count):
            noise = np.random.default_rng(number).integers(0, 255, (80, 100, 3), dtype=np.uint8)
            yield Frame(number, noise)


class Heard:
    """A sink that keeps boxes and notes."""

    def __init__(self) -> None:
        self.boxes: dict[int, tuple[float, ...]] = {}
        self.notes: list[str] = []
        self.failure = ""
        self.over = threading.Event()

    def stepped(self, step: Step) -> None:
        self.boxes |= {row.prediction.frame: tuple(row.row.bounds) for row in step.rows}
        self.notes += step.notes

    def done(self) -> None:
        self.over.set()

    def failed(self, message: str, detail: str) -> None:
        self.failure = message
        self.over.set()


@contextmanager
def giving_out(error: Exception, thread: str, calls: range) -> Iterator[None]:
    """Where a network's layers are about to allocate in that thread, ``error`` comes instead at these calls."""
    count = 0

    def allocate(module: nn.Module, inputs: object) -> None:
        nonlocal count
        if threading.current_thread().name == thread:
            count += 1
            if count in calls:
                raise error

    hook = register_module_forward_pre_hook(allocate)
    try:
        yield
    finally:
        hook.remove()


class Bench:
    """An engine whose runs share one tiny network. ``pretend``: trackers hold the CPU for a GPU."""

    def __init__(self, folder: Path, *, pretend: bool) -> None:
        self.warm = Warm()
        self.pretend = pretend
        self.networks: list[nn.Module] = []
        self.weights = folder / "weights.bin"
        self.weights.write_bytes(bytes(100))
        self.engine = LocalEngine(self._open, create=self._create, warm=self.warm)

    def _open(self, access: VideoAccess, cancelled: Callable[[], bool]) -> AbstractContextManager[Pictures]:
        return nullcontext(Noise())  # type: ignore[arg-type]

    def _create(self, model: str, **settings: object) -> Tracker:
        with making(model, settings, [self.weights]):
            tracker: MixFormerTracker = tiny()
            tracker.network = held(lambda: tracker.network)
        self.networks.append(tracker.network)
        if self.pretend:
            tracker.compute = Compute(torch.device("cuda"))
        return tracker

    def run(self, *names: str) -> list[Heard]:
        heard = [Heard() for _ in names]
        for name, sink in zip(names, heard, strict=True):
            self.engine.start(start(name, leg(last=LAST), model="tiny"), sink)
        for sink in heard:
            assert sink.over.wait(60)
        return heard


@pytest.fixture(params=[True, False], ids=["gpu", "cpu"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, pretend=request.param)
    yield bench
    bench.engine.close()


@pytest.mark.parametrize("bench", [True], indirect=True)
@pytest.mark.parametrize("calls", [range(1, 2), range(40, 41), range(300, 301)], ids=str)
def test_a_run_whose_gpu_gives_out_goes_on_on_the_cpu_and_the_other_one_is_not_touched(
    bench: Bench, calls: range
) -> None:
    (expected,) = bench.run("alone")
    with giving_out(ON_GPU, "run poor", calls):
        poor, rich = bench.run("poor", "rich")
    assert len(set(map(id, bench.networks))) == 1
    assert (poor.failure, rich.failure, rich.notes) == ("", "", [])
    assert poor.boxes == rich.boxes == expected.boxes
    assert list(poor.boxes) == list(range(LAST + 1))
    assert poor.notes == [
        "The GPU can't be used (CUDA out of memory. Tried to allocate 2.00 GiB.); this run goes on on the CPU, slower."
    ]


@pytest.mark.parametrize("bench", [False], indirect=True)
@pytest.mark.parametrize("error", [ON_CPU, MemoryError("Unable to allocate 8.00 GiB")], ids=["torch", "numpy"])
def test_a_run_without_memory_says_what_to_do_and_the_next_one_begins(bench: Bench, error: Exception) -> None:
    with giving_out(error, "run poor", range(60, 10**6)):
        poor, rich = bench.run("poor", "rich")
    assert poor.failure == (
        "The machine has no memory left for the model tiny. What it found by then is stored. Track fewer objects at "
        "once, choose a smaller model, or unload models on the page Neural networks, and go on from there."
    )
    assert (rich.failure, list(rich.boxes)) == ("", list(range(LAST + 1)))
    assert all(not each.users for each in bench.warm.told())
    (again,) = bench.run("poor")
    assert (again.failure, again.boxes) == ("", rich.boxes)
