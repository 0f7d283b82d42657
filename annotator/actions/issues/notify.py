"""Telling people what happened in issues and to jobs: who is told, what they have read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from annotator.access import my_workspaces
from annotator.announce.notifications import in_words
from annotator.announce.publish import announce_unread
from annotator.models import Comment, Issue, Job, JobStep, Notification, Stage, User

KEPT = 500
"""Notifications of a person; older ones go."""


def people_of(topic: Issue | Job) -> QuerySet[User]:
    """Who may see an issue and say something in it, or see a job: the active members of its workspace."""
    layer = topic.layer
    return User.objects.filter(is_active=True, memberships__workspace=layer.video.project.workspace_id)


def notify(*, issue: Issue, by: User, kinds: Mapping[int, Notification.Kind], comment: Comment | None = None) -> None:
    """Tell people, in the same transaction as what they are told of.

    Args:
        by: who did it, who isn't told.
        kinds: by user id, what it is to them. Who can't see the issue isn't told.
    """
    told = people_of(issue).filter(pk__in=kinds).exclude(pk=by.pk)
    _tell([Notification(user=user, issue=issue, comment=comment, kind=kinds[user.pk], by=by) for user in told])


def notify_of_step(*, step: JobStep, kind: Notification.Kind, user: User | None) -> None:
    """Tell somebody (None: nobody) what was done to a job, in the same transaction. Who did it isn't told, and neither
    is who can't see the job."""
    if user is not None and user != step.by and people_of(step.job).filter(pk=user.pk).exists():
        _tell([Notification(user=user, step=step, kind=kind, by=step.by)])


def _tell(made: Sequence[Notification]) -> None:
    Notification.objects.bulk_create(made)
    for notification in made:
        _forget_old(notification.user)
        announce_unread(user=notification.user_id, unread=unread_of(notification.user), message=in_words(notification))


def seen_by(user: User) -> QuerySet[Notification]:
    """A person's notifications of what they may still see, newest first."""
    mine = my_workspaces(user)
    of_issue = Q(issue__layer__video__project__workspace__in=mine)
    return Notification.objects.filter(of_issue | Q(step__job__video__project__workspace__in=mine), user=user)


def unread_of(user: User) -> int:
    return seen_by(user).filter(read_at=None).count()


def mark_read(*, user: User, which: Q | None = None) -> int:
    """Mark a person's notifications as read.

    Args:
        which: None: all of them.

    Returns:
        How many are unread now.
    """
    unread = Notification.objects.filter(user=user, read_at=None)
    changed = (unread if which is None else unread.filter(which)).update(read_at=timezone.now())
    left = unread_of(user)
    if changed:
        announce_unread(user=user.pk, unread=left)
    return left


def readers_of(notifications: QuerySet[Notification]) -> list[int]:
    """Ids of the people who haven't read all of these: whom ``tell_less`` is for once they are gone."""
    return list(notifications.filter(read_at=None).order_by().values_list("user", flat=True).distinct())


def tell_less(users: Collection[int]) -> None:
    """Some of what people were told of is gone: their pages count anew."""
    for user in User.objects.filter(pk__in=users):
        announce_unread(user=user.pk, unread=unread_of(user))


def working_on(issue: Issue) -> set[int]:
    """Ids of who annotates or reviews the issue's frames in jobs that aren't accepted yet."""
    jobs = issue.layer.jobs.filter(first__lte=issue.last, last__gte=issue.first).exclude(stage=Stage.ACCEPTED)
    return {
        user for pair in jobs.values_list("assignee", "reviewer", "co_reviewers") for user in pair if user is not None
    }


def _forget_old(user: User) -> None:
    surplus = Notification.objects.filter(user=user).order_by("-at", "-id").values_list("pk", flat=True)[KEPT:]
    Notification.objects.filter(pk__in=list(surplus)).delete()
