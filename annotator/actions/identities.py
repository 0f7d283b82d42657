"""Whose account somebody gets into whom a provider of OpenID Connect vouches for."""

from __future__ import annotations

import re

from django.conf import settings
from django.db import transaction

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.openid import Claims, trusted
from annotator.actions.people import create_account
from annotator.actions.second_factors import tell
from annotator.models import AuditKind, Identity, Membership, User, Workspace


def identity_of(user: User) -> Identity | None:
    """What ``user`` is linked with at the provider of now."""
    if settings.OPENID is None:
        return None
    return Identity.objects.filter(user=user, issuer=trusted().issuer).first()


def account_of(claims: Claims) -> User:
    """The account of who comes from the provider: the linked one; else the one with the e-mail that the provider
    vouches for, which is linked then; else, where unknown people may come in, a new one.

    Raises:
        ActionError: there is none, it is deactivated, or the e-mail isn't of an allowed domain.
    """
    _require_domain(claims)
    with transaction.atomic():
        linked = Identity.objects.select_related("user").filter(issuer=claims.issuer, subject=claims.subject).first()
        if linked is not None:
            Identity.objects.filter(pk=linked.pk).update(email=claims.email)
            return _active(linked.user)
        if not claims.email:
            raise ActionError(
                "The provider doesn't vouch for your e-mail, so your account here can't be found by it. Sign in by "
                "your password, and link the two in your account."
            )
        known = User.objects.filter(email__iexact=claims.email).first()
        user = _active(known) if known else _newcomer(claims)
        _link(user, claims)
    if known:
        tell(user, "A new way to sign in", f"{claims.email} signed in by {trusted().issuer} for the first time.")
    return user


def link(*, user: User, claims: Claims) -> None:
    """Let ``user``, who is signed in, sign in by the provider from now on. Raises ActionError."""
    _require_domain(claims)
    with transaction.atomic():
        _link(user, claims)
    tell(user, "A new way to sign in", f"Your account can be signed in to by {trusted().issuer} now.")


def unlink(*, user: User) -> None:
    """End it. Raises ActionError for who would have no way to sign in any more."""
    if not user.has_usable_password():
        raise ActionError("This is your only way to sign in. Ask a site admin for a password first.")
    if not Identity.objects.filter(user=user, issuer=trusted().issuer).delete()[0]:
        raise ActionError("Your account isn't linked.")
    record(AuditKind.ACCOUNT, f"unlinked {user.username} from {trusted().issuer}.", person=user)
    tell(user, "A way to sign in is gone", f"Your account can't be signed in to by {trusted().issuer} any more.")


def _link(user: User, claims: Claims) -> None:
    others = Identity.objects.filter(issuer=claims.issuer)
    if others.filter(subject=claims.subject).exclude(user=user).exists():
        raise ActionError("Another account here is linked with this person of the provider.")
    if others.filter(user=user).exclude(subject=claims.subject).exists():
        raise ActionError(f"The account {user.username} is linked with another person of the provider. Ask your admin.")
    _, is_new = Identity.objects.get_or_create(
        user=user, issuer=claims.issuer, subject=claims.subject, defaults={"email": claims.email}
    )
    if is_new:
        what = f"linked {user.username} with {claims.email or claims.subject} of {claims.issuer}."
        record(AuditKind.ACCOUNT, what, person=user, by=user)


def _require_domain(claims: Claims) -> None:
    allowed = trusted().domains
    if allowed and claims.email.rpartition("@")[2] not in allowed:
        raise ActionError(
            f"Only people with an e-mail of {', '.join(allowed)}, that the provider vouches for, may come in."
        )


def _active(user: User) -> User:
    if not user.is_active:
        raise ActionError("Your account here was deactivated. Ask a site admin.")
    return user


def _newcomer(claims: Claims) -> User:
    """An account without a password, and a member of the workspace for newcomers."""
    nobody = f"No account here has the e-mail {claims.email}. Ask an admin of your team for an invitation link."
    number = trusted().workspace
    if number is None:
        raise ActionError(nobody)
    workspace = Workspace.objects.filter(pk=number).first()
    if workspace is None:
        raise ActionError(f"{nobody} (FRAMEWISE_OIDC_WORKSPACE is the number of no workspace.)")
    user = create_account(username=_free_name(claims), email=claims.email, password=None, name=claims.name)
    Membership.objects.create(workspace=workspace, user=user, role=trusted().role)
    what = f"came as {trusted().role} by OpenID Connect ({user.username}, {user.email})."
    record(AuditKind.MEMBER, what, workspace=workspace.pk, person=user, by=user)
    return user


def _free_name(claims: Claims) -> str:
    wanted = (claims.username or claims.email).partition("@")[0]
    base = re.sub(r"[^\w.+-]", "", wanted)[:120] or "person"
    names = set(User.objects.filter(username__istartswith=base).values_list("username", flat=True))
    taken = {name.lower() for name in names}
    number, name = 1, base
    while name.lower() in taken:
        number += 1
        name = f"{base}{number}"
    return name
