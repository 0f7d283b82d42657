"""A browser and an agent, with verbs, on the sockets of this process."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Self
from uuid import UUID, uuid4

from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from pydantic import BaseModel

from annotator.announce.messages import SERVER_MESSAGE, EventOut, PromptIn, RunOptions, RunStart, ServerMessage, Welcome
from annotator.live.routing import websocket_urlpatterns
from annotator.models import User
from annotator.operations import Operation
from tests.annotator.worlds import World, edit, predicted
from tracking.protocol import (
    PROTOCOL,
    TO_AGENT,
    Batch,
    BatchTable,
    Device,
    FoundObject,
    Hello,
    LegDone,
    RunDone,
    Start,
    ToAgent,
    packed_batch,
)
from tracking.shapes.chunks import Flag, Row, Table
from tracking.shapes.payloads import single

APPLICATION = URLRouter(websocket_urlpatterns)
SOON_S = 20.0


class Socket:
    """One connection; ``closed``: the code it was closed with."""

    def __init__(self, path: str, headers: Sequence[tuple[bytes, bytes]] = (), user: User | None = None) -> None:
        self.wire = WebsocketCommunicator(APPLICATION, path, headers=list(headers))
        self.wire.scope["user"] = user or AnonymousUser()
        self.closed: int | None = None

    async def open(self) -> bool:
        accepted, _ = await self.wire.connect(timeout=SOON_S)
        return accepted

    async def close(self) -> None:
        await self.wire.disconnect(timeout=SOON_S)

    async def send(self, message: BaseModel) -> None:
        await self.wire.send_to(text_data=message.model_dump_json())

    async def raw(self) -> str | bytes | None:
        """The next message; None: the server has closed the connection."""
        output = await self.wire.receive_output(timeout=SOON_S)
        if output["type"] == "websocket.close":
            self.closed = output.get("code")
            return None
        return output.get("text") or output.get("bytes")


class Browser(Socket):
    """Somebody on a layer. Draws what it gets at once, unless it is ``stalled``."""

    def __init__(
        self,
        world: World,
        by: str | None = "annotator",
        *,
        stalled: bool = False,
        job: int | str | None = None,
        **headers: str,
    ) -> None:
        packed = [(name.encode(), value.encode()) for name, value in headers.items()]
        user = world.people[by] if by is not None else None
        asked = "" if job is None else f"?job={job}"
        super().__init__(f"/ws/layers/{world.layer.pk}/{asked}", packed, user)
        self.stalled = stalled
        self.rows: dict[UUID, dict[int, Row]] = {}
        self.missed: list[tuple[UUID, int, int]] = []
        self.sequence = 0

    @classmethod
    async def on(cls, world: World, by: str = "annotator", *, stalled: bool = False) -> Self:
        browser = cls(world, by, stalled=stalled)
        assert await browser.open()
        await browser.until(Welcome)
        return browser

    async def until(self, expected: type[Any], /, **fields: object) -> Any:
        """Read up to the next message of a kind with these fields; predictions are drawn on the way."""
        while (message := await self.next()) is not None:
            if isinstance(message, expected) and all(getattr(message, name) == value for name, value in fields.items()):
                return message
        raise AssertionError(f"The connection was closed before any {expected.__name__} came: {self.closed}.")

    async def next(self) -> ServerMessage | None:
        raw = await self.raw()
        if isinstance(raw, bytes):
            message = self._draw(raw)
            if not self.stalled:
                await self.wire.send_to(text_data=json.dumps({"type": "received", "sequence": self.sequence}))
            return message
        return None if raw is None else SERVER_MESSAGE.validate_json(raw)

    async def edit(self, *operations: Operation, edit_id: UUID | None = None) -> UUID:
        sent = edit(*operations, edit_id=edit_id)
        await self.send(sent)
        return sent.id

    async def edited(self, *operations: Operation) -> EventOut:
        """An edit and its acknowledgement."""
        event: EventOut = await self.until(EventOut, edit=await self.edit(*operations))
        return event

    async def track(self, *tracks: UUID, last: int = 99, options: RunOptions | None = None) -> UUID:
        prompts = [PromptIn(track=track, frame=0) for track in tracks]
        start = RunStart(id=uuid4(), prompts=prompts, first=0, last=last, options=options or RunOptions())
        await self.send(start)
        return start.id

    def frames(self, track: UUID) -> list[int]:
        return sorted(self.rows.get(track, ()))

    def _draw(self, raw: bytes) -> ServerMessage:
        (length,) = struct.unpack_from("<I", raw)
        message = SERVER_MESSAGE.validate_json(raw[4 : 4 + length])
        assert message.type == "predictions"
        assert message.sequence == self.sequence + 1
        self.sequence = message.sequence
        self.missed += message.missed
        at = 4 + length
        for table in message.tables:
            rows = Table.unpack(raw[at : at + table.bytes]).rows()
            self.rows.setdefault(table.track, {}).update({row.frame: row for row in rows})
            at += table.bytes
        return message


class FakeAgent(Socket):
    """An agent that predicts what it is told to."""

    def __init__(self, token: str = "agent-token", models: Iterable[str] = ("framewise-cf",)) -> None:  # noqa: S107
        super().__init__("/ws/agent/", [(b"authorization", f"Bearer {token}".encode())])
        self.models = list(models)
        self.segmenters = ["framewise-click"]
        self.finders = ["spotting"]
        self.sequence = 0

    @classmethod
    async def connected(
        cls,
        token: str = "agent-token",  # noqa: S107
        *,
        runs: Sequence[str] = (),
        instance: str = "",
    ) -> Self:
        agent = cls(token)
        assert await agent.open()
        await agent.hello(runs=runs, instance=instance)
        assert (await agent.told()).type == "accepted"
        return agent

    async def hello(self, *, runs: Sequence[str] = (), instance: str = "", host: str = "test") -> None:
        device = Device(name="CPU", kind="cpu", memory_bytes=1)
        hello = Hello(protocol=PROTOCOL, version="0", host=host, devices=[device], models=self.models)
        hello.segmenters = self.segmenters
        hello.finders = self.finders
        hello.runs_at_once = 4
        await self.send(hello.model_copy(update={"runs": list(runs), "instance": instance}))

    async def told(self) -> ToAgent:
        raw = await self.raw()
        assert isinstance(raw, str), f"The connection was closed: {self.closed}."
        return TO_AGENT.validate_json(raw)

    async def until(self, kind: type[Any]) -> Any:
        while not isinstance(message := await self.told(), kind):
            pass
        return message

    async def predict(self, start: Start, *frames: int, epoch: int = 0, outside: bool = False) -> None:
        """One batch per frame with every object of a run."""
        for frame in frames:
            row = predicted(frame, frame)
            row = replace(row, flags=row.flags | Flag.OUTSIDE) if outside else row
            await self.batch(start, [(leg.prompt.object, row) for leg in start.legs], epoch=epoch)

    async def batch(
        self, start: Start, rows: Sequence[tuple[str, Row]], *, epoch: int = 0, found: Sequence[FoundObject] = ()
    ) -> None:
        """One batch with rows of some objects."""
        self.sequence += 1
        tables = [single(row).pack() for _, row in rows]
        listed = [
            BatchTable(object=name, epoch=epoch, bytes=len(table))
            for (name, _), table in zip(rows, tables, strict=True)
        ]
        head = Batch(run=start.run, sequence=self.sequence, tables=listed, found=list(found))
        await self.wire.send_to(bytes_data=packed_batch(head, tables))
        await asyncio.sleep(0)

    async def finish(self, start: Start) -> None:
        for leg in start.legs:
            await self.send(
                LegDone(
                    run=start.run,
                    object=leg.prompt.object,
                    direction=leg.direction,
                    epoch=leg.prompt.epoch,
                    sequence=self.sequence,
                )
            )
        await self.send(RunDone(run=start.run, sequence=self.sequence))
