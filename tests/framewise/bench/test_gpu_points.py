"""The check of models of points on a GPU: that it measures, and what it refuses to call good."""

from __future__ import annotations

import pytest
import torch

from framewise.bench import gpu, gpu_points
from framewise.bench.gpu_points import check, markdown
from tracking.layers.point_tracker import PointTracker
from tracking.models.tapnext.tracker import tiny

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(gpu_points, "FRAMES", 3)
    monkeypatch.setattr(gpu_points, "COUNTS", (2, 3))
    monkeypatch.setattr(gpu_points, "TIMED_FRAMES", 3)


def build(device: str, precision: str) -> PointTracker:
    return tiny(device=device, precision=precision)


def test_a_model_that_agrees_with_itself_holds() -> None:
    report = check("TAPNext++", build, CPU, gpu.scene())
    assert (report.failures, report.median_px, report.largest_px) == ([], 0.0, 0.0)
    assert len(report.speeds) == 2
    assert "| TAPNext++ | 0.0000 | 0.00 |" in "\n".join(markdown([report]))


def test_a_device_that_computes_something_else_is_told_and_timed_all_the_same() -> None:
    built: list[PointTracker] = []

    def odd(device: str, precision: str) -> PointTracker:
        tracker = tiny(device=device, precision=precision)
        built.append(tracker)
        if len(built) == 2:
            for weights in tracker.network.parameters():
                weights.data *= 1.2
        return tracker

    report = check("TAPNext++", odd, CPU, gpu.scene())
    assert [failure.startswith("half of all points lie") for failure in report.failures] == [True]
    assert report.speeds[0] > 0
    written = gpu.markdown([], CPU, [report])
    assert "## Models of points" in written
    assert f"- TAPNext++: {report.failures[0]}" in written
