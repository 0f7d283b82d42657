"""How long a session lasts, and whether one that was good when a connection began still is.

A session ends when it isn't used for ``IDLE_S``, and after ``LONGEST_S`` in any case. That it was used is noted at most
every ``NOTED_EVERY_S``: a note is a write to the database.
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.deprecation import MiddlewareMixin

from annotator.actions.people import note_seen, sign_out
from annotator.models import User

LONGEST_S = 14 * 24 * 3600
IDLE_S = 12 * 3600
NOTED_EVERY_S = 300
BEGAN, USED = "began", "used"


def note_signed_out(request: HttpRequest | None, user: User | None, **_: object) -> None:
    """A receiver of Django's signal, which comes before the session is gone."""
    if request is not None and user is not None:
        request.signed_out = user  # type: ignore[attr-defined]


class SessionLimits(MiddlewareMixin):
    """Signs out whose session is over, and tells open pages of whoever signed out, by whichever door."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        session: Any = request.session
        if SESSION_KEY not in session:
            return None
        if is_over(session):
            logout(request)
            return None
        now = time.time()
        session.setdefault(BEGAN, now)
        if now - session.get(USED, 0.0) > NOTED_EVERY_S:
            session[USED] = now
            note_seen(int(session[SESSION_KEY]))
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if (user := getattr(request, "signed_out", None)) is not None:
            sign_out(user=user)
        return response


def is_over(session: Any) -> bool:
    now = time.time()
    return bool(now - session.get(BEGAN, now) > LONGEST_S or now - session.get(USED, now) > IDLE_S)


def is_session_of(session: Any, user: User) -> bool:
    """Whether the person is still signed in with it: it hasn't ended, and their password is the same.

    Args:
        session: of the connection's scope; None: it began without one, and can't end.
    """
    if session is None:
        return True
    kept = import_module(settings.SESSION_ENGINE).SessionStore(session.session_key)
    return (
        str(kept.get(SESSION_KEY)) == str(user.pk)
        and constant_time_compare(kept.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
        and not is_over(kept)
    )
