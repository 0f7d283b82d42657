"""Programs send a token instead of a session: ``Authorization: Bearer fw_…`` (RFC 6750). No other site can make a
browser send that header, so no CSRF token is needed beside it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja.security import HttpBearer, django_auth

from annotator.access import require_second_factor
from annotator.actions.api_tokens import use_token
from annotator.models import ApiToken, Scope, User
from annotator.sign_in import address_of

SAFE = ("GET", "HEAD", "OPTIONS")


class Token(HttpBearer):
    """A request that brings a token is answered for that token's person, whatever session comes with it.

    What the scope takes away of the person's role is up to ``access.py``; here it is that a token to read changes
    nothing, not even what everybody may who can look.

    Args:
        reads: the operation changes nothing, although its method isn't one of ``SAFE``.
    """

    def __init__(self, *, reads: bool = False) -> None:
        super().__init__()
        self.reads = reads

    def __call__(self, request: HttpRequest) -> Any:
        # Ninja would take an empty one for none, and go by the session.
        if request.headers.get("Authorization", "").lower() == "bearer":
            return self.authenticate(request, "")
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        used = use_token(token=token, address=address_of(request))
        if used.scope == Scope.READ and not self.reads and request.method not in SAFE:
            raise PermissionDenied(
                "This needs a token with the scope annotate or manage; "
                f"“{used}” has the scope read, which only looks and exports."
            )
        require_second_factor(used.user)
        used.user.token_scope = used.scope
        request.user = used.user

        async def auser() -> User:
            return used.user

        # What an asynchronous view asks, which would be told of the session's user.
        request.auser = auser
        return used


ANYBODY = [Token(), django_auth]
"""Who may use an operation: whoever sends a token, or is signed in."""
READERS = [Token(reads=True), django_auth]
"""The same for an operation that changes nothing although it is a POST."""
