"""Jobs: a video divided among people, and the way of a job from new to accepted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from annotator.access import may, role_in
from annotator.actions.consensus.working import weigh_later
from annotator.actions.errors import ActionError
from annotator.actions.issues.notify import notify_of_step, readers_of, tell_less
from annotator.actions.quality import score_later
from annotator.actions.removals import remember_job
from annotator.actions.runs.ending import end_runs_beyond_rights
from annotator.actions.webhooks.telling import tell_job
from annotator.announce.publish import announce_rights
from annotator.models import (
    Consensus,
    ConsensusCopy,
    Job,
    JobState,
    JobStep,
    Layer,
    LayerKind,
    Membership,
    Notification,
    Priority,
    Stage,
    User,
    Video,
    VideoState,
)

MOST_JOBS = 1000
LONGEST_REASON = 1000
Who = Literal["annotator", "assignee", "reviewer", "its reviewer", "manager"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One step that a job may take. ``verb`` is what its button says, ``kind`` what its history keeps; ``asks``: what
    its reason is asked by, empty: it needs none."""

    id: str
    verb: str
    kind: JobStep.Kind
    who: Who
    stage: Stage
    states: tuple[JobState, ...]
    to_stage: Stage
    to_state: JobState
    asks: str = ""


OPEN = (JobState.NEW, JobState.IN_PROGRESS, JobState.REJECTED)
ANY = (*OPEN, JobState.COMPLETED)
WHY_RETURNED, WHY_SKIPPED = "What has to be changed?", "Why isn't it for you?"
TRANSITIONS = (
    Transition(
        "start", "Start", JobStep.Kind.STARTED, "annotator",
        Stage.ANNOTATION, (JobState.NEW, JobState.REJECTED), Stage.ANNOTATION, JobState.IN_PROGRESS,
    ),
    Transition(
        "submit", "Submit for review", JobStep.Kind.SUBMITTED, "annotator",
        Stage.ANNOTATION, OPEN, Stage.REVIEW, JobState.NEW,
    ),
    Transition(
        "skip", "Skip", JobStep.Kind.SKIPPED, "assignee",
        Stage.ANNOTATION, OPEN, Stage.ANNOTATION, JobState.NEW, asks=WHY_SKIPPED,
    ),
    Transition(
        "accept", "Accept", JobStep.Kind.ACCEPTED, "reviewer", Stage.REVIEW, ANY, Stage.ACCEPTED, JobState.COMPLETED,
    ),
    Transition(
        "return", "Return", JobStep.Kind.RETURNED, "reviewer",
        Stage.REVIEW, ANY, Stage.ANNOTATION, JobState.REJECTED, asks=WHY_RETURNED,
    ),
    Transition(
        "pass-on", "Leave to others", JobStep.Kind.PASSED_ON, "its reviewer",
        Stage.REVIEW, ANY, Stage.REVIEW, JobState.NEW, asks=WHY_SKIPPED,
    ),
    Transition(
        "reopen", "Reopen", JobStep.Kind.REOPENED, "manager",
        Stage.ACCEPTED, ANY, Stage.ANNOTATION, JobState.IN_PROGRESS,
    ),
)  # fmt: skip
"""All that may happen to a job."""
TOLD_ASSIGNEE = {
    JobStep.Kind.RETURNED: Notification.Kind.JOB_RETURNED,
    JobStep.Kind.ACCEPTED: Notification.Kind.JOB_ACCEPTED,
    JobStep.Kind.REOPENED: Notification.Kind.JOB_REOPENED,
}
BY_URGENCY = (F("priority").desc(), F("due").asc(nulls_last=True), "video__name", "first", "pk")
"""The order in which jobs are to be done."""


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
        told = readers_of(Notification.objects.filter(step__job=job))
        job.delete()
        tell_less(told)
        end_runs_beyond_rights(why=why, layer=layer)
        announce_rights(layer=layer, why=why)


