"""Passes of networks as CUDA graphs: what can be recorded, and what happens when it can't."""

from __future__ import annotations

import gc
import logging
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from framewise.bench.deep import Deep, looking, prompt
from tracking.layers.recording import WORTH_RECORDING, Recording, Recordings
from tracking.models.mixformer.tracker import tiny as tiny_mixformer
from tracking.models.transt.tracker import tiny as tiny_transt
from tracking.models.xmem.tracker import tiny as tiny_xmem
from tracking.shapes.values import bounds_of
from tracking.types import Box, Frame, ObjectId

CPU, GPU = torch.device("cpu"), torch.device("cuda")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
either_model = pytest.mark.parametrize(
    "tiny", [tiny_mixformer, tiny_transt, tiny_xmem], ids=["mixformer", "transt", "xmem"]
)


class Doubling:
    """A pass that says how often it ran."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        self.runs += 1
        return tuple(tensor * 2 for tensor in inputs)


class Tape:
    """Stands for a recording where there is no GPU: answers ``error`` more than the pass did."""

    def __init__(self, error: float) -> None:
        self.error = error
        self.replays = 0

    def replay(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        self.replays += 1
        return tuple(tensor * 2 + self.error for tensor in inputs)


class Launches(TorchDispatchMode):
    """Refuses what a CUDA graph can't record: tensors of the CPU, and looks at the values of others."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = str(func)
        assert "_local_scalar_dense" not in name, "a value is read"
        answer = func(*args, **(kwargs or {}))
        for tensor in tree_leaves((args, kwargs, answer)):
            if isinstance(tensor, Tensor):
                assert tensor.device.type == "meta", f"{name} takes or makes a tensor of the CPU"
        return answer


@pytest.fixture
def notes(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.WARNING, logger="framewise.tracking")
    return lambda: caplog.messages


def test_a_shape_that_comes_often_is_recorded_and_replayed() -> None:
    network_pass, tape = Doubling(), Tape(error=0)
    recordings = Recordings(GPU, lambda *_: tape)
    for number in range(WORTH_RECORDING + 5):
        (answer,) = recordings.run(network_pass, (torch.full((2,), float(number)),))
        assert answer.tolist() == [2.0 * number] * 2
    assert network_pass.runs == WORTH_RECORDING
    assert tape.replays == 1 + 5  # the first is for comparison


def test_other_shapes_are_recorded_apart() -> None:
    network_pass, recordings = Doubling(), Recordings(GPU, lambda *_: Tape(error=0))
    for _ in range(WORTH_RECORDING + 1):
        answers = [recordings.run(network_pass, (torch.ones(size),)) for size in (2, 3)]
        assert [answer.shape for (answer,) in answers] == [(2,), (3,)]
    assert network_pass.runs == 2 * WORTH_RECORDING


def test_a_recording_that_answers_differently_is_not_used(notes) -> None:
    network_pass = Doubling()
    recordings = Recordings(GPU, lambda *_: Tape(error=0.1))
    for _ in range(WORTH_RECORDING + 5):
        assert recordings.run(network_pass, (torch.ones(2),))[0].tolist() == [2, 2]
    assert network_pass.runs == WORTH_RECORDING + 5
    (note,) = notes()
    assert "answers differ" in note


def test_a_pass_that_cannot_be_recorded_goes_on_unrecorded(notes) -> None:
    def refuse(*_: object) -> Recording:
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nCompile with ...")

    recordings = Recordings(GPU, refuse)
    for _ in range(2 * WORTH_RECORDING):
        assert recordings.run(Doubling(), (torch.ones(2),))[0].tolist() == [2, 2]
    (note,) = notes()
    assert "not permitted when stream is capturing)" in note


def test_on_a_cpu_nothing_is_recorded() -> None:
    tape = Tape(error=0)
    recordings = Recordings(CPU, lambda *_: tape)
    for _ in range(2 * WORTH_RECORDING):
        recordings.run(Doubling(), (torch.ones(2),))
    assert tape.replays == 0


@either_model
def test_passes_launch_nothing_but_kernels_of_the_gpu(tiny, monkeypatch) -> None:
    """Torch's device without memory stands for the GPU: it can't be read from either, and nothing else may come in."""
    tracker = tiny()
    looks = inputs_of_looks(tracker)
    tracker.network.to("meta")
    moved = [[tensor.to("meta") for tensor in inputs] for inputs in looks]
    for maker in ("tensor", "as_tensor", "from_numpy"):  # they copy from the CPU without the dispatcher's knowledge
        monkeypatch.delattr(torch, maker)
    with torch.inference_mode(), Launches():
        answers = [looking(tracker).look_once(*inputs) for inputs in moved]
    assert min(map(len, answers)) >= 2


def inputs_of_looks(tracker: Deep) -> list[tuple[Tensor, ...]]:
    """What the network is given until the first frame after the prompt is done, for two objects."""
    taken: list[tuple[Tensor, ...]] = []
    passes = looking(tracker)
    look = passes.look

    def spy(*inputs: Tensor) -> tuple[Tensor, ...]:
        taken.append(inputs)
        return look(*inputs)

    passes.look = spy  # type: ignore[method-assign]
    followed(tracker, 1)
    return taken


def followed(tracker: Deep, frames: int) -> list[tuple[float, ...]]:
    noise = np.random.default_rng(0).integers(0, 255, (frames + 1, 120, 160, 3), dtype=np.uint8)
    boxes = {"a": Box(20, 20, 60, 50), "b": Box(90, 60, 140, 110)}
    found = tracker.start(Frame(0, noise[0]), [prompt(tracker, ObjectId(name), box) for name, box in boxes.items()])
    for number in range(1, frames + 1):
        found += tracker.step(Frame(number, noise[number]))
    return [tuple(bounds_of(one.shape)) for one in found]


@either_model
def test_a_networks_memory_is_free_with_the_end_of_its_run(tiny) -> None:
    tracker = tiny()
    followed(tracker, 2)
    network = weakref.ref(tracker.network)
    gc.disable()  # which would come much later
    try:
        del tracker
        assert network() is None
    finally:
        gc.enable()


@needs_gpu
@either_model
def test_recorded_passes_find_the_same_boxes(tiny, notes) -> None:
    recorded, unrecorded = tiny(device="cuda"), tiny(device="cuda")
    looking(unrecorded).look = looking(unrecorded).look_once  # type: ignore[method-assign]
    frames = 3 * WORTH_RECORDING
    np.testing.assert_allclose(followed(recorded, frames), followed(unrecorded, frames), atol=0.01)
    assert notes() == []
