"""A whole project goes for good: its rows, and its files."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.videos import cancel_upload, delete_video
from annotator.media import storage
from annotator.models import AuditKind, Issue, Job, Layer, Project, Removal, Track, Transfer, User


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes with a project. ``size``: bytes of its videos and their copies for playback."""

    videos: int
    layers: int
    tracks: int
    jobs: int
    issues: int
    labels: int
    size: int

    def __str__(self) -> str:
        counted = (
            (self.videos, "video"),
            (self.layers, "layer"),
            (self.tracks, "track"),
            (self.jobs, "job"),
            (self.issues, "issue"),
            (self.labels, "label"),
        )
        said = [f"{count:,} {name}{'' if count == 1 else 's'}" for count, name in counted]
        return f"{', '.join(said[:-1])} and {said[-1]}"


def contents_of(project: Project) -> Contents:
    """Counted now."""
    sizes = project.videos.aggregate(source=Sum("size_bytes"), proxy=Sum("proxy_bytes"))
    return Contents(
        videos=project.videos.count(),
        layers=Layer.objects.filter(video__project=project).count(),
        tracks=Track.objects.filter(layer__video__project=project, deleted_at=None).count(),
        jobs=Job.objects.filter(video__project=project).count(),
        issues=Issue.objects.filter(layer__video__project=project).count(),
        labels=project.labels.count(),
        size=(sizes["source"] or 0) + (sizes["proxy"] or 0),
    )


def delete_project(*, by: User, project: Project, name: str) -> None:
    """Delete an archived project with all that is in it, from the database and the disk.

    Video by video, so that others can work meanwhile: what is broken off half-way is still there as an archived
    project with fewer videos, and deleted by doing it again.

    Args:
        name: the project's, as proof that it is this one.

    Raises:
        ActionError: it isn't archived, or is called something else.
    """
    if project.archived_at is None:
        raise ActionError(f"“{project.name}” is at work. Archive it first: then everybody sees that it ends.")
    if name.strip() != project.name:
        raise ActionError(
            f"The project is called “{project.name}”; “{name.strip()[:120]}” was typed. Nothing was deleted."
        )
    what = f"deleted the project “{project.name}” with {contents_of(project)}."
    for upload in project.uploads.all():
        cancel_upload(upload=upload)
    for video in project.videos.order_by("pk"):
        delete_video(by=by, video=video)
    folders = [storage.transfer_folder(transfer) for transfer in Transfer.objects.filter(project=project)]
    folders += [storage.parcel_folder(parcel) for parcel in project.parcels.all()]
    with transaction.atomic():
        workspace = project.workspace
        # What is said of its videos leads on to what is still there.
        ways_on = [f"/projects/{project.pk}/", f"/projects/{project.pk}/labels/"]
        Removal.objects.filter(workspace=workspace, way_on__in=ways_on).update(
            way_on=f"/workspaces/{workspace.pk}/", way_on_name=workspace.name
        )
        record(AuditKind.DELETED, what, workspace=workspace.pk, by=by)
        project.delete()
    for folder in folders:
        storage.remove(folder)
