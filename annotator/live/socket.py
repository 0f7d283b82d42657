"""What the sockets of browsers and agents have in common: whatever fails inside one ends it, so that the other side
comes back. A connection that lives on without one of its tasks would be deaf, and answer pings all the while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from annotator.announce.messages import COME_BACK
from annotator.faults import Complaint, fault_of
from annotator.live.outlet import Behind

log = logging.getLogger(__name__)
_unreachable = Complaint(log, "Sockets can't be served: a store doesn't answer.")


class Socket(AsyncWebsocketConsumer):
    """A connection that ends with any of its tasks, and its tasks with it."""

    # The hub tells sockets; with a channel of its own each would end with the channel layer.
    channel_layer_alias = "none"
    accepted = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        talking: asyncio.Task[None] = asyncio.create_task(super().__call__(scope, receive, send))
        either: set[asyncio.Future[Any]] = {talking, self._broken}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            error = self._broken.result() if self._broken.done() else talking.exception()
            if error is not None:
                await self._give_up(error)
        finally:
            for task in (talking, *self._tasks):
                task.cancel()
            with suppress(Exception, asyncio.CancelledError):
                await talking
            await self.left()

    def own(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on for as long as the connection; when it fails, the connection ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def served(self) -> None:
        """All that a connection begins with could be looked up."""
        _unreachable.over()

    async def left(self) -> None:
        """The connection is over, in whatever way: called once."""

    async def accept(self, subprotocol: str | None = None, headers: Any = None) -> None:
        self.accepted = True
        await super().accept(subprotocol, headers)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self._broken.done():
            self._broken.set_result(error)

    async def _give_up(self, error: BaseException) -> None:
        """Close so that the other side comes back. Raises what went wrong where even that fails: the server ends the
        connection then."""
        if isinstance(error, Behind):
            log.info("A socket ended: %s", error)
        elif fault_of(error) is None:
            log.error("A socket ended by an error: %s", self.scope.get("path"), exc_info=error)
        else:
            _unreachable.note(error)
        try:
            # A connection that isn't let in looks like one that never will be.
            if not self.accepted:
                await self.accept()
            await self.close(COME_BACK)
        except Exception as closing:
            raise error from closing


class ComeBack:
    """Around the sockets' other middleware: who can't be looked up for now is told to come back."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.inner(scope, receive, send)
        except Exception as error:
            if fault_of(error) is None:
                raise
            _unreachable.note(error)
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": COME_BACK})
