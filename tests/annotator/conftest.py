from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from annotator.announce import publish
from annotator.announce.notices import Notice
from annotator.live import relay
from tests.annotator.desk import Desk
from tests.annotator.worlds import make_agent, make_world
from tests.services import Redis

SOON_S = 20.0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Threads of the live channel end what they do before the database of the test is emptied.

    A socket that is closed leaves the edit that it was in the middle of to its thread, and PostgreSQL's TRUNCATE would
    wait for that as that for it.
    """
    for threads in (relay._threads, relay._writing_threads):
        if threads._threads:
            _let_end(threads)


def _let_end(threads: ThreadPoolExecutor) -> None:
    """Once every thread is here none does anything else."""
    here = Barrier(threads._max_workers)

    def leave_the_database() -> None:
        here.wait(SOON_S)
        connections.close_all()

    for each in [threads.submit(leave_the_database) for _ in range(threads._max_workers)]:
        each.result(SOON_S)


@pytest.fixture
def desk(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> Iterator[Desk]:
    world = make_world()
    make_agent(world)
    notices: list[Notice] = []
    # A test is one transaction: what is told on commit is told at once.
    monkeypatch.setattr(publish, "_send_on_commit", notices.append)
    yield Desk(world, notices)


@pytest.fixture
def redis() -> Iterator[str]:
    """The address of a Redis of its own."""
    server = Redis()
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
