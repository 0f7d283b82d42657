"""Edits that are too long for one message."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from annotator.announce.messages import EDIT_BYTES, PART_BYTES, Edit, EditPart, EventOut, Pong, Refused
from annotator.live import asked
from annotator.live.relay import in_thread
from annotator.management.commands.export_types import TARGET
from tests.annotator.live.sockets import Browser
from tests.annotator.worlds import World, create, edit, frames_of, keyframe, make_world, put

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


async def send_in_parts(browser: Browser, whole: Edit, size: int) -> None:
    text = whole.model_dump_json()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    for index, piece in enumerate(pieces):
        await browser.send(EditPart(edit=whole.id, index=index, last=index == len(pieces) - 1, text=piece))


def drawn(world: World, frames: Sequence[int]) -> tuple[UUID, Edit]:
    track = uuid4()
    return track, edit(create(track, world.car), put(track, [keyframe(frame) for frame in frames]))


async def test_an_edit_in_parts_is_done_as_one_and_once(world: World) -> None:
    alice, bob = await Browser.on(world), await Browser.on(world, "viewer")
    track, whole = drawn(world, range(300))
    await send_in_parts(alice, whole, 1000)
    await alice.until(Pong)
    event = await alice.until(EventOut)
    assert (event.revision, event.edit) == (1, whole.id)
    assert (await bob.until(EventOut)).edit == whole.id
    assert await in_thread(frames_of, track) == list(range(300))
    await send_in_parts(alice, whole, 5000)
    assert (await alice.until(EventOut)).revision == 1
    for browser in (alice, bob):
        await browser.close()


async def test_what_follows_a_long_edit_is_done_after_it(world: World) -> None:
    alice = await Browser.on(world)
    track, whole = drawn(world, [0])
    await send_in_parts(alice, whole, 100)
    later = await alice.edit(put(track, [keyframe(5)]))
    assert [(await alice.until(EventOut)).edit for _ in range(2)] == [whole.id, later]
    await alice.close()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([(1, True, "{}")], "one after the other"),
        ([(0, False, "{"), (2, True, "}")], "one after the other"),
        ([(0, True, "nonsense")], "can't be read"),
        ([(0, True, '{"type":"edit","id":"00000000-0000-4000-8000-000000000000","operations":[]}')], "operations"),
    ],
)
async def test_parts_that_make_no_edit_are_refused_and_what_follows_is_done(
    world: World, parts: list[tuple[int, bool, str]], words: str
) -> None:
    alice = await Browser.on(world)
    name = uuid4()
    for index, last, text in parts:
        await alice.send(EditPart(edit=name, index=index, last=last, text=text))
    refused = await alice.until(Refused)
    assert (refused.edit, words in refused.message) == (name, True), refused.message
    _, whole = drawn(world, [0])
    await send_in_parts(alice, whole, 200)
    assert (await alice.until(EventOut)).edit == whole.id
    await alice.close()


async def test_an_edit_beyond_the_limit_is_refused_and_what_follows_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "EDIT_BYTES", 2000)
    alice = await Browser.on(world)
    _, large = drawn(world, range(100))
    await send_in_parts(alice, large, 500)
    assert (await alice.until(Refused)).edit == large.id
    _, small = drawn(world, [0])
    await alice.send(small)
    assert (await alice.until(EventOut)).edit == small.id
    await alice.close()


async def test_nobody_is_heard_faster_than_it_can_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "MOST_BYTES", 100)
    waiting = asked.Asked()
    command: Any = object()
    await waiting.put(command, 5000)  # However large, if nothing else waits.
    more = asyncio.ensure_future(waiting.put(command, 60))
    await asyncio.sleep(0.01)
    assert not more.done()
    await waiting.get()
    await asyncio.wait_for(more, 1)


def test_both_sides_go_by_the_same_limits() -> None:
    text = TARGET.read_text()
    for name, value in (("EDIT_BYTES", EDIT_BYTES), ("PART_BYTES", PART_BYTES)):
        assert re.search(rf"export const {name} = {value}\b", text)
