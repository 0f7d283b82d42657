"""Accounts: made, changed, deactivated; and what a person prefers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from annotator.actions.audit import record
from annotator.actions.entrances import Closed, close_entrances
from annotator.actions.errors import ActionError
from annotator.actions.guesses import check_password
from annotator.actions.runs.ending import end_runs_beyond_rights
from annotator.announce.publish import announce_rights
from annotator.models import AuditKind, User

PREFERENCES_LIMIT = 64 * 1024
"""Characters of all preferences of a person as JSON."""


def create_account(*, username: str, email: str, password: str | None, name: str = "") -> User:
    """Make an account. Raises ActionError when the username or e-mail is taken, or the password is too easy.

    Args:
        password: None: they sign in by OpenID Connect alone.
    """
    user = User(username=username.strip(), email=email.strip().lower())
    _set_name(user, name)
    _check(user)
    if password is not None:
        _check_password(password, user)
    user.set_password(password)
    user.save()
    record(AuditKind.ACCOUNT, f"made the account {user.username} ({user.email}).", person=user)
    return user


def change_account(*, user: User, username: str, email: str, name: str, current: str = "", address: str = "") -> User:
    """Rename an account, or change what its owner signs in by, for which the current password is asked.

    Args:
        address: where it is asked from, for the limit of wrong passwords.

    Raises:
        ActionError: for a wrong password, and for a name or address that is taken or none.
    """
    former = user.username, user.email
    user.username, user.email = username.strip(), email.strip().lower()
    if (user.username, user.email) != former:
        if not current:
            raise ActionError("Another username or e-mail needs your current password: you sign in by them.")
        check_password(user=user, password=current, address=address)
    _set_name(user, name)
    _check(user)
    user.save(update_fields=["username", "email", "first_name", "last_name"])
    if (user.username, user.email) != former:
        was, now = (f"{each[0]} ({each[1]})" for each in (former, (user.username, user.email)))
        record(AuditKind.ACCOUNT, f"changed the account {was}: it is {now} now.", person=user)
    return user


def change_password(*, user: User, password: str, current: str, address: str = "") -> User:
    """A new password, by the person who knows the current one. Other sessions of the account end.

    Args:
        address: where it is asked from, for the limit of wrong passwords.
    """
    check_password(user=user, password=current, address=address)
    _check_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    record(AuditKind.ACCOUNT, f"changed the password of {user.username}.", person=user)
    announce_rights(user=user.pk)
    _forget_first_login(user)
    return user


def give_new_password(*, user: User) -> str:
    """Replace a forgotten password by a random one, which is returned to be passed on and kept nowhere."""
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    record(AuditKind.ACCOUNT, f"gave {user.username} a new password.", person=user)
    announce_rights(user=user.pk)
    _forget_first_login(user)
    return password


def note_seen(user_id: int) -> None:
    """Somebody is here. It is a write: called once in some minutes for each session and token."""
    User.objects.filter(pk=user_id).update(last_seen=timezone.now())


def sign_out(*, user: User) -> None:
    """A session of theirs has ended: pages that were opened with it look whether they have another one."""
    announce_rights(user=user.pk)


def deactivate_account(*, by: User, user: User) -> Closed:
    """Shut an account out, and keep everything it made. Raises ActionError for one's own and for the last admin.

    Returns:
        What they had let in as an admin, which ends with it.
    """
    with transaction.atomic():
        if by.pk == user.pk:
            raise ActionError("You can't deactivate your own account. Ask another site admin.")
        _require_another_admin(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        record(AuditKind.ACCOUNT, f"deactivated the account {user.username}.", person=user, by=by)
        end_runs_beyond_rights(why=f"{by} deactivated the account of {user}.", user=user.pk)
        announce_rights(user=user.pk, why=f"{by} deactivated your account.")
        return close_entrances(why=f"{by} deactivated the account of {user}.")


def reactivate_account(*, user: User) -> None:
    """Let an account sign in again, with the roles that it had; what had ended with it stays ended."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(AuditKind.ACCOUNT, f"reactivated the account {user.username}.", person=user)


def change_site_admin(*, user: User, is_admin: bool) -> Closed:
    """Let an account manage all people and workspaces, or no longer.

    Returns:
        What they had let in where they aren't admin otherwise, which ends with it.
    """
    with transaction.atomic():
        if not is_admin:
            _require_another_admin(user)
        user.is_superuser = user.is_staff = is_admin
        user.save(update_fields=["is_superuser", "is_staff"])
        done = f"made {user.username} a site admin." if is_admin else f"took site admin away from {user.username}."
        record(AuditKind.ACCOUNT, done, person=user)
        end_runs_beyond_rights(why=f"{user} is no site admin any more.", user=user.pk)
        announce_rights(user=user.pk)
        return close_entrances(why=f"{user} is no site admin any more.")


def change_preferences(*, user: User, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Merge changes into a person's preferences, objects key by key; null removes a key.

    Returns:
        All preferences after it.
    """
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        merged = merge(locked.preferences, changes)
        size = len(json.dumps(merged))
        if size > PREFERENCES_LIMIT:
            raise ActionError(
                f"Preferences may have {PREFERENCES_LIMIT} characters as JSON; these would have {size}. Remove some."
            )
        locked.preferences = merged
        locked.save(update_fields=["preferences"])
    user.preferences = merged
    return merged


def merge(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """JSON merge patch (RFC 7386)."""
    merged = dict(old)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            before = merged.get(key)
            merged[key] = merge(before if isinstance(before, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def first_login_note() -> Path:
    """Where the generated password of a fresh installation is kept until it is changed."""
    return Path(settings.DATA_DIR) / "demo_login"


def uses_first_login(user: User) -> bool:
    """Whether the account still has the password of that note."""
    note = first_login_note()
    return note.exists() and f"as {user.username} " in note.read_text()


def _forget_first_login(user: User) -> None:
    """The note would go on telling a password that no longer opens anything."""
    if uses_first_login(user):
        first_login_note().unlink()


def _set_name(user: User, name: str) -> None:
    first, _, last = name.strip().partition(" ")
    user.first_name, user.last_name = first[:150], last.strip()[:150]


def _check(user: User) -> None:
    """The rules of names and e-mails, in words."""
    if "@" in user.username:
        raise ActionError("A username has no @: that is how e-mails are told apart when people sign in.")
    others = User.objects.exclude(pk=user.pk)
    if others.filter(username__iexact=user.username).exists():
        raise ActionError(f"The username {user.username} is taken. Choose another one.")
    if others.filter(email__iexact=user.email).exists():
        raise ActionError(f"Another account has the e-mail {user.email}. Sign in with that one, or use another e-mail.")
    try:
        validate_email(user.email)
        user.clean_fields(exclude=["password", "preferences"])
    except ValidationError as error:
        raise ActionError(" ".join(error.messages)) from error


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ActionError(" ".join(error.messages)) from error


def _require_another_admin(user: User) -> None:
    admins = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    if user.is_superuser and not [admin for admin in admins if admin.pk != user.pk]:
        raise ActionError("This is the last active site admin. Make somebody else one first.")
