from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from annotator.announce import publish
from annotator.announce.notices import Notice
from annotator.live import relay
from annotator.media.frames import OPEN_VIDEOS
from tests.annotator.desk import Desk
from tests.annotator.worlds import make_agent, make_world
from tests.media.stores import KINDS, Store, open_store
from tests.services import Redis

SOON_S = 20.0
READERS = 2 * OPEN_VIDEOS
"""Copies that readers of frames may hold."""


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


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Iterator[Store]:
    """Where media is kept: in a folder, and the same test with a bucket."""
    made = open_store(request.param, tmp_path / "media", settings)
    yield made
    scratch = Path(settings.SCRATCH_DIR)
    left = [path.name for path in scratch.iterdir()] if made.kind == "bucket" and scratch.exists() else []
    assert len(left) <= READERS, f"Copies were left behind: {left}"
