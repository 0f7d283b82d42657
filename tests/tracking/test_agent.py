"""An agent against a server of a few lines: what it says, and what it does when the line is cut."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from tests.tracking import weighty
from tests.tracking.fakes import Drifting, FakeVideo
from tests.tracking.test_engine import leg, start
from tracking import agent as module
from tracking.agent import Agent, Refused, backoff, channel_url
from tracking.engine import Engine, local
from tracking.engine.local import LocalEngine
from tracking.protocol import Accepted, AgentMessage, Correct, Fetch, Stop, Stored, VideoAccess, unpacked_batch
from tracking.release import release
from tracking.session import Pictures
from tracking.types import TrackingError
from tracking.warm import Keeper

TOKEN = "secret"


@dataclass
class FakeServer:
    """Accepts agents with the token; ``said`` is a queue of what each connection brings, as dictionaries."""

    connections: asyncio.Queue[ServerConnection] = field(default_factory=asyncio.Queue)
    said: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    url: str = ""

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path != "/ws/agent/" or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return connection.respond(403, "")
        return None

    async def talk(self, connection: ServerConnection) -> None:
        hello = json.loads(await connection.recv())
        self.said.put_nowait(hello)
        await connection.send(Accepted(agent=1, name="box").model_dump_json())
        self.connections.put_nowait(connection)
        async for message in connection:
            self.said.put_nowait(parse(message))

    async def connection(self) -> ServerConnection:
        return await asyncio.wait_for(self.connections.get(), 10)

    async def next(self, kind: str) -> dict[str, Any]:
        while (said := await asyncio.wait_for(self.said.get(), 10))["type"] != kind:
            pass
        return said

    async def until(self, kind: str, *, storing: ServerConnection | None = None) -> list[dict[str, Any]]:
        """Everything up to the first message of ``kind``; batches that come by ``storing`` are told to be stored."""
        said: list[dict[str, Any]] = []
        while not said or said[-1]["type"] != kind:
            said.append(await asyncio.wait_for(self.said.get(), 10))
            if storing is not None and said[-1]["type"] == "batch":
                await tell(storing, Stored(run=said[-1]["run"], sequence=said[-1]["sequence"]))
        return said


def parse(message: str | bytes) -> dict[str, Any]:
    if isinstance(message, str):
        return json.loads(message)  # type: ignore[no-any-return]
    head, tables = unpacked_batch(message)
    rows = [
        {"frame": frame, "epoch": item.epoch}
        for item, table in zip(head.tables, tables, strict=True)
        for frame in table.frames.tolist()
    ]
    return {**head.model_dump(mode="json"), "rows": rows}


async def tell(connection: ServerConnection, message: AgentMessage) -> None:
    await connection.send(message.model_dump_json())


def frames(said: list[dict[str, Any]]) -> list[int]:
    return [row["frame"] for message in said if message["type"] == "batch" for row in message["rows"]]


@asynccontextmanager
async def running(
    create: Callable[[], Drifting] = Drifting, engine: Engine | None = None, warm: Keeper | None = None
) -> AsyncIterator[FakeServer]:
    """``engine``: what carries runs out; None: a local one whose trackers are made by ``create``."""
    server = FakeServer()

    def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> AbstractContextManager[Pictures]:
        return FakeVideo(frame_count=1000).opened()

    async with serve(server.talk, "127.0.0.1", 0, process_request=server.admit) as listening:
        server.url = address(listening)
        engine = engine or LocalEngine(open_video, create=lambda model: create())
        agent = Agent(server.url, TOKEN, engine, name="here", http=httpx.Client(base_url=server.url), warm=warm)
        task = asyncio.create_task(agent.run())
        yield server
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def address(listening: Server) -> str:
    return f"http://127.0.0.1:{next(iter(listening.sockets)).getsockname()[1]}"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_S", (0.01, 0.02))
    monkeypatch.setattr(module, "RESUME_AFTER_S", 0.05)
    monkeypatch.setattr(module, "LOAD_EVERY_S", 0.05)


async def test_it_introduces_itself_and_tells_its_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("FRAMEWISE_EXTRA_FINDERS", "tests.tracking.fakes:FINDERS")
    async with running() as server:
        await server.connection()
        hello, load = await server.next("hello"), await server.next("load")

    assert (hello["host"], hello["runs"]) == ("here", [])
    assert hello["devices"][0]["kind"] == "cpu"
    assert hello["finders"] == load["finders"] == ["spotting"]
    assert 0 <= load["cpu"] <= 1
    assert load["memory_bytes"] > 1_000_000


async def test_weights_that_are_wanted_come_and_their_model_is_ready_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.weighty:ENTRIES")
    monkeypatch.setattr(module, "LOAD_EVERY_S", 60.0)
    with weighty.shelf() as shelf:
        monkeypatch.setenv(weighty.ADDRESS, shelf.url)
        async with running() as server:
            connection = await server.connection()
            assert weighty.MODEL not in (await server.next("hello"))["models"]
            await tell(connection, Fetch(model=weighty.MODEL))
            while (fetched := await server.next("fetched"))["stage"] != "done":
                assert fetched["stage"] in ("downloading", "checking"), fetched
            # Long before the load is told again by itself.
            load = await server.next("load")
    assert weighty.MODEL in load["models"]
    assert [len(load["devices"]), load["devices"][0]["memory_bytes"] > 0] == [1, True]


async def test_a_run_arrives_frame_by_frame() -> None:
    async with running() as server:
        connection = await server.connection()
        await server.next("hello")
        await tell(connection, start("r", leg(last=3)))
        said = [message for message in await server.until("run.done") if message["type"] != "load"]

    assert frames(said) == [0, 1, 2, 3]
    *batches, leg_done, run_done = said
    assert [message["sequence"] for message in batches] == list(range(1, len(batches) + 1))
    assert (leg_done["type"], leg_done["sequence"]) == ("leg.done", len(batches))
    assert (run_done["type"], run_done["sequence"]) == ("run.done", len(batches))


async def test_it_goes_on_where_it_was_after_a_lost_connection() -> None:
    async with running() as server:
        first = await server.connection()
        await tell(first, start("r", leg(last=80)))
        stored = await server.next("batch")
        await tell(first, Stored(run="r", sequence=1))
        await first.close()
        second = await server.connection()
        assert (await server.next("hello"))["runs"] == ["r"]
        said = await server.until("run.done", storing=second)

    seen = frames(said)
    assert seen == list(range(seen[0], 81))
    assert seen[0] in (0, stored["rows"][-1]["frame"] + 1)
    assert next(message for message in said if message["type"] == "batch")["sequence"] == 1


async def test_a_run_that_is_started_anew_forgets_what_it_held() -> None:
    async with running() as server:
        first = await server.connection()
        await tell(first, start("r", leg(last=900)))
        await server.next("batch")
        await first.close()
        second = await server.connection()
        await server.next("hello")
        await tell(second, start("r", leg(frame=500, last=502)))
        said = await server.until("run.done")

    assert frames(said) == [500, 501, 502]


async def test_a_run_that_is_stopped_after_a_reconnect_says_nothing() -> None:
    async with running() as server:
        first = await server.connection()
        await tell(first, start("r", leg(last=900)))
        await server.next("batch")
        await first.close()
        second = await server.connection()
        await tell(second, Stop(run="r"))
        await server.next("hello")
        await tell(second, start("other", leg(last=1)))
        said = await server.until("run.done")

    assert {message["run"] for message in said if message["type"] == "batch"} == {"other"}


async def test_a_correction_is_followed() -> None:
    async with running() as server:
        connection = await server.connection()
        await tell(connection, start("r", leg(last=900)))
        await server.until("batch", storing=connection)
        again = [leg(frame=5, last=8, epoch=1)]
        await tell(connection, Correct(run="r", object="a", legs=again))
        said = await server.until("run.done", storing=connection)

    corrected = [row for message in said if message["type"] == "batch" for row in message["rows"] if row["epoch"]]
    assert [row["frame"] for row in corrected] == [5, 6, 7, 8]


async def test_a_model_that_raises_fails_its_run_and_the_agent_lives_on() -> None:
    class Broken(Drifting):
        def step(self, frame: Any) -> Any:
            raise RuntimeError("out of luck")

    async with running(Broken) as server:
        connection = await server.connection()
        await tell(connection, start("r", leg()))
        failed = await server.next("run.failed")
        await tell(connection, start("again", leg(last=0)))
        done = await server.next("run.done")

    assert "out of luck" in failed["message"]
    assert "Traceback" in failed["detail"]
    assert done["run"] == "again"


async def test_it_says_which_runs_do_not_get_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "STALLED_AFTER_S", 0.1)
    gate = threading.Event()

    class Hanging(Drifting):
        def step(self, frame: Any) -> Any:
            gate.wait(10)
            return super().step(frame)

    async with running(Hanging) as server:
        connection = await server.connection()
        assert (await server.next("load"))["stalled"] == {}
        await tell(connection, start("r", leg(last=3)))
        while not (stalled := (await server.next("load"))["stalled"]):
            pass
        gate.set()
        await server.until("run.done", storing=connection)
        again = await server.next("load")

    assert list(stalled) == ["r"]
    assert stalled["r"] >= 0.1
    assert again["stalled"] == {}


async def test_what_it_does_not_understand_it_leaves_alone() -> None:
    async with running() as server:
        connection = await server.connection()
        await connection.send('{"type": "from the future"}')
        await tell(connection, start("r", leg(last=0)))
        await server.next("run.done")


async def test_a_patient_one_waits_for_a_server_that_is_only_starting_without_a_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTENS_EVERY_S", 0.01)
    server = FakeServer()
    with socket.socket() as ours:
        # Nobody else gets this port, and nobody is let in by it until the server listens.
        ours.bind(("127.0.0.1", 0))
        engine = LocalEngine(lambda *_: FakeVideo().opened())
        agent = Agent(f"http://127.0.0.1:{ours.getsockname()[1]}", TOKEN, engine, patience_s=60)
        task = asyncio.create_task(agent.run())
        await asyncio.sleep(0.1)
        async with serve(server.talk, sock=ours, process_request=server.admit):
            await asyncio.wait_for(server.connections.get(), 60)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    assert not [record for record in caplog.records if record.levelname == "WARNING"]


async def test_patience_ends(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as nobodys:
        nobodys.bind(("127.0.0.1", 0))
        engine = LocalEngine(lambda *_: FakeVideo().opened())
        agent = Agent(f"http://127.0.0.1:{nobodys.getsockname()[1]}", TOKEN, engine, patience_s=0.05)
        task = asyncio.create_task(agent.run())
        while "No connection" not in caplog.text:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_server_that_speaks_otherwise_is_said_with_how_to_update(caplog: pytest.LogCaptureFixture) -> None:
    async def turn_away(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(4400, "This server speaks protocol 99; update the agent.")

    async with serve(turn_away, "127.0.0.1", 0) as listening:
        agent = Agent(address(listening), TOKEN, LocalEngine(lambda *_: FakeVideo().opened()))
        task = asyncio.create_task(agent.run())
        while "No connection" not in caplog.text:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert f"This server speaks protocol 99; update the agent. This one is {release()}" in caplog.text
    assert "Update or mend a machine" in caplog.text


async def test_a_token_that_is_not_known_ends_it() -> None:
    server = FakeServer()
    async with serve(server.talk, "127.0.0.1", 0, process_request=server.admit) as listening:
        agent = Agent(address(listening), "wrong", LocalEngine(lambda *_: FakeVideo().opened()))
        with pytest.raises(Refused, match="token"):
            await asyncio.wait_for(agent.run(), 10)


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws/agent/"),
        ("https://label.example.org/tool/", "wss://label.example.org/tool/ws/agent/"),
    ],
)
def test_it_finds_the_channel_of_a_server(server: str, url: str) -> None:
    assert channel_url(server) == url


def test_an_address_without_http_is_refused() -> None:
    with pytest.raises(TrackingError, match="http"):
        channel_url("label.example.org")


def test_pauses_grow_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_S", (1.0, 4.0))
    pauses = backoff()
    waited = [next(pauses) for _ in range(5)]

    for pause, least in zip(waited, [1, 2, 4, 4, 4], strict=True):
        assert least <= pause <= 1.5 * least


async def test_detectors_of_its_own_are_told_and_again_when_they_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(module, "LOAD_EVERY_S", 0.05)
    (tmp_path / "own").mkdir()
    told = {"server": "http://models:9001", "protocol": "cvat", "classes": ["sheep"]}
    (tmp_path / "own" / "sheep.json").write_text(json.dumps(told))
    async with running() as server:
        hello = await server.next("hello")
        assert [(own["id"], own["classes"]) for own in hello["own"]] == [("own:sheep", ["sheep"])]
        assert (await server.next("load"))["own"] is None
        (tmp_path / "own" / "sheep.json").unlink()
        while (load := await server.next("load"))["own"] is None:
            pass
        assert load["own"] == []
        assert "own:sheep" not in load["finders"]
