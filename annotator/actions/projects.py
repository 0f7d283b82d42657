"""Projects: their name and whether they are at work."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.labels import LabelDraft, save_labels
from annotator.actions.runs.ending import end_runs
from annotator.announce.publish import announce_names
from annotator.models import AuditKind, Layer, Project, User, Workspace
from annotator.ontology import LONGEST_DESCRIPTION, PALETTE


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
            workspace=workspace, name=_checked_name(name), description=_checked(description), created_by=user
        )
        record(AuditKind.SETTINGS, f"made the project “{project.name}”.", workspace=workspace.pk, by=user)
        save_labels(by=user, project=project, drafts=drafts)
    return project


def change_project(*, by: User, project: Project, name: str, description: str) -> Project:
    """Rename and describe it; whoever has it open reads the new name at once. Raises ActionError for texts that are too
    long, or no name."""
    former = project.name
    project.name, project.description = _checked_name(name), _checked(description)
    with transaction.atomic():
        project.save(update_fields=["name", "description"])
        if project.name != former:
            why = f"{by} renamed the project “{former}” to “{project.name}”."
            announce_names(project=project.pk, why=why)
            _record(by, project, f"renamed the project “{former}” to “{project.name}”.")
    return project


def lock_accepted(*, by: User, project: Project, locks: bool) -> None:
    """Whether annotators and runs leave accepted spans as they are; whoever has it open is told at once."""
    if project.locks_accepted == locks:
        return
    project.locks_accepted = locks
    with transaction.atomic():
        project.save(update_fields=["locks_accepted"])
        done = "locked what reviewers have accepted" if locks else "lets annotators change what was accepted again"
        announce_names(project=project.pk, why=f"{by} {done}.")
        _record(by, project, f"{done} in the project “{project.name}”.")


def archive_project(*, by: User, project: Project) -> None:
    """Put a project away: its runs end, nothing in it is changed, and its jobs are nobody's to do. All of it stays."""
    with transaction.atomic():
        project.archived_at = timezone.now()
        project.save(update_fields=["archived_at"])
        _record(by, project, f"archived the project “{project.name}”.")
        why = f"{by} archived the project “{project.name}”. Everything in it is kept."
        layers = Layer.objects.filter(video__project=project).values_list("pk", flat=True)
        end_runs(layer_ids=list(layers), why=why)
        announce_names(project=project.pk, why=why)


def restore_project(*, by: User, project: Project) -> None:
    """Take it out of the archive: it can be changed again, and runs that had ended stay ended."""
    with transaction.atomic():
        project.archived_at = None
        project.save(update_fields=["archived_at"])
        _record(by, project, f"took the project “{project.name}” out of the archive.")
        announce_names(project=project.pk, why=f"{by} took the project “{project.name}” out of the archive.")


def _record(by: User, project: Project, what: str) -> None:
    record(AuditKind.SETTINGS, what, workspace=project.workspace_id, by=by)


def _checked_name(name: str) -> str:
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= 120:
        raise ActionError(f"A project's name has 1 to 120 characters; this one has {len(clean)}.")
    return clean


def _checked(description: str) -> str:
    text = description.strip()
    if len(text) > LONGEST_DESCRIPTION:
        raise ActionError(f"A description has at most {LONGEST_DESCRIPTION:,} characters; this one has {len(text):,}.")
    return text
