"""Workspaces, who belongs to them, and how people get in."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotator.actions.agents import token_hash
from annotator.actions.audit import record
from annotator.actions.entrances import Closed, close_entrances
from annotator.actions.errors import ActionError
from annotator.actions.jobs import leave_review
from annotator.actions.people import create_account
from annotator.actions.runs.dispatch import dispatch_queued
from annotator.actions.runs.ending import end_runs_beyond_rights
from annotator.actions.second_factors import has_second_factor
from annotator.announce.publish import announce_rights
from annotator.models import AuditKind, Invitation, Job, Membership, Role, Stage, User, Workspace

INVITATION_DAYS = 7
LONGEST_GRACE_DAYS = 90


def create_workspace(*, user: User, name: str) -> Workspace:
    """Make a workspace whose first admin is ``user``."""
    with transaction.atomic():
        workspace = Workspace.objects.create(name=_checked_name(name))
        Membership.objects.create(workspace=workspace, user=user, role=Role.ADMIN)
        record(AuditKind.SETTINGS, f"made the workspace “{workspace}”.", workspace=workspace.pk, by=user)
    return workspace


def rename_workspace(*, workspace: Workspace, name: str) -> Workspace:
    """Raises ActionError unless the name has 1 to 120 characters."""
    former, workspace.name = workspace.name, _checked_name(name)
    workspace.save(update_fields=["name"])
    if workspace.name != former:
        what = f"renamed the workspace “{former}” to “{workspace.name}”."
        record(AuditKind.SETTINGS, what, workspace=workspace.pk)
    return workspace


def limit_runs(*, workspace: Workspace, runs_at_once: int | None) -> None:
    """Let so many runs of a workspace be under way at once at most, so that others get their turn; None: any number.
    What is under way goes on."""
    with transaction.atomic():
        Workspace.objects.filter(pk=workspace.pk).update(runs_at_once=runs_at_once)
        limit = "any number of runs" if runs_at_once is None else f"{runs_at_once} runs at most"
        record(AuditKind.MACHINE, f"let the workspace have {limit} at once.", workspace=workspace.pk)
        transaction.on_commit(dispatch_queued, robust=True)


def ask_for_second_factor(*, by: User, workspace: Workspace, days: int | None) -> Workspace:
    """Close a workspace to members who have no two-factor sign-in.

    Args:
        days: until then they may set it up, 0 to ``LONGEST_GRACE_DAYS``; None: nobody has to have it any more.

    Raises:
        ActionError: for other days, and for an admin who has none: they would shut themselves out.
    """
    if days is None:
        workspace.second_factor_from = None
        what = "no longer asks members for two-factor sign-in."
    else:
        if not 0 <= days <= LONGEST_GRACE_DAYS:
            raise ActionError(f"People have 0 to {LONGEST_GRACE_DAYS} days to set it up; {days} came.")
        if not has_second_factor(by):
            raise ActionError("Set up two-factor sign-in for your own account first: you would be shut out.")
        workspace.second_factor_from = timezone.now() + timedelta(days=days)
        when = f"{workspace.second_factor_from:%-d %B %Y}" if days else "now"
        what = f"asks members for two-factor sign-in, from {when} on."
    with transaction.atomic():
        workspace.save(update_fields=["second_factor_from"])
        record(AuditKind.SETTINGS, what, workspace=workspace.pk, by=by)
        announce_rights()
    return workspace


def invite(*, by: User, workspace: Workspace, role: str, email: str = "") -> tuple[Invitation, str]:
    """Make a link that lets one person in.

    Returns:
        The invitation, and its token: told here only, kept as a hash.
    """
    _check_role(role)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        workspace=workspace,
        role=role,
        email=email.strip().lower(),
        token_hash=token_hash(token),
        created_by=by,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    whom = invitation.email or "whoever has the link"
    record(AuditKind.MEMBER, f"invited {whom} as {role}.", workspace=workspace.pk, by=by)
    return invitation, token


def revoke_invitation(*, invitation: Invitation) -> None:
    """End a link. Raises ActionError for one that has been used: the person is a member now."""
    if invitation.accepted_by_id is not None:
        raise ActionError("This invitation has been accepted. Remove the member instead.")
    invitation.revoked_at = invitation.revoked_at or timezone.now()
    invitation.save(update_fields=["revoked_at"])
    whom = invitation.email or "whoever has the link"
    record(AuditKind.MEMBER, f"took back the invitation of {whom}.", workspace=invitation.workspace_id)


def invitation_of(token: str) -> Invitation:
    """The invitation that a link leads to. Raises ActionError when it lets nobody in (any more)."""
    found = Invitation.objects.select_related("workspace", "created_by").filter(token_hash=token_hash(token)).first()
    if found is None:
        raise ActionError("This link leads nowhere. Check that all of it was copied, or ask for a new one.")
    if found.accepted_by_id:
        raise ActionError("This invitation has been used; each lets one person in. Ask for a new one.")
    if found.expires_at <= timezone.now():
        raise ActionError(f"This invitation ended after {INVITATION_DAYS} days. Ask for a new one.")
    if not Invitation.objects.open().filter(pk=found.pk).exists():
        raise ActionError("This invitation was taken back. Ask an admin of the workspace for a new one.")
    return found


def accept_invitation(*, user: User, token: str) -> Workspace:
    """Become a member. Who already is one stays as they are, and the link stays good for somebody else. Raises
    ActionError for a link that lets nobody in (any more)."""
    with transaction.atomic():
        invitation = invitation_of(token)
        if Membership.objects.filter(workspace=invitation.workspace, user=user).exists():
            return invitation.workspace
        # Taken only while it is still free: of two people with the same link, one gets in.
        if not Invitation.objects.filter(pk=invitation.pk, accepted_by=None).update(accepted_by=user):
            raise ActionError("This invitation has been used; each lets one person in. Ask for a new one.")
        Membership.objects.create(workspace=invitation.workspace, user=user, role=invitation.role)
        name = f"{user.username}, {user.email}"
        what = f"joined as {invitation.role} by an invitation of {invitation.created_by} ({name})."
        record(AuditKind.MEMBER, what, workspace=invitation.workspace_id, person=user, by=user)
    return invitation.workspace


def sign_up(*, token: str, username: str, email: str, password: str, name: str = "") -> tuple[User, Workspace]:
    """Make an account with an invitation, and become a member by it."""
    with transaction.atomic():
        invitation_of(token)
        user = create_account(username=username, email=email, password=password, name=name)
        return user, accept_invitation(user=user, token=token)


def change_role(*, by: User, membership: Membership, role: str) -> Closed:
    """Give a member another role. Raises ActionError when no admin would be left.

    Returns:
        What they had let in as an admin, which ends when they are none any more.
    """
    _check_role(role)
    with transaction.atomic():
        if role != Role.ADMIN:
            _require_another_admin(membership)
        former, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        if former != role:
            what = f"changed the role of {membership.user.username} from {former} to {role}."
            record(AuditKind.MEMBER, what, workspace=membership.workspace_id, person=membership.user, by=by)
        name = Role(role).label.lower()
        why = f"{by} gave you the role {name} in {membership.workspace}."
        said = f"{by} gave {membership.user} the role {name}."
        end_runs_beyond_rights(why=said, user=membership.user_id, workspace=membership.workspace_id)
        announce_rights(user=membership.user_id, why=why)
        return close_entrances(why=said)


def remove_member(*, by: User, membership: Membership) -> Closed:
    """End a membership; what is assigned to the person is free again. Raises ActionError for the last admin.

    Returns:
        What they had let in as an admin, which ends with it.
    """
    with transaction.atomic():
        _require_another_admin(membership)
        jobs = Job.objects.filter(video__project__workspace_id=membership.workspace_id).exclude(stage=Stage.ACCEPTED)
        jobs.filter(assignee_id=membership.user_id).update(assignee=None)
        for job in jobs.filter(Q(reviewer=membership.user_id) | Q(co_reviewers=membership.user_id)).distinct():
            leave_review(job, membership.user)
            job.save(update_fields=["reviewer", "updated_at"])
        left = by.pk == membership.user_id
        why = f"You left {membership.workspace}." if left else f"{by} took you out of {membership.workspace}."
        announce_rights(user=membership.user_id, why=why)
        name = membership.user.username
        what = f"left (as {membership.role})." if left else f"took {name} ({membership.role}) out of the workspace."
        record(AuditKind.MEMBER, what, workspace=membership.workspace_id, person=membership.user, by=by)
        membership.delete()
        gone = f"{by} left {membership.workspace}." if left else f"{by} took {membership.user} out of this workspace."
        end_runs_beyond_rights(why=gone, user=membership.user_id, workspace=membership.workspace_id)
        return close_entrances(why=gone)


def _require_another_admin(membership: Membership) -> None:
    """Locks the workspace's row, so that two admins can't go at the same moment."""
    Workspace.objects.select_for_update().get(pk=membership.workspace_id)
    others = Membership.objects.filter(
        workspace_id=membership.workspace_id, role=Role.ADMIN, user__is_active=True
    ).exclude(pk=membership.pk)
    if membership.role == Role.ADMIN and not others.exists():
        raise ActionError("A workspace needs an admin, and this is its last one. Make somebody else admin first.")


def _check_role(role: str) -> None:
    if role not in Role.values:
        raise ActionError(f"A role is one of {', '.join(Role.values)}; {role!r} came.")


def _checked_name(name: str) -> str:
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= 120:
        raise ActionError(f"A workspace's name has 1 to 120 characters; this one has {len(clean)}.")
    return clean
