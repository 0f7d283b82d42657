"""Daphne that waits for slow readers, and lets strangers send little:
``python -m annotator.web -b HOST -p PORT annotator.asgi:application``.

Daphne takes a response's pieces as fast as they come and keeps in memory what the reader hasn't taken: one stalled
reader of a 5 GB video cost 5 GB. Here the application's ``send`` returns once what it sent before is nearly taken.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import daphne.server
from daphne.cli import CommandLineInterface
from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from annotator.bodies import BoundedFactory
from annotator.config import config
from tracking.protocol import MESSAGE_BYTES

MOST_UNTAKEN = 2 * MESSAGE_BYTES
"""Bytes of messages of one socket that wait for the application before no more are read."""
OVERHEAD = 1000
"""About how many bytes a message takes besides its text."""


@implementer(IPushProducer)
class Valve:
    """Closed by the connection while more is buffered than it likes, open again once that is sent or nobody reads."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()

    def pauseProducing(self) -> None:
        self.open.clear()

    def resumeProducing(self) -> None:
        self.open.set()

    def stopProducing(self) -> None:
        self.open.set()


class Inbox(asyncio.Queue[dict[str, Any]]):
    """What a socket's other side sent and the application hasn't taken: beyond a limit it isn't heard any further."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: Any = None
        self._waiting = 0
        self._deaf = False

    def put_nowait(self, item: dict[str, Any]) -> None:
        self._waiting += _length(item)
        super().put_nowait(item)
        if self.protocol is not None and not self._deaf and self._waiting > MOST_UNTAKEN:
            self._deaf = True
            self.protocol.transport.pauseProducing()

    async def get(self) -> dict[str, Any]:
        item = await super().get()
        self._waiting -= _length(item)
        if self._deaf and self._waiting <= MOST_UNTAKEN / 2:
            self._deaf = False
            self.protocol.transport.resumeProducing()
        return item


def _length(event: dict[str, Any]) -> int:
    return OVERHEAD + len(event.get("text") or event.get("bytes") or "")


class PatientSocket(WebSocketProtocol):  # type: ignore[misc]
    """A WebSocket whose sender waits for its reader; pings of one who doesn't read are left unanswered."""

    valve: Valve | None = None
    reason = ""

    def serverClose(self, code: int | None = None) -> None:
        # Daphne keeps the reason to itself, and an agent's log would say nothing but the code.
        self.sendClose(code or 1000, self.reason or None)

    def onOpen(self) -> None:
        super().onOpen()
        self.valve = Valve()
        # Of the HTTP request that it was before.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.valve, True)
        self.application_queue.protocol = self

    def _closeConnection(self, abort: bool = False) -> None:
        # A connection with a producer isn't closed before that has ended.
        self.transport.unregisterProducer()
        super()._closeConnection(abort)

    def onPing(self, payload: bytes) -> None:
        if self.valve is None or self.valve.open.is_set():
            super().onPing(payload)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:
        if self.valve is not None:
            self.valve.open.set()
        super().onClose(wasClean, code, reason)


class PatientServer(Server):  # type: ignore[misc]  # Daphne has no types.
    """Holds what is sent back while its reader is behind, ends who doesn't read at all, and takes messages of up to
    ``MESSAGE_BYTES``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Daphne's own limit, 1 MiB, ends the connection of who sends an edit of a few large masks.
        most = MESSAGE_BYTES + 1024
        limits = {"websocket_max_message_size": most, "websocket_max_frame_size": most}
        super().__init__(*args, **{**kwargs, **limits})

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        # As Daphne does it, with another queue.
        inbox = Inbox()
        scope.setdefault("asgi", {"version": "3.0"})
        send = partial(self.handle_reply, protocol)
        running = self.application(scope=scope, receive=inbox.get, send=send)
        if protocol not in self.connections:
            running.close()
            return None
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(running)
        return inbox

    def run(self) -> None:
        # Made by Daphne as it starts to run.
        WebSocketFactory.protocol = PatientSocket
        super().run()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        streamed = isinstance(protocol, WebRequest) and message["type"] == "http.response.body"
        if streamed and protocol.producer and protocol.channel and not message.get("more_body"):
            protocol.unregisterProducer()
        if message["type"] == "websocket.close":
            protocol.reason = message.get("reason") or ""
        await super().handle_reply(protocol, message)
        if streamed and message.get("more_body") and protocol in self.connections and protocol.channel:
            if not protocol.producer:
                protocol.registerProducer(Valve(), True)
            await self._until_read(protocol.producer, protocol.channel)
        elif message["type"] == "websocket.send" and isinstance(protocol, PatientSocket) and protocol.valve:
            await self._until_read(protocol.valve, protocol)

    @staticmethod
    async def _until_read(valve: Valve, connection: Any) -> None:
        """Wait until the reader has caught up; one who takes nothing for ``config.stalled_s`` is disconnected."""
        try:
            async with asyncio.timeout(config.stalled_s):
                await valve.open.wait()
        except TimeoutError:
            connection.transport.abortConnection()
            valve.open.set()


# The server makes its factory itself.
daphne.server.HTTPFactory = BoundedFactory


class Web(CommandLineInterface):  # type: ignore[misc]
    server_class = PatientServer


if __name__ == "__main__":
    Web.entrypoint()
