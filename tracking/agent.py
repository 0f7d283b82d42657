"""The program that connects a machine to a server and tracks for it. It opens one WebSocket, outbound only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform
import random
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from http import HTTPStatus
from typing import assert_never
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tracking import catalog
from tracking.engine import Engine
from tracking.fetching import Fetcher
from tracking.log_ring import LogRing
from tracking.outbox import Outbox
from tracking.previews import Previews
from tracking.protocol import (
    PROTOCOL,
    TO_AGENT,
    Accepted,
    AgentMessage,
    AskLog,
    Correct,
    Device,
    DropFetch,
    DropPreview,
    Extend,
    Fetch,
    Fetched,
    Hello,
    Load,
    LoadModel,
    LogTold,
    OwnDetector,
    PinModels,
    Preview,
    Previewed,
    Segment,
    Segmented,
    Start,
    Stop,
    Stored,
    ToAgent,
    UnloadModel,
)
from tracking.release import release
from tracking.smart import Smart
from tracking.types import TrackingError
from tracking.verification import Watch
from tracking.warm import Keeper, Warm

LOAD_EVERY_S = 5.0
SEND_EVERY_S = 1 / 30
"""Results leave at once, but no more often than this: what a fast model finds meanwhile goes together."""
BACKOFF_S = (0.5, 15.0)
"""First and longest pause before the next attempt to connect; jitter makes it up to half as long again."""
STABLE_S = 30.0
"""A connection that lived so long makes the next pause short again."""
RESUME_AFTER_S = 5.0
"""After a reconnect a run that the server has neither started anew nor stopped by then goes on where it was."""
ACCEPTED_WITHIN_S = 30.0
"""How long the server may take to let an agent in."""
LISTENS_EVERY_S = 0.2
"""How often a server that is only starting is looked for."""
REFUSED_CLOSE_CODES = {4401, 4403}
PROTOCOL_ERROR = 4400
UPDATE = "run the command that its page Neural networks shows under “Update or mend a machine”."
MOST_PROBLEM = 1000
"""Characters of why a detector of its own can't be used."""
MOST_TOLD = 1000
"""Answers to clicks that wait for a connection; older ones nobody waits for."""

log = logging.getLogger("framewise.agent")


class Refused(TrackingError):
    """The server doesn't let this agent in; trying again won't help."""


