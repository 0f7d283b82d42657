from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError

from annotator.actions.agents import revoke_agent
from annotator.actions.downloads import begin_download
from annotator.actions.machine_log import ask_log, log_told
from annotator.actions.previews import begin_preview
from annotator.actions.runs.store import store_predictions
from annotator.announce.messages import (
    Cleared,
    EventOut,
    FindOptions,
    Received,
    RunCorrect,
    RunOptions,
    RunStop,
    RunUpdate,
    Welcome,
)
from annotator.live import agent_consumer, relay, writer
from annotator.live.relay import in_thread
from annotator.models import Agent, Download, Membership, Preview, Role, Run
from tests.annotator.live.sockets import Browser, FakeAgent
from tests.annotator.worlds import (
    World,
    clear,
    draw,
    frames_of,
    keyframe,
    make_agent,
    make_world,
    predicted,
    put,
    rows_of,
)
from tests.people import client_of
from tests.tracking.geometry import as_kind
from tracking.protocol import (
    AskLog,
    Correct,
    Device,
    DeviceLoad,
    Fetch,
    Fetched,
    FoundObject,
    LegDone,
    Load,
    LogLine,
    LogTold,
    Previewed,
    RunFailed,
    RunNote,
    SeenObject,
    Start,
    Stop,
    Stored,
)
from tracking.protocol import Preview as AskedPreview
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.payloads import row_of
from tracking.shapes.values import GEOMETRY_KINDS, Box, GeometryKind

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    world = make_world()
    make_agent(world, connected=False)
    return world


async def running(world: World, browser: Browser, *tracks: UUID, last: int = 99) -> tuple[FakeAgent, Start]:
    """A run of some tracks on a connected agent."""
    agent = await FakeAgent.connected()
    await browser.track(*tracks, last=last)
    return agent, await agent.until(Start)


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_an_agent_needs_a_token(world: World, token: str) -> None:
    assert not await FakeAgent(token).open()


async def test_a_revoked_agent_is_shown_out(world: World) -> None:
    agent = await FakeAgent.connected()
    await in_thread(Agent.objects.update, revoked_at="2026-01-01T00:00:00Z")
    await agent.send(Load(cpu=0, memory_bytes=1, runs=0))
    assert await agent.raw() is None
    assert agent.closed == 4401
    assert not await FakeAgent().open()


async def test_an_agent_is_shown_out_at_once_without_a_word_of_its_own_and_writes_no_more(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    await agent.predict(start, 1, 2, 3)
    await agent.until(Stored)
    await agent.predict(start, 4, 5)
    await in_thread(lambda: revoke_agent(agent=Agent.objects.get(), why="admin disconnected it."))
    while await agent.raw() is not None:
        pass
    assert agent.closed == 4401
    await agent.predict(start, 6, 7)
    await agent.close()
    run = await in_thread(Run.objects.get)
    assert (run.state, run.agent_id) == ("queued", None)
    # What came before it may have been stored, nothing that came after it was.
    assert max(await in_thread(frames_of, track)) in (3, 5)
    await browser.close()


async def test_one_that_was_revoked_behind_the_applications_back_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_consumer, "SILENT_S", 1.0)
    agent = await FakeAgent.connected()
    await in_thread(Membership.objects.filter(role=Role.ADMIN).update, role=Role.VIEWER)
    assert await agent.raw() is None
    assert agent.closed == 4401


