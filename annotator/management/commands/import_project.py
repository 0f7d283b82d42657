from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.parcels.parcels import bring_project
from annotator.actions.parcels.report import Report
from annotator.media import storage
from annotator.models import AuditKind, Project, Workspace


class Command(BaseCommand):
    help = "Make a project of a file that export_project, or a project's settings page, has written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--workspace", type=int, required=True, help="The number in its page's address.")

    def handle(self, *args: Any, file: Path, workspace: int, **options: Any) -> None:
        into = Workspace.objects.filter(pk=workspace).first()
        if into is None:
            raise CommandError(f"There is no workspace {workspace}.")
        if not file.is_file():
            raise CommandError(f"{file} is no file.")
        reports: list[Report] = []

        def finish(project: Project, report: Report) -> None:
            reports.append(report)
            what = f"The project “{project}” was imported whole by a command."
            record(AuditKind.IMPORT, what, workspace=into.pk)

        beside = storage.work_folder(storage.media_root() / "parcels" / ".import").parent
        beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=beside, prefix=f"{os.getpid()}-") as folder:
            try:
                project = bring_project(
                    file, workspace=into, folder=Path(folder) / "media", show=lambda share: None, finish=finish
                )
            except ActionError as error:
                raise CommandError(str(error)) from error
        self._tell(project, reports[0])

    def _tell(self, project: Project, report: Report) -> None:
        self.stdout.write(f"“{project}” is project {project.pk}: {report.taken_in_words()}.")
        for why, count in report.left_out:
            self.stdout.write(f"Not taken: {count:,} × {why}")  # noqa: RUF001 (as on the page)
        if report.not_here:
            self.stdout.write(f"Not here, shown by name only: {', '.join(report.not_here)}")
