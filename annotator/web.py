"""Daphne that waits for slow readers, and lets strangers send little:
``python -m annotator.web -b HOST -p PORT annotator.asgi:application``.

Daphne takes a response's pieces as fast as they come and keeps in memory what the reader hasn't taken: one stalled
reader of a 5 GB video cost 5 GB. Here the application's ``send`` returns once what it sent before is nearly taken.
"""

from __future__ import annotations

import asyncio
from typing import Any

import daphne.server
from daphne.cli import CommandLineInterface
from daphne.http_protocol import WebRequest
from daphne.server import Server
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from annotator.bodies import BoundedFactory
from tracking.protocol import MESSAGE_BYTES


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


class PatientServer(Server):  # type: ignore[misc]  # Daphne has no types.
    """Holds a streamed response back while its reader is behind, and takes messages of up to ``MESSAGE_BYTES``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Daphne's own limit, 1 MiB, ends the connection of who sends an edit of a few large masks.
        most = MESSAGE_BYTES + 1024
        limits = {"websocket_max_message_size": most, "websocket_max_frame_size": most}
        super().__init__(*args, **{**kwargs, **limits})

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        streamed = isinstance(protocol, WebRequest) and message["type"] == "http.response.body"
        if streamed and protocol.producer and protocol.channel and not message.get("more_body"):
            protocol.unregisterProducer()
        await super().handle_reply(protocol, message)
        if streamed and message.get("more_body") and protocol in self.connections and protocol.channel:
            if not protocol.producer:
                protocol.registerProducer(Valve(), True)
            await protocol.producer.open.wait()


# The server makes its factory itself.
daphne.server.HTTPFactory = BoundedFactory


class Web(CommandLineInterface):  # type: ignore[misc]
    server_class = PatientServer


if __name__ == "__main__":
    Web.entrypoint()
