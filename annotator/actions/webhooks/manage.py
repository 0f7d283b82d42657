"""What people do with webhooks: make, change, try and delete them, and send something again."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.webhooks.deliver import enqueue, switch_off
from annotator.actions.webhooks.sending import SECRET_PREFIX, UnfitAddress, check_url
from annotator.models import AuditKind, Delivery, DeliveryState, Happening, Membership, Project, Role, User, Webhook

MOST = 20
"""Webhooks of a project."""


def create_webhook(*, by: User, project: Project, url: str, events: Collection[str]) -> Webhook:
    """Tell an address what happens in a project, signed by a new secret. Raises ActionError."""
    _check(url, events)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        if Webhook.objects.filter(project=project).count() >= MOST:
            raise ActionError(f"A project has at most {MOST} webhooks, and has as many. Delete one first.")
        webhook = Webhook.objects.create(
            project=project, url=url, events=_sorted(events), secret=new_secret(), set_by=by
        )
        _record(webhook, f"made a webhook to {url}", by)
    return webhook


def change_webhook(*, by: User, webhook: Webhook, url: str, events: Collection[str], active: bool) -> None:
    """Change it; who switches it on or chooses another address answers for it from then on. Raises ActionError."""
    _check(url, events)
    if not active and webhook.active:
        switch_off(webhook, "")
    if (active and not webhook.active) or url != webhook.url:
        webhook.set_by, webhook.given_up = by, 0
    webhook.url, webhook.events, webhook.active = url, _sorted(events), active
    if active:
        webhook.off_why = ""
    webhook.save(update_fields=["url", "events", "active", "off_why", "set_by", "given_up"])
    _record(webhook, f"changed the webhook to {url} ({'on' if active else 'off'}; {', '.join(webhook.events)})", by)


def delete_webhook(*, by: User, webhook: Webhook) -> None:
    """It is told nothing more, and what it was told of is forgotten."""
    with transaction.atomic():
        _record(webhook, f"deleted the webhook to {webhook.url}", by)
        webhook.delete()


def renew_secret(*, webhook: Webhook) -> str:
    """Another secret, which signs everything from now on, also what waits already."""
    webhook.secret = new_secret()
    webhook.save(update_fields=["secret"])
    _record(webhook, f"renewed the secret of the webhook to {webhook.url}", None)
    return webhook.secret


def find_delivery(webhook: Webhook, key: str) -> Delivery:
    """One of a webhook's. Raises ActionError."""
    try:
        found = Delivery.objects.select_related("webhook").filter(webhook=webhook, pk=UUID(key)).first()
    except ValueError:
        found = None
    if found is None:
        raise ActionError("This webhook has no such delivery any more. They are kept for 30 days.")
    return found


def redeliver(*, delivery: Delivery) -> None:
    """Send something once more, with the same id and all of its tries. Raises ActionError where it is switched off."""
    if not delivery.webhook.active:
        raise ActionError("This webhook is switched off. Switch it on first.")
    if delivery.state == DeliveryState.WAITING and delivery.next_at <= timezone.now():
        raise ActionError("This waits to be sent already. Reload to see how it went.")
    with transaction.atomic():
        delivery.state, delivery.tries, delivery.next_at = DeliveryState.WAITING, 0, timezone.now()
        delivery.save(update_fields=["state", "tries", "next_at"])
        enqueue(delivery)


def switch_off_orphans(*, why: str) -> int:
    """Switch off what was set by somebody who doesn't manage the project any more: it may lead to a server of theirs.

    Returns:
        How many.
    """
    managing = Membership.objects.filter(
        user=OuterRef("set_by"), workspace=OuterRef("project__workspace"), role__in=(Role.ADMIN, Role.MANAGER)
    )
    manages = Q(set_by__is_active=True) & (Q(set_by__is_superuser=True) | Q(Exists(managing)))
    orphans = list(Webhook.objects.filter(active=True).exclude(pk__in=Webhook.objects.filter(manages).values("pk")))
    for webhook in orphans:
        switch_off(webhook, f"{why} They had set it.")
    return len(orphans)


def new_secret() -> str:
    """256 random bits."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _record(webhook: Webhook, what: str, by: User | None) -> None:
    project = webhook.project
    said = f"{what} in the project “{project.name}”."
    record(AuditKind.WEBHOOK, said, workspace=project.workspace_id, by=by)


def _check(url: str, events: Collection[str]) -> None:
    try:
        check_url(url)
    except UnfitAddress as error:
        raise ActionError(str(error)) from error
    if unknown := sorted(set(events) - set(Happening.values)):
        raise ActionError(f"A webhook tells of {', '.join(Happening.values)}; {unknown[0]!r} came.")
    if not events:
        raise ActionError("Choose at least one event that the webhook tells of.")


def _sorted(events: Collection[str]) -> list[str]:
    return [each for each in Happening.values if each in events]