async def test_an_agent_writes_into_its_own_runs_alone(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    other = await in_thread(make_agent, world, "other")
    await in_thread(Run.objects.update, agent=other)
    await agent.predict(start, 1, 2, 3)
    await agent.until(Stored)
    await agent.predict(start, 4)
    await agent.until(Stop)
    assert await in_thread(frames_of, track) == [0]
    await agent.close()
    await browser.close()


async def test_an_agent_that_goes_is_not_connected_any_more(world: World) -> None:
    agent = await FakeAgent.connected()
    async with asyncio.timeout(5):
        while not await in_thread(Agent.objects.filter(connected=True).exists):
            await asyncio.sleep(0.01)
    await agent.close()
    assert await in_thread(Agent.objects.get, connected=False)


async def test_a_preview_goes_to_an_agent_and_back_and_who_waits_when_it_goes_is_told(world: World) -> None:
    def begin() -> Preview:
        return begin_preview(
            by=world.annotator, video=world.video, preview_id=uuid4(), finder="yolox-tiny", frame=7, confidence=0.05
        )

    async def until(preview: Preview, state: str) -> Preview:
        async with asyncio.timeout(30):
            while (found := await in_thread(Preview.objects.get, pk=preview.pk)).state != state:
                await asyncio.sleep(0.01)
        return found

    agent = await FakeAgent.connected()
    await in_thread(Agent.objects.update, info={"finders": ["yolox-tiny"]})
    answered = await in_thread(begin)
    asked = await agent.until(AskedPreview)
    seen = SeenObject(label="car", confidence=0.5, box=(1, 2, 3, 4))
    await agent.send(Previewed(preview=asked.preview, stage="looking"))
    await agent.send(Previewed(preview=asked.preview, stage="done", seen=[seen]))
    assert (await until(answered, "done")).seen == [seen.model_dump(mode="json")]

    waiting = await in_thread(begin)
    await agent.until(AskedPreview)
    await agent.close()
    assert "has lost its connection" in (await until(waiting, "failed")).message


async def test_weights_that_are_wanted_are_asked_for_again_until_they_have_come(world: World) -> None:
    def begin() -> None:
        agent = Agent.objects.get()
        admin = world.people["admin"]
        begin_download(by=admin, agent=agent, workspace=world.workspace, model="xmem", accepted=True)

    async def until(state: str) -> None:
        async with asyncio.timeout(20):
            while not await in_thread(Download.objects.filter(state=state).exists):
                await asyncio.sleep(0.01)

    first = await FakeAgent.connected()
    await in_thread(begin)
    assert (await first.until(Fetch)).model == "xmem"
    await first.send(Fetched(model="xmem", stage="downloading", done=5, total=9))
    await until("downloading")
    await first.close()
    # It comes back, begun anew: it knows of nothing.
    second = await FakeAgent.connected()
    assert (await second.until(Fetch)).model == "xmem"
    await second.send(Fetched(model="xmem", stage="done"))
    await until("done")
    await second.close()


async def test_a_run_goes_its_whole_way(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track, last=20)
    await agent.predict(start, *range(1, 21))
    await agent.finish(start)
    done = await browser.until(RunUpdate)
    while done.run.state != "done":
        done = await browser.until(RunUpdate)
    assert (done.run.frames_done, done.run.frames_total, done.run.heads) == (20, 20, {str(track): 20})
    assert (done.run.fps > 0, done.run.agent) == (True, "agent")
    assert browser.frames(track) == list(range(1, 21))
    assert await in_thread(frames_of, track) == list(range(21))
    assert (await agent.until(Stored)).sequence <= 20
    await agent.close()
    await browser.close()


async def test_the_way_back_of_a_check_is_shown_to_nobody(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent = await FakeAgent.connected()
    await browser.track(track, last=20, options=RunOptions(check_both_ways=True))
    start = await agent.until(Start)
    await agent.predict(start, *range(1, 21))
    await agent.finish(start)
    back = await agent.until(Start)
    await agent.predict(back, *range(19, 0, -1), epoch=back.legs[0].prompt.epoch)
    await agent.finish(back)
    while (await browser.until(RunUpdate)).run.state != "done":
        pass
    assert (browser.sequence, browser.frames(track)) == (20, list(range(1, 21)))
    await agent.close()
    await browser.close()


async def test_a_frame_is_shown_before_it_is_stored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)

    async def blocked(*args: object, **kwargs: object) -> Run:
        await gate.wait()
        raise Run.DoesNotExist

    monkeypatch.setattr("annotator.live.writer.in_writing_thread", blocked)
    await agent.predict(start, *range(1, 41))
    while browser.frames(track) != list(range(1, 41)):
        await browser.next()
    assert await in_thread(frames_of, track) == [0]
    gate.set()
    await agent.close()
    await browser.close()


async def test_a_store_that_fails_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.live.writer.RETRY_S", 0.01)
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    tries = 0

    async def unsteady(*args: object, **kwargs: object) -> object:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return await in_thread(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("annotator.live.writer.in_writing_thread", unsteady)
    await agent.predict(start, 1, 2, 3)
    assert (await agent.until(Stored)).sequence == 3
    assert tries > 1
    assert await in_thread(frames_of, track) == [0, 1, 2, 3]
    await agent.close()
    await browser.close()


def load(**stalled: float) -> Load:
    return Load(cpu=0.5, memory_bytes=1, runs=1, stalled=stalled)


async def test_a_run_that_does_not_get_on_says_so_until_it_does(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    await agent.predict(start, 1, 2)
    await agent.until(Stored)
    await agent.send(load(**{start.run: 61.5, "11111111-0000-4000-8000-000000000000": 99.0}))
    while (told := (await browser.until(RunUpdate)).run).stalled_s is None:
        pass
    assert (str(told.id), told.stalled_s, told.fps, told.state) == (start.run, 61.5, 0, "running")

    # Who comes later is told at once, and others as long as it lasts.
    late = Browser(world, "viewer")
    assert await late.open()
    assert [run.stalled_s for run in (await late.until(Welcome)).runs] == [61.5]
    await agent.send(load(**{start.run: 66.5}))
    assert (await late.until(RunUpdate)).run.stalled_s == 66.5

    await agent.predict(start, 3)
    while (await late.until(RunUpdate)).run.stalled_s is not None:
        pass
    await agent.send(load())
    await agent.send(load(**{start.run: 60.0}))
    assert (await late.until(RunUpdate)).run.stalled_s == 60.0
    await agent.send(load())
    assert (await late.until(RunUpdate)).run.stalled_s is None
    for socket in (agent, late, browser):
        await socket.close()


async def test_a_run_whose_agent_hangs_is_stopped_at_once(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    await agent.send(load(**{start.run: 75.0}))
    await browser.until(RunUpdate)

    await browser.send(RunStop(run=UUID(start.run)))

    while (told := (await browser.until(RunUpdate)).run).state != "stopped":
        pass
    assert told.stalled_s is None
    assert (await agent.until(Stop)).run == start.run
    # The agent's next word, said before it heard of that, changes nothing.
    await agent.send(load(**{start.run: 80.0}))
    again = await browser.track(track)
    assert (await agent.until(Start)).run == str(again)
    for socket in (agent, browser):
        await socket.close()


async def test_ten_watchers_get_every_frame_though_one_of_them_stalls(world: World) -> None:
    tracks = [await in_thread(draw, world, 0) for _ in range(3)]
    starter = await Browser.on(world)
    watchers = [await Browser.on(world, "viewer") for _ in range(9)]
    stalled = await Browser.on(world, "viewer", stalled=True)
    agent, start = await running(world, starter, *tracks, last=300)
    wanted = list(range(1, 301))

    async def watch(browser: Browser) -> None:
        while any(browser.frames(track) != wanted for track in tracks):
            assert await browser.next() is not None

    async def predict() -> None:
        await agent.predict(start, *wanted)
        await agent.finish(start)

    await asyncio.gather(predict(), *(watch(browser) for browser in (starter, *watchers)))
    assert all(not browser.missed for browser in (starter, *watchers))

    while stalled.sequence < 64:
        await stalled.next()
    assert stalled.frames(tracks[0]) == list(range(1, 65)), "No more than it has room for."
    stalled.stalled = False
    await stalled.send(Received(sequence=64))
    while 300 not in stalled.frames(tracks[0]):
        await stalled.next()
    named = {frame for track, first, last in stalled.missed if track == tracks[0] for frame in range(first, last + 1)}
    assert sorted({*stalled.frames(tracks[0]), *named}) == wanted, "What was dropped is named."
    for socket in (agent, starter, *watchers, stalled):
        await socket.close()


async def test_a_killed_agents_run_goes_on_with_another_without_a_gap(world: World) -> None:
    await in_thread(make_agent, world, "second", connected=False)
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track, last=60)
    await agent.predict(start, *range(1, 31))
    while 30 not in browser.frames(track):
        await browser.next()
    await agent.close()
    waiting = await browser.until(RunUpdate)
    while waiting.run.state != "queued":
        waiting = await browser.until(RunUpdate)
    second = await FakeAgent.connected("second-token")
    again = await second.until(Start)
    assert [(leg.prompt.frame, leg.emit_first) for leg in again.legs] == [(30, False)]
    await second.predict(again, *range(31, 61))
    await second.finish(again)
    while (await browser.until(RunUpdate)).run.state != "done":
        pass
    assert await in_thread(frames_of, track) == list(range(61))
    await second.close()
    await browser.close()


@pytest.mark.parametrize("begun", [False, True], ids=["queued", "begun"])
async def test_what_is_being_stored_when_an_agent_goes_is_stored_before_what_came_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch, *, begun: bool
) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track, last=40)
    gate, came = threading.Event(), threading.Event()

    def store(**given: Any) -> Run:
        if not came.is_set():
            came.set()
            gate.wait()
        return store_predictions(**given)

    if begun:
        monkeypatch.setattr("annotator.live.writer.store_predictions", store)
    else:
        monkeypatch.setattr(relay, "_writing_threads", ThreadPoolExecutor(1))
        busy = asyncio.create_task(relay.in_writing_thread(gate.wait))
    await agent.predict(start, *range(1, 11))
    while begun and not came.is_set():
        await asyncio.sleep(0.01)
    await asyncio.sleep(2 * writer.STORE_EVERY_S)
    await agent.predict(start, *range(11, 21))
    while 20 not in browser.frames(track):
        await browser.next()
    going = asyncio.create_task(agent.close())
    await asyncio.sleep(2 * writer.STORE_EVERY_S)
    gate.set()
    await going
    if not begun:
        await busy
    assert await in_thread(frames_of, track) == list(range(21))
    await browser.close()


async def test_an_agent_that_lost_its_network_goes_on_from_what_is_stored(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    await agent.predict(start, 1, 2, 3)
    await agent.until(Stored)
    back = await FakeAgent.connected(runs=[start.run, "11111111-0000-4000-8000-000000000000"])
    again = await back.until(Start)
    assert (again.run, again.legs[0].prompt.frame) == (start.run, 3)
    assert (await back.until(Stop)).run.startswith("1111")
    await back.close()
    await browser.close()


async def test_a_correction_is_followed_by_that_object_alone(world: World) -> None:
    track, other = [await in_thread(draw, world, 0) for _ in range(2)]
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track, other)
    await agent.predict(start, *range(1, 21))
    while (await agent.until(Stored)).sequence < 20:
        pass
    await browser.edited(put(track, [keyframe(10, 50)]))
    run = UUID(start.run)
    await browser.send(RunCorrect(run=run, track=track, frame=10))
    cleared = await browser.until(Cleared)
    assert (cleared.track, cleared.epoch, cleared.ranges) == (track, 1, [(11, 99)])
    await browser.until(EventOut, kind="run")
    correct = await agent.until(Correct)
    assert (correct.object, correct.legs[0].prompt.frame, correct.legs[0].prompt.epoch) == (str(track), 10, 1)
    for rows in browser.rows.values():
        rows.clear()
    await agent.predict(start, 21)
    await agent.predict(Start.model_validate({**start.model_dump(), "legs": correct.legs}), 11, epoch=1)
    while not browser.frames(track):
        await browser.next()
    assert (browser.frames(track), browser.frames(other)) == ([11], [21])
    await agent.close()
    await browser.close()


async def test_what_an_edit_took_away_stays_away(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    await agent.predict(start, *range(1, 11))
    while 10 not in browser.frames(track):
        await browser.next()
    await browser.edited(clear(track, 3, 6))
    await agent.predict(start, 11)
    await agent.until(Stored)
    await browser.until(EventOut, kind="predictions")
    await agent.close()
    assert await in_thread(frames_of, track) == [0, 1, 2, 7, 8, 9, 10, 11]
    await browser.close()


async def test_stopping_ends_the_run_at_the_agent(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    await browser.send(RunStop(run=UUID(start.run)))
    assert (await agent.until(Stop)).run == start.run
    await agent.predict(start, 1)
    assert (await agent.until(Stop)).run == start.run, "What comes later is not wanted."
    assert await in_thread(frames_of, track) == [0]
    await agent.close()
    await browser.close()


async def test_a_model_that_fails_is_told_to_the_person(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    await agent.predict(start, 1, 2)
    await agent.send(RunFailed(run=start.run, message="The model broke.", detail="Traceback …"))
    failed = await browser.until(RunUpdate)
    while failed.run.state != "failed":
        failed = await browser.until(RunUpdate)
    assert failed.run.message == "The model broke."
    assert await in_thread(frames_of, track) == [0, 1, 2]
    await agent.close()
    await browser.close()


async def test_a_run_whose_process_in_a_cluster_died_goes_on_from_what_is_stored_and_says_so(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    await agent.predict(start, 1, 2)
    await agent.send(RunFailed(run=start.run, message="Its process died.", again=True))
    again = await agent.until(Start)
    assert (again.run, again.legs[0].prompt.frame, again.legs[0].emit_first) == (start.run, 2, False)
    assert await in_thread(frames_of, track) == [0, 1, 2]
    update = await browser.until(RunUpdate)
    while "Its process died." not in update.run.message or update.run.state != "running":
        update = await browser.until(RunUpdate)
    await agent.predict(again, 3, 4)
    await agent.until(Stored)
    assert await in_thread(frames_of, track) == [0, 1, 2, 3, 4]
    await agent.close()
    await browser.close()


async def test_machines_of_a_cluster_come_and_go(world: World) -> None:
    agent = await FakeAgent.connected()
    devices = [Device(name=f"{node}: CPU", kind="cpu", memory_bytes=8) for node in ("one", "two")]
    loads = [DeviceLoad(busy=0.5, memory_bytes=4), DeviceLoad(busy=0.0, memory_bytes=2)]
    await agent.send(Load(cpu=0.1, memory_bytes=1, runs=0, machine=devices, devices=loads, runs_at_once=8))

    def told() -> tuple[list[str], int]:
        info = Agent.objects.get().info
        return [device["name"] for device in info["devices"]], info["runs_at_once"]

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not await in_thread(condition):
                await asyncio.sleep(0.02)

    await until(lambda: told() == (["one: CPU", "two: CPU"], 8))
    await agent.send(Load(cpu=0.1, memory_bytes=1, runs=0, devices=loads))
    await agent.send(Load(cpu=0.1, memory_bytes=1, runs=0, machine=devices[:1], devices=loads[:1], runs_at_once=4))
    await until(lambda: told() == (["one: CPU"], 4))
    await agent.close()


async def test_a_note_about_a_run_is_told_to_the_person_while_it_goes_on(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    await agent.send(RunNote(run=start.run, message="The GPU gave out."))
    await agent.predict(start, 1, 2)
    update = await browser.until(RunUpdate)
    while not update.run.message:
        update = await browser.until(RunUpdate)
    assert (update.run.state, update.run.message) == ("running", "The GPU gave out.")
    await agent.close()
    await browser.close()


async def test_an_agent_that_ends_a_run_without_a_word_has_failed(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    agent.sequence = 0
    await agent.finish(Start.model_validate({**start.model_dump(), "legs": []}))
    failed = await browser.until(RunUpdate)
    while failed.run.state != "failed":
        failed = await browser.until(RunUpdate)
    assert "without doing anything" in failed.run.message
    await agent.close()
    await browser.close()


async def test_an_agent_that_speaks_another_protocol_is_shown_to_its_admins_with_the_mend(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(agent_consumer, "PROTOCOL", agent_consumer.PROTOCOL + 1)
        agent = FakeAgent()
        assert await agent.open()
        await agent.hello()
        assert await agent.raw() is None
        assert agent.closed == 4400
    noted = await in_thread(Agent.objects.get)
    (check,) = noted.checks["checks"]
    assert (check["name"], check["state"], noted.connected) == ("Version", "failed", False)
    assert "It isn't let in." in check["said"]
    # Once it is updated and let in that is over.
    agent = await FakeAgent.connected()
    assert (await in_thread(Agent.objects.get)).checks["checks"] == []
    await agent.close()


@pytest.mark.parametrize("message", [b"\0", b"\xff\xff\xff\xff{}", b"\x02\0\0\0{}", b"\0\0\0\0"])
async def test_an_agent_that_talks_nonsense_is_shown_out(world: World, message: bytes) -> None:
    agent = await FakeAgent.connected()
    await agent.wire.send_to(bytes_data=message)
    assert await agent.raw() is None
    assert agent.closed == 4400


async def test_an_agent_that_falls_silent_loses_its_runs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    monkeypatch.setattr("annotator.live.agent_consumer.SILENT_S", 0.4)
    agent, _ = await running(world, browser, track)
    assert await agent.raw() is None
    await agent.close()
    waiting = await browser.until(RunUpdate)
    while waiting.run.state != "queued":
        waiting = await browser.until(RunUpdate)
    assert "agent is gone" in waiting.run.message
    await browser.close()


@pytest.mark.parametrize("kind", GEOMETRY_KINDS)
async def test_every_kind_of_geometry_is_shown_and_stored(world: World, kind: GeometryKind) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track, last=20)
    sent = [row_of(as_kind(kind, Box(at, 20, at + 30, 60)), at, Flag.PREDICTED, 0.75) for at in range(1, 11)]
    for row in sent:
        await agent.batch(start, [(str(track), row)])
    while 10 not in browser.frames(track):
        await browser.next()
    while (await agent.until(Stored)).sequence < 10:
        pass
    stored = (await in_thread(rows_of, track))[1:]
    shown = [browser.rows[track][at] for at in range(1, 11)]
    for rows in (shown, stored):
        assert [(row.kind, row.payload, row.flags) for row in rows] == [
            (row.kind, row.payload, row.flags) for row in sent
        ]
    await agent.close()
    await browser.close()


async def test_geometry_that_no_shape_can_have_fails_its_run_alone(world: World) -> None:
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track, last=20)
    far = Row(1, Kind.BOX, Flag.PREDICTED, 1.0, (0, 0, 2e6, 10))
    await agent.batch(start, [(str(track), far)])
    failed = await browser.until(RunUpdate)
    while failed.run.state != "failed":
        failed = await browser.until(RunUpdate)
    assert "geometry that no shape can have" in failed.run.message
    assert agent.closed is None
    assert await in_thread(frames_of, track) == [0]
    await agent.close()
    await browser.close()


async def test_a_found_object_is_shown_once_its_track_is_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_FINDERS", "tests.tracking.fakes:FINDERS")
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent = await FakeAgent.connected()
    find = FindOptions(finder="spotting", labels={"car": world.car.pk})
    await browser.track(track, last=50, options=RunOptions(find=find))
    start = await agent.until(Start)
    new = UUID(int=9)
    found = FoundObject(object=str(new), label="car", frame=5, direction="forward", last=50)
    await agent.batch(start, [(str(new), predicted(5))], found=[found])
    made = await browser.until(EventOut, kind="run")
    assert [operation.track for operation in made.operations] == [new]
    assert browser.frames(new) == []
    assert (await browser.until(EventOut, kind="predictions")).touched == [(new, 5, 5)]
    while 6 not in browser.frames(new):
        await agent.batch(start, [(str(new), predicted(6))])
        await browser.next()
    await agent.close()
    await browser.close()


async def test_an_agent_that_sends_more_than_may_wait_is_let_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.live.writer.MOST_BYTES", 300)
    gate = asyncio.Event()

    async def blocked(*args: object, **kwargs: object) -> Run:
        await gate.wait()
        raise Run.DoesNotExist

    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    monkeypatch.setattr("annotator.live.writer.in_thread", blocked)
    await agent.predict(start, *range(1, 20))
    gate.set()
    while await agent.raw() is not None:
        pass
    assert agent.closed == 4400
    await browser.close()


async def test_bytes_that_are_stored_do_not_count_any_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.live.writer.MOST_BYTES", 300)
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    for frame in range(1, 20):
        await agent.predict(start, frame)
        await agent.until(Stored)
    assert await in_thread(frames_of, track) == list(range(20))
    await agent.close()
    await browser.close()


async def test_two_agents_with_one_token_do_not_push_each_other_out_and_the_page_says_so(world: World) -> None:
    first = await FakeAgent.connected(instance="one")
    async with asyncio.timeout(5):
        while not await in_thread(Agent.objects.filter(connected=True).exists):
            await asyncio.sleep(0.01)
    second = FakeAgent()
    assert await second.open()
    await second.hello(instance="two", host="laptop")
    assert await second.raw() is None
    assert second.closed == 4409
    page = f"/workspaces/{world.workspace.pk}/networks/"
    client = await in_thread(client_of, world.people["admin"])
    said = await in_thread(client.get, page)
    assert '"rival": "laptop"' in said.content.decode()
    # The same program comes back by a new connection, and whoever comes after it has gone is let in.
    again = await FakeAgent.connected(instance="one")
    assert await first.raw() is None
    await again.close()
    other = await FakeAgent.connected(instance="two")
    await other.close()


async def test_what_an_agent_says_while_nothing_can_be_stored_stays_bounded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.live.writer.RETRY_S", 0.05)
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    agent, start = await running(world, browser, track)
    held: list[tuple[int, int]] = []

    async def locked(*args: object, **kwargs: object) -> object:
        held.append((len(kwargs["notes"]), len(kwargs["ended"])))  # type: ignore[arg-type]
        if len(held) < 4:
            raise OperationalError("database is locked")
        return await in_thread(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("annotator.live.writer.in_writing_thread", locked)
    for number in range(300):
        await agent.send(RunNote(run=start.run, message=f"Note {number}. " + "x" * 1000))
        end = LegDone(run=start.run, object=str(track), direction="forward", epoch=number % 2, sequence=0)
        await agent.send(end.model_copy(update={"problem": f"{number}"}))
    while (run := (await browser.until(RunUpdate)).run).message.count("\n") < 19:
        pass
    assert max(held) == (20, 1)
    assert len(run.message) < 20 * 501 + 60
    await agent.close()
    await browser.close()


async def test_the_log_of_a_machine_is_read_by_who_has_asked_for_it(world: World) -> None:
    agent = await FakeAgent.connected()
    box = await in_thread(lambda: Agent.objects.get(connected=True))
    ask = await in_thread(lambda: ask_log(agent=box, after=3))
    asked = await agent.until(AskLog)
    assert (asked.ask, asked.after) == (str(ask), 3)
    assert await in_thread(log_told, box, ask) is None
    line = LogLine(number=4, at=1.0, level="warning", text="framewise.agent: late")
    await agent.send(LogTold(ask=asked.ask, lines=[line], lost=2))
    while (told := await in_thread(log_told, box, ask)) is None:
        await asyncio.sleep(0.01)
    assert (told["lines"], told["lost"]) == ([line.model_dump()], 2)
    assert await in_thread(log_told, box, uuid4()) is None
    await agent.close()
