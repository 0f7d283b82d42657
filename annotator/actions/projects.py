"""Projects: made, changed, put away."""

from __future__ import annotations

from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.models import Project, User, Workspace


def create_project(*, user: User, workspace: Workspace, name: str, description: str = "") -> Project:
    return Project.objects.create(
        workspace=workspace, name=_name(name), description=description.strip(), created_by=user
    )


def change_project(*, project: Project, name: str, description: str) -> None:
    project.name, project.description = _name(name), description.strip()
    project.save(update_fields=["name", "description"])


def archive_project(*, project: Project, archived: bool) -> None:
    """Put a project away, or bring it back. An archived one is still there to read; nothing new comes in."""
    project.archived_at = timezone.now() if archived else None
    project.save(update_fields=["archived_at"])


def _name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > 120:
        raise ActionError("A project's name has 1 to 120 characters.")
    return clean
