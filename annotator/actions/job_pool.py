"""Jobs that are nobody's: people take the next one themselves, where their project lets them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotator.access import hidden_layers, may, role_in
from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.jobs import BY_URGENCY, check_copy, frames_of, record_step
from annotator.actions.webhooks.telling import tell_job
from annotator.announce.publish import announce_rights
from annotator.models import AuditKind, Consensus, ConsensusCopy, Job, JobStep, LayerKind, Project, Stage, User

To = Literal["annotate", "review"]
"""What a job is taken for, which is also what one has to be allowed to do (``access.Need``)."""


def pool(*, user: User, projects: Iterable[Project], to: To) -> QuerySet[Job]:
    """The jobs that the user may take, the most urgent first.

    Args:
        to: "annotate": nobody's, and not skipped by the user; "review": submitted, without a reviewer, and not
            annotated by the user at any time.
    """
    projects = [each for each in projects if each.lets_take_jobs and each.archived_at is None]
    enough = {key for key in {each.workspace_id for each in projects} if may(role_in(user, key), to)}
    open_ = [each.pk for each in projects if each.workspace_id in enough]
    jobs = Job.objects.filter(video__project__in=open_)
    mine = JobStep.objects.filter(by=user)
    if to == "annotate":
        # Of a consensus one copy, and none of what one has seen of another.
        copies = ConsensusCopy.objects.filter(consensus__merged_at=None).exclude(consensus__in=_known_to(user))
        offered = Q(layer__kind=LayerKind.MAIN) | Q(pk__in=copies.exclude(job=None).values("job"))
        jobs = jobs.filter(offered, stage=Stage.ANNOTATION, assignee=None)
        jobs = jobs.exclude(reviewer=user).exclude(co_reviewers=user)
        mine = mine.filter(kind=JobStep.Kind.SKIPPED)
    else:
        jobs = jobs.filter(stage=Stage.REVIEW, reviewer=None, co_reviewers=None).exclude(assignee=user)
        for each in projects:
            if each.pk in open_:
                jobs = jobs.exclude(layer__in=hidden_layers(user, each).values("pk"))
        mine = mine.filter(kind__in=(JobStep.Kind.SUBMITTED, JobStep.Kind.PASSED_ON))
    return jobs.exclude(pk__in=mine.values("job")).order_by(*BY_URGENCY)


def _known_to(user: User) -> QuerySet[Consensus]:
    """Of which the user annotates or reviews a copy, or did so."""
    theirs = Q(assignee=user) | Q(reviewer=user) | Q(co_reviewers=user) | Q(history__by=user)
    return Consensus.objects.filter(copies__job__in=Job.objects.filter(theirs).values("pk"))


def take_next(*, user: User, project: Project, to: To) -> Job:
    """Give the user the next job of the pool. Two who ask at once get two.

    Raises:
        ActionError: there is none, people don't take jobs themselves in this project, or the user's role is too weak.
    """
    if not project.lets_take_jobs:
        raise ActionError("In this project jobs are handed out by a manager. Ask for one.")
    held = "assignee" if to == "annotate" else "reviewer"
    for job in pool(user=user, projects=[project], to=to).iterator():
        with transaction.atomic():
            # Whoever comes second finds it taken, on every database.
            now = timezone.now()
            if not Job.objects.filter(pk=job.pk, stage=job.stage, **{held: None}).update(
                **{held: user}, updated_at=now
            ):
                continue
            taken = Job.objects.select_related("video__project", "assignee", "reviewer").get(pk=job.pk)
            if to == "annotate":
                check_copy(taken, assignee=user, reviewer=None)
            kind = JobStep.Kind.TAKEN if to == "annotate" else JobStep.Kind.REVIEW_TAKEN
            record_step(taken, kind, by=user)
            tell_job(taken, by=user, step="take" if to == "annotate" else "take-review")
            announce_rights(user=user.pk, layer=taken.layer_id, why=f"You took the job of {frames_of(taken)}.")
            announce_rights(layer=taken.layer_id)
            return taken
    raise ActionError(f"No job to {to} is left to take in “{project.name}”. Come back later, or ask a manager for one.")


def let_take(*, project: Project, lets: bool) -> None:
    """Whether people take jobs of a project themselves."""
    project.lets_take_jobs = lets
    project.save(update_fields=["lets_take_jobs"])
    what = f"{'let' if lets else 'no longer let'} people take jobs of the project “{project.name}” themselves."
    record(AuditKind.SETTINGS, what, workspace=project.workspace_id)
