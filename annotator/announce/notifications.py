"""What people were told of, as pages, the API and mails say it."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from annotator.announce.issues import excerpt_of, name_of, told
from annotator.models import InspectionState, Issue, Job, Notification, User
from annotator.operations import Message

Kind = Notification.Kind
RELATED = ("by", "comment", "issue__layer__video__project", "step__job__video__project")
"""What is read with a notification that is said in words."""
PAGE = 50
"""Notifications that are listed at once."""


class NotificationOut(Message):
    id: int
    kind: Kind
    message: str = Field(description="Who did what where, as a sentence.")
    excerpt: str = Field(description="How the comment or the reason begins; empty: there is none.")
    by_name: str
    at: str = Field(description="ISO 8601, UTC.")
    read: bool
    layer: int
    issue: UUID | None = Field(description="Null: it is about a job.")
    url: str = Field(description="Opens the editor, or the job's page, there.")


def in_words(notification: Notification) -> str:
    """One sentence: who did what where."""
    topic, who = notification.topic, notification.by or "Somebody"
    return (
        _of_job(topic, who, notification.kind) if isinstance(topic, Job) else _of_issue(topic, who, notification.kind)
    )


def _of_issue(issue: Issue, who: User | str, kind: str) -> str:
    where = f"{issue.layer.video.name}, frame {issue.first}"
    match kind:
        case Kind.MENTION:
            return f"{who} mentioned you in issue {issue.number} ({where})."
        case Kind.REPLY:
            return f"{who} answered in issue {issue.number} ({where})."
        case Kind.JOB:
            return f"{who} opened issue {issue.number} in your job ({where})."
        case Kind.RESOLVED:
            return f"{who} resolved issue {issue.number} ({where})."
        case _:
            return f"{who} reopened issue {issue.number} ({where})."


def _of_job(job: Job, who: User | str, kind: str) -> str:
    which = f"{job.video.name}, frames {job.first} to {job.last}"
    match kind:
        case Kind.JOB_GIVEN:
            return f"{who} gave you a job ({which})."
        case Kind.JOB_RETURNED:
            return f"{who} returned your job ({which})."
        case Kind.JOB_REOPENED:
            return f"{who} reopened your job ({which})."
        case Kind.JOB_ACCEPTED:
            return f"{who} accepted your job ({which})."
        case Kind.JOB_SKIPPED:
            return f"{who} skipped a job that you gave them ({which})."
        case Kind.CONSENSUS:
            return f"{who} submitted the last copy of your consensus ({which})."
        case Kind.BELOW_MARK:
            return f"{who} submitted a job below the pass mark{_reached(job)} ({which})."
        case _:
            return f"{who} waits for your review of a job ({which})."


def _reached(job: Job) -> str:
    """What the latest score says."""
    score = job.scores.filter(state=InspectionState.DONE).order_by("pk").last()
    mark = job.video.project.pass_mark
    if score is None or score.idf1 is None or mark is None:
        return ""
    return f": IDF1 {100 * score.idf1:.0f} % of {mark} %"


def address_of(topic: Issue | Job) -> str:
    """Where the editor opens at an issue, or the page of a job, without the server's name."""
    if isinstance(topic, Job):
        return f"/jobs/{topic.pk}/"
    return f"/videos/{topic.layer.video_id}/edit/?layer={topic.layer_id}&frame={topic.first}&issue={topic.pk}"


def text_of(notification: Notification) -> str:
    """What was said with it: the comment, or the reason that a job's step was given."""
    if notification.step is not None:
        return notification.step.reason
    return notification.comment.text if notification.comment is not None else ""


def notification_out(notification: Notification) -> NotificationOut:
    return NotificationOut(
        id=notification.pk,
        kind=Kind(notification.kind),
        message=in_words(notification),
        excerpt=excerpt_of(text_of(notification)),
        by_name=name_of(notification.by),
        at=told(notification.at),
        read=notification.read_at is not None,
        layer=notification.topic.layer_id,
        issue=notification.issue_id,
        url=address_of(notification.topic),
    )
