from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.parcels.packing import pack
from annotator.media import storage
from annotator.models import AuditKind, Project


class Command(BaseCommand):
    help = "Write a project with its history into one file, for import_project on another server."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", type=int, help="The number in its page's address.")
        parser.add_argument("file", type=Path, help="What is written, e.g. crossing.framewise.zip.")
        parser.add_argument("--no-media", action="store_true", help="Without the original files of its videos.")

    def handle(self, *args: Any, project: int, file: Path, no_media: bool, **options: Any) -> None:
        found = Project.objects.filter(pk=project).first()
        if found is None:
            raise CommandError(f"There is no project {project}.")
        if file.exists():
            raise CommandError(f"{file} is there already. Name another one, or remove it.")
        try:
            with storage.arriving(file) as target:
                report = pack(found, target, with_media=not no_media, show=lambda share: None)
        except (ActionError, OSError) as error:
            raise CommandError(str(error)) from error
        record(AuditKind.EXPORT, f"exported the project “{found}” whole by a command.", workspace=found.workspace_id)
        self.stdout.write(f"{file}: {report.taken_in_words()}.")
        for note in report.notes:
            self.stdout.write(note)