class Agent:
    """Keeps one connection to a server, and one outbox per run across connections.

    Args:
        server: e.g. ``https://label.example.org``.
        token: as the server showed it once.
        name: how this machine calls itself.
        engine: carries runs out.
        smart: answers clicks; None: nothing does.
        http: with the server's address as its base, for weights; None: none are fetched.
        warm: keeps the networks of all that computes here; None: nothing does.
        ring: has the last lines of the log; None: none are told.
        patience_s: how long a server that isn't there at first is only waited for, without a warning.
    """

    def __init__(
        self,
        server: str,
        token: str,
        engine: Engine,
        *,
        name: str = "",
        smart: Smart | None = None,
        previews: Previews | None = None,
        http: httpx.Client | None = None,
        warm: Keeper | None = None,
        ring: LogRing | None = None,
        patience_s: float = 0,
    ) -> None:
        self.url = channel_url(server)
        self.token = token
        self.name = name or platform.node()
        self.engine = engine
        self.smart = smart
        self.previews = previews
        self.ring = ring or LogRing()
        self.warm: Keeper = warm or Warm()
        self.warm.changed = self._say_soon
        self.patience_s = patience_s
        self.fetcher = None if http is None else Fetcher(http, self._tell_fetched, machine=self.name)
        self._fetched: dict[str, Fetched] = {}
        self._changed_models = asyncio.Event()
        """Which models it can run, or has in memory."""
        self._told: deque[Segmented | Previewed | LogTold] = deque(maxlen=MOST_TOLD)
        self._instance = uuid4().hex
        self._devices: list[Device] = []
        self._runs_at_once = 0
        self._weights = Watch()
        self._told_own: list[OwnDetector] = []
        self._outboxes: dict[str, Outbox] = {}
        self._something_to_send = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop

    async def run(self) -> None:
        """Stay connected until cancelled. Raises Refused when the server doesn't know the token."""
        self._loop = asyncio.get_running_loop()
        pauses = backoff()
        try:
            await self._server_begins()
            while True:
                began = self._loop.time()
                try:
                    async with self._connected() as connection:
                        await self._serve(connection)
                except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as error:
                    _raise_if_refused(error)
                    if self._loop.time() - began > STABLE_S:
                        pauses = backoff()
                    pause = next(pauses)
                    log.warning("No connection to %s (%s); trying again in %.1f s.", self.url, _reason(error), pause)
                    await asyncio.sleep(pause)
        finally:
            for outbox in self._outboxes.values():
                outbox.close()
            self.engine.close()
            if self.smart is not None:
                self.smart.close()
            if self.previews is not None:
                self.previews.close()
            if self.fetcher is not None:
                self.fetcher.close()

    async def _server_begins(self) -> None:
        """Wait until something listens at the server's address, as long as patience lasts."""
        address = urlsplit(self.url)
        port = address.port or (443 if address.scheme == "wss" else 80)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.patience_s):
                while not await _listens(address.hostname, port):
                    await asyncio.sleep(LISTENS_EVERY_S)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientConnection]:
        """A connection on which the server has accepted this agent."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with connect(self.url, additional_headers=headers, max_size=None, compression=None) as connection:
            await self._send(connection, self._hello(await asyncio.to_thread(self._weights.usable_models)))
            async with asyncio.timeout(ACCEPTED_WITHIN_S):
                first = TO_AGENT.validate_json(await connection.recv())
            if not isinstance(first, Accepted):
                raise TimeoutError(f"the server began with {first.type}, not with accepted")
            log.info("Connected to %s as %s (agent %d).", self.url, first.name, first.agent)
            yield connection

    def _hello(self, models: list[str]) -> Hello:
        self._told_own = _own_detectors()
        self._devices, self._runs_at_once = self.engine.devices(), self.engine.runs_at_once
        return Hello(
            protocol=PROTOCOL,
            version=release(),
            host=self.name,
            devices=self._devices,
            models=models,
            segmenters=self._segmenters(),
            finders=catalog.ready_finders(),
            own=self._told_own,
            runs_at_once=self._runs_at_once,
            runs=list(self._outboxes),
            instance=self._instance,
        )

    async def _serve(self, connection: ClientConnection) -> None:
        """Listen and talk until the connection is lost, which listening raises."""
        resuming = self._loop.call_later(RESUME_AFTER_S, self._resume, tuple(self._outboxes.values()))
        talking = [asyncio.create_task(talk(connection)) for talk in (self._send_results, self._send_load)]
        try:
            await self._listen(connection)
        finally:
            resuming.cancel()
            for task in talking:
                task.cancel()
            await asyncio.gather(*talking, return_exceptions=True)
            for outbox in self._outboxes.values():
                outbox.hold()

    async def _listen(self, connection: ClientConnection) -> None:
        while True:
            text = await connection.recv()
            try:
                message = TO_AGENT.validate_json(text)
            except ValidationError as error:
                log.error("The server said something this version doesn't understand: %s", error)
                continue
            self._obey(message)

    def _obey(self, message: ToAgent) -> None:
        match message:
            case Accepted():
                pass
            case Start():
                log.info("Run %s: %s, %d legs.", message.run, message.model, len(message.legs))
                self._forget(message.run)
                self._outboxes[message.run] = Outbox(message.run, self._wake)
                self.engine.start(message, self._outboxes[message.run])
            case Correct():
                self.engine.correct(message.run, message.object, message.legs)
            case Extend():
                self.engine.extend(message.run, message.direction, message.last, message.objects, search=message.search)
            case Stop():
                log.info("Run %s: stopped.", message.run)
                self.engine.stop(message.run)
                self._forget(message.run)
            case Stored():
                if outbox := self._outboxes.get(message.run):
                    outbox.stored(message.sequence)
                    self._forget_if_finished(outbox)
            case Segment():
                self._answer(message)
            case Preview():
                if self.previews is not None:
                    self.previews.ask(message, self._tell)
            case DropPreview():
                if self.previews is not None:
                    self.previews.drop(message.preview)
            case Fetch():
                self._fetch(message)
            case LoadModel():
                self.warm.load(message.model)
            case AskLog():
                lines, lost = self.ring.after(message.after)
                self._tell(LogTold(ask=message.ask, lines=lines, lost=lost))
            case UnloadModel():
                self.warm.unload(message.model)
            case PinModels():
                self.warm.pin(message.models)
            case DropFetch():
                if self.fetcher is not None:
                    self.fetcher.drop(message.model)
            case _:
                assert_never(message)

    def _segmenters(self) -> list[str]:
        """What this machine can answer clicks with."""
        if self.smart is None:
            return []
        return [entry.id for entry in catalog.segmenters() if not catalog.missing(entry)]

    def _answer(self, asked: Segment) -> None:
        if self.smart is not None:
            self.smart.ask(asked, self._tell)

    def _fetch(self, asked: Fetch) -> None:
        if self.fetcher is not None:
            log.info("Weights of %s are wanted.", asked.model)
            self.fetcher.get(asked)

    def _tell_fetched(self, told: Fetched) -> None:
        """From the thread that fetches weights: of each model the newest word is sent."""
        self._fetched[told.model] = told
        self._wake()

    def _tell(self, told: Segmented | Previewed | LogTold) -> None:
        """From any thread: answers to what was asked beside runs."""
        self._told.append(told)
        self._wake()

    def _resume(self, outboxes: Iterable[Outbox]) -> None:
        for outbox in outboxes:
            if self._outboxes.get(outbox.run) is outbox:
                log.info("Run %s: goes on.", outbox.run)
                outbox.resume()

    async def _send_results(self, connection: ClientConnection) -> None:
        while True:
            await self._something_to_send.wait()
            self._something_to_send.clear()
            while self._told:
                await self._send(connection, self._told.popleft())
            for model in tuple(self._fetched):
                told = self._fetched.pop(model)
                await self._send(connection, told)
                if told.stage == "done":
                    self._changed_models.set()
            for outbox in tuple(self._outboxes.values()):
                while (message := outbox.take()) is not None:
                    await connection.send(message)
                self._forget_if_finished(outbox)
            await asyncio.sleep(SEND_EVERY_S)

    async def _send_load(self, connection: ClientConnection) -> None:
        process = psutil.Process()
        psutil.cpu_percent()  # the first call only sets where the next one measures from
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOAD_EVERY_S):
                    await self._changed_models.wait()
            self._changed_models.clear()
            await asyncio.to_thread(self.warm.let_go_idle)
            cpu, memory = psutil.cpu_percent() / 100, process.memory_info().rss
            models = await asyncio.to_thread(self._weights.usable_models)
            runs, stalled = len(self._outboxes), self.engine.stalled()
            machine, at_once = self._changed_machine()
            load = Load(
                cpu=cpu,
                memory_bytes=memory,
                runs=runs,
                models=models,
                segmenters=self._segmenters(),
                finders=catalog.ready_finders(),
                own=self._changed_own(),
                stalled=stalled,
                devices=self.engine.loads(cpu=cpu),
                machine=machine,
                runs_at_once=at_once,
                loaded=self.warm.told(),
            )
            await self._send(connection, load)

    def _changed_machine(self) -> tuple[list[Device] | None, int | None]:
        """What it computes with, and how many runs at once, where they aren't what the server was told last."""
        before = self._devices, self._runs_at_once
        self._devices, self._runs_at_once = self.engine.devices(), self.engine.runs_at_once
        machine = None if self._devices == before[0] else self._devices
        return machine, None if self._runs_at_once == before[1] else self._runs_at_once

    def _changed_own(self) -> list[OwnDetector] | None:
        """Its own detectors where they aren't what the server was told last: their classes can be many."""
        own = _own_detectors()
        if own == self._told_own:
            return None
        self._told_own = own
        return own

    async def _send(self, connection: ClientConnection, message: AgentMessage) -> None:
        await connection.send(message.model_dump_json())

    def _forget_if_finished(self, outbox: Outbox) -> None:
        if outbox.finished and self._outboxes.get(outbox.run) is outbox:
            log.info("Run %s: over.", outbox.run)
            self._forget(outbox.run)

    def _forget(self, run: str) -> None:
        if outbox := self._outboxes.pop(run, None):
            outbox.close()

    def _say_soon(self) -> None:
        """From any thread: what is in memory has changed."""
        with contextlib.suppress(AttributeError, RuntimeError):  # before it runs, and when it has ended
            self._loop.call_soon_threadsafe(self._changed_models.set)

    def _wake(self) -> None:
        """From any thread: there is something to send."""
        if self._something_to_send.is_set():
            return  # Each wake costs the threads that compute; what was put by now goes along.
        # The loop is closed when a run's last words come after the agent was told to end.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._something_to_send.set)


