"""Weights that come onto a machine: whole, resumed, refused, cancelled, and told in words when they can't come."""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.tracking.weighty import ADDRESS, CONTENT, FILE, MODEL, Shelf, shelf
from tracking import catalog, fetching
from tracking.fetching import SERVED_FROM, Fetcher
from tracking.protocol import Fetch, Fetched
from tracking.weights import verdict_on


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.weighty:ENTRIES")
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(fetching, "PAUSES_S", (0.01, 0.01))
    monkeypatch.setattr(fetching, "TELL_EVERY_S", 0.0)
    return tmp_path


class Told:
    """A fetcher, and what it tells."""

    def __init__(self, base: str = "http://127.0.0.1:1") -> None:
        self.said: queue.Queue[Fetched] = queue.Queue()
        self.fetcher = Fetcher(httpx.Client(base_url=base), self.said.put, machine="gpu-box")

    def get(self, **sources: str) -> list[Fetched]:
        """Everything that is told of one fetch."""
        self.fetcher.get(Fetch(model=MODEL, sources=sources))
        return self.rest()

    def rest(self) -> list[Fetched]:
        told = [self.said.get(timeout=30)]
        while told[-1].stage not in ("done", "failed", "cancelled"):
            told.append(self.said.get(timeout=30))
        return told


@pytest.fixture
def told() -> Iterator[Told]:
    machine = Told()
    yield machine
    machine.fetcher.close()


def serving(monkeypatch: pytest.MonkeyPatch, on: Shelf) -> None:
    monkeypatch.setenv(ADDRESS, on.url)


def is_ready() -> bool:
    return not catalog.missing(catalog.find(MODEL))


def test_weights_come_with_progress_are_checked_and_then_the_model_is_ready(
    weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shelf() as served:
        serving(monkeypatch, served)
        assert not is_ready()
        said = told.get()
    assert [each.stage for each in said if each.stage != "downloading"] == ["checking", "done"]
    came = [each.done for each in said if each.stage == "downloading"]
    assert came == sorted(came)
    assert (came[0], came[-1], said[0].total) == (0, len(CONTENT), len(CONTENT))
    assert is_ready()
    assert verdict_on(weights / FILE) == ""
    assert sorted(path.name for path in weights.iterdir() if not path.name.startswith(".")) == [FILE]


def test_a_line_that_is_cut_is_taken_up_where_it_broke(
    weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shelf(cut=2_000_000) as served:
        serving(monkeypatch, served)
        assert told.get()[-1].stage == "done"
    first, *more = served.asked
    assert first == ""
    assert more
    assert all(int(each.removeprefix("bytes=").rstrip("-")) > 0 for each in more)
    assert (weights / FILE).read_bytes() == CONTENT


def test_an_agent_that_was_ended_on_the_way_goes_on_from_what_it_had(
    weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    (weights / f"{FILE}.partial").write_bytes(CONTENT[:1_500_000])
    with shelf() as served:
        serving(monkeypatch, served)
        said = told.get()
    assert said[0].done == 1_500_000
    assert served.asked == ["bytes=1500000-"]
    assert said[-1].stage == "done"


def test_another_file_is_refused_and_thrown_away(weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    with shelf(content=bytes(len(CONTENT))) as served:
        serving(monkeypatch, served)
        failed = told.get()[-1]
    assert (failed.stage, is_ready()) == ("failed", False)
    assert "has the SHA-256" in failed.message
    assert not list(weights.iterdir())


def test_one_that_is_cancelled_stops_at_once_and_goes_on_there_the_next_time(
    weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    with shelf(held=held) as served:
        serving(monkeypatch, served)
        told.fetcher.get(Fetch(model=MODEL))
        while told.said.get(timeout=30).done < 1 << 20:
            pass
        told.fetcher.drop(MODEL)
        held.set()
        assert told.rest()[-1].stage == "cancelled"
        served.held = None
        assert told.get()[-1].stage == "done"
    assert served.asked[-1].startswith("bytes=")


def test_what_is_asked_for_twice_comes_once(weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    with shelf(held=held) as served:
        serving(monkeypatch, served)
        for _ in range(3):
            told.fetcher.get(Fetch(model=MODEL))
        held.set()
        assert told.rest()[-1].stage == "done"
        assert len(served.asked) == 1
    # Once it is here there is nothing to do.
    assert [each.stage for each in told.get()] == ["done"]


def test_a_full_disk_is_told_before_anything_comes(weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with shelf() as served:
        serving(monkeypatch, served)
        failed = told.get()[-1]
    assert served.asked == []
    assert "The disk of gpu-box has too little room for these weights: 1.0 MB are free" in failed.message
    assert "They take 3.1 MB more. Make room there" in failed.message


def test_a_disk_that_runs_full_meanwhile_too(weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetching, "receive", full)
    with shelf() as served:
        serving(monkeypatch, served)
        assert "It ran full while they came. Make room there" in told.get()[-1].message


def test_what_cannot_be_reached_is_named_with_what_to_do(
    weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, "http://127.0.0.1:1/weighty.bin")
    failed = told.get()[-1]
    assert failed.message.startswith("gpu-box can't reach 127.0.0.1 (")
    assert "press Get again: it goes on where it stopped" in failed.message


def test_a_file_that_is_not_there_any_more_is_told(weights: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    with shelf(status=404) as served:
        serving(monkeypatch, served)
        assert "127.0.0.1 answered 404 for /weighty.bin." in told.get()[-1].message


def test_weights_without_an_address_say_where_they_are(weights: Path, told: Told) -> None:
    assert "Get it from https://example.org/weighty" in told.get()[-1].message


def test_the_servers_own_copy_comes_first(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with shelf() as served:
        machine = Told(served.url.rpartition("/")[0])
        said = machine.get(**{FILE: f"{SERVED_FROM}token"})
        machine.fetcher.close()
    assert said[-1].stage == "done", said[-1].message
    assert is_ready()


def test_a_server_leads_nowhere_else(weights: Path, told: Told) -> None:
    for address in ("http://elsewhere.example/weighty.bin", "/api/videos/1/source", "file:///etc/passwd"):
        assert "The server's copies are below" in told.get(**{FILE: address})[-1].message
    assert not list(weights.iterdir())


def test_a_model_that_this_version_does_not_know_is_told(weights: Path, told: Told) -> None:
    told.fetcher.get(Fetch(model="from-the-future"))
    assert "is none of them" in told.rest()[-1].message
