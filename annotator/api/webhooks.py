"""Webhooks of a project, for programs of who manages it."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from annotator.access import access_project, access_webhook
from annotator.actions.webhooks.manage import (
    change_webhook,
    create_webhook,
    delete_webhook,
    find_delivery,
    redeliver,
    renew_secret,
)
from annotator.actions.webhooks.record import ping
from annotator.api.people import signed_in
from annotator.models import DeliveryState, Happening, Webhook
from annotator.operations import Message

router = Router(tags=["webhooks"])

MOST_LISTED = 100
Url = Annotated[str, Field(max_length=500)]
Events = Annotated[list[Happening], Field(min_length=1, max_length=len(Happening))]


class WebhookIn(Message):
    url: Url
    events: Events


class WebhookChanges(Message):
    """What isn't sent, or null, stays."""

    url: Url | None = None
    events: Events | None = None
    active: bool | None = None


class WebhookOut(Message):
    """`off_why`: why the server switched it off; empty: it didn't."""

    id: int
    project: int
    url: str
    events: list[Happening]
    active: bool
    off_why: str


class SecretOut(Message):
    """`secret`: what signs the messages. It is told here only."""

    secret: str


class NewWebhookOut(WebhookOut, SecretOut):
    pass


class DeliveriesAsked(Message):
    limit: int = Field(MOST_LISTED, ge=1, le=MOST_LISTED)


class DeliveryOut(Message):
    """`status`: how the other side answered the latest try; null: it didn't."""

    id: UUID
    event: str
    state: DeliveryState
    tries: int
    status: int | None
    problem: str
    created_at: str


@router.get("/projects/{project_id}/webhooks", response=list[WebhookOut], summary="A project's webhooks")
def listed(request: HttpRequest, project_id: int) -> list[WebhookOut]:
    project = access_project(signed_in(request), project_id, "manage")
    return [_out(each) for each in Webhook.objects.filter(project=project).order_by("pk")]


@router.post("/projects/{project_id}/webhooks", response={201: NewWebhookOut}, summary="Make a webhook")
def make(request: HttpRequest, project_id: int, sent: WebhookIn) -> Status[NewWebhookOut]:
    user = signed_in(request)
    project = access_project(user, project_id, "manage")
    webhook = create_webhook(by=user, project=project, url=sent.url, events=sent.events)
    return Status(201, NewWebhookOut(**_out(webhook).model_dump(), secret=webhook.secret))


@router.patch("/webhooks/{webhook_id}", response=WebhookOut, summary="Change a webhook")
def change(request: HttpRequest, webhook_id: int, sent: WebhookChanges) -> WebhookOut:
    user = signed_in(request)
    webhook = access_webhook(user, webhook_id, "manage")
    change_webhook(
        by=user,
        webhook=webhook,
        url=webhook.url if sent.url is None else sent.url,
        events=webhook.events if sent.events is None else sent.events,
        active=webhook.active if sent.active is None else sent.active,
    )
    return _out(webhook)


@router.delete("/webhooks/{webhook_id}", response={204: None}, summary="Delete a webhook")
def delete(request: HttpRequest, webhook_id: int) -> Status[None]:
    user = signed_in(request)
    delete_webhook(by=user, webhook=access_webhook(user, webhook_id, "manage"))
    return Status(204, None)


@router.post("/webhooks/{webhook_id}/secret", response=SecretOut, summary="Make another secret")
def renew(request: HttpRequest, webhook_id: int) -> SecretOut:
    """It signs everything from now on, also what waits already."""
    return SecretOut(secret=renew_secret(webhook=access_webhook(signed_in(request), webhook_id, "manage")))


@router.post("/webhooks/{webhook_id}/ping", response={202: None}, summary="Send a ping")
def try_it(request: HttpRequest, webhook_id: int) -> Status[None]:
    user = signed_in(request)
    ping(by=user, webhook=access_webhook(user, webhook_id, "manage"))
    return Status(202, None)


@router.get("/webhooks/{webhook_id}/deliveries", response=list[DeliveryOut], summary="What it was told of lately")
def deliveries(request: HttpRequest, webhook_id: int, asked: Query[DeliveriesAsked]) -> list[DeliveryOut]:
    """Newest first."""
    webhook = access_webhook(signed_in(request), webhook_id, "manage")
    return [
        DeliveryOut(
            id=each.pk,
            event=each.kind,
            state=DeliveryState(each.state),
            tries=each.tries,
            status=each.status,
            problem=each.problem,
            created_at=each.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        )
        for each in webhook.deliveries.all()[: asked.limit]
    ]


@router.post("/webhooks/{webhook_id}/deliveries/{delivery_id}/again", response={202: None}, summary="Send it again")
def again(request: HttpRequest, webhook_id: int, delivery_id: UUID) -> Status[None]:
    webhook = access_webhook(signed_in(request), webhook_id, "manage")
    redeliver(delivery=find_delivery(webhook, str(delivery_id)))
    return Status(202, None)


def _out(webhook: Webhook) -> WebhookOut:
    return WebhookOut(
        id=webhook.pk,
        project=webhook.project_id,
        url=webhook.url,
        events=[Happening(each) for each in webhook.events],
        active=webhook.active,
        off_why=webhook.off_why,
    )