def assign(*, by: User, job: Job, assignee: User | None, reviewer: User | None) -> Job:
    """Hand a job to people who may do it; they are told. Raises ActionError when their role is too weak, or they are
    the same."""
    if assignee is not None and (assignee == reviewer or assignee in job.co_reviewers.all()):
        raise ActionError(f"{assignee} can't review their own work. Choose another reviewer, or nobody.")
    require_member(job, assignee, "annotate")
    require_member(job, reviewer, "review")
    with transaction.atomic():
        check_copy(job, assignee=assignee, reviewer=reviewer)
        former, former_reviewer = job.assignee, job.reviewer
        job.assignee, job.reviewer = assignee, reviewer
        job.save(update_fields=["assignee", "reviewer", "updated_at"])
        if former != assignee:
            _hand_over(by, job, former)
        if reviewer is None:
            job.co_reviewers.clear()
        else:
            job.co_reviewers.remove(reviewer)
        if former_reviewer != reviewer and reviewer is not None:
            tell_reviewer(job, by=by, reviewer=reviewer)
        announce_rights(layer=job.layer_id)
    return job


def tell_reviewer(job: Job, *, by: User, reviewer: User) -> None:
    """Somebody is to review a job: they are told now if it waits for that, else when it is submitted."""
    step = record_step(job, JobStep.Kind.REVIEW_GIVEN, by=by, whom=reviewer)
    if job.stage == Stage.REVIEW:
        notify_of_step(step=step, kind=Notification.Kind.TO_REVIEW, user=reviewer)


def check_copy(job: Job, *, assignee: User | None, reviewer: User | None) -> None:
    """Raises ActionError where a job is a copy of a consensus, and its annotator or reviewer has another one to do."""
    copy = ConsensusCopy.objects.filter(job=job, consensus__merged_at=None).first()
    if copy is None:
        return
    # Whoever comes second, with another copy, sees what the first one got.
    Consensus.objects.select_for_update(of=("self",)).get(pk=copy.consensus_id)
    others = ConsensusCopy.objects.filter(consensus=copy.consensus_id).exclude(pk=copy.pk)
    busy = set(others.values_list("job__assignee", flat=True))
    if assignee is not None and assignee.pk in busy:
        raise ActionError(f"{assignee} annotates another copy of this consensus. Choose somebody else.")
    if reviewer is not None and reviewer.pk in busy:
        raise ActionError(f"{reviewer} annotates a copy of this consensus, and can't see others' until it is merged.")
    named = others.values_list("job__reviewer", "job__co_reviewers")
    reviewing = {each for several in named for each in several}
    if assignee is not None and assignee.pk in reviewing:
        raise ActionError(f"{assignee} reviews another copy of this consensus. Choose somebody else.")


def _hand_over(by: User, job: Job, former: User | None) -> None:
    """A job has another annotator, or none: both are told, and what the former one runs there ends."""
    assignee = job.assignee
    if former is not None:
        whose = f"{assignee}'s" if assignee is not None else "nobody's"
        why = f"{by} made your job of {frames_of(job)} {whose}."
        said = f"{by} made the job of {frames_of(job)} {whose}."
        end_runs_beyond_rights(why=said, user=former.pk, layer=job.layer_id)
        announce_rights(user=former.pk, layer=job.layer_id, why=why)
    if assignee is None:
        record_step(job, JobStep.Kind.FREED, by=by, whom=former)
        return
    step = record_step(job, JobStep.Kind.GIVEN, by=by, whom=assignee)
    if job.stage == Stage.ANNOTATION:
        notify_of_step(step=step, kind=Notification.Kind.JOB_GIVEN, user=assignee)
    announce_rights(user=assignee.pk, layer=job.layer_id, why=f"{by} gave you the job of {frames_of(job)}.")


def plan(*, job: Job, priority: int, due: date | None) -> Job:
    """Say how soon a job is wanted. Raises ActionError for a priority that isn't one."""
    if priority not in Priority.values:
        raise ActionError(f"A priority is {', '.join(map(str, Priority.values))}; {priority} came.")
    job.priority, job.due = priority, due
    job.save(update_fields=["priority", "due", "updated_at"])
    return job


