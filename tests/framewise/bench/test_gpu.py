"""The check of deep models on a GPU: that it measures, what it refuses to call good, and what it needs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from framewise.bench import gpu
from framewise.bench.deep import DEEP, Build
from framewise.bench.gpu import Report, check, markdown, parity
from tracking.models.mixformer.tracker import tiny as tiny_mixformer
from tracking.models.transt.tracker import tiny as tiny_transt
from tracking.models.xmem.tracker import tiny as tiny_xmem

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[3]
TINY: dict[str, Build] = {
    "TransT": lambda device, precision: tiny_transt(device=device, precision=precision),
    "MixFormer": lambda device, precision: tiny_mixformer(device=device, precision=precision),
    "XMem": lambda device, precision: tiny_xmem(device=device, precision=precision),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(gpu, "FRAMES", 2)
    monkeypatch.setattr(gpu, "EARLY", 3)
    # On a CPU it is the memory of the whole process, in which other tests run too.
    monkeypatch.setattr(gpu, "GROWTH_MIB", 100.0)
    torch.set_num_threads(1)


def good(**found: object) -> Report:
    values = {"float32": 1e-6, "fast": 1e-2, "early_mib": 10.0, "late_mib": 10.0, "recordings": 2, "fallback": ""}
    return Report("model", **{**values, **found})  # type: ignore[arg-type]


@pytest.mark.parametrize("model", TINY)
def test_a_model_that_agrees_with_itself_holds(model: str) -> None:
    report = check(model, TINY[model], CPU, late=5)
    assert report.failures == []
    assert report.float32 <= 1e-5 < report.fast, "bfloat16 was not computed in bfloat16"
    assert report.late_frame == 5
    assert min(*report.bare, *report.unrecorded, *report.recorded) > 0


def test_a_device_that_computes_something_else_is_told() -> None:
    built = []

    def build(device: str, precision: str):
        built.append(tiny_transt(device=device, precision=precision))
        if len(built) % 2 == 0:  # the one that is compared with the CPU
            for weights in built[-1].network.parameters():
                weights.data *= 1.05
        return built[-1]

    report = check("TransT", build, CPU, late=5)
    assert any(failure.startswith("float32 differs by") for failure in report.failures)


def test_a_part_that_fails_is_told_and_the_others_are_tried() -> None:
    def build(device: str, precision: str):
        if precision == "bfloat16":
            raise RuntimeError("no bfloat16 here\nmore of it")
        return tiny_transt(device=device, precision=precision)

    report = check("TransT", build, CPU, late=5)
    assert report.failures[0] == "RuntimeError: no bfloat16 here"
    assert report.recorded[0] > 0


@pytest.mark.parametrize("model", ["MixFormer", "XMem"])
def test_the_state_of_the_cpu_is_compared_frame_by_frame(model: str) -> None:
    assert parity(TINY[model], CPU, "float32") == (0.0, 0.0)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"float32": 2e-3}, "float32 differs by 2.0e-03"),
        ({"float32": float("nan")}, "float32 differs by nan"),
        ({"fast": 0.5}, "bfloat16 differs by 5.0e-01"),
        ({"late_mib": 130.0, "late_frame": 900}, "memory grew by 120 MiB to frame 900"),
        ({"recordings": 0}, "no pass was recorded"),
        (
            {"fallback": "shapes after it are off by 3.0 px or %"},
            "memory that ran out: shapes after it are off by 3.0 px or %",
        ),
    ],
)
def test_what_does_not_hold_on_a_gpu_is_named(found: dict[str, object], told: str) -> None:
    fine, report = good(), good(**found)
    fine.judge(on_gpu=True)
    report.judge(on_gpu=True)
    assert fine.failures == []
    assert len(report.failures) == 1 and report.failures[0].startswith(told)
    assert f"- model: {report.failures[0]}" in markdown([report], CPU)


def test_it_says_that_there_is_no_gpu(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    app = typer.Typer()
    app.command()(gpu.main)
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [])
    assert result.exit_code == 2
    assert "sees no GPU here" in result.output


def test_every_deep_model_of_the_benchmark_has_the_same_weights_twice() -> None:
    for name, build in DEEP.items():
        first, second = (next(build("cpu", "float32").network.parameters()).flatten()[:8] for _ in range(2))
        assert torch.equal(first, second), name


def test_the_script_installs_all_that_the_check_imports() -> None:
    script = (ROOT / "scripts/gpu-check").read_text()
    listed = re.search(r'needed="(.*?)"', script, re.DOTALL)
    assert listed
    packages = {line.split()[1] for line in listed[1].splitlines()} | {"torch"}
    wanted = re.search(r"\ndependencies = \[(.*?)\n\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL)
    assert wanted
    product = {re.split(r"[=<>]", name)[0] for name in re.findall(r'"(.*?)"', wanted[1])}
    assert packages <= product
    absent = [name.lower().replace("-", "_") for name in product - packages if name != "typing_extensions"]
    code = f"import sys\nfor name in {absent!r}: sys.modules[name] = None\nimport framewise.bench.gpu"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
