"""What is said around the tracks of a layer: names, labels, the job that is open."""

from __future__ import annotations

from annotator.announce.labels import label_out
from annotator.announce.messages import OpenJob, Surroundings
from annotator.models import Job, JobState, Layer, Stage


def surroundings_of(layer: Layer, job_id: int | None = None) -> Surroundings:
    """As they are now. ``job_id``: the job that the reader has open, if it is one of the layer's and still there."""
    video = layer.video
    job = Job.objects.filter(pk=job_id, layer=layer).first() if job_id is not None else None
    return Surroundings(
        video=video.name,
        layer=layer.name,
        frame_count=video.frame_count,
        width=video.width,
        height=video.height,
        project=video.project.name,
        archived=video.project.archived_at is not None,
        locks_accepted=video.project.locks_accepted,
        labels=[label_out(label) for label in video.project.labels.prefetch_related("attributes")],
        job=open_job(job) if job is not None else None,
    )


def open_job(job: Job) -> OpenJob:
    return OpenJob(id=job.pk, first=job.first, last=job.last, stage=Stage(job.stage), state=JobState(job.state))
