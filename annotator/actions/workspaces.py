"""Workspaces: who is in them, with which role, and the links that let people in."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from annotator.actions.agents import token_hash
from annotator.actions.errors import ActionError
from annotator.models import Invitation, Membership, Role, User, Workspace

INVITATION_DAYS = 7


def create_workspace(*, user: User, name: str) -> Workspace:
    """A workspace of which ``user`` is the first admin."""
    with transaction.atomic():
        workspace = Workspace.objects.create(name=_name(name))
        Membership.objects.create(workspace=workspace, user=user, role=Role.ADMIN)
    return workspace


def rename_workspace(*, workspace: Workspace, name: str) -> None:
    workspace.name = _name(name)
    workspace.save(update_fields=["name"])


def invite(*, user: User, workspace: Workspace, role: str, email: str = "") -> tuple[Invitation, str]:
    """Make a link for one person.

    Returns:
        The invitation and its token, which is nowhere kept: it is shown once.
    """
    if role not in Role.values:
        raise ActionError(f"A role is one of {', '.join(Role.values)}; {role!r} came.")
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        workspace=workspace,
        role=role,
        email=email,
        token_hash=token_hash(token),
        created_by=user,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    return invitation, token


def revoke_invitation(*, invitation: Invitation) -> None:
    """End a link. One that has been used stays as it is: the person is a member now."""
    if invitation.accepted_by_id is not None:
        raise ActionError("This invitation has been used. Remove the person from the members instead.")
    invitation.revoked_at = invitation.revoked_at or timezone.now()
    invitation.save(update_fields=["revoked_at"])


def invitation_of(token: str) -> Invitation:
    """The open invitation of a link. Raises ActionError when it was used, has ended, or was never made."""
    found = Invitation.objects.select_related("workspace", "created_by").filter(token_hash=token_hash(token)).first()
    if found is None or found.revoked_at is not None or not found.created_by.is_active:
        raise ActionError("This invitation doesn't exist any more. Ask for a new link.")
    if found.accepted_by_id is not None:
        raise ActionError("This invitation has been used already; it is for one person. Ask for a new link.")
    if found.expires_at <= timezone.now():
        raise ActionError(f"This invitation ended after {INVITATION_DAYS} days. Ask for a new link.")
    return found


def accept_invitation(*, token: str, user: User) -> Workspace:
    """Make ``user`` a member by a link, which is used up. Raises ActionError."""
    with transaction.atomic():
        invitation = invitation_of(token)
        # Two people with one link at the same moment: the second waits here, and finds it used.
        invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
        if invitation.accepted_by_id is not None:
            raise ActionError("This invitation has been used already; it is for one person. Ask for a new link.")
        workspace = invitation.workspace
        if Membership.objects.filter(workspace=workspace, user=user).exists():
            raise ActionError(f"You are a member of {workspace} already. The link is still good for somebody else.")
        Membership.objects.create(workspace=workspace, user=user, role=invitation.role)
        invitation.accepted_by = user
        invitation.save(update_fields=["accepted_by"])
    return workspace


def change_role(*, membership: Membership, role: str) -> None:
    """Raises ActionError when the workspace would be left without an admin."""
    if role not in Role.values:
        raise ActionError(f"A role is one of {', '.join(Role.values)}; {role!r} came.")
    with transaction.atomic():
        if role != Role.ADMIN:
            _keep_an_admin(membership)
        membership.role = role
        membership.save(update_fields=["role"])


def remove_member(*, membership: Membership) -> None:
    """Raises ActionError for the last admin. What the person did stays, with their name."""
    with transaction.atomic():
        _keep_an_admin(membership)
        membership.delete()


def _keep_an_admin(membership: Membership) -> None:
    """Raises ActionError unless another active member is an admin. Holds the workspace's row until the end."""
    Workspace.objects.select_for_update().get(pk=membership.workspace_id)
    others = Membership.objects.filter(workspace_id=membership.workspace_id, role=Role.ADMIN, user__is_active=True)
    if membership.role == Role.ADMIN and not others.exclude(pk=membership.pk).exists():
        raise ActionError(f"{membership.user} is the last admin. Make somebody else an admin first.")


def _name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > 120:
        raise ActionError("A workspace's name has 1 to 120 characters.")
    return clean
