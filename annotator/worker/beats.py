"""Several jobs workers, on several machines: each says that it lives, and what one does that is dead is begun anew.

A worker that hung or was cut off meanwhile finds its row gone, ends what it does and begins again as another one. All
times are the database's: clocks of machines differ.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django_tasks_db.models import DBTaskResult

from annotator.models import JobsWorker
from annotator.worker.queue import WORKER, Result, ended

log = logging.getLogger(__name__)

EVERY_S = 5.0
DEAD_AFTER_S = 30.0
"""Six beats: a database that is busy for a while ends nobody."""


class Beats:
    """Of one worker of ``queues``."""

    def __init__(self, queues: Sequence[str]) -> None:
        self.queues = queues
        self.key = ""
        self.begin()

    def begin(self) -> None:
        """From now on, as somebody new."""
        self.key = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        JobsWorker.objects.create(
            key=self.key, host=socket.gethostname()[:80], queues=",".join(self.queues), seen_at=Now()
        )

    def beat(self) -> bool:
        """Say that it lives, and take over from who is dead. False: it was taken for dead itself."""
        if not JobsWorker.objects.filter(pk=self.key).update(seen_at=Now()):
            return False
        for dead in JobsWorker.objects.filter(seen_at__lt=Now() - timedelta(seconds=DEAD_AFTER_S)):
            _take_over_from(dead)
        return True

    def end(self) -> None:
        """It gave back what it did."""
        JobsWorker.objects.filter(pk=self.key).delete()


def is_alive_here() -> bool:
    """Whether a worker of this machine said so lately."""
    lately = Now() - timedelta(seconds=DEAD_AFTER_S)
    return JobsWorker.objects.filter(host=socket.gethostname()[:80], seen_at__gte=lately).exists()


def _take_over_from(dead: JobsWorker) -> None:
    """Whoever is first does it."""
    with transaction.atomic():
        lately = Now() - timedelta(seconds=DEAD_AFTER_S)
        if not JobsWorker.objects.filter(pk=dead.pk, seen_at__lt=lately).delete()[0]:
            return
        theirs = [
            result for result in DBTaskResult.objects.running() if result.worker_ids[-1:] and _is_of(result, dead.pk)
        ]
        for result in theirs:
            ended(result, "its jobs worker was killed, or can't be reached")
    log.warning("The jobs worker %s is dead; what it did begins anew: %d.", dead, len(theirs))


def _is_of(result: Result, key: str) -> bool:
    return str(result.worker_ids[-1]).partition(WORKER)[0] == key
