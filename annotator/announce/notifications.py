"""What people were told of, as pages, the API and mails say it."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from annotator.announce.issues import excerpt_of, name_of, told
from annotator.models import Issue, Notification
from annotator.operations import Message

Kind = Notification.Kind
PAGE = 50
"""Notifications that are listed at once."""


class NotificationOut(Message):
    id: int
    kind: Kind
    message: str = Field(description="Who did what where, as a sentence.")
    excerpt: str = Field(description="How the comment begins; empty: it is about none.")
    by_name: str
    at: str = Field(description="ISO 8601, UTC.")
    read: bool
    layer: int
    issue: UUID
    url: str = Field(description="Opens the editor there.")


def in_words(notification: Notification) -> str:
    """One sentence: who did what where."""
    issue, who = notification.issue, notification.by or "Somebody"
    where = f"{issue.layer.video.name}, frame {issue.first}"
    match notification.kind:
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


def address_of(issue: Issue) -> str:
    """Where the editor opens at an issue, without the server's name."""
    return f"/videos/{issue.layer.video_id}/edit/?layer={issue.layer_id}&frame={issue.first}&issue={issue.pk}"


def notification_out(notification: Notification) -> NotificationOut:
    text = notification.comment.text if notification.comment is not None else ""
    return NotificationOut(
        id=notification.pk,
        kind=Kind(notification.kind),
        message=in_words(notification),
        excerpt=excerpt_of(text),
        by_name=name_of(notification.by),
        at=told(notification.at),
        read=notification.read_at is not None,
        layer=notification.issue.layer_id,
        issue=notification.issue_id,
        url=address_of(notification.issue),
    )
