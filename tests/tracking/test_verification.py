"""Weights files that are here are checked once, and what was found is kept beside them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from tracking import catalog, verification
from tracking.weights import verdict_on


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    return tmp_path


def another_network(folder: Path) -> Path:
    """A checkpoint under TransT's name whose keys are others."""
    path = folder / "transt.pth"
    keys = ("featurefusion_network.encoder.layers.0.norm11.weight", "neck.weight")
    torch.save({"net": {key: torch.zeros(1) for key in keys}}, path)
    return path


def test_a_file_of_another_network_is_refused_with_the_keys_that_differ(folder: Path) -> None:
    path = another_network(folder)
    usable = verification.Watch().usable_models()

    assert "transt" not in usable
    assert "framewise-cf" in usable
    problem = catalog.refused(catalog.find("transt"))["transt.pth"]
    assert "unexpected: neck.weight" in problem
    assert "missing: " in problem
    assert verdict_on(path) == problem
    assert catalog.missing(catalog.find("transt")) == ["transt.pth"]


def test_a_damaged_file_is_refused(folder: Path) -> None:
    (folder / "nanotrack_head_sim.onnx").write_bytes(b"cut off")
    verification.Watch().usable_models()
    assert "this file has 7" in catalog.refused(catalog.find("nanotrack"))["nanotrack_head_sim.onnx"]


def test_another_file_in_its_place_counts_as_unchecked(folder: Path) -> None:
    path = another_network(folder)
    verification.Watch().usable_models()
    os.utime(path, (1, 1))
    assert verdict_on(path) is None


def test_a_file_is_checked_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    another_network(folder)
    verification.Watch().usable_models()
    monkeypatch.setattr(verification, "verify", lambda weights: pytest.fail(f"{weights.file} was checked again"))
    verification.Watch().usable_models()


def test_where_nothing_can_be_kept_a_watch_checks_once_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    another_network(folder)
    checked: list[str] = []

    def refuse_to_write(path: Path, problem: str) -> None:
        checked.append(path.name)
        raise PermissionError

    monkeypatch.setattr(verification, "note_verdict", refuse_to_write)
    watch = verification.Watch()
    watch.usable_models()
    watch.usable_models()
    assert checked == ["transt.pth"]
