from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from annotator.live import publish
from annotator.live.notices import Notice
from tests.annotator.desk import Desk
from tests.annotator.worlds import make_agent, make_world


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
