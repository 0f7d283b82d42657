from __future__ import annotations

import faulthandler
import os
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.people import People, Team, make_people, make_team

END_S = 60.0


@pytest.fixture
def people(db: None) -> People:
    """Somebody in each role of a workspace, and a stranger."""
    return make_people()


@pytest.fixture
def team(db: None) -> Team:
    """The same people with a project, a ready video without files and a job of Bob's."""
    return make_team()


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What one test leaves in the cache (wrong passwords, say) is not the next one's."""
    cache.clear()


@pytest.fixture(autouse=True)
def _at_an_ordinary_priority() -> Iterator[None]:
    """A test that leaves the process at a real-time priority makes a later one hang in torch for ever."""
    yield
    if hasattr(os, "sched_getscheduler"):
        assert os.sched_getscheduler(0) == os.SCHED_OTHER, "this test raised the priority of the thread that runs tests"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Threads that a failed test left hanging don't keep the process from ending."""
    # One process of several is ended by the first, which waits for the others.
    if not hasattr(config, "workerinput"):
        faulthandler.dump_traceback_later(END_S, exit=True)
