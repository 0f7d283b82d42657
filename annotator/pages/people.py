"""All accounts of the installation, for site admins."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

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


@form_page
def people(request: HttpRequest) -> HttpResponse:
    """The list, and a form that makes another account."""
    if not person(request).is_superuser:
        raise PermissionDenied("This page is for site admins.")
    form = SignUpForm(request.POST or None)
    if fits(form, lambda values: create_account(**values)):
        return redirect("people")
    context = {
        "people": User.objects.annotate(
            workspace_count=Count("memberships"),
            two_factor=Exists(SecondFactor.objects.filter(user=OuterRef("pk"))),
        ).order_by("-is_active", "username"),
        "form": form,
        "shown": shown_once(request, "password"),
    }
    return render(request, "people.html", context)


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
