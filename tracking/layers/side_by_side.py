"""Several objects at once on a CPU: a core each is worth more than all cores for one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


class SideBySide:
    """``workers`` threads, each of which computes with its share of this thread's torch threads."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        threads = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(workers, "side-by-side", initializer=_take, initargs=(threads // workers,))
        started = Barrier(workers)
        list(self._pool.map(lambda _: started.wait(), range(workers)))
        # Threads that begin later, those of other runs, get the number that was set last: it shall be the whole.
        torch.set_num_threads(threads)

    def map(self, call: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """``call`` of each item, in their order."""
        return list(self._pool.map(call, items))


def _take(threads: int) -> None:
    """Let the thread that calls compute with ``threads``."""
    torch.get_num_threads()  # before its first question a thread has no number of its own, and forgets what was set
    torch.set_num_threads(threads)
