"""Which other servers are told what happens in a project, and how that went."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

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
from annotator.models import Webhook
from annotator.pages.common import act, attempt, fits, form_page, person, show_once, shown_once
from annotator.pages.forms import WebhookForm
from annotator.pages.projects import frame

LISTED = 100
"""Deliveries that a webhook's page shows."""


@form_page
def webhooks(request: HttpRequest, project_id: int) -> HttpResponse:
    """Those of a project, and a form for another one, whose secret is shown once."""
    user = person(request)
    project = access_project(user, project_id, "manage")
    form = WebhookForm(request.POST or None)
    made: list[Webhook] = []
    if fits(
        form,
        lambda values: made.append(
            create_webhook(by=user, project=project, url=values["url"], events=values["events"])
        ),
    ):
        _show_secret(request, made[0])
        return redirect("webhook", made[0].pk)
    context = {"form": form, "webhooks": Webhook.objects.filter(project=project), **frame(request, project, "settings")}
    return render(request, "project_webhooks.html", context)


@form_page
def webhook(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """One of them: a form to change it, and what it was told of lately."""
    user = person(request)
    found = access_webhook(user, webhook_id, "manage")
    initial = {"url": found.url, "events": found.events, "active": found.active}
    form = WebhookForm(request.POST or None, initial=initial)
    if fits(form, lambda values: change_webhook(by=user, webhook=found, **values)):
        messages.success(request, "Saved.")
        return redirect("webhook", found.pk)
    context = {
        "form": form,
        "webhook": found,
        "deliveries": found.deliveries.all()[:LISTED],
        "count": found.deliveries.count(),
        "listed": LISTED,
        "shown": shown_once(request, f"webhook {found.pk}"),
        **frame(request, found.project, "settings"),
    }
    return render(request, "project_webhook.html", context)


@act
def do(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """``do``: ping, secret or delete."""
    user = person(request)
    found = access_webhook(user, webhook_id, "manage")
    match request.POST.get("do"):
        case "ping":
            ping(by=user, webhook=found)
            messages.success(request, "A ping is on its way. Reload in a moment to see how it went.")
        case "secret":
            renew_secret(webhook=found)
            _show_secret(request, found)
        case "delete":
            project = found.project_id
            delete_webhook(by=user, webhook=found)
            messages.success(request, f"{found.url} is told nothing more.")
            return redirect("webhooks", project)
    return redirect("webhook", found.pk)


@act
def again(request: HttpRequest, webhook_id: int) -> HttpResponse:
    """``delivery``: which of its deliveries is sent once more."""
    found = access_webhook(person(request), webhook_id, "manage")
    key = request.POST.get("delivery", "")
    done = "It is sent again. Reload in a moment to see how it went."
    attempt(request, lambda: redeliver(delivery=find_delivery(found, key)), done)
    return redirect("webhook", found.pk)


def _show_secret(request: HttpRequest, found: Webhook) -> None:
    show_once(request, f"webhook {found.pk}", secret=found.secret)
