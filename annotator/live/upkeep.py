"""What a web process does before its first socket, and goes on doing: letting go of agents that are gone, giving
those that are free the next videos of what is applied to projects, and mailing people what they haven't read."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.conf import settings

from annotator.actions.issues.mails import send_mails
from annotator.actions.runs.presence import forget_agents
from annotator.actions.sweeps.advance import advance
from annotator.faults import Complaint
from annotator.live.hub import Hub
from annotator.live.relay import hub_here, in_thread, own

TIDY_EVERY_S = 10.0
MAIL_EVERY_S = 15.0
MAIL_AGAIN_S = 120.0
"""After mails could not be sent."""

log = logging.getLogger(__name__)
_unseen = Complaint(log, "What agents do can't be looked up.")
_unsent = Complaint(log, "Mails can't be sent; they are tried again.")
# A mail server that doesn't answer keeps nobody waiting.
_mail_thread = ThreadPoolExecutor(1, "mail")
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
    own(asyncio.create_task(_mail()))


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


async def _mail() -> None:
    pause = MAIL_EVERY_S
    while True:
        await asyncio.sleep(pause)
        try:
            await database_sync_to_async(send_mails, thread_sensitive=False, executor=_mail_thread)()
        except Exception as error:
            _unsent.note(error)
            pause = MAIL_AGAIN_S
        else:
            _unsent.over()
            pause = MAIL_EVERY_S
