"""One browser connection's way out: nothing that a slow reader leaves unread grows without bound.

Daphne takes everything that is sent and buffers it for as long as the reader stalls, so what counts is what the client
says that it has drawn (``Received``).
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections import deque
from collections.abc import Awaitable, Callable

from annotator.announce.messages import PREDICTIONS_IN_FLIGHT
from annotator.announce.notices import PredictionFrame

Covered = tuple[str, int, int]
WAITING = 64
"""Prediction messages that wait for a slow reader before the oldest are dropped."""


class Outlet:
    """Sends texts at once and predictions as fast as they are received; the newest win, the others are named.

    Use from the event loop alone.
    """

    def __init__(self, send: Callable[[str | bytes], Awaitable[None]]) -> None:
        self._send = send
        self._ready: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._waiting: deque[PredictionFrame] = deque()
        self._states: dict[str, str] = {}
        self._missed: dict[str, list[tuple[int, int]]] = {}
        self._sequence = 0
        self._received = 0

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._send(await self._ready.get())

    @property
    def is_full(self) -> bool:
        return self._sequence - self._received >= PREDICTIONS_IN_FLIGHT

    def text(self, text: str) -> None:
        self._ready.put_nowait(text)

    def change(self, text: str) -> None:
        """A text that changes shapes: predictions that still wait are older than it, so their frames are refetched."""
        while self._waiting:
            self._miss(self._waiting.popleft())
        self.text(text)

    def state(self, key: str, text: str) -> None:
        """A text of which only the newest with this key counts."""
        if self.is_full:
            self._states[key] = text
        else:
            self.text(text)

    def predictions(self, frame: PredictionFrame) -> None:
        if not self.is_full and not self._waiting:
            self._put(frame)
            return
        self._waiting.append(frame)
        if len(self._waiting) > WAITING:
            self._miss(self._waiting.popleft())

    def received(self, sequence: int) -> None:
        """The client has drawn or dropped everything up to ``sequence``."""
        self._received = min(max(self._received, sequence), self._sequence)
        while self._waiting and not self.is_full:
            self._put(self._waiting.popleft())
        if self._missed and not self.is_full:
            self._put(None)
        if not self.is_full:
            for text in self._states.values():
                self.text(text)
            self._states.clear()

    def _put(self, frame: PredictionFrame | None) -> None:
        """Send predictions, or only the names of those that were dropped."""
        self._sequence += 1
        missed = [[track, first, last] for track, pairs in self._missed.items() for first, last in pairs]
        self._missed.clear()
        head = frame.head if frame is not None else EMPTY_HEAD
        header = f'{head},"sequence":{self._sequence},"missed":{json.dumps(missed)}}}'.encode()
        body = frame.body if frame is not None else b""
        self._ready.put_nowait(struct.pack("<I", len(header)) + header + body)

    def _miss(self, frame: PredictionFrame) -> None:
        for track, first, last in frame.covers:
            pairs = self._missed.setdefault(track, [])
            # Frames mostly come in order, so that one growing stretch is all there is to name.
            if pairs and first <= pairs[-1][1] + 1 and last >= pairs[-1][0] - 1:
                pairs[-1] = (min(first, pairs[-1][0]), max(last, pairs[-1][1]))
            else:
                pairs.append((first, last))


EMPTY_HEAD = '{"type":"predictions","run":null,"tables":[]'
