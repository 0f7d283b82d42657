"""Accounts: signing up by an invitation, and what people and superusers change of them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotator.actions.errors import ActionError
from annotator.actions.workspaces import accept_invitation
from annotator.models import User

PREFERENCES_LIMIT = 32 * 1024
"""Bytes of JSON that are kept for one person."""


def sign_up(*, token: str, username: str, email: str, password: str) -> User:
    """A new account that is a member by an invitation's link, which is used up.

    Raises:
        ActionError: the link is no good, the name or e-mail is taken, or the password is weak.
    """
    user = User(username=username, email=email)
    _check_account(user)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ActionError(" ".join(error.messages)) from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            accept_invitation(token=token, user=user)
    except IntegrityError as error:
        raise ActionError("Somebody else has taken this username or e-mail a moment ago. Choose another.") from error
    return user


def change_account(*, user: User, first_name: str, last_name: str, email: str) -> None:
    """Raises ActionError when the e-mail is somebody else's."""
    changed = User(pk=user.pk, username=user.username, first_name=first_name, last_name=last_name, email=email)
    _check_account(changed)
    user.first_name, user.last_name, user.email = changed.first_name, changed.last_name, changed.email
    user.save(update_fields=["first_name", "last_name", "email"])


def set_active(*, by: User, user: User, active: bool) -> None:
    """Let somebody in or shut them out. What they did stays. Raises ActionError for oneself."""
    if by.pk == user.pk and not active:
        raise ActionError("You can't deactivate yourself. Ask another superuser.")
    user.is_active = active
    user.save(update_fields=["is_active"])


def set_preferences(*, user: User, changes: dict[str, Any]) -> dict[str, Any]:
    """Put ``changes`` over what is kept, key by key; a value of null forgets its key.

    Raises:
        ActionError: when it grows beyond ``PREFERENCES_LIMIT``.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        merged = {key: value for key, value in {**user.preferences, **changes}.items() if value is not None}
        size = len(json.dumps(merged))
        if size > PREFERENCES_LIMIT:
            raise ActionError(f"Preferences have at most {PREFERENCES_LIMIT} bytes; these would have {size}.")
        user.preferences = merged
        user.save(update_fields=["preferences"])
    return merged


def _check_account(user: User) -> None:
    """Raises ActionError with everything that is wrong with the names."""
    user.email = user.email.strip().lower()
    if "@" in user.username:
        raise ActionError("A username has no @: people may sign in by e-mail too.")
    if User.objects.filter(email__iexact=user.email).exclude(pk=user.pk).exists():
        raise ActionError("Somebody has an account with this e-mail already. Sign in, then open the link again.")
    if User.objects.filter(username__iexact=user.username).exclude(pk=user.pk).exists():
        raise ActionError("Somebody has this username already. Choose another.")
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise ActionError(" ".join(error.messages)) from error
