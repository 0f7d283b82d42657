"""One browser connection's way out: nothing that a slow reader leaves unread grows without bound.

How many predictions a reader is sent goes by what it says that it has drawn (``Received``): what lies in buffers on the
way would be old when it is shown. The server's ``send`` waits for the reader (``annotator/web.py``).
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections import deque
from collections.abc import Awaitable, Callable

from annotator.announce.messages import PREDICTIONS_IN_FLIGHT
from annotator.announce.notices import PredictionFrame
from annotator.live.missed import Missed

WAITING = 64
"""Prediction messages that wait for a slow reader before the oldest are dropped."""
BYTES_IN_FLIGHT = 8 * 2**20
"""Bytes of predictions that a reader may be sent ahead of what it says it has received, or a single message."""
BYTES_WAITING = 8 * 2**20
"""Bytes of predictions that wait for it, or a single message."""


TEXTS_WAITING = 8 * 2**20
"""Bytes of texts that wait for a slow reader before it is told to come back."""


class Behind(Exception):
    """A reader doesn't take what it is sent."""


class Outlet:
    """Sends texts at once and predictions as fast as they are received; the newest win, the others are named.

    Use from the event loop alone.
    """

    def __init__(self, send: Callable[[str | bytes], Awaitable[None]]) -> None:
        self._send = send
        self._ready: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._texts_waiting = 0
        self._is_behind = False
        self._waiting: deque[PredictionFrame] = deque()
        self._states: dict[str, str] = {}
        self._missed = Missed()
        self._waiting_bytes = 0
        self._in_flight: deque[int] = deque()
        """Lengths of the messages that were sent and not received yet."""
        self._bytes_in_flight = 0
        self._sequence = 0
        self._received = 0

    async def run(self) -> None:
        """Send until cancelled. Raises Behind when the reader has let more wait than is kept for it."""
        while True:
            message = await self._ready.get()
            if self._is_behind:
                raise Behind(f"More than {TEXTS_WAITING // 2**20} MiB waited for a reader.")
            if isinstance(message, str):
                self._texts_waiting -= len(message)
            await self._send(message)

    @property
    def is_full(self) -> bool:
        """Whether predictions have to wait until the reader says that it has got some."""
        return len(self._in_flight) >= PREDICTIONS_IN_FLIGHT or self._bytes_in_flight >= BYTES_IN_FLIGHT

    def text(self, text: str) -> None:
        """A text that has to arrive. For a reader that is too far behind nothing is kept: it is to come back."""
        if self._is_behind:
            return
        self._texts_waiting += len(text)
        self._ready.put_nowait(text)
        if self._texts_waiting > TEXTS_WAITING:
            self._is_behind = True
            self._ready = asyncio.Queue()
            self._ready.put_nowait("")
            self._waiting.clear()

    def change(self, text: str) -> None:
        """A text that changes shapes: predictions that still wait are older than it, so their frames are refetched."""
        while self._waiting:
            self._missed.add(self._pop().covers)
        self.text(text)

    def state(self, key: str, text: str) -> None:
        """A text of which only the newest with this key counts."""
        if self.is_full:
            self._states[key] = text
        else:
            self.text(text)

    def predictions(self, frame: PredictionFrame) -> None:
        """Predictions; without a body they are only the names of what was lost on the way here."""
        if self._is_behind:
            return
        if not frame.body:
            self._missed.add(frame.covers)
            if not self.is_full:
                self._put(None)
            return
        if not self.is_full and not self._waiting:
            self._put(frame)
            return
        self._waiting.append(frame)
        self._waiting_bytes += len(frame.body)
        while len(self._waiting) > WAITING or (self._waiting_bytes > BYTES_WAITING and len(self._waiting) > 1):
            self._missed.add(self._pop().covers)

    def _pop(self) -> PredictionFrame:
        frame = self._waiting.popleft()
        self._waiting_bytes -= len(frame.body)
        return frame

    def received(self, sequence: int) -> None:
        """The client has drawn or dropped everything up to ``sequence``."""
        while self._received < min(sequence, self._sequence):
            self._received += 1
            self._bytes_in_flight -= self._in_flight.popleft()
        while self._waiting and not self.is_full:
            self._put(self._pop())
        if self._missed and not self.is_full:
            self._put(None)
        if not self.is_full:
            for text in self._states.values():
                self.text(text)
            self._states.clear()

    def _put(self, frame: PredictionFrame | None) -> None:
        """Send predictions, or only the names of those that were dropped."""
        self._sequence += 1
        missed = self._missed.take()
        head = frame.head if frame is not None else EMPTY_HEAD
        header = f'{head},"sequence":{self._sequence},"missed":{json.dumps(missed)}}}'.encode()
        body = frame.body if frame is not None else b""
        message = struct.pack("<I", len(header)) + header + body
        self._in_flight.append(len(message))
        self._bytes_in_flight += len(message)
        self._ready.put_nowait(message)


EMPTY_HEAD = '{"type":"predictions","run":null,"tables":[]'
