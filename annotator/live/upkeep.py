"""What a web process does before its first socket, and goes on doing: letting go of agents that are gone, and giving
those that are free the next videos of what is applied to projects."""

from __future__ import annotations

import asyncio
import logging
from weakref import WeakKeyDictionary

from django.conf import settings

from annotator.actions.runs.presence import forget_agents
from annotator.actions.sweeps.advance import advance
from annotator.faults import Complaint
from annotator.live.hub import Hub
from annotator.live.relay import hub_here, in_thread, own

TIDY_EVERY_S = 10.0

log = logging.getLogger(__name__)
_unseen = Complaint(log, "What agents do can't be looked up.")
_begun: WeakKeyDictionary[Hub, asyncio.Future[None]] = WeakKeyDictionary()


async def open_hub() -> Hub:
    """The hub of this process, once the runs that a killed process left behind are back in the queue."""
    hub = hub_here()
    begun = _begun.get(hub)
    if begun is None or (begun.done() and begun.exception() is not None):
        begun = _begun[hub] = asyncio.ensure_future(_begin())
    await asyncio.shield(begun)
    return hub


async def _begin() -> None:
    await in_thread(forget_agents, all_of_them=not settings.SEVERAL_WEB_PROCESSES)
    own(asyncio.create_task(_tidy()))


async def _tidy() -> None:
    while True:
        await asyncio.sleep(TIDY_EVERY_S)
        try:
            await in_thread(forget_agents, all_of_them=False)
            await in_thread(advance)
        except Exception as error:
            _unseen.note(error)
        else:
            _unseen.over()
