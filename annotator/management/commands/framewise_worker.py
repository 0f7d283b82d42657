from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from annotator.actions.ingest import LONG, QUICK, requeue_interrupted
from annotator.actions.videos import remove_leftovers

QUEUES = [QUICK, LONG]
NICE = 10


class Command(BaseCommand):
    help = "The jobs worker: prepares videos, exports and imports. Ctrl-C finishes the task at hand and ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--queue",
            choices=QUEUES,
            action="append",
            help="Do only this: what somebody waits for (default), or copies of videos for quick playback (playback), "
            "which take minutes. A worker for each keeps the first from waiting; without it one does both.",
        )
        parser.add_argument(
            "--one-of-many",
            action="store_true",
            help="There are other workers: leave tasks alone that look interrupted, they may be running there.",
        )

    def handle(self, *args: Any, queue: list[str] | None, one_of_many: bool, **options: Any) -> None:
        queues = queue or QUEUES
        if not one_of_many and (count := requeue_interrupted(queues)):
            self.stdout.write(f"{count} interrupted task(s) begin again.")
        if QUICK in queues:
            remove_leftovers()
        else:
            # It takes what time others leave: tracking and the pages come first.
            os.nice(NICE)
        call_command("db_worker", queue_name=",".join(queues), interval=0.3, startup_delay=False, verbosity=0)
