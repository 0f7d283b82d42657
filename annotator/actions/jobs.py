"""Jobs: a video divided among people, and the way of a job from new to accepted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import transaction
from django.utils import timezone

from annotator.access import may, role_in
from annotator.actions.errors import ActionError
from annotator.actions.quality import score_later
from annotator.actions.removals import remember_job
from annotator.actions.runs.ending import end_runs_beyond_rights
from annotator.actions.webhooks.telling import tell_job
from annotator.announce.publish import announce_rights
from annotator.models import Job, JobState, Layer, LayerKind, Membership, Stage, User, Video, VideoState

MOST_JOBS = 1000
Who = Literal["annotator", "reviewer", "manager"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One step that a job may take. ``verb`` is what its button says, ``done`` what is said of who took it."""

    id: str
    verb: str
    done: str
    who: Who
    stage: Stage
    states: tuple[JobState, ...]
    to_stage: Stage
    to_state: JobState


OPEN = (JobState.NEW, JobState.IN_PROGRESS, JobState.REJECTED)
ANY = (*OPEN, JobState.COMPLETED)
TRANSITIONS = (
    Transition(
        "start", "Start", "started", "annotator",
        Stage.ANNOTATION, (JobState.NEW, JobState.REJECTED), Stage.ANNOTATION, JobState.IN_PROGRESS,
    ),
    Transition(
        "submit", "Submit for review", "submitted", "annotator",
        Stage.ANNOTATION, OPEN, Stage.REVIEW, JobState.NEW,
    ),
    Transition("accept", "Accept", "accepted", "reviewer", Stage.REVIEW, ANY, Stage.ACCEPTED, JobState.COMPLETED),
    Transition("return", "Return", "returned", "reviewer", Stage.REVIEW, ANY, Stage.ANNOTATION, JobState.REJECTED),
    Transition("reopen", "Reopen", "reopened", "manager", Stage.ACCEPTED, ANY, Stage.ANNOTATION, JobState.IN_PROGRESS),
)  # fmt: skip
"""All that may happen to a job."""


def split_video(*, by: User, video: Video, frames_per_job: int) -> list[Job]:
    """Divide what no job of the main layer covers yet into jobs. Raises ActionError when nothing is left."""
    if video.state != VideoState.READY:
        raise ActionError("Only a video that is ready can be divided into jobs.")
    if frames_per_job < 1:
        raise ActionError(f"A job has at least one frame; {frames_per_job} came.")
    with transaction.atomic():
        layer = Layer.objects.select_for_update().filter(video=video, kind=LayerKind.MAIN).first()
        if layer is None:
            raise ActionError("This video has no main layer. Try to prepare it again.")
        taken = list(Job.objects.filter(layer=layer).values_list("first", "last"))
        ranges = plan_split(video.frame_count, taken, frames_per_job)
        if not ranges:
            raise ActionError("Every frame belongs to a job already. Remove jobs first to divide it anew.")
        if len(ranges) > MOST_JOBS:
            raise ActionError(f"That would make {len(ranges)} jobs; at most {MOST_JOBS} at a time. Take more frames.")
        made = Job.objects.bulk_create(Job(video=video, layer=layer, first=a, last=b) for a, b in ranges)
        why = f"{by} divided this video into jobs."
        end_runs_beyond_rights(why=why, layer=layer.pk)
        announce_rights(layer=layer.pk, why=why)
        return made


