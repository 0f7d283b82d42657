"""What pages share: who asks, what an action says when it can't be done, and secrets that are shown once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotator.actions.entrances import Closed
from annotator.actions.errors import ActionError
from annotator.models import User

View = TypeVar("View", bound=Callable[..., HttpResponse])
SHOWN_ONCE = "shown_once"


def page(view: View) -> View:
    """A page to look at, for people who are signed in."""
    return require_safe(login_required(never_cache(view)))


def form_page(view: View) -> View:
    """A page with a form that is sent to it."""
    return require_http_methods(["GET", "HEAD", "POST"])(login_required(never_cache(view)))


def act(view: View) -> View:
    """Something a person does from a page; it answers with a redirect."""
    return require_POST(login_required(view))


def person(request: HttpRequest) -> User:
    """Who asks; only behind one of the decorators above."""
    return cast(User, request.user)


def as_key(text: str) -> int | None:
    """What a form or an address names a row by; None where that can't be any row's number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def attempt(request: HttpRequest, work: Callable[[], Any], done: str = "") -> bool:
    """Do ``work`` and say ``done`` on the next page, or why it couldn't be done. Returns whether it was.

    What ``work`` closed on the way is said with it.
    """
    try:
        came = work()
    except ActionError as error:
        messages.error(request, str(error))
        return False
    if done:
        messages.success(request, f"{done}{came if isinstance(came, Closed) else ''}")
    return True


def fits(form: Form, work: Callable[[dict[str, Any]], Any]) -> bool:
    """Do ``work`` with a form's values; what is wrong stays with the form, and so does what was typed."""
    if not form.is_valid():
        return False
    try:
        work(form.cleaned_data)
    except ActionError as error:
        form.add_error(None, str(error))
        return False
    return True


def show_once(request: HttpRequest, kind: str, **values: str) -> None:
    """Keep a secret for the next page of this person that asks for its kind."""
    request.session[SHOWN_ONCE] = {"kind": kind, **values}


def shown_once(request: HttpRequest, kind: str) -> dict[str, str] | None:
    """The secret that was kept, which is forgotten with it."""
    kept = request.session.get(SHOWN_ONCE)
    if not kept or kept["kind"] != kind:
        return None
    del request.session[SHOWN_ONCE]
    return cast(dict[str, str], kept)
