"""People sign in by username or by e-mail."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from annotator.actions.audit import record, record_unknown_name
from annotator.actions.guesses import TOO_MANY, TooManyGuesses, forget_password, guessing, is_last
from annotator.models import AuditKind, User


class NameOrEmail(ModelBackend):
    """Django's own check of the password, with the e-mail as a second name and a limit of wrong ones.

    The limit is here, so that no door is without it; ``refusal`` tells the door what to say.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if not username:
            return None
        account = User.objects.filter(**{"email__iexact" if "@" in username else "username": username}).first()
        name = account.username if account else username
        try:
            with guessing(name=username, account=account, address=address_of(request)) as guess:
                user = super().authenticate(request, username=name, password=password, **kwargs)
                if isinstance(user, User):
                    forget_password(guess, user)
                    return user
                _record_failure(account)
                if is_last(guess):
                    _refuse(request)
        except TooManyGuesses as error:
            _refuse(request)
            raise PermissionDenied(str(error)) from error
        return None


def refusal(request: HttpRequest | None) -> str:
    """Why nobody was signed in, when that isn't just a wrong password; else empty."""
    return TOO_MANY if getattr(request, "too_many_guesses", False) else ""


def address_of(request: HttpRequest | None) -> str:
    """Where a request comes from: behind a proxy, what the proxy says, and nothing that was sent to it."""
    if request is None:
        return ""
    if settings.PROXIES:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(forwarded) >= settings.PROXIES and (said := forwarded[-settings.PROXIES].strip()):
            return str(said)
    return str(request.META.get("REMOTE_ADDR", ""))


def _record_failure(account: User | None) -> None:
    if account is None:
        record_unknown_name()
    else:
        why = "the account is deactivated" if not account.is_active else "wrong password"
        what = f"tried to sign in to the account {account.username}: {why}."
        record(AuditKind.SIGN_IN_FAILED, what, person=account)


def _refuse(request: HttpRequest | None) -> None:
    if request is not None:
        request.too_many_guesses = True  # type: ignore[attr-defined]  # For the form that asked: Django passes no reason.
