"""Who is asking."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from annotator.models import User


def signed_in(request: HttpRequest) -> User:
    """The user of a request that the API's authentication let through."""
    return cast(User, request.user)
