"""Projects: their name and whether they are at work."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.actions.labels import LabelDraft, save_labels
from annotator.models import Project, User, Workspace
from annotator.ontology import PALETTE


def create_project(
    *, user: User, workspace: Workspace, name: str, description: str = "", labels: Sequence[str] = ()
) -> Project:
    """Make a project; labels by their names get a colour, and the first nine a digit as hotkey."""
    drafts = [
        LabelDraft(name=label, colour=PALETTE[index % len(PALETTE)], hotkey=str(index + 1) if index < 9 else "")
        for index, label in enumerate(labels)
    ]
    with transaction.atomic():
        project = Project.objects.create(
            workspace=workspace, name=_checked_name(name), description=description.strip(), created_by=user
        )
        save_labels(project=project, drafts=drafts)
    return project


def change_project(*, project: Project, name: str, description: str) -> Project:
    project.name, project.description = _checked_name(name), description.strip()
    project.save(update_fields=["name", "description"])
    return project


def archive_project(*, project: Project) -> None:
    """Put a project away: it takes no uploads, and its jobs are nobody's to do. Everything in it stays."""
    project.archived_at = timezone.now()
    project.save(update_fields=["archived_at"])


def restore_project(*, project: Project) -> None:
    project.archived_at = None
    project.save(update_fields=["archived_at"])


def _checked_name(name: str) -> str:
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= 120:
        raise ActionError(f"A project's name has 1 to 120 characters; this one has {len(clean)}.")
    return clean
