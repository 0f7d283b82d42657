"""What one was told of, and the number beside the bell."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import SimpleLazyObject

from annotator.actions.issues.notify import mark_read, seen_by, unread_of
from annotator.announce.notifications import PAGE, RELATED, notification_out
from annotator.pages.common import act, as_key, page, person


@page
def notifications(request: HttpRequest) -> HttpResponse:
    """``?before=N``: those before a notification."""
    rows = seen_by(person(request))
    before = as_key(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related(*RELATED).order_by("-id")[: PAGE + 1])
    listed = [(each, notification_out(each)) for each in found[:PAGE]]
    more = found[PAGE - 1].pk if len(found) > PAGE else None
    return render(request, "notifications.html", {"listed": listed, "more": more})


@act
def read(request: HttpRequest) -> HttpResponse:
    """Mark one (``id``) or all as read."""
    key = as_key(request.POST.get("id", ""))
    mark_read(user=person(request), which=None if key is None else Q(pk=key))
    return redirect("notifications")


def unread(request: HttpRequest) -> dict[str, object]:
    """For every page: how many notifications the person hasn't read, counted where it is shown."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"unread": 0}
    return {"unread": SimpleLazyObject(lambda: unread_of(user))}