def channel_url(server: str) -> str:
    """The agents' channel of a server. Raises TrackingError when the address isn't one of a web server."""
    scheme, separator, rest = server.strip().rstrip("/").partition("://")
    if not separator or scheme not in ("http", "https") or not rest:
        raise TrackingError(
            f"An agent needs its server's address with http:// or https://; {server!r} came. "
            "Copy it from the browser, e.g. --server https://label.example.org"
        )
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ws/agent/"


async def _listens(host: str | None, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def _own_detectors() -> list[OwnDetector]:
    return [
        OwnDetector(
            id=entry.id,
            name=entry.name,
            classes=list(entry.classes),
            confidence=float(entry.settings["confidence"]),
            problem=entry.problem[:MOST_PROBLEM],
        )
        for entry in catalog.own()
    ]


def backoff() -> Iterator[float]:
    """Seconds to wait before each further attempt."""
    pause, longest = BACKOFF_S
    while True:
        yield pause * random.uniform(1, 1.5)
        pause = min(2 * pause, longest)


def _raise_if_refused(error: Exception) -> None:
    status = error.response.status_code if isinstance(error, InvalidStatus) else 0
    code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else 0
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or code in REFUSED_CLOSE_CODES:
        raise Refused(
            "An agent needs a token that its server knows; this one is unknown or was revoked. Make a new one on the "
            "server's page Neural networks."
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionClosed) and error.rcvd and error.rcvd.code == PROTOCOL_ERROR:
        return f"{error.rcvd.reason} This one is {release()} and speaks protocol {PROTOCOL}: {UPDATE}"
    return str(error) or type(error).__name__
