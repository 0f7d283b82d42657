"""What is kept of things that are deleted: a sentence for whoever still looks for them."""

from __future__ import annotations

from annotator.actions.audit import record
from annotator.models import AuditKind, Job, Label, Layer, Project, Removal, User, Video


def remember_video(*, video: Video, by: User) -> str:
    """Say of a video that is about to be deleted, and of its layers and jobs, what became of it. Returns the words."""
    project = video.project
    kinds = (
        (Removal.Kind.VIDEO, [video.pk]),
        (Removal.Kind.LAYER, video.layers.values_list("pk", flat=True)),
        (Removal.Kind.JOB, video.jobs.values_list("pk", flat=True)),
    )
    removals = [
        _removal(project, kind, key, f"“{video.name}”", by, f"/projects/{project.pk}/", project.name)
        for kind, keys in kinds
        for key in keys
    ]
    Removal.objects.bulk_create(removals, ignore_conflicts=True)
    counts = f"{_several(video.layers.count(), 'layer')} and {_several(video.jobs.count(), 'job')}"
    _record(video.project, f"the video “{video.name}” ({video.frame_count:,} frames) with {counts}", by)
    return str(removals[0])


def remember_job(*, job: Job, by: User) -> str:
    """The same of a job; its video is still there."""
    video = job.video
    what = f"The job of frames {job.first} to {job.last} of “{video.name}”"
    removal = _removal(video.project, Removal.Kind.JOB, job.pk, what, by, f"/videos/{video.pk}/edit/", video.name)
    removal.save(force_insert=True)
    _record(video.project, f"the job of frames {job.first} to {job.last} of “{video.name}”", by)
    return str(removal)


def remember_layer(*, layer: Layer, by: User) -> str:
    """The same of a layer and of its jobs; its video is still there. Returns the words."""
    video = layer.video
    what = f"The layer “{layer.name}” of “{video.name}”"
    kinds = ((Removal.Kind.LAYER, [layer.pk]), (Removal.Kind.JOB, layer.jobs.values_list("pk", flat=True)))
    removals = [
        _removal(video.project, kind, key, what, by, f"/videos/{video.pk}/edit/", video.name)
        for kind, keys in kinds
        for key in keys
    ]
    Removal.objects.bulk_create(removals)
    counts = f"{_several(layer.tracks.count(), 'track')} and {_several(layer.jobs.count(), 'job')}"
    _record(video.project, f"the layer “{layer.name}” of “{video.name}” with {counts}", by)
    return str(removals[0])


def remember_label(*, label: Label, by: User) -> None:
    """The same of a label, for edits with it that are still on their way."""
    project = label.project
    way_on = f"/projects/{project.pk}/labels/"
    what = f"The label “{label.name}”"
    _removal(project, Removal.Kind.LABEL, label.pk, what, by, way_on, project.name).save(force_insert=True)
    _record(project, f"the label “{label.name}”", by)


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _record(project: Project, what: str, by: User) -> None:
    said = f"deleted {what} in the project “{project.name}”."
    record(AuditKind.DELETED, said, workspace=project.workspace_id, by=by)


def _removal(
    project: Project, kind: Removal.Kind, key: int, what: str, by: User, way_on: str, way_on_name: str
) -> Removal:
    return Removal(
        workspace_id=project.workspace_id,
        kind=kind,
        key=key,
        what=what,
        by=str(by),
        way_on=way_on,
        way_on_name=way_on_name,
    )
