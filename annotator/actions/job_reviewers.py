"""Several reviewers of a job: any of them may accept it, or all have to, as their project has it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.jobs import check_copy, require_member, tell_reviewer
from annotator.announce.publish import announce_rights
from annotator.models import AuditKind, Job, Project, User

MOST_REVIEWERS = 20


def name_reviewers(*, by: User, job: Job, reviewers: Sequence[User]) -> Job:
    """Who reviews a job, in place of who did; who is new is told. Nobody: anybody may who didn't annotate it.

    Raises:
        ActionError: somebody may not review, annotates the job, or was named twice.
    """
    if len({each.pk for each in reviewers}) < len(reviewers):
        raise ActionError("Each reviewer is named once; somebody was named twice.")
    if len(reviewers) > MOST_REVIEWERS:
        raise ActionError(f"A job has at most {MOST_REVIEWERS} reviewers; {len(reviewers)} came.")
    with transaction.atomic():
        locked = Job.objects.select_for_update(of=("self",)).select_related("video__project").get(pk=job.pk)
        for each in reviewers:
            if each.pk == locked.assignee_id:
                raise ActionError(f"{each} can't review their own work. Choose other reviewers, or nobody.")
            require_member(locked, each, "review")
            check_copy(locked, assignee=None, reviewer=each)
        former = {each.pk for each in locked.reviewers}
        locked.reviewer = reviewers[0] if reviewers else None
        locked.save(update_fields=["reviewer", "updated_at"])
        locked.co_reviewers.set(reviewers[1:])
        for each in reviewers:
            if each.pk not in former:
                tell_reviewer(locked, by=by, reviewer=each)
        announce_rights(layer=locked.layer_id)
    return locked


def have_all_accept(*, project: Project, all_accept: bool) -> None:
    """Whether all who are named to review a job of a project have to accept it, or any of them may."""
    project.all_reviewers_accept = all_accept
    project.save(update_fields=["all_reviewers_accept"])
    whose = "all reviewers who are named" if all_accept else "any reviewer"
    record(
        AuditKind.SETTINGS,
        f"had jobs of the project “{project.name}” accepted by {whose}.",
        workspace=project.workspace_id,
    )
