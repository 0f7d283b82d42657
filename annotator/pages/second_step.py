"""The second step of signing in: after the password, a code. Nobody is signed in in between."""

from __future__ import annotations

import time

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotator.access import SecondFactorNeeded, asking_for_second_factor, require_second_factor
from annotator.actions.second_factors import check_code, codes_left
from annotator.asking import signed_in_by
from annotator.models import User
from annotator.pages.common import fits
from annotator.pages.forms import CodeForm
from annotator.sign_in import address_of

LEFT_OPEN = {"two-factor", "sign-out", "sign-in", "sign-in-code", "openid", "openid-return", "connect-script"}
WAITING = "second_step"
LONGEST_S = 600
FEW = 3


def begin_second_step(request: HttpRequest, user: User, wanted: str) -> None:
    """Note in the session that ``user`` gave the right password.

    Args:
        wanted: where they are led afterwards; checked to be an address of this server.
    """
    # Somebody may have known the session before.
    request.session.cycle_key()
    request.session[WAITING] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "began": time.time(),
        "wanted": wanted,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    user = _waiting(request)
    if user is None:
        messages.error(request, "Begin by signing in: the code comes after it, within ten minutes.")
        return redirect("sign-in")
    form = CodeForm(request.POST or None)
    recovered: list[bool] = []
    address = address_of(request)
    if not fits(form, lambda sent: recovered.append(check_code(user=user, code=sent["code"], address=address))):
        return render(request, "sign_in_code.html", {"form": form, "name": user})
    wanted: str = request.session.pop(WAITING)["wanted"]
    signed_in_by(request, f"with a {'recovery code' if recovered[0] else 'code of the app'}")
    login(request, user)
    if recovered[0]:
        messages.warning(request, _after_recovery(codes_left(user)))
        return redirect("two-factor")
    return redirect(wanted)


class SecondFactorFirst(MiddlewareMixin):
    """Leads whom a workspace asks for two-factor sign-in to set it up: from whatever page they open. Programs are told
    why they get nothing."""

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | JsonResponse | None:
        match = request.resolver_match
        if SESSION_KEY not in request.session or (match is not None and match.view_name in LEFT_OPEN):
            return None
        try:
            require_second_factor(request.user)
        except SecondFactorNeeded as needed:
            if request.path.startswith("/api/"):
                return JsonResponse({"message": str(needed)}, status=403)
            return redirect("two-factor")
        return None


def second_factor_due(request: HttpRequest) -> dict[str, object]:
    """For every page: ``second_factor_asked``, the workspace that asks the person for what they haven't set up."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"second_factor_asked": None}
    return {"second_factor_asked": SimpleLazyObject(lambda: asking_for_second_factor(user).first())}


def _waiting(request: HttpRequest) -> User | None:
    """Who gave their password a short while ago, if it is still theirs and they may sign in."""
    kept = request.session.get(WAITING)
    if not kept or not 0 <= time.time() - kept["began"] <= LONGEST_S:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["password"], user.get_session_auth_hash()):
        return None
    return user


def _after_recovery(left: int) -> str:
    more = "Make new ones now." if left < FEW else "If your phone is gone, switch two-factor off and set it up anew."
    return f"You signed in by a recovery code, which is used up. {left} {'is' if left == 1 else 'are'} left. {more}"
