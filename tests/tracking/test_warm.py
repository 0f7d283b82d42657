"""Networks stay in memory between runs, one copy for all; what nobody uses leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from tracking import warm as module
from tracking.protocol import LoadedModel
from tracking.types import TrackingError
from tracking.warm import Kind, Warm, give_way, held, making, nbytes_of, placed

WEIGHTS = 4 * (8 * 8 + 8)
"""Bytes of a network here."""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Shelf:
    """Makes networks of any name; ``built`` counts them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.built: list[str] = []

    def make(self, model: str, **settings: object) -> nn.Module:
        file = self.folder / f"{model}.pt"
        if not file.exists():
            file.touch()
        with making(model, settings, [file]):
            return held(lambda: self._build(model))

    def _build(self, model: str) -> nn.Module:
        self.built.append(model)
        return nn.Linear(8, 8)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def memory(shelf: Shelf, *, free: Callable[[Kind], int] = lambda kind: 2**40, clock: Clock | None = None) -> Warm:
    return Warm(idle_s=3600, load=shelf.make, free_now=free, clock=clock or Clock())


def names(warm: Warm) -> list[str]:
    return [each.model for each in warm.told()]


def test_two_runs_of_one_model_hold_its_weights_once(shelf: Shelf) -> None:
    warm, both = memory(shelf), threading.Barrier(2, timeout=10)
    found: list[nn.Module] = []
    told: list[list[LoadedModel]] = []
    (shelf.folder / "net.pt").touch()

    def run(name: str) -> None:
        with warm.user(name):
            found.append(shelf.make("net", threshold=0.5))
            both.wait()
            told.append(warm.told())
            both.wait()

    threads = [threading.Thread(target=run, args=[name]) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    (once,) = told[0]
    assert (once.model, once.users, once.memory_bytes) == ("net", ["one", "two"], WEIGHTS)
    assert shelf.built == ["net"]
    assert found[0] is found[1]


def test_a_model_stays_for_the_next_run_and_says_what_it_was_set_to(shelf: Shelf) -> None:
    clock = Clock()
    warm = memory(shelf, clock=clock)
    with warm.user("one"):
        shelf.make("net", threshold=0.5)
    clock.now = 20
    (told,) = warm.told()
    assert (told.model, told.settings, told.users, told.used_s, told.state) == (
        "net",
        {"threshold": 0.5},
        [],
        20,
        "ready",
    )
    with warm.user("two"):
        shelf.make("net")
    assert shelf.built == ["net"]


def test_what_nobody_used_for_an_hour_leaves_and_comes_back_with_the_next_run(shelf: Shelf) -> None:
    clock = Clock()
    warm = memory(shelf, clock=clock)
    gone: list[str] = []
    warm.when_gone(gone.extend)
    with warm.user("one"):
        shelf.make("net")
        clock.now = 5000
        warm.let_go_idle()
        assert names(warm) == ["net"], "A run that takes hours keeps its model."
    clock.now = 5000 + 3599
    warm.let_go_idle()
    assert names(warm) == ["net"]
    clock.now = 5000 + 3600
    warm.let_go_idle()
    assert (names(warm), gone) == ([], ["net"])
    with warm.user("two"):
        shelf.make("net")
    assert shelf.built == ["net", "net"]


def test_where_memory_is_short_the_longest_unused_goes_and_what_is_pinned_or_at_work_stays(shelf: Shelf) -> None:
    clock, room = Clock(), 4
    warm = memory(shelf, free=lambda kind: 2**40 if len(names(warm)) < room else 0, clock=clock)
    for clock.now, model in enumerate(("pinned", "old", "new")):
        with warm.user("one"):
            shelf.make(model)
    warm.pin(["pinned"])
    with warm.user("busy"):
        shelf.make("at work")
        with warm.user("another"):
            shelf.make("next")
    assert names(warm) == ["pinned", "new", "at work", "next"]


def test_unloading_waits_for_who_uses_it_and_the_next_one_gets_a_copy_of_its_own(shelf: Shelf) -> None:
    warm = memory(shelf)
    with warm.user("one"):
        first = shelf.make("net")
        warm.unload("net")
        assert [each.state for each in warm.told()] == ["leaving"]
        with warm.user("two"):
            assert shelf.make("net") is not first
    assert [each.state for each in warm.told()] == ["ready"]
    warm.unload("net")
    assert warm.told() == []


def test_pinned_models_are_loaded_and_stay(shelf: Shelf) -> None:
    clock = Clock()
    warm, said = memory(shelf, clock=clock), threading.Event()
    warm.changed = lambda: said.set() if [each.state for each in warm.told()] == ["ready"] else None
    warm.pin(["net"])
    assert said.wait(10)
    clock.now = 10_000
    warm.let_go_idle()
    assert names(warm) == ["net"]
    warm.pin([])
    warm.let_go_idle()
    assert names(warm) == []


def test_a_model_that_can_not_be_loaded_says_why_until_it_is_let_go_of() -> None:
    def load(model: str) -> None:
        raise TrackingError("It needs its weights; they aren't here.")

    warm, said = Warm(load=load), threading.Event()
    warm.changed = lambda: said.set() if [each.state for each in warm.told()] == ["failed"] else None
    warm.load("net")
    assert said.wait(10)
    assert warm.told()[0].message == "It needs its weights; they aren't here."
    warm.unload("net")
    assert warm.told() == []


def test_other_weights_are_another_network(shelf: Shelf) -> None:
    warm = memory(shelf)
    with warm.user("one"):
        first = shelf.make("net")
        (shelf.folder / "net.pt").write_bytes(b"newer")
        assert shelf.make("net") is not first


def test_a_file_that_is_only_tried_is_not_kept(shelf: Shelf) -> None:
    warm = memory(shelf)
    with warm.user("one"):
        shelf.make("net", weights="/tmp/upload.pt")  # noqa: S108
    assert warm.told() == []


def test_without_somebody_who_keeps_networks_each_is_made_anew(shelf: Shelf) -> None:
    assert shelf.make("net") is not shelf.make("net")
    assert give_way() is False


def test_a_network_that_others_use_is_copied_to_another_device_not_moved(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device without memory stands for a GPU."""
    elsewhere = torch.device("meta")
    monkeypatch.setattr(module, "kind_of_device", lambda device: "cpu" if device.type == "cpu" else "cuda")
    warm = memory(shelf)
    with warm.user("one"):
        here = shelf.make("net")
        with warm.user("two"), making("net", {}, [shelf.folder / "net.pt"]):
            there = placed(held(lambda: nn.Linear(1, 1)), elsewhere)
            assert placed(held(lambda: nn.Linear(1, 1)), elsewhere) is there
        assert {tensor.device.type for tensor in here.parameters()} == {"cpu"}
        assert {tensor.device.type for tensor in there.parameters()} == {"meta"}
        assert shelf.built == ["net"]
        assert [(each.device, each.users) for each in warm.told()] == [("cpu", ["one"]), ("cuda", [])]
    with warm.user("three"), making("net", {}, [shelf.folder / "net.pt"]):
        assert held(lambda: nn.Linear(1, 1)) is there, "The one on the GPU goes before the other."


def test_a_model_whose_network_can_not_be_shared_is_told_while_it_is_at_work(shelf: Shelf) -> None:
    warm, file = memory(shelf), shelf.folder / "graph.onnx"
    file.write_bytes(bytes(1000))
    with warm.user("one"):
        with making("graph", {}, [file]):
            pass
        assert [(each.model, each.memory_bytes, each.users) for each in warm.told()] == [("graph", 1000, ["one"])]
    assert warm.told() == []


def test_weights_are_measured_once_however_often_they_occur() -> None:
    shared = nn.Linear(8, 8)
    assert nbytes_of((nn.Sequential(shared, shared), "names")) == WEIGHTS
