"""Whether a session that was good when a connection began still is."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare

from annotator.models import User


def is_session_of(session: Any, user: User) -> bool:
    """Whether the person is still signed in with it: it hasn't ended, and their password is the same.

    Args:
        session: of the connection's scope; None: it began without one, and can't end.
    """
    if session is None:
        return True
    kept = import_module(settings.SESSION_ENGINE).SessionStore(session.session_key)
    return str(kept.get(SESSION_KEY)) == str(user.pk) and constant_time_compare(
        kept.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    )
