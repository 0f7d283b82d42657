"""All accounts of the installation, for site admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from annotator.access import access_person
from annotator.actions.people import (
    change_site_admin,
    create_account,
    deactivate_account,
    give_new_password,
    reactivate_account,
)
from annotator.actions.second_factors import reset_second_factor
from annotator.models import SecondFactor, User
from annotator.pages.common import act, attempt, fits, form_page, person, show_once, shown_once
from annotator.pages.forms import SignUpForm

LISTED = 500
COLUMNS = {
    "name": ("Name", ("first_name", "last_name", "username")),
    "email": ("E-mail", ("email",)),
    "workspaces": ("Workspaces", ("workspace_count",)),
    "seen": ("Last here", ("last_seen",)),
}
"""By which the list can be sorted: how the table calls it, and what of the account it is."""
WHO: dict[str, dict[str, bool]] = {
    "": {},
    "active": {"is_active": True},
    "deactivated": {"is_active": False},
    "admins": {"is_superuser": True},
    "without": {"two_factor": False, "is_active": True},
}


@form_page
def people(request: HttpRequest) -> HttpResponse:
    """The list, and a form that makes another account."""
    if not person(request).is_superuser:
        raise PermissionDenied("This page is for site admins.")
    form = SignUpForm(request.POST or None)
    if fits(form, lambda values: create_account(**values)):
        return redirect("people")
    listed = _listed(request)
    count = listed.count()
    context = {
        "people": listed[:LISTED],
        "count": count,
        "left_out": max(count - LISTED, 0),
        "columns": COLUMNS,
        "lately": timezone.now() - timedelta(days=7),
        **_asked(request),
        "form": form,
        "shown": shown_once(request, "password"),
    }
    return render(request, "people.html", context)


def _asked(request: HttpRequest) -> dict[str, str]:
    """``search``: in names and e-mails; ``who``: of ``WHO``; ``sort``: of ``COLUMNS``, with a - before it backwards."""
    sort = request.GET.get("sort", "")
    who = request.GET.get("who", "")
    return {
        "search": request.GET.get("search", "").strip()[:200],
        "who": who if who in WHO else "",
        "sort": sort if sort.removeprefix("-") in COLUMNS else "name",
    }


def _listed(request: HttpRequest) -> QuerySet[User]:
    asked = _asked(request)
    found = User.objects.filter(not_here=False).annotate(
        workspace_count=Count("memberships"),
        two_factor=Exists(SecondFactor.objects.filter(user=OuterRef("pk"))),
    )
    for word in asked["search"].split():
        found = found.filter(
            Q(username__icontains=word)
            | Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | Q(email__icontains=word)
        )
    found = found.filter(**WHO[asked["who"]])
    back, column = asked["sort"].startswith("-"), asked["sort"].removeprefix("-")
    fields = [F(name) for name in COLUMNS[column][1]]
    # Who was never here comes last, whichever way.
    order = [field.desc(nulls_last=True) if back else field.asc(nulls_last=True) for field in fields]
    return found.order_by("-is_active", *order, "username")


@act
def set_active(request: HttpRequest, person_id: int) -> HttpResponse:
    user = access_person(person(request), person_id)
    if request.POST.get("active") == "yes":
        attempt(request, lambda: reactivate_account(user=user), f"{user} may sign in again.")
    else:
        attempt(request, lambda: deactivate_account(by=person(request), user=user), f"{user} can't sign in any more.")
    return redirect("people")


@act
def set_admin(request: HttpRequest, person_id: int) -> HttpResponse:
    user = access_person(person(request), person_id)
    is_admin = request.POST.get("admin") == "yes"
    done = f"{user} is {'now' if is_admin else 'no longer'} a site admin."
    attempt(request, lambda: change_site_admin(user=user, is_admin=is_admin), done)
    return redirect("people")


@act
def new_password(request: HttpRequest, person_id: int) -> HttpResponse:
    user = access_person(person(request), person_id)
    values: dict[str, Any] = {"username": user.username, "password": give_new_password(user=user)}
    show_once(request, "password", **values)
    return redirect("people")


@act
def reset_two_factor(request: HttpRequest, person_id: int) -> HttpResponse:
    user = access_person(person(request), person_id)
    mailed: list[bool] = []
    if attempt(request, lambda: mailed.append(reset_second_factor(by=str(person(request)), user=user))):
        if mailed[0]:
            messages.success(request, f"{user} signs in by the password alone now, and was told so by mail.")
        else:
            messages.warning(
                request,
                f"{user} signs in by the password alone now. The mail that tells them could not be sent (the log says "
                "why): tell them yourself.",
            )
    return redirect("people")
