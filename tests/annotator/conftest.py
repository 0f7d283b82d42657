from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from annotator.announce import publish
from annotator.announce.notices import Notice
from tests.annotator.desk import Desk
from tests.annotator.worlds import make_agent, make_world
from tests.services import Redis


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
