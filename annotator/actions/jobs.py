"""Jobs: frame ranges handed to people, and their way from annotation through review to accepted."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from annotator.access import may
from annotator.actions.errors import ActionError
from annotator.models import Job, JobState, Layer, LayerKind, Membership, Role, Stage, User, Video, VideoState


@dataclass(frozen=True)
class Transition:
    """One step of a job, and what it takes.

    Attributes:
        label: on its button.
        stages: in which it may be taken, with the states there.
        by: whose step it is: the assignee's, the reviewer's, or a manager's (who may take all of them).
    """

    label: str
    stage: Stage
    states: frozenset[str]
    by: str
    to: tuple[Stage, JobState]


ANY_STATE = frozenset(JobState.values)
UNDONE = frozenset({JobState.NEW.value, JobState.IN_PROGRESS.value, JobState.REJECTED.value})

TRANSITIONS: dict[str, Transition] = {
    "start": Transition(
        "Start",
        Stage.ANNOTATION,
        frozenset({JobState.NEW.value, JobState.REJECTED.value}),
        "assignee",
        (Stage.ANNOTATION, JobState.IN_PROGRESS),
    ),
    "submit": Transition("Submit for review", Stage.ANNOTATION, UNDONE, "assignee", (Stage.REVIEW, JobState.NEW)),
    "accept": Transition("Accept", Stage.REVIEW, ANY_STATE, "reviewer", (Stage.ACCEPTED, JobState.COMPLETED)),
    "return": Transition("Return", Stage.REVIEW, ANY_STATE, "reviewer", (Stage.ANNOTATION, JobState.REJECTED)),
    "reopen": Transition("Reopen", Stage.ACCEPTED, ANY_STATE, "manager", (Stage.ANNOTATION, JobState.IN_PROGRESS)),
}
"""The only ways a job moves."""


def transitions_of(*, job: Job, user: User, role: str) -> dict[str, Transition]:
    """What ``user`` may do with a job now.

    Args:
        role: the user's, in the job's workspace.
    """
    return {
        name: transition
        for name, transition in TRANSITIONS.items()
        if job.stage == transition.stage
        and job.state in transition.states
        and _is_theirs(transition, job=job, user=user, role=role)
    }


def move_job(*, job: Job, user: User, role: str, action: str) -> Job:
    """Take one step. Raises ActionError with what may be done instead."""
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("video").get(pk=job.pk)
        possible = transitions_of(job=job, user=user, role=role)
        if action not in possible:
            offered = ", ".join(f"“{each.label}”" for each in possible.values()) or "nothing"
            asked = TRANSITIONS[action].label if action in TRANSITIONS else action
            where = f"{job.get_stage_display()}, {job.get_state_display().lower()}"
            raise ActionError(f"“{asked}” isn't yours to do while the job is at: {where}. You may do: {offered}.")
        job.stage, job.state = possible[action].to
        job.save(update_fields=["stage", "state", "updated_at"])
    return job


def split_video(*, video: Video, frames: int) -> list[Job]:
    """Cut a video's main layer into jobs of ``frames`` frames; the last one has what remains.

    Raises:
        ActionError: when the video isn't ready or has jobs already.
    """
    if video.state != VideoState.READY:
        raise ActionError(f"{video} isn't ready yet; wait until it is prepared.")
    if frames < 1:
        raise ActionError("A job has at least one frame.")
    with transaction.atomic():
        layer = Layer.objects.select_for_update().filter(video=video, kind=LayerKind.MAIN).first()
        if layer is None:
            raise ActionError(f"{video} has no main layer to work on.")
        if layer.jobs.exists():
            raise ActionError(f"{video} has jobs already. Remove them before you split it in another way.")
        return [
            Job.objects.create(video=video, layer=layer, first=first, last=min(first + frames, video.frame_count) - 1)
            for first in range(0, video.frame_count, frames)
        ]


def assign_job(*, job: Job, assignee: int | None, reviewer: int | None) -> Job:
    """Hand a job to members (user ids; None: nobody). Raises ActionError for people who may not do the work."""
    job.assignee = _member(job, assignee, Role.ANNOTATOR)
    job.reviewer = _member(job, reviewer, Role.REVIEWER)
    job.save(update_fields=["assignee", "reviewer", "updated_at"])
    return job


def remove_job(*, job: Job) -> None:
    """Its frames' annotations stay: they belong to the layer."""
    job.delete()


def _is_theirs(transition: Transition, *, job: Job, user: User, role: str) -> bool:
    if may(role, "manage"):
        return True
    if transition.by == "assignee":
        return may(role, "annotate") and job.assignee_id == user.pk
    if transition.by == "reviewer":
        # Nobody accepts their own work.
        return may(role, "review") and job.reviewer_id in (None, user.pk) and job.assignee_id != user.pk
    return False


def _member(job: Job, user_id: int | None, least: Role) -> User | None:
    if user_id is None:
        return None
    workspace = job.video.project.workspace_id
    member = Membership.objects.filter(workspace_id=workspace, user_id=user_id, user__is_active=True).first()
    if member is None:
        raise ActionError("Jobs go to members of the workspace. Invite the person first.")
    if not may(member.role, "annotate" if least == Role.ANNOTATOR else "review"):
        raise ActionError(f"{member.user} is {Role(member.role).label.lower()}; this work needs {least.label.lower()}.")
    return member.user
