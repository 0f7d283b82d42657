"""The tokens that somebody made for programs: listed, made, revoked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotator.access import access_api_token
from annotator.actions.api_tokens import create_token, revoke_token
from annotator.models import Scope
from annotator.pages.common import act, attempt, fits, form_page, person, show_once, shown_once
from annotator.pages.forms import TokenForm
from annotator.sign_in import address_of


@form_page
def tokens(request: HttpRequest) -> HttpResponse:
    """All of one's own, and a form for another one, which is shown once."""
    user = person(request)
    form = TokenForm(request.POST or None, user=user, initial={"scope": Scope.READ})
    made: list[tuple[str, str]] = []

    def make(values: dict[str, object]) -> None:
        token, secret = create_token(user=user, address=address_of(request), **values)  # type: ignore[arg-type]
        made.append((token.name, secret))

    if fits(form, make):
        ((name, secret),) = made
        show_once(request, "token", name=name, token=secret)
        return redirect("tokens")
    context = {
        "form": form,
        "tokens": user.api_tokens.filter(revoked_at=None),
        "shown": shown_once(request, "token"),
        "server": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "account_tokens.html", context)


@act
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    token = access_api_token(person(request), token_id)
    attempt(request, lambda: revoke_token(token=token), f"The token {token} lets nobody in any more.")
    return redirect("tokens")
