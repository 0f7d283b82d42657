"""The jobs worker sends what waits: again after a failure, later each time, and in the end no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_tasks import task

from annotator.actions.background import Allowance, Background
from annotator.actions.webhooks.sending import NotSent, send
from annotator.models import PING, Delivery, DeliveryState, Webhook

QUEUE = "webhooks"
"""Of its own: nobody's export waits for a server elsewhere that doesn't answer."""
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 5 * 60, 30 * 60, 2 * 3600, 8 * 3600))
"""After a failed try before the next."""
MOST_TRIES = len(PAUSES) + 1
MOST_GIVEN_UP = 5
"""Deliveries in a row that are given up before a webhook is switched off."""
KEPT_FOR = timedelta(days=30)
GONE = 410
"""The answer of who doesn't want to be told any more."""
PROCESS_S = 45.0
"""How long one try may take, whatever the other side does."""
PROCESS_BYTES = 200 * 2**20


def enqueue(delivery: Delivery) -> None:
    """Let the worker send it when it is due."""
    deliver.using(run_after=delivery.next_at).enqueue(str(delivery.pk))


@task(queue_name=QUEUE)
def deliver(key: str) -> None:
    """One try. It is counted before anything is sent, so that a worker that dies can't try for ever."""
    delivery = Delivery.objects.select_related("webhook").filter(pk=key, state=DeliveryState.WAITING).first()
    if delivery is None or delivery.next_at > timezone.now():
        return
    mine = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING, tries=delivery.tries)
    if not mine.update(tries=F("tries") + 1, sent_at=timezone.now()):
        return
    webhook = delivery.webhook
    try:
        answer = send(url=webhook.url, secret=webhook.secret, message_id=str(delivery.pk), body=delivery.body.encode())
    except NotSent as error:
        failed(delivery.pk, str(error))
        return
    if 200 <= answer.status < 300:
        _delivered(delivery.pk, answer.status, answer.excerpt)
        return
    redirects = " Redirects aren't followed: use the address that it leads to." if 300 <= answer.status < 400 else ""
    failed(delivery.pk, f"The answer was {answer.status}, not 200 to 299.{redirects}", answer.status, answer.excerpt)


def switch_off(webhook: Webhook, why: str) -> None:
    """Tell an address nothing more until a person switches it on again; what waits isn't sent."""
    with transaction.atomic():
        Webhook.objects.filter(pk=webhook.pk).update(active=False, off_why=why[:600])
        waiting = Delivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING).exclude(kind=PING)
        waiting.update(state=DeliveryState.FAILED, problem="The webhook was switched off before this was delivered.")


def failed(key: UUID | str, problem: str, status: int | None = None, answer: str = "") -> None:
    """Say why a try failed, and when the next one is; or give up, and switch off what never succeeds."""
    with transaction.atomic():
        delivery = _locked(key)
        if delivery is None:
            return
        delivery.problem, delivery.status, delivery.answer = problem, status, answer
        # None where its process ended before it was counted.
        delivery.tries = max(delivery.tries, 1)
        final = status == GONE or delivery.kind == PING or delivery.tries >= MOST_TRIES
        if final:
            delivery.state = DeliveryState.FAILED
        else:
            delivery.next_at = timezone.now() + PAUSES[delivery.tries - 1]
            enqueue(delivery)
        delivery.save(update_fields=["problem", "status", "answer", "tries", "state", "next_at"])
        if final and delivery.kind != PING:
            _given_up(delivery.webhook, gone=status == GONE)


def _given_up(webhook: Webhook, *, gone: bool) -> None:
    webhook.given_up += 1
    webhook.save(update_fields=["given_up"])
    if gone:
        switch_off(webhook, "It answered that it is gone (410).")
    elif webhook.given_up >= MOST_GIVEN_UP:
        switch_off(
            webhook, f"{webhook.given_up} messages in a row could not be delivered, each tried {MOST_TRIES} times."
        )


def _delivered(key: UUID, status: int, answer: str) -> None:
    with transaction.atomic():
        delivery = _locked(key)
        if delivery is None:
            return
        delivery.state, delivery.status, delivery.answer, delivery.problem = DeliveryState.DELIVERED, status, answer, ""
        delivery.save(update_fields=["state", "status", "answer", "problem"])
        Webhook.objects.filter(pk=delivery.webhook_id).update(given_up=0)
        over = Delivery.objects.filter(webhook=delivery.webhook_id, created_at__lt=timezone.now() - KEPT_FOR)
        over.exclude(state=DeliveryState.WAITING).delete()


def _locked(key: UUID | str) -> Delivery | None:
    """A delivery that waits still, with its webhook, whose row is locked: what is counted there is counted once."""
    webhook = Webhook.objects.select_for_update().filter(deliveries__pk=key).first()
    delivery = Delivery.objects.filter(pk=key, state=DeliveryState.WAITING).first()
    if webhook is None or delivery is None:
        return None
    delivery.webhook = webhook
    return delivery


def _workspaces() -> dict[str, int]:
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING, next_at__lte=timezone.now())
    return {str(key): workspace for key, workspace in waiting.values_list("pk", "webhook__project__workspace_id")}


def _fail(key: Any, _why: str) -> None:
    failed(key, f"The try was ended: it took longer than {PROCESS_S:g} s, or its process ended.")


DELIVERING = Background(
    task=deliver,
    names=lambda _: ("A webhook's delivery", ""),
    allowance=lambda _: Allowance(PROCESS_BYTES, PROCESS_S, "", ""),
    workspaces=_workspaces,
    is_wanted=lambda key: Delivery.objects.filter(pk=key).exists(),
    drop=lambda _: False,
    fail=_fail,
)
