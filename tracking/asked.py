"""What an agent is asked beside its runs: one thread answers, one question after the other."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import traceback
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Collection
from typing import Generic, TypeVar

from tracking.types import TrackingError

CLOSING_S = 5.0
LONGEST_MESSAGE = 4000
LESS = "Unload models on the page Neural networks, or choose a smaller one, and try again."

Asked = TypeVar("Asked")

log = logging.getLogger("framewise.agent")


class Superseded(Exception):
    """Nobody waits for the answer any more."""


class InTurn(ABC, Generic[Asked]):
    """Answers what is put in line. A subclass says how, and what it lets go of when nobody has asked for a while.

    ``_line`` and whatever else both sides touch is changed with ``_changed`` held. ``name``: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._line: OrderedDict[str, Asked] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._unwanted: set[str] = set()
        """Models that leave memory."""
        self._name = name
        self._thread: threading.Thread | None = None

    def _put(self, key: str, asked: Asked) -> None:
        """Answer it once those before it are; one with the same key is answered in its place."""
        with self._changed:
            self._line[key] = asked
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def forget(self, models: Collection[str]) -> None:
        """These leave memory: hold on to nothing of them. From any thread."""
        with self._changed:
            self._unwanted.update(models)
            self._changed.notify_all()

    def close(self) -> None:
        """Answer nothing more, and wait a moment for what is under way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSING_S)

    # -------------------------------------------------------------- in the thread

    @abstractmethod
    def _answer(self, asked: Asked) -> None:
        """May raise Superseded."""

    @abstractmethod
    def _fail(self, asked: Asked, message: str) -> None:
        """Tell whoever asked why there is no answer."""

    @abstractmethod
    def _who(self, asked: Asked) -> str:
        """Who was asked, as a sentence begins: "The model sam2-tiny"."""

    @abstractmethod
    def _until_idle(self) -> float | None:
        """Seconds until something is to be let go of; None: there is nothing."""

    @abstractmethod
    def _let_go(self) -> None:
        """Free what nobody has asked for a while, and what is of ``_unwanted`` models."""

    def _took(self, key: str | None) -> None:
        """Which question is being answered now; None: none. Called with ``_changed`` held."""

    def _work(self) -> None:
        while (asked := self._next()) is not None:
            try:
                self._answer(asked)
            except Superseded:
                pass
            except TrackingError as error:
                self._fail(asked, str(error)[:LONGEST_MESSAGE])
            except Exception as error:
                # Whatever a model does, the agent lives on.
                who = self._who(asked)
                log.error("%s failed:\n%s", who, traceback.format_exc())
                if is_out_of_memory(error):
                    traceback.clear_frames(error.__traceback__)
                    give_memory_back()
                    self._fail(asked, f"{who} got no memory on its machine. {LESS}")
                    continue
                reason = f"{type(error).__name__}: {error}"[: LONGEST_MESSAGE // 4]
                self._fail(asked, f"{who} failed ({reason}). The agent's log holds the details.")

    def _next(self) -> Asked | None:
        while True:
            with self._changed:
                self._took(None)
                self._changed.wait_for(
                    lambda: self._closed or bool(self._line) or bool(self._unwanted), self._until_idle()
                )
                if self._closed:
                    return None
                if self._line and not self._unwanted:
                    key, asked = self._line.popitem(last=False)
                    self._took(key)
                    return asked
            self._let_go()
            with self._changed:
                self._unwanted.clear()


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch, numpy or OpenCV got no memory, on whatever device."""
    said = ("DefaultCPUAllocator", "CUDA out of memory", "Insufficient memory")
    kind = type(error).__name__ == "OutOfMemoryError"  # torch's, which may not be here
    return kind or isinstance(error, MemoryError) or any(words in str(error) for words in said)


def give_memory_back() -> None:
    """Free what nothing refers to any more, and what torch keeps of a GPU."""
    gc.collect()
    if (torch := sys.modules.get("torch")) is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
