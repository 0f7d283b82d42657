"""Tokens by which programs use the API as a person: made, found again by what was sent, ended."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotator.actions.agents import token_hash
from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.guesses import note_wrong_token, require_few_wrong_tokens, require_owner
from annotator.actions.people import note_seen
from annotator.models import ApiToken, AuditKind, Scope, User

PREFIX = "fw_"
"""How tokens begin: programs that look for leaked secrets know them by it."""
MOST = 50
"""Tokens of a person that aren't revoked."""
LONGEST_NAME = 80
LONGEST_DAYS = 3650
NOTED_EVERY = timedelta(minutes=1)
"""That a token was used is noted at most so often: a note is a write to the database."""


class TokenRefused(ActionError):
    """What was sent lets nobody in."""


def create_token(
    *,
    user: User,
    name: str,
    scope: str,
    days: int | None,
    current: str = "",
    address: str = "",
    until: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Let a program use the API as ``user``.

    Args:
        days: how long, 1 to ``LONGEST_DAYS``; None: until it is revoked.
        current: the person's password, where they have one: a token outlives the session that it was made in.
        address: where it is asked from, for the limit of wrong passwords.
        until: it ends then at the latest, as the token does that it is made by.

    Returns:
        The token's row, and the token: told here only.

    Raises:
        ActionError: for a wrong password, a name that is taken or too long, no such scope, and too many tokens.
    """
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= LONGEST_NAME:
        raise ActionError(f"A token's name has 1 to {LONGEST_NAME} characters; this one has {len(clean)}.")
    if scope not in Scope.values:
        raise ActionError(f"A token's scope is one of {', '.join(Scope.values)}; {scope!r} came.")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise ActionError(f"A token ends after 1 to {LONGEST_DAYS} days, or never; {days} came.")
    require_owner(user=user, password=current, address=address)
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        mine = ApiToken.objects.filter(user=user, revoked_at=None)
        if mine.filter(name__iexact=clean).exists():
            raise ActionError(f"You have a token called {clean} already. Choose another name, or revoke that one.")
        if mine.count() >= MOST:
            raise ActionError(f"A person has at most {MOST} tokens, and you have as many. Revoke some first.")
        ends = [timezone.now() + timedelta(days=days)] if days is not None else []
        expires_at = min([*ends, *([until] if until is not None else [])], default=None)
        made = ApiToken.objects.create(
            user=user, name=clean, token_hash=token_hash(token), scope=scope, expires_at=expires_at
        )
        end = "without an end" if expires_at is None else f"until {_day(expires_at)}"
        record(AuditKind.TOKEN, f"made the API token “{clean}” ({scope}, {end}).", person=user, by=user)
    return made, token


def revoke_token(*, token: ApiToken) -> None:
    """End a token, for good."""
    good = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    if good.update(revoked_at=timezone.now(), revoked_why="Its owner revoked it."):
        record(AuditKind.TOKEN, f"revoked the API token “{token.name}” of {token.user.username}.", person=token.user)


def use_token(*, token: str, address: str) -> ApiToken:
    """The token that was sent, which lets in whom it belongs to; that it was used is noted.

    Raises:
        TooManyWrongTokens: too many that there aren't came from ``address`` lately; this one was not looked at.
        TokenRefused: there is none such, or it has ended.
    """
    require_few_wrong_tokens(address)
    found = find_token(token)
    if found is None:
        note_wrong_token(address)
        raise TokenRefused("There is no such token. Check that all of it was copied, or make another on your account.")
    _require_good(found)
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    if found.last_used_at is None or found.last_used_at < now - NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=found.pk).update(last_used_at=now)
        note_seen(found.user_id)
    return found


def find_token(token: str) -> ApiToken | None:
    """Whatever has become of it."""
    return ApiToken.objects.select_related("user").filter(token_hash=token_hash(token)).first()


def is_good(token: str) -> bool:
    """Whether it would let somebody in."""
    found = find_token(token)
    try:
        if found is not None:
            _require_good(found)
    except TokenRefused:
        return False
    return found is not None


def _require_good(token: ApiToken) -> None:
    if token.revoked_at is not None:
        raise TokenRefused(f"The token “{token}” was revoked on {_day(token.revoked_at)}. {token.revoked_why}")
    if token.expires_at is not None and token.is_over:
        raise TokenRefused(f"The token “{token}” ended on {_day(token.expires_at)}. Make another on your account.")
    if not token.user.is_active:
        raise TokenRefused(f"The token “{token}” is of an account that is deactivated.")


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
