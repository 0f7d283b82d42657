"""Whatever fails inside a socket ends it: nothing is left that answers pings and does no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import InterfaceError, OperationalError

from annotator.actions.runs.presence import forget_agents
from annotator.announce.messages import COME_BACK, EventOut, Held, Refused, RunUpdate
from annotator.live import agent_consumer, consumer, writer
from annotator.live.outlet import Outlet
from annotator.live.relay import hub_here, in_thread
from tests.annotator.live.sockets import Browser, FakeAgent
from tests.annotator.worlds import World, create, draw, keyframe, make_agent, make_world, put
from tracking.protocol import Load, Start, Stored

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    world = make_world()
    make_agent(world, connected=False)
    return world


def failing(times: int, error: Exception, work: Callable[..., Any]) -> Callable[..., Any]:
    """What fails so many times before it works."""
    left = [times]

    def run(*args: Any, **kwargs: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return work(*args, **kwargs)

    return run


@pytest.mark.parametrize("error", [OperationalError("database is locked"), InterfaceError("connection already closed")])
async def test_what_cannot_be_stored_for_now_is_told_tried_again_and_keeps_its_order(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(consumer, "apply_edit", failing(2, error, consumer.apply_edit))
    alice = await Browser.on(world)
    track = await in_thread(draw, world, 0)
    edits = [await alice.edit(put(track, [keyframe(frame)])) for frame in (1, 2, 3)]
    assert (await alice.until(Held)).why == "away"
    done = [await alice.until(EventOut, edit=edit) for edit in edits]
    assert [event.revision for event in done] == [2, 3, 4]
    await alice.close()


async def test_one_edit_that_never_can_be_done_is_refused_and_what_follows_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "apply_edit", failing(1, RuntimeError("a slip"), consumer.apply_edit))
    alice = await Browser.on(world)
    track = await in_thread(draw, world, 0)
    refused, done = [await alice.edit(put(track, [keyframe(frame)])) for frame in (1, 2)]
    assert (await alice.until(Refused)).edit == refused
    assert (await alice.until(EventOut, edit=done)).revision == 2
    await alice.close()


async def test_a_task_that_dies_takes_its_socket_with_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(outlet: Outlet) -> None:
        raise RuntimeError("a slip")

    monkeypatch.setattr(Outlet, "run", dies)
    alice = Browser(world)
    assert await alice.open()
    while await alice.raw() is not None:
        pass
    assert alice.closed == COME_BACK
    await alice.wire.wait(timeout=5)
    assert not hub_here().rooms


async def test_who_cannot_be_looked_up_for_now_is_told_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = consumer.LayerConsumer._welcome
    fails = failing(1, OperationalError("gone"), real)
    monkeypatch.setattr(consumer.LayerConsumer, "_welcome", fails)
    alice = Browser(world)
    assert await alice.open()
    assert await alice.raw() is None
    assert alice.closed == COME_BACK
    bob = await Browser.on(world)
    await bob.edited(create(uuid4(), world.car))
    await bob.close()


async def test_an_agent_stays_while_how_it_is_cannot_be_noted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        agent_consumer, "agent_heard", failing(2, OperationalError("database is locked"), agent_consumer.agent_heard)
    )
    alice = await Browser.on(world)
    agent = await FakeAgent.connected()
    for _ in range(3):
        await agent.send(Load(cpu=0, memory_bytes=1, runs=0))
    await alice.track(await in_thread(draw, world, 0))
    assert await agent.until(Start)
    for socket in (alice, agent):
        await socket.close()


async def test_an_agent_that_was_taken_for_gone_meanwhile_comes_back_to_its_work(world: World) -> None:
    """Nothing of it could be noted for longer than an agent may be silent."""
    alice = await Browser.on(world)
    agent = await FakeAgent.connected()
    await in_thread(forget_agents, all_of_them=True)
    await alice.track(await in_thread(draw, world, 0))
    await agent.send(Load(cpu=0, memory_bytes=1, runs=0))
    while await agent.raw() is not None:
        pass
    assert agent.closed == COME_BACK
    again = await FakeAgent.connected()
    assert await again.until(Start)
    for socket in (alice, again):
        await socket.close()


async def test_predictions_that_cannot_be_stored_for_now_are_kept_and_told_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY_S", 0.05)
    monkeypatch.setattr(writer, "store_predictions", failing(2, OperationalError("locked"), writer.store_predictions))
    alice = await Browser.on(world)
    agent = await FakeAgent.connected()
    track = await in_thread(draw, world, 0)
    await alice.track(track, last=3)
    start = await agent.until(Start)
    await agent.predict(start, 1, 2, 3)
    told = await alice.until(Held)
    assert (told.what, told.why) == ("predictions", "away")
    assert (await agent.until(Stored)).sequence == 3
    assert (await alice.until(Held)).why is None
    for socket in (alice, agent):
        await socket.close()


async def test_predictions_that_never_can_be_stored_fail_their_run_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY_S", 0.05)
    monkeypatch.setattr(writer, "store_predictions", failing(1, RuntimeError("a slip"), writer.store_predictions))
    alice = await Browser.on(world)
    agent = await FakeAgent.connected()
    track = await in_thread(draw, world, 0)
    run = await alice.track(track, last=3)
    await agent.predict(await agent.until(Start), 1)
    while (update := await alice.until(RunUpdate)).run.state != "failed":
        pass
    assert (update.run.id, "server" in update.run.message) == (run, True)
    await alice.track(track, last=3)
    await agent.predict(await agent.until(Start), 1)
    assert await agent.until(Stored)
    for socket in (alice, agent):
        await socket.close()
