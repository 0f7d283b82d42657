"""An ASGI application that streams 96 MiB and tells how many blocks it got rid of; on a WebSocket it answers each
message with its length, or with as many blocks as a number asks for, and ends with a long reason when told; ``/slow/``
takes no message."""

from __future__ import annotations

import asyncio
from typing import Any

BLOCK = bytes(2**20)
BLOCKS = 96
WHY = "It ends: " + 100 * "é"
sent: list[int] = []
"""Sizes of the blocks that were taken."""


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await _answer(scope, receive, send)
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/sent":
        await send({"type": "http.response.body", "body": str(len(sent)).encode()})
        return
    for _ in range(BLOCKS):
        await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
        sent.append(len(BLOCK))
    await send({"type": "http.response.body"})


async def _answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})
    if scope["path"] == "/slow/":
        await asyncio.sleep(3600)
    while (event := await receive())["type"] != "websocket.disconnect":
        if event["type"] == "websocket.receive" and event["text"].isdecimal():
            for _ in range(int(event["text"])):
                await send({"type": "websocket.send", "bytes": BLOCK})
                sent.append(len(BLOCK))
        elif event["type"] == "websocket.receive" and event["text"] == "end":
            await send({"type": "websocket.close", "code": 4409, "reason": WHY})
        elif event["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": str(len(event["text"]))})
