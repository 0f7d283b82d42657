"""Messages are written beside what they tell of, in its transaction: what didn't happen is told nobody, what did is
told even when this process is killed a moment later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from annotator.actions.webhooks.deliver import enqueue, switch_off
from annotator.models import PING, Delivery, DeliveryState, Happening, Project, User, Webhook

MOST_WAITING = 1000
"""Messages of a webhook that wait to be delivered."""


def record(happening: Happening, *, project: Project, by: User | None, data: Mapping[str, Any]) -> None:
    """Tell the webhooks of a project what happened; in the transaction in which it does.

    Args:
        by: whose doing it was; None: nobody's.
        data: JSON, the same fields for each kind (``docs/webhooks.md``).
    """
    webhooks = [each for each in Webhook.objects.filter(project=project, active=True) if happening in each.events]
    if not webhooks:
        return
    with transaction.atomic():
        for webhook in webhooks:
            if webhook.deliveries.filter(state=DeliveryState.WAITING).count() >= MOST_WAITING:
                switch_off(webhook, f"More than {MOST_WAITING:,} messages waited to be delivered.")
            else:
                write(webhook, happening, by=by, data=data)


def write(webhook: Webhook, kind: str, *, by: User | None, data: Mapping[str, Any]) -> Delivery:
    """A message of one webhook, which waits from now on."""
    now, project = timezone.now(), webhook.project
    key = uuid4()
    message = {
        "id": str(key),
        "type": kind,
        "timestamp": now.isoformat(),
        "project": {"id": project.pk, "name": project.name},
        "by": {"id": by.pk, "username": by.username, "name": str(by)} if by is not None else None,
        "data": data,
    }
    with transaction.atomic():
        delivery = Delivery.objects.create(
            id=key,
            webhook=webhook,
            kind=kind,
            body=json.dumps(message, ensure_ascii=False),
            created_at=now,
            next_at=now,
        )
        enqueue(delivery)
    return delivery


def ping(*, by: User, webhook: Webhook) -> Delivery:
    """Try a webhook, also one that is switched off. It is tried once."""
    return write(webhook, PING, by=by, data={"events": webhook.events})