def plan_split(frame_count: int, taken: Iterable[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """Ranges of ``size`` frames (the last of a gap may be shorter), both ends included, over what isn't taken."""
    planned: list[tuple[int, int]] = []
    at = 0
    for first, last in [*sorted(taken), (frame_count, frame_count)]:
        planned += [(start, min(start + size, first) - 1) for start in range(at, first, size)]
        at = max(at, last + 1)
    return planned


def remove_job(*, by: User, job: Job) -> None:
    """Take a job away. What was drawn belongs to the layer and stays."""
    layer = job.layer_id
    with transaction.atomic():
        why = remember_job(job=job, by=by)
        job.delete()
        end_runs_beyond_rights(why=why, layer=layer)
        announce_rights(layer=layer, why=why)


def assign(*, by: User, job: Job, assignee: User | None, reviewer: User | None) -> Job:
    """Hand a job to people who may do it. Raises ActionError when their role is too weak, or they are the same."""
    if assignee is not None and assignee == reviewer:
        raise ActionError(f"{assignee} can't review their own work. Choose another reviewer, or nobody.")
    _require_member(job, assignee, "annotate")
    _require_member(job, reviewer, "review")
    with transaction.atomic():
        former = job.assignee
        job.assignee, job.reviewer = assignee, reviewer
        job.save(update_fields=["assignee", "reviewer", "updated_at"])
        if former is not None and former != assignee:
            whose = f"{assignee}'s" if assignee is not None else "nobody's"
            why = f"{by} made your job of {_frames(job)} {whose}."
            said = f"{by} made the job of {_frames(job)} {whose}."
            end_runs_beyond_rights(why=said, user=former.pk, layer=job.layer_id)
            announce_rights(user=former.pk, layer=job.layer_id, why=why)
        if assignee is not None and former != assignee:
            announce_rights(user=assignee.pk, layer=job.layer_id, why=f"{by} gave you the job of {_frames(job)}.")
        announce_rights(layer=job.layer_id)
    return job


def move(*, user: User, job: Job, transition: str) -> Job:
    """Let a job take a step. Raises ActionError when it is not its turn, or not the user's to do."""
    step = next((each for each in TRANSITIONS if each.id == transition), None)
    if step is None:
        raise ActionError(f"A job can {', '.join(each.id for each in TRANSITIONS)}; {transition!r} came.")
    with transaction.atomic():
        locked = Job.objects.select_for_update(of=("self",)).select_related("video__project").get(pk=job.pk)
        if not _is_next(step, locked):
            raise ActionError(
                f"{step.verb} isn't possible now: the job is in {locked.get_stage_display().lower()} and "
                f"{locked.get_state_display().lower()}. Reload to see what changed."
            )
        if not _is_theirs(step, user, locked):
            raise ActionError(WHOSE[step.who])
        locked.stage, locked.state = step.to_stage, step.to_state
        locked.save(update_fields=["stage", "state", "updated_at"])
        if step.to_stage == Stage.REVIEW:
            score_later(locked)
        tell_job(locked, by=user, step=step.id)
        why = f"{user} {step.done} the job of {_frames(locked)}."
        end_runs_beyond_rights(why=why, layer=locked.layer_id)
        announce_rights(layer=locked.layer_id, why=why)
    return locked


def _frames(job: Job) -> str:
    return f"frames {job.first} to {job.last}"


def begin_by_editing(*, user: User, layer: Layer, ranges: Sequence[tuple[int, int]]) -> None:
    """Start the user's own jobs that an edit of these frames reaches: who draws in a job has begun it."""
    step = next(each for each in TRANSITIONS if each.id == "start")
    waiting = Job.objects.filter(layer=layer, assignee=user, stage=step.stage, state__in=step.states)
    begun = [
        job
        for job, job_first, job_last in waiting.values_list("pk", "first", "last")
        if any(first <= job_last and last >= job_first for first, last in ranges)
    ]
    if begun:
        waiting.filter(pk__in=begun).update(stage=step.to_stage, state=step.to_state, updated_at=timezone.now())
        for job in Job.objects.filter(pk__in=begun).select_related("video__project", "assignee", "reviewer"):
            tell_job(job, by=user, step=step.id)


def steps_for(user: User, job: Job, role: str | None = None) -> list[Transition]:
    """What the user may do with a job now. ``role``: the user's, where it is known already."""
    if job.video.project.archived_at is not None:
        return []
    return [step for step in TRANSITIONS if _is_next(step, job) and _is_theirs(step, user, job, role)]


WHOSE: dict[Who, str] = {
    "annotator": "This is for the person the job is assigned to, or a manager.",
    "reviewer": "This is for the job's reviewer, and never for who annotated it; or for a manager.",
    "manager": "This needs the role manager.",
}


def _is_next(step: Transition, job: Job) -> bool:
    return job.stage == step.stage and job.state in step.states


def _is_theirs(step: Transition, user: User, job: Job, role: str | None = None) -> bool:
    role = role or role_in(user, job.video.project.workspace_id)
    if may(role, "manage"):
        return True
    match step.who:
        case "annotator":
            return may(role, "annotate") and job.assignee_id == user.pk
        case "reviewer":
            return may(role, "review") and job.reviewer_id in (None, user.pk) and job.assignee_id != user.pk
        case "manager":
            return False


def _require_member(job: Job, user: User | None, need: Literal["annotate", "review"]) -> None:
    if user is None:
        return
    membership = Membership.objects.filter(
        workspace_id=job.video.project.workspace_id, user=user, user__is_active=True
    ).first()
    if membership is None:
        raise ActionError(f"{user} is no member of this workspace. Invite them first.")
    if not may(membership.role, need):
        raise ActionError(f"{user} may not {need}: their role is {membership.get_role_display().lower()}.")
