"""What the signed-in person was told of."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from annotator.actions.issues.notify import mark_read, seen_by, unread_of
from annotator.announce.notifications import PAGE, RELATED, NotificationOut, notification_out
from annotator.api.people import signed_in
from annotator.ontology import HIGHEST_ID
from annotator.operations import Message

router = Router(tags=["notifications"])


class NotificationsOut(Message):
    """Newest first. `before`: what to ask for next; null: that was all."""

    notifications: list[NotificationOut]
    unread: int
    before: int | None


class ReadIn(Message):
    """What was read. Nothing said: everything."""

    issue: UUID | None = Field(None, description="All of this issue.")
    id: Annotated[int, Field(ge=0, le=HIGHEST_ID)] | None = Field(None, description="This one alone.")


class UnreadOut(Message):
    unread: int


@router.get("/notifications", response=NotificationsOut, summary="What one was told of")
def list_notifications(
    request: HttpRequest, before: Annotated[int, Query(ge=0, le=HIGHEST_ID)] | None = None
) -> NotificationsOut:
    user = signed_in(request)
    rows = seen_by(user) if before is None else seen_by(user).filter(pk__lt=before)
    found = list(rows.select_related(*RELATED).order_by("-id")[: PAGE + 1])
    page = found[:PAGE]
    return NotificationsOut(
        notifications=[notification_out(each) for each in page],
        unread=unread_of(user),
        before=page[-1].pk if len(found) > PAGE else None,
    )


@router.post("/notifications/read", response=UnreadOut, summary="Mark notifications as read")
def read_notifications(request: HttpRequest, sent: ReadIn) -> UnreadOut:
    which = Q()
    if sent.issue is not None:
        which &= Q(issue=sent.issue)
    if sent.id is not None:
        which &= Q(pk=sent.id)
    return UnreadOut(unread=mark_read(user=signed_in(request), which=which))
