"""Signing in by OpenID Connect: to the provider, and back."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotator.actions.errors import ActionError
from annotator.actions.guesses import require_owner
from annotator.actions.identities import account_of, link, unlink
from annotator.actions.openid import Begun, Claims, OpenIdError, address_at_provider, claims_of, trusted
from annotator.actions.second_factors import has_second_factor
from annotator.asking import signed_in_by
from annotator.models import User
from annotator.pages.common import act, attempt, person
from annotator.pages.second_step import begin_second_step
from annotator.sign_in import address_of

BEGUN = "openid"
LONGEST_S = 600


@require_safe
@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """A link and no form: Chromium takes a page's form-action to hold for where an answer to a form leads, too."""
    _require_openid()
    if request.user.is_authenticated:
        return redirect("home")
    try:
        return redirect(_begin(request, wanted=_wanted(request)))
    except OpenIdError as error:
        return _failed(request, str(error))


@act
def change_link(request: HttpRequest) -> HttpResponse:
    """Link one's account with the provider, or end that. The way there is a link on a page of ours, as above."""
    _require_openid()
    user = person(request)
    if request.POST.get("do") == "unlink":
        attempt(request, lambda: unlink(user=user), "The provider is no longer a way into your account.")
        return redirect("account")
    password, leads_to = request.POST.get("current", ""), []
    if attempt(request, lambda: require_owner(user=user, password=password, address=address_of(request))) and attempt(
        request, lambda: leads_to.append(_begin(request, wanted=reverse("account"), linked=user.pk))
    ):
        return render(request, "openid_go.html", {"address": leads_to[0], "button": trusted().button})
    return redirect("account")


@require_safe
@never_cache
def come_back(request: HttpRequest) -> HttpResponse:
    """Where the provider sends the browser. What was begun is good for one answer, right or wrong."""
    _require_openid()
    kept = request.session.pop(BEGUN, None)
    if not kept or not 0 <= time.time() - kept["at"] <= LONGEST_S:
        return _failed(request, "This browser began no sign-in within the last ten minutes that this is the answer to.")
    try:
        claims = claims_of(Begun(**kept["begun"]), {name: str(value) for name, value in request.GET.items()})
        if kept["linked"] is not None:
            return _link(request, kept["linked"], claims)
        user = account_of(claims)
    except ActionError as error:
        return _failed(request, str(error))
    if has_second_factor(user):
        begin_second_step(request, user, kept["wanted"])
        return redirect("sign-in-code")
    signed_in_by(request, f"by OpenID Connect ({claims.issuer})")
    login(request, user)
    return redirect(kept["wanted"])


def _begin(request: HttpRequest, wanted: str, linked: int | None = None) -> str:
    begun = Begun.new(request.build_absolute_uri(reverse("openid-return")))
    address = address_at_provider(begun)
    kept: dict[str, Any] = {"begun": begun.as_dict(), "at": time.time(), "wanted": wanted, "linked": linked}
    request.session[BEGUN] = kept
    return address


def _link(request: HttpRequest, linked: int, claims: Claims) -> HttpResponse:
    user = User.objects.filter(pk=linked, is_active=True).first()
    if user is None or request.user != user:
        raise OpenIdError("You aren't signed in any more as who began to link an account. Sign in, and begin again.")
    link(user=user, claims=claims)
    messages.success(request, "Your account is linked: you can sign in by the provider from now on.")
    return redirect("account")


def _wanted(request: HttpRequest) -> str:
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    here = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if here else reverse("home")


def _failed(request: HttpRequest, message: str) -> HttpResponse:
    return render(request, "openid_failed.html", {"message": message}, status=403)


def _require_openid() -> None:
    if settings.OPENID is None:
        raise Http404("This installation has no sign-in by OpenID Connect.")
