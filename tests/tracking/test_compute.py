"""Which device and precision a network gets, and what happens when a GPU gives out."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pytest
import torch

from tracking.layers import compute, network_tracker
from tracking.layers.box_tracker import BoxTracker
from tracking.layers.compute import Compute, best_device, best_dtype
from tracking.layers.images import IMAGENET_MEAN, IMAGENET_STD, PictureInput
from tracking.layers.network_tracker import NetworkTracker
from tracking.models.mixformer.tracker import tiny as tiny_mixformer
from tracking.models.transt.tracker import tiny as tiny_transt
from tracking.protocol import Device
from tracking.types import Box, Frame, ObjectId, Prompt, TrackingError

CPU, GPU = torch.device("cpu"), torch.device("cuda")
OUT_OF_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
A, B = ObjectId("a"), ObjectId("b")

either_model = pytest.mark.parametrize("tiny", [tiny_mixformer, tiny_transt], ids=["mixformer", "transt"])


@pytest.fixture
def notes(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.WARNING, logger="framewise.tracking")
    return lambda: [record.getMessage() for record in caplog.records]


def frame(number: int) -> Frame:
    noise = np.random.default_rng(number).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    return Frame(number, noise)


def pretend_gpu(tracker: NetworkTracker) -> None:
    """Let ``tracker`` hold its CPU for a GPU."""
    tracker.compute = Compute(GPU)


def failing_once(call: Callable, error: Exception, after: int = 0) -> Callable:
    """``call``, which raises ``error`` instead of its answer at the call number ``after``."""
    calls = iter(range(1000))

    def fail(*args: object) -> object:
        answer = call(*args)
        if next(calls) == after:
            raise error
        return answer

    return fail


def boxes(tracker: BoxTracker) -> list[tuple[float, ...]]:
    """Where two objects, in passes of their own, are on seven frames."""
    tracker.batch = 1
    prompts = [Prompt(A, Box(20, 20, 60, 50)), Prompt(B, Box(90, 60, 140, 110))]
    found = tracker.start(frame(0), prompts)
    for number in range(1, 7):
        found += tracker.step(frame(number))
    return [tuple(one.shape) for one in found]


def test_a_network_computes_in_float32_unless_asked_otherwise() -> None:
    assert best_dtype("auto") is best_dtype("float32") is torch.float32
    assert best_dtype("bfloat16") is torch.bfloat16


def test_a_precision_or_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TrackingError, match="'float16' came"):
        best_dtype("float16")
    with pytest.raises(TrackingError, match="'gpu' came"):
        best_device("gpu")


def test_a_gpu_that_torch_cannot_use_is_noted_once(monkeypatch, notes) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(compute, "torch_has_cuda", lambda: True)
    monkeypatch.setattr(compute, "gpus", lambda: [Device(name="RTX 4090", kind="cuda", memory_bytes=1)])
    compute._note_idle_gpus.cache_clear()
    assert best_device() == best_device() == CPU
    assert len(notes()) == 1
    assert "can't use RTX 4090" in notes()[0]


@either_model
def test_a_gpu_that_does_not_start_leaves_the_run_to_the_cpu(tiny, notes) -> None:
    if torch.cuda.is_available():
        pytest.skip("this GPU starts")
    tracker = tiny(device="cuda")
    assert boxes(tracker) == boxes(tiny())
    assert notes() == [tracker.note]
    assert "goes on on the CPU" in tracker.note


@either_model
def test_a_library_of_the_gpu_that_fails_at_the_start_leaves_the_run_to_the_cpu(tiny, monkeypatch, notes) -> None:
    tracker = tiny()
    pretend_gpu(tracker)
    refusal = RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")
    monkeypatch.setattr(tracker, "begin", failing_once(tracker.begin, refusal))
    assert boxes(tracker) == boxes(tiny())
    assert tracker.compute == Compute(CPU)
    assert "CUBLAS_STATUS_ALLOC_FAILED" in notes()[0]


@either_model
@pytest.mark.parametrize("after", [0, 1, 9])
def test_a_gpu_that_runs_out_of_memory_on_any_step_changes_no_box(tiny, after, monkeypatch, notes) -> None:
    tracker = tiny()
    pretend_gpu(tracker)
    monkeypatch.setattr(tracker, "follow", failing_once(tracker.follow, OUT_OF_MEMORY, after))
    assert boxes(tracker) == boxes(tiny())
    assert len(notes()) == 1
    assert "out of memory" in notes()[0]


@either_model
def test_a_gpu_that_runs_out_of_memory_on_a_correction_changes_no_box(tiny, monkeypatch) -> None:
    def corrected(tracker: BoxTracker) -> list[tuple[float, ...]]:
        tracker.start(frame(0), [Prompt(A, Box(20, 20, 60, 50))])
        tracker.correct(frame(0), [Prompt(B, Box(90, 60, 140, 110))])
        return [tuple(found.shape) for found in tracker.step(frame(1))]

    tracker = tiny()
    pretend_gpu(tracker)
    monkeypatch.setattr(tracker, "begin", failing_once(tracker.begin, OUT_OF_MEMORY, after=1))
    assert corrected(tracker) == corrected(tiny())


@either_model
def test_an_error_of_the_cpu_stays_one(tiny, monkeypatch, notes) -> None:
    tracker = tiny()
    monkeypatch.setattr(tracker, "begin", failing_once(tracker.begin, RuntimeError("shapes cannot be multiplied")))
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        boxes(tracker)
    assert notes() == []


@either_model
def test_what_is_remembered_in_bfloat16_goes_on_in_float32(tiny) -> None:
    tracker = tiny(precision="bfloat16")
    tracker.start(frame(0), [Prompt(A, Box(20, 20, 60, 50))])
    tracker.compute = Compute(CPU)
    tracker.targets[A] = tracker.targets[A].to(CPU)
    (found,) = tracker.step(frame(1))
    assert np.isfinite(found.shape).all()


def test_pictures_are_normalised_and_outlive_the_buffer() -> None:
    pictures = PictureInput(CPU)
    first = [frame(0).image, frame(1).image]
    kept = pictures.normalised(first)
    pictures.normalised([frame(2).image])
    expected = (np.stack(first) / 255 - IMAGENET_MEAN) / IMAGENET_STD
    assert np.allclose(kept.permute(0, 2, 3, 1), expected, atol=1e-5)


class CountingEvent:
    """Stands for a CUDA event; tells what was asked of it."""

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls

    def record(self, stream: object) -> None:
        self.calls.append("record")

    def synchronize(self) -> None:
        self.calls.append("synchronize")


def test_a_buffer_is_filled_again_only_when_its_copy_is_over(monkeypatch) -> None:
    def unpinned(size: int, *, dtype: torch.dtype, pin_memory: bool) -> torch.Tensor:
        assert pin_memory
        return torch.zeros(size, dtype=dtype)

    calls: list[str] = []
    pictures = PictureInput(CPU)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: None)
    monkeypatch.setattr(torch, "empty", unpinned)
    monkeypatch.setattr(
        np, "stack", lambda *args, stack=np.stack, **named: calls.append("fill") or stack(*args, **named)
    )
    pictures._copied = CountingEvent(calls)
    for _ in range(2):
        pictures.normalised([frame(0).image])
    assert calls == ["synchronize", "fill", "record"] * 2


def test_float32_is_not_shortened_on_a_gpu(monkeypatch) -> None:
    tracker = tiny_transt()
    monkeypatch.setattr(tracker.network, "to", lambda device: tracker.network)
    monkeypatch.setattr(network_tracker, "PictureInput", lambda device: None)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    tracker._use(Compute(GPU))
    assert not torch.backends.cudnn.allow_tf32
