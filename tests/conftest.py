from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.people import People, Team, make_people, make_team


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
