"""Weights are read without running anything they contain, and fit exactly or not at all."""

from __future__ import annotations

import os
import pickle
import sys
import tarfile
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from tracking.unpickling import Inert
from tracking.weights import (
    WeightsError,
    WeightsMisfit,
    load_exactly,
    read_tensors,
    renamed_by,
    weights_folder,
    weights_path,
)


class Hostile:
    """Pickles as a call of ``function(*args)``."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    return {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.tensor([1.0, 2.0])}


@pytest.fixture
def settings() -> Any:
    """An object of a training package that exists while the file is written, and not when it is read."""
    module = types.ModuleType("trainer_admin")
    kind = type("Settings", (), {"__module__": "trainer_admin"})
    module.Settings = kind  # type: ignore[attr-defined]
    sys.modules["trainer_admin"] = module
    made = kind()
    made.path, made.ready = "/somewhere", {1, 2}
    yield made
    sys.modules.pop("trainer_admin", None)


@pytest.mark.parametrize("zipped", [True, False])
def test_it_reads_tensors_beside_objects_of_training_code(tmp_path: Path, tensors, settings, zipped: bool) -> None:
    path = tmp_path / "official.pth.tar"
    content = {"net": OrderedDict(tensors), "settings": settings, "stats": [settings]}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    del sys.modules["trainer_admin"]

    read = read_tensors(path, "net")

    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[key], tensors[key]) for key in tensors)
    assert "trainer_admin" not in sys.modules


def test_it_reads_safetensors(tmp_path: Path, tensors) -> None:
    safetensors.torch.save_file(tensors, tmp_path / "net.safetensors")
    assert torch.equal(read_tensors(tmp_path / "net.safetensors")["weight"], tensors["weight"])


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("function", "args"),
    [(os.system, "touch {}"), (eval, "open({!r}, 'w')"), (exec, "open({!r}, 'w')"), (getattr, "{}"), (open, "{}")],
)
def test_it_refuses_code_without_running_it(tmp_path: Path, tensors, function, args: str, zipped: bool) -> None:
    trap = tmp_path / "ran"
    extra = (str(trap), "w") if function is open else (args.format(str(trap)),)
    path = tmp_path / "hostile.pth"
    torch.save({"net": tensors, "x": Hostile(function, *extra)}, path, _use_new_zipfile_serialization=zipped)

    with pytest.raises(WeightsError, match=r"tensors and plain values only; hostile\.pth asks for"):
        read_tensors(path, "net")
    assert not trap.exists()


def test_it_never_imports_what_a_file_names(tmp_path: Path, tensors, monkeypatch) -> None:
    package = tmp_path / "evil_package.py"
    package.write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "hostile.pth"
    stand_in = types.ModuleType("evil_package")
    stand_in.run = type("run", (), {"__module__": "evil_package"})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "evil_package", stand_in)
    torch.save({"net": tensors, "x": stand_in.run()}, path)  # type: ignore[attr-defined]
    monkeypatch.delitem(sys.modules, "evil_package")

    assert read_tensors(path, "net").keys() == tensors.keys()
    assert "evil_package" not in sys.modules


def test_it_refuses_a_bare_hostile_pickle(tmp_path: Path) -> None:
    path = tmp_path / "bare.pth"
    path.write_bytes(pickle.dumps(Hostile(os.system, f"touch {tmp_path / 'ran'}")))
    with pytest.raises(WeightsError):
        read_tensors(path)
    assert not (tmp_path / "ran").exists()


def test_a_pickle_cannot_change_what_later_files_meet(tmp_path: Path, tensors) -> None:
    # GLOBAL foreign.Thing, then BUILD with slot state: setattr(Thing, "__setstate__", ...) on the class itself.
    attack = b"\x80\x02cforeign\nThing\n(N}U\x0c__setstate__cbuiltins\nlist\nstb."
    path = tmp_path / "attack.pth"
    path.write_bytes(attack)

    before = dict(vars(Inert))
    with pytest.raises(WeightsError):
        read_tensors(path)
    assert dict(vars(Inert)) == before


@pytest.mark.parametrize("kind", ["torchscript", "tar", "text", "empty", "cut"])
def test_it_refuses_what_is_no_checkpoint(tmp_path: Path, tensors, kind: str) -> None:
    path = tmp_path / "odd.pth"
    if kind == "torchscript":
        torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)
    elif kind == "tar":
        with tarfile.open(path, "w") as archive:
            archive.add(__file__, "pickle")
    elif kind == "cut":
        torch.save(tensors, path)
        path.write_bytes(path.read_bytes()[:-200])
    else:
        path.write_bytes(b"" if kind == "empty" else b"<html>not found</html>")
    with pytest.raises(WeightsError, match=r"odd\.pth"):
        read_tensors(path)


def test_it_refuses_an_entry_without_tensors(tmp_path: Path, tensors) -> None:
    path = tmp_path / "net.pth"
    torch.save({"model": tensors}, path)
    with pytest.raises(WeightsError, match="under 'net'"):
        read_tensors(path, "net")
    torch.save({"net": {"weight": 3}}, path)
    with pytest.raises(WeightsError, match="these are not: weight"):
        read_tensors(path, "net")


def test_a_misfit_names_every_key_that_differs(tensors) -> None:
    tensors |= {"bias": torch.zeros(5), "extra": torch.zeros(1)}
    del tensors["weight"]
    with pytest.raises(WeightsMisfit) as refused:
        load_exactly(nn.Linear(3, 2), tensors, file="net.pth")
    assert refused.value.missing == ("weight",)
    assert refused.value.unexpected == ("extra",)
    assert refused.value.reshaped == ("bias (needs (2,), has (5,))",)
    assert "net.pth differs. 1 missing: weight. 1 unexpected: extra. 1 of another shape: bias" in str(refused.value)


def test_rules_of_renaming_are_applied_in_turn() -> None:
    rename = renamed_by(
        (r"^net\.", "ours."),
        (r"^ours\.layer(\d)\.", lambda found: f"ours.stages.{int(found[1]) - 1}."),
        (r"\.(q|k)\.", r".attention.\1."),
    )
    assert rename("net.layer2.q.weight") == "ours.stages.1.attention.q.weight"
    assert rename("other.layer2.weight") == "other.layer2.weight"


def test_two_official_keys_for_one_place_are_a_misfit(tensors) -> None:
    doubled = {**tensors, "old.bias": torch.zeros(2)}
    with pytest.raises(WeightsMisfit) as refusal:
        load_exactly(nn.Linear(3, 2), doubled, file="net.pth", rename=renamed_by((r"^old\.", "")))
    assert len(refusal.value.unexpected) == 1


def test_it_fills_a_network_built_without_memory(tensors) -> None:
    with torch.device("meta"):
        network = nn.Linear(3, 2)
    official = {f"old.{key}": value.double() for key, value in tensors.items()} | {"old.head": torch.zeros(1)}
    load_exactly(
        network, official, file="f", rename=lambda key: key.removeprefix("old."), unused=lambda key: key == "old.head"
    )
    assert torch.equal(network.weight, tensors["weight"])
    assert not network.training


def test_the_folder_follows_the_environment(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    assert weights_folder() == tmp_path
    monkeypatch.delenv("FRAMEWISE_WEIGHTS")
    assert weights_folder() == Path.home() / ".cache" / "framewise" / "weights"


def test_missing_weights_say_file_licence_and_source(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match=r"net\.pth is not in .*https://example\.org \(licence: MIT\)"):
        weights_path("net.pth", model="Net", licence="MIT", source="https://example.org")
    (tmp_path / "net.pth").touch()
    found = weights_path("net.pth", model="Net", licence="MIT", source="https://example.org")
    assert found == tmp_path / "net.pth"