def move(*, user: User, job: Job, transition: str, reason: str = "") -> Job:
    """Let a job take a step, and tell whoever it concerns.

    Returned, it goes back to who annotated it, and their next submission to who returned it.

    Raises:
        ActionError: it is not its turn, not the user's to do, or a reason is missing or too long.
    """
    step = next((each for each in TRANSITIONS if each.id == transition), None)
    if step is None:
        raise ActionError(f"A job can {', '.join(each.id for each in TRANSITIONS)}; {transition!r} came.")
    reason = _checked_reason(step, reason)
    with transaction.atomic():
        locked = Job.objects.select_for_update(of=("self",)).select_related("video__project").get(pk=job.pk)
        if not _is_next(step, locked):
            raise ActionError(
                f"{step.verb} isn't possible now: the job is in {locked.get_stage_display().lower()} and "
                f"{locked.get_state_display().lower()}. Reload to see what changed."
            )
        if not _is_theirs(step, user, locked):
            raise ActionError(WHOSE[step.who])
        if step.kind == JobStep.Kind.ACCEPTED and (waits_for := still_to_accept(locked, user)):
            return _agree(locked, user, waits_for, reason)
        holder = locked.assignee
        locked.stage, locked.state = step.to_stage, step.to_state
        match step.kind:
            case JobStep.Kind.SKIPPED:
                locked.assignee = None
            case JobStep.Kind.PASSED_ON:
                leave_review(locked, user)
            case JobStep.Kind.RETURNED if locked.reviewer_id is None and locked.assignee_id != user.pk:
                locked.reviewer = user
        locked.save(update_fields=["stage", "state", "assignee", "reviewer", "updated_at"])
        taken = record_step(locked, step.kind, by=user, reason=reason)
        if step.kind == JobStep.Kind.SUBMITTED:
            score_later(locked)
            weigh_later(locked, taken)
        _tell_of(taken, locked, holder)
        tell_job(locked, by=user, step=step.id, reason=reason)
        why = f"{user} {step.kind.label} the job of {frames_of(locked)}."
        end_runs_beyond_rights(why=why, layer=locked.layer_id)
        announce_rights(layer=locked.layer_id, why=why)
    return locked


def reviews(user: User) -> Q:
    """The condition that a person is named to review a job; one that has several is found several times."""
    return Q(reviewer=user) | Q(co_reviewers=user)


def still_asked(job: Job, user: User) -> bool:
    """Whether a job in review waits for one of those who are named to review it."""
    return not (job.video.project.all_reviewers_accept and user.pk in agreed_by(job))


def agreed_by(job: Job) -> set[int]:
    """Ids of who accepted a job for their part since it was submitted; what they said before counts no more."""
    steps = job.history.filter(kind__in=(JobStep.Kind.SUBMITTED, JobStep.Kind.AGREED)).order_by("-pk")
    agreed: set[int] = set()
    for kind, by in steps.values_list("kind", "by"):
        if kind == JobStep.Kind.SUBMITTED:
            break
        agreed.add(by)
    return agreed


def still_to_accept(job: Job, user: User) -> list[User]:
    """Who has to accept a job besides the user, for whom it waits then: nobody where any reviewer's word is enough, or
    where the user isn't named to review it, as a manager."""
    named = job.reviewers if job.video.project.all_reviewers_accept else []
    if user not in named:
        return []
    agreed = {user.pk, *agreed_by(job)}
    return [each for each in named if each.pk not in agreed]


def _agree(job: Job, user: User, waits_for: Sequence[User], reason: str) -> Job:
    """One of several reviewers accepts a job, which waits for the others. Raises ActionError when they did before."""
    names = ", ".join(map(str, waits_for))
    if user.pk in agreed_by(job):
        raise ActionError(f"You accepted this job already. It waits for {names}.")
    job.state = JobState.IN_PROGRESS
    job.save(update_fields=["state", "updated_at"])
    record_step(job, JobStep.Kind.AGREED, by=user, reason=reason)
    announce_rights(layer=job.layer_id, why=f"{user} accepted the job of {frames_of(job)}; it waits for {names}.")
    return job


def leave_review(job: Job, user: User) -> None:
    """One of those who are named to review a job isn't any more; where it was the first, the next one is."""
    job.co_reviewers.remove(user)
    if job.reviewer_id == user.pk:
        job.reviewer = job.co_reviewers.first()
        if job.reviewer is not None:
            job.co_reviewers.remove(job.reviewer)


