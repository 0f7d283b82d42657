from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import replace
from typing import Any

import pytest

from annotator.announce.messages import PREDICTIONS_IN_FLIGHT
from annotator.announce.notices import PredictionFrame
from annotator.live import outlet
from annotator.live.outlet import WAITING, Behind, Outlet

FULL = PREDICTIONS_IN_FLIGHT


def frame(number: int, track: str = "car") -> PredictionFrame:
    return PredictionFrame(1, '{"type":"predictions","run":null,"tables":[]', b"rows", ((track, number, number),))


class Reader:
    """What an outlet has sent: texts as they are, predictions by their header."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.outlet = Outlet(self._take)

    async def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            (length,) = struct.unpack_from("<I", message)
            header = json.loads(message[4 : 4 + length])
            self.got.append((header["sequence"], [tuple(item) for item in header["missed"]]))
        else:
            self.got.append(message)

    async def read(self) -> list[Any]:
        """Everything that is on its way, and forget it."""
        task = asyncio.create_task(self.outlet.run())
        for _ in range(3 * FULL):
            await asyncio.sleep(0)
        task.cancel()
        got, self.got = self.got, []
        return got

    def fill(self) -> None:
        for number in range(FULL):
            self.outlet.predictions(frame(number))


async def test_texts_and_predictions_keep_their_order() -> None:
    reader = Reader()
    reader.outlet.predictions(frame(1))
    reader.outlet.text("event")
    reader.outlet.predictions(frame(2))
    assert await reader.read() == [(1, []), "event", (2, [])]


async def test_a_reader_gets_no_more_than_it_has_room_for() -> None:
    reader = Reader()
    for number in range(FULL + 5):
        reader.outlet.predictions(frame(number))
    assert len(await reader.read()) == FULL
    reader.outlet.received(3)
    assert await reader.read() == [(FULL + 1, []), (FULL + 2, []), (FULL + 3, [])]


async def test_the_newest_win_and_the_others_are_named() -> None:
    reader = Reader()
    reader.fill()
    for number in range(1000, 1000 + WAITING + 10):
        reader.outlet.predictions(frame(number))
    await reader.read()
    reader.outlet.received(FULL)
    got = await reader.read()
    assert got[0] == (FULL + 1, [("car", 1000, 1009)])
    assert len(got) == WAITING


async def test_what_waits_is_older_than_an_edit_and_is_named_instead() -> None:
    reader = Reader()
    reader.fill()
    reader.outlet.predictions(frame(500))
    reader.outlet.predictions(frame(502))
    reader.outlet.change("edit")
    await reader.read()
    reader.outlet.received(FULL)
    assert await reader.read() == [(FULL + 1, [("car", 500, 500), ("car", 502, 502)])]


async def test_of_a_state_only_the_newest_waits() -> None:
    reader = Reader()
    reader.outlet.state("run", "one")
    reader.fill()
    for text in ("two", "three"):
        reader.outlet.state("run", text)
    assert (await reader.read())[0] == "one"
    reader.outlet.received(1)
    assert await reader.read() == ["three"]


async def test_an_acknowledgement_of_what_was_never_sent_opens_nothing() -> None:
    reader = Reader()
    reader.outlet.received(10_000)
    reader.fill()
    reader.outlet.predictions(frame(1))
    assert len(await reader.read()) == FULL


def heavy(number: int, size: int) -> PredictionFrame:
    return replace(frame(number), body=bytes(size))


async def test_a_reader_of_heavy_predictions_is_sent_fewer_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "BYTES_IN_FLIGHT", 3000)
    reader = Reader()
    for number in range(10):
        reader.outlet.predictions(heavy(number, 1000))
    assert [sequence for sequence, _ in await reader.read()] == [1, 2, 3]
    reader.outlet.received(2)
    assert [sequence for sequence, _ in await reader.read()] == [4, 5]


async def test_of_heavy_predictions_that_wait_the_newest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "BYTES_IN_FLIGHT", 1000)
    monkeypatch.setattr(outlet, "BYTES_WAITING", 2500)
    reader = Reader()
    for number in range(10):
        reader.outlet.predictions(heavy(number, 1000))
    assert await reader.read() == [(1, [])]
    reader.outlet.received(1)
    assert await reader.read() == [(2, [("car", 1, 7)])]
    reader.outlet.received(2)
    assert await reader.read() == [(3, [])]


async def test_one_message_that_is_too_heavy_by_itself_still_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "BYTES_IN_FLIGHT", 100)
    monkeypatch.setattr(outlet, "BYTES_WAITING", 100)
    reader = Reader()
    reader.outlet.predictions(heavy(0, 1000))
    reader.outlet.predictions(heavy(1, 1000))
    assert await reader.read() == [(1, [])]
    reader.outlet.received(1)
    assert await reader.read() == [(2, [])]


async def test_what_was_lost_between_web_processes_is_named_at_once() -> None:
    reader = Reader()
    reader.outlet.predictions(replace(frame(7), body=b""))
    assert await reader.read() == [(1, [("car", 7, 7)])]


async def test_a_reader_that_lets_too_many_texts_wait_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "TEXTS_WAITING", 1000)
    reader = Reader()
    for _ in range(50):
        reader.outlet.text("x" * 100)
    reader.outlet.predictions(frame(1))
    with pytest.raises(Behind):
        await reader.outlet.run()
    assert reader.got == []
