"""Jobs: where they are on their way, and their next steps."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from annotator.access import access_job
from annotator.actions.jobs import move, steps_for
from annotator.api.people import signed_in
from annotator.models import Job, JobState, Stage, User
from annotator.operations import Message

router = Router(tags=["jobs"])


class StepOut(Message):
    """What the person may do with a job now. `verb` is what its button says."""

    id: str
    verb: str


class JobOut(Message):
    """A job. `first` and `last` are both part of it."""

    id: int
    video: int
    first: int
    last: int
    stage: Stage
    state: JobState
    assignee: str
    reviewer: str
    steps: list[StepOut]


class StepIn(Message):
    step: str


@router.get("/{job_id}", response=JobOut, summary="One job")
def get_job(request: HttpRequest, job_id: int) -> JobOut:
    return _job_out(access_job(request.user, job_id, "view"), signed_in(request))


@router.post("/{job_id}/steps", response=JobOut, summary="Take a job's next step")
def take_step(request: HttpRequest, job_id: int, sent: StepIn) -> JobOut:
    user = signed_in(request)
    job = access_job(user, job_id, "annotate")
    move(user=user, job=job, transition=sent.step)
    return _job_out(access_job(user, job_id, "view"), user)


def _job_out(job: Job, user: User) -> JobOut:
    return JobOut(
        id=job.pk,
        video=job.video_id,
        first=job.first,
        last=job.last,
        stage=Stage(job.stage),
        state=JobState(job.state),
        assignee=str(job.assignee or ""),
        reviewer=str(job.reviewer or ""),
        steps=[StepOut(id=step.id, verb=step.verb) for step in steps_for(user, job)],
    )
