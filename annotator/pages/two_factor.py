"""Two-factor sign-in of one's own account: set up, new recovery codes, switched off."""

from __future__ import annotations

from typing import Any

import pyotp
import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from annotator.access import asking_for_second_factor
from annotator.actions.second_factors import (
    PURPOSE,
    codes_left,
    has_second_factor,
    new_recovery_codes,
    new_secret,
    set_up,
    switch_off,
)
from annotator.models import User
from annotator.pages.common import fits, form_page, person, show_once, shown_once
from annotator.pages.forms import ProofForm, SetUpForm
from annotator.sealing import Unreadable, seal, unseal
from annotator.sign_in import address_of

UNCONFIRMED = "second_factor"
"""Of the session: the secret of an app that isn't confirmed yet, sealed."""
CODES = "recovery codes"


@form_page
def two_factor(request: HttpRequest) -> HttpResponse:
    user = person(request)
    return _change(request, user) if has_second_factor(user) else _set_up(request, user)


def _set_up(request: HttpRequest, user: User) -> HttpResponse:
    secret = _secret(request)
    form = SetUpForm(request.POST if _sent(request) == "on" else None, has_password=user.has_usable_password())
    if fits(form, lambda values: _show(request, set_up(user=user, secret=secret, **_proof(request, values)))):
        request.session.pop(UNCONFIRMED, None)
        messages.success(request, "Two-factor sign-in is on. Keep the recovery codes below.")
        return redirect("two-factor")
    # Apps file an account by the service's name and the person's.
    host = request.get_host().rpartition(":")[0] or request.get_host()
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=f"Framewise {host}".replace(":", " "))
    picture = segno.make(uri, error="m", micro=False).svg_data_uri(scale=4, dark="#000", light="#fff")
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    closed = asking_for_second_factor(user).filter(second_factor_from__lte=timezone.now()).exists()
    context = {"form": form, "picture": picture, "secret": secret, "spaced": spaced, "uri": uri, "closed": closed}
    return render(request, "two_factor_set_up.html", context)


def _change(request: HttpRequest, user: User) -> HttpResponse:
    sent, has_password = _sent(request), user.has_usable_password()
    codes = ProofForm(request.POST if sent == "codes" else None, has_password=has_password, prefix="codes")
    off = ProofForm(request.POST if sent == "off" else None, has_password=has_password, prefix="off")
    if fits(codes, lambda values: _show(request, new_recovery_codes(user=user, **_proof(request, values)))):
        messages.success(request, "The former recovery codes are no longer good. Keep the new ones below.")
        return redirect("two-factor")
    if fits(off, lambda values: switch_off(user=user, **_proof(request, values))):
        messages.success(request, "Two-factor sign-in is off.")
        return redirect("account")
    shown = shown_once(request, CODES)
    context = {
        "codes": codes,
        "off": off,
        "codes_left": codes_left(user),
        "shown": shown["codes"].split() if shown else [],
        "to_copy": shown["codes"] if shown else "",
    }
    return render(request, "two_factor.html", context)


def _sent(request: HttpRequest) -> str:
    return request.POST.get("form", "")


def _proof(request: HttpRequest, values: dict[str, Any]) -> dict[str, str]:
    return {"code": values["code"], "password": values.get("current", ""), "address": address_of(request)}


def _show(request: HttpRequest, codes: list[str]) -> None:
    show_once(request, CODES, codes="\n".join(codes))


def _secret(request: HttpRequest) -> str:
    """The one that was shown before: a code that was typed wrong doesn't make the app's entry void."""
    try:
        return unseal(request.session[UNCONFIRMED], purpose=PURPOSE)
    except (KeyError, Unreadable):
        secret = new_secret()
        request.session[UNCONFIRMED] = seal(secret, purpose=PURPOSE)
        return secret
