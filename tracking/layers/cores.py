"""Independent pieces of work on all cores, for models that compute without torch (with it: ``side_by_side``)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Cores:
    """A thread for each core that this process may use; they begin with the first work that can be shared, and end
    with this object."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or usable()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.count, "cores")

    def map(self, call: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """``call`` of each item, in their order. The first error of a call is raised, after all have ended."""
        if self.count == 1 or len(items) < 2:
            return [call(item) for item in items]
        futures = [self._pool.submit(call, item) for item in items]
        failed = [error for future in futures if (error := future.exception()) is not None]
        if failed:
            raise failed[0]
        return [future.result() for future in futures]


def usable() -> int:
    """How many cores this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
