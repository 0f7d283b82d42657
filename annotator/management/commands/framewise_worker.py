from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from annotator.actions.audit import forget_old
from annotator.actions.ingest import LONG, QUICK, queue_forgotten_videos
from annotator.actions.parcels.parcels import queue_forgotten_parcels, remove_old_parcels
from annotator.actions.stored_weights import remove_stale_weights
from annotator.actions.transfers import queue_forgotten_transfers
from annotator.actions.videos import remove_leftovers
from annotator.actions.webhooks.deliver import QUEUE as WEBHOOKS
from annotator.config import config
from annotator.worker.beats import Beats, is_alive_here
from annotator.worker.loop import Lane, Worker
from annotator.worker.queue import take_over

QUEUES = [QUICK, LONG]
NICE = 10
LEFTOVERS_EVERY_S = 600.0
DELIVERIES_AT_ONCE = 4


class Command(BaseCommand):
    help = (
        "The jobs worker: prepares videos, exports and imports, each task in a process of its own. Ctrl-C leaves tasks "
        "that take longer than a few seconds to the next worker."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--queue",
            choices=QUEUES,
            action="append",
            help="Do only this: what somebody waits for (default), or copies of videos for quick playback (playback), "
            "which take minutes. Without it one worker does both.",
        )
        parser.add_argument(
            "--one-of-many",
            action="store_true",
            help="There are other workers: leave tasks alone that look interrupted, they may be running there. Those "
            "of a worker that died are taken over after 30 s.",
        )
        parser.add_argument(
            "--is-alive", action="store_true", help="Only say whether a worker of this machine lives (exit status 0)."
        )

    def handle(self, *args: Any, queue: list[str] | None, one_of_many: bool, is_alive: bool, **options: Any) -> None:
        if is_alive:
            sys.exit(0 if is_alive_here() else 1)
        queues = queue or QUEUES
        if QUICK in queues:
            queues = [*queues, WEBHOOKS]
        if not one_of_many:
            count = take_over(queues) + queue_forgotten_videos(queues)
            count += queue_forgotten_transfers() + queue_forgotten_parcels() if QUICK in queues else 0
            if count:
                self.stdout.write(f"{count} interrupted task(s) begin again.")
        # Copies take what time others leave: tracking and the pages come first.
        lanes = {
            QUICK: Lane(QUICK, room=config.tasks_at_once),
            LONG: Lane(LONG, room=1, nice=NICE),
            WEBHOOKS: Lane(WEBHOOKS, room=DELIVERIES_AT_ONCE),
        }
        tidy = (remove_leftovers, remove_stale_weights, remove_old_parcels, forget_old) if QUICK in queues else ()
        chores = [(LEFTOVERS_EVERY_S, each) for each in tidy]
        Worker([lanes[name] for name in queues], chores, Beats(queues)).run()
