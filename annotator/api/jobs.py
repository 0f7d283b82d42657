"""Jobs: where they are on their way, and their next steps."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from annotator.access import access_job, access_project, require_at_work
from annotator.actions.errors import ActionError
from annotator.actions.job_pool import To, take_next
from annotator.actions.job_reviewers import name_reviewers
from annotator.actions.jobs import LONGEST_REASON, agreed_by, move, steps_for
from annotator.api.people import signed_in
from annotator.models import Job, JobState, Stage, User
from annotator.operations import Message

router = Router(tags=["jobs"])
of_project = Router(tags=["jobs"])


class StepOut(Message):
    """What the person may do with a job now. `verb` is what its button says."""

    id: str
    verb: str
    asks: str = Field("", description="What its reason is asked by; empty: it needs none.")


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
    reviewers: list[str] = Field(description="All who are named to review it, the reviewer first; none: anybody may.")
    agreed: list[str] = Field(description="Of these, who accepted it for their part since it was submitted.")
    priority: int = Field(description="0 low, 1 normal, 2 high, 3 urgent.")
    due: date | None = Field(description="The last day on which it is in time.")
    steps: list[StepOut]


class StepIn(Message):
    step: str
    reason: str = Field("", max_length=LONGEST_REASON)


class ReviewersIn(Message):
    """Ids of who reviews a job; none: anybody may who didn't annotate it."""

    people: list[int]


class TakeIn(Message):
    """What to take it for."""

    to: To = "annotate"


@router.get("/{job_id}", response=JobOut, summary="One job")
def get_job(request: HttpRequest, job_id: int) -> JobOut:
    return _job_out(access_job(request.user, job_id, "view"), signed_in(request))


@router.post("/{job_id}/steps", response=JobOut, summary="Take a job's next step")
def take_step(request: HttpRequest, job_id: int, sent: StepIn) -> JobOut:
    user = signed_in(request)
    job = access_job(user, job_id, "annotate")
    move(user=user, job=job, transition=sent.step, reason=sent.reason)
    return _job_out(access_job(user, job_id, "view"), user)


@router.put("/{job_id}/reviewers", response=JobOut, summary="Say who reviews a job")
def put_reviewers(request: HttpRequest, job_id: int, sent: ReviewersIn) -> JobOut:
    """Several: any of them may accept it, or all have to, as the project's settings have it."""
    user = signed_in(request)
    job = access_job(user, job_id, "manage")
    people = {person.pk: person for person in User.objects.filter(pk__in=sent.people)}
    if missing := [key for key in sent.people if key not in people]:
        raise ActionError(f"Nobody has the id {missing[0]}. Name members of the workspace.")
    name_reviewers(by=user, job=job, reviewers=[people[key] for key in sent.people])
    return _job_out(access_job(user, job_id, "view"), user)


@of_project.post("/{project_id}/jobs/take", response=JobOut, summary="Take the next job that is nobody's")
def take(request: HttpRequest, project_id: int, sent: TakeIn) -> JobOut:
    user = signed_in(request)
    project = access_project(user, project_id, sent.to)
    require_at_work(project)
    return _job_out(take_next(user=user, project=project, to=sent.to), user)


def _job_out(job: Job, user: User) -> JobOut:
    agreed = agreed_by(job) if job.stage == Stage.REVIEW else set()
    return JobOut(
        id=job.pk,
        video=job.video_id,
        first=job.first,
        last=job.last,
        stage=Stage(job.stage),
        state=JobState(job.state),
        assignee=str(job.assignee or ""),
        reviewer=str(job.reviewer or ""),
        reviewers=[str(each) for each in job.reviewers],
        agreed=[str(each) for each in job.reviewers if each.pk in agreed],
        priority=job.priority,
        due=job.due,
        steps=[StepOut(id=step.id, verb=step.verb, asks=step.asks) for step in steps_for(user, job)],
    )
