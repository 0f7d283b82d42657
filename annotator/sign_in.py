"""People sign in by username or by e-mail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from annotator.models import User


class NameOrEmail(ModelBackend):
    """Django's own check of the password, with the e-mail as a second name."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if username and "@" in username:
            found = User.objects.filter(email__iexact=username).first()
            username = found.username if found else username
        user = super().authenticate(request, username=username, password=password, **kwargs)
        return user if isinstance(user, User) else None
