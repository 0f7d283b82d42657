"""An ASGI application that streams 96 MiB and tells how many blocks it got rid of; on a WebSocket it answers each
message with its length."""

from __future__ import annotations

from typing import Any

BLOCK = bytes(2**20)
BLOCKS = 96
sent: list[int] = []
"""Sizes of the blocks that were taken."""


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await _answer(receive, send)
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


async def _answer(receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] != "websocket.disconnect":
        if event["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": str(len(event["text"]))})
