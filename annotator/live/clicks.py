"""One connection's clicks of the smart tool: the newest question is asked, and only what answers it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from annotator.actions.errors import ActionError
from annotator.announce.messages import SmartAnswer, SmartClicks

SILENT_S = 90.0
"""Nothing was heard of the machine that is to answer for so long: the person is told. Loading a model takes long."""
UNDER_WAY = ("fetching", "looking")

Ask = Callable[[SmartClicks, str | None], Awaitable[str]]
"""Asks a machine, given the mask that the clicks correct (None: it is to be looked up), and returns that."""


class Clicks:
    """Use from the event loop alone. ``ask`` and ``answered`` never wait."""

    def __init__(self, ask: Ask, tell: Callable[[SmartAnswer], None], *, silent_s: float = SILENT_S) -> None:
        self._ask = ask
        self._tell = tell
        self._silent_s = silent_s
        self._newest: SmartClicks | None = None
        self._unasked = asyncio.Event()
        self._base: tuple[object, str | None] = (None, None)
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, asked: SmartClicks) -> None:
        """Ask this instead of what was asked before."""
        self._newest = asked
        self._unasked.set()

    async def run(self) -> None:
        """Ask one question after the other, until cancelled."""
        while True:
            await self._unasked.wait()
            self._unasked.clear()
            asked = self._newest
            if asked is None:
                continue
            about = (asked.track, asked.frame)
            known = self._base[1] if self._base[0] == about and asked.clicks else None
            self._wait_for(asked)
            try:
                self._base = (about, await self._ask(asked, known))
            except ActionError as error:
                self._fail(asked.request, str(error))
            except Exception:
                self._fail(asked.request, "Something went wrong on the server; the clicks aren't answered.")
                raise

    def answered(self, answer: SmartAnswer) -> None:
        """From the hub. What answers an older question nobody waits for."""
        if self._newest is None or answer.request != self._newest.request:
            return
        if answer.stage in UNDER_WAY:
            self._wait_for(self._newest)
        else:
            self.close()
        self._tell(answer)

    def close(self) -> None:
        """Wait for nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait_for(self, asked: SmartClicks) -> None:
        self.close()
        message = (
            f"Nothing was heard of the machine that answers clicks for {self._silent_s:.0f} s. Click again; if that "
            "doesn't help, look at the page Neural networks."
        )
        self._timer = asyncio.get_running_loop().call_later(self._silent_s, self._fail, asked.request, message)

    def _fail(self, request: int, message: str) -> None:
        self.answered(SmartAnswer(request=request, stage="failed", message=message))
