from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from annotator.actions.ingest import requeue_interrupted
from annotator.actions.videos import remove_leftovers


class Command(BaseCommand):
    help = "The jobs worker: ingests videos, exports and imports. Ctrl-C finishes the task at hand and ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--one-of-many",
            action="store_true",
            help="There are other workers: leave tasks alone that look interrupted, they may be running there.",
        )

    def handle(self, *args: Any, one_of_many: bool, **options: Any) -> None:
        if not one_of_many and (count := requeue_interrupted()):
            self.stdout.write(f"{count} interrupted task(s) begin again.")
        remove_leftovers()
        call_command("db_worker", interval=0.3, startup_delay=False, verbosity=0)