def _checked_reason(step: Transition, reason: str) -> str:
    clean = reason.strip()
    if len(clean) > LONGEST_REASON:
        raise ActionError(f"A reason has at most {LONGEST_REASON:,} characters; this one has {len(clean):,}.")
    if step.asks and not clean:
        raise ActionError(f"{step.verb} needs a reason. {step.asks}")
    return clean


def _tell_of(step: JobStep, job: Job, holder: User | None) -> None:
    """Whoever a step concerns. ``holder``: who annotated until then."""
    kind = JobStep.Kind(step.kind)
    if kind in TOLD_ASSIGNEE:
        notify_of_step(step=step, kind=TOLD_ASSIGNEE[kind], user=holder)
    elif kind == JobStep.Kind.SUBMITTED:
        for reviewer in job.reviewers:
            notify_of_step(step=step, kind=Notification.Kind.TO_REVIEW, user=reviewer)
    elif kind == JobStep.Kind.SKIPPED:
        given = job.history.filter(kind=JobStep.Kind.GIVEN, whom=holder).select_related("by").last()
        notify_of_step(step=step, kind=Notification.Kind.JOB_SKIPPED, user=given.by if given is not None else None)


def record_step(job: Job, kind: JobStep.Kind, *, by: User, whom: User | None = None, reason: str = "") -> JobStep:
    """Add to a job's history. Whatever happens to a job passes here, but for work that begins by drawing."""
    return JobStep.objects.create(job=job, kind=kind, by=by, whom=whom, reason=reason)


def frames_of(job: Job) -> str:
    """In words."""
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
        JobStep.objects.bulk_create(JobStep(job_id=job, kind=step.kind, by=user) for job in begun)
        for job in Job.objects.filter(pk__in=begun).select_related("video__project", "assignee", "reviewer"):
            tell_job(job, by=user, step=step.id)


def steps_for(user: User, job: Job, role: str | None = None) -> list[Transition]:
    """What the user may do with a job now. ``role``: the user's, where it is known already."""
    if job.video.project.archived_at is not None:
        return []
    steps = [step for step in TRANSITIONS if _is_next(step, job) and _is_theirs(step, user, job, role)]
    if still_to_accept(job, user) and user.pk in agreed_by(job):
        steps = [step for step in steps if step.kind != JobStep.Kind.ACCEPTED]
    return steps


WHOSE: dict[Who, str] = {
    "annotator": "This is for the person the job is assigned to, or a manager.",
    "assignee": "This is for the person the job is assigned to.",
    "reviewer": "This is for the job's reviewers, and never for who annotated it; or for a manager.",
    "its reviewer": "This is for the job's reviewer.",
    "manager": "This needs the role manager.",
}


def _is_next(step: Transition, job: Job) -> bool:
    return job.stage == step.stage and job.state in step.states


def _is_theirs(step: Transition, user: User, job: Job, role: str | None = None) -> bool:
    role = role or role_in(user, job.video.project.workspace_id)
    match step.who:
        case "assignee":
            return may(role, "annotate") and job.assignee_id == user.pk
        case "its reviewer":
            return may(role, "review") and user in job.reviewers
        case _ if may(role, "manage"):
            return True
        case "annotator":
            return may(role, "annotate") and job.assignee_id == user.pk
        case "reviewer":
            named = job.reviewers
            return may(role, "review") and (not named or user in named) and job.assignee_id != user.pk
        case "manager":
            return False


def require_member(job: Job, user: User | None, need: Literal["annotate", "review"]) -> None:
    """Raises ActionError for who is no member, or may not do it. ``user``: None is nobody, and may."""
    if user is None:
        return
    membership = Membership.objects.filter(
        workspace_id=job.video.project.workspace_id, user=user, user__is_active=True
    ).first()
    if membership is None:
        raise ActionError(f"{user} is no member of this workspace. Invite them first.")
    if not may(membership.role, need):
        raise ActionError(f"{user} may not {need}: their role is {membership.get_role_display().lower()}.")
