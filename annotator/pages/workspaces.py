"""A workspace: its projects, its members, and the machines that track for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone

from annotator.access import access_agent, access_invitation, access_membership, access_workspace, may, role_in
from annotator.actions.agents import create_agent, revoke_agent
from annotator.actions.second_factors import has_second_factor
from annotator.actions.storage_use import Use, use_of
from annotator.actions.workspaces import (
    ask_for_second_factor,
    change_role,
    create_workspace,
    invite,
    remove_member,
    rename_workspace,
    revoke_invitation,
)
from annotator.models import Membership, Role, SecondFactor, User, Workspace
from annotator.networks import NetworksPage, catalogued, networks_of
from annotator.pages.cards import project_cards
from annotator.pages.common import act, as_key, attempt, fits, form_page, page, person, show_once, shown_once
from annotator.pages.connecting import address, commands
from annotator.pages.forms import InvitationForm, MachineForm, WorkspaceForm
from annotator.pages.project_data import ParcelsPage

ROLES = {
    Role.ADMIN: "manages members and machines, and all below",
    Role.MANAGER: "runs projects: labels, videos, jobs",
    Role.REVIEWER: "reviews jobs, and annotates anywhere",
    Role.ANNOTATOR: "annotates the jobs assigned to them",
    Role.VIEWER: "looks, and changes nothing",
}


GRACE = ((0, "from now on"), (7, "in 7 days"), (14, "in 14 days"), (30, "in 30 days"))
ENDED_FOR_DAYS = 30
"""For how long it is said why a machine is let in no more."""
NOBODYS = "Whoever connected it is no admin any more."


@form_page
def new(request: HttpRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None)
    made: list[Workspace] = []
    if fits(form, lambda values: made.append(create_workspace(user=person(request), name=values["name"]))):
        return redirect("workspace", made[0].pk)
    return render(request, "workspace_new.html", {"form": form})


@page
def projects(request: HttpRequest, workspace_id: int) -> HttpResponse:
    workspace = access_workspace(person(request), workspace_id, "view")
    context = {
        "projects": project_cards(workspace.projects.filter(archived_at=None)),
        "archived": project_cards(workspace.projects.exclude(archived_at=None)),
        **frame(request, workspace, "projects"),
    }
    return render(request, "workspace_projects.html", context)


@page
def bring(request: HttpRequest, workspace_id: int) -> HttpResponse:
    """Projects that come whole from another server."""
    workspace = access_workspace(person(request), workspace_id, "admin")
    data = ParcelsPage(project=None, workspace=workspace.pk, csrf_token=get_token(request))
    context = {"parcels": data.model_dump(mode="json"), **frame(request, workspace, "projects")}
    return render(request, "workspace_import.html", context)


@page
def members(request: HttpRequest, workspace_id: int) -> HttpResponse:
    workspace = access_workspace(person(request), workspace_id, "view")
    context = {
        "memberships": members_of(workspace),
        "invitations": workspace.invitations.open().select_related("created_by"),
        "form": InvitationForm(),
        "roles": [(role.value, role.label, text) for role, text in ROLES.items()],
        "shown": shown_once(request, "invitation"),
        **frame(request, workspace, "members"),
    }
    return render(request, "workspace_members.html", context)


@page
def networks(request: HttpRequest, workspace_id: int) -> HttpResponse:
    workspace = access_workspace(person(request), workspace_id, "view")
    shown = shown_once(request, "machine")
    context = {
        "data": _networks_page(request, workspace).model_dump(mode="json"),
        "ended": ended_machines(workspace),
        "form": MachineForm(),
        "shown": shown,
        "commands": shown and commands(address(request), shown["token"]),
        **frame(request, workspace, "networks"),
    }
    return render(request, "workspace_networks.html", context)


def _networks_page(request: HttpRequest, workspace: Workspace) -> NetworksPage:
    user = person(request)
    return NetworksPage(
        workspace=workspace.pk,
        csrf_token=get_token(request),
        may_admin=may(role_in(user, workspace.pk), "admin"),
        may_try=may(role_in(user, workspace.pk), "annotate"),
        update=commands(address(request)).update,
        models=catalogued(),
        now=networks_of(user, workspace),
    )


@form_page
def settings(request: HttpRequest, workspace_id: int) -> HttpResponse:
    workspace = access_workspace(person(request), workspace_id, "admin")
    form = WorkspaceForm(request.POST or None, initial={"name": workspace.name})
    if fits(form, lambda values: rename_workspace(workspace=workspace, name=values["name"])):
        messages.success(request, "Saved.")
        return redirect("workspace-settings", workspace.pk)
    context = {
        "form": form,
        "grace": GRACE,
        "asked": workspace.second_factor_from is not None and workspace.second_factor_from <= timezone.now(),
        "without": without_second_factor(workspace),
        "use": use_of(workspace),
        "mine": has_second_factor(person(request)),
        **frame(request, workspace, "settings"),
    }
    return render(request, "workspace_settings.html", context)


@act
def second_factor(request: HttpRequest, workspace_id: int) -> HttpResponse:
    """``days``: until it is asked for; none: it isn't."""
    user = person(request)
    workspace = access_workspace(user, workspace_id, "admin")
    days = as_key(request.POST.get("days", ""))
    done = "Everybody here needs two-factor sign-in." if days is not None else "Nobody needs two-factor sign-in here."
    attempt(request, lambda: ask_for_second_factor(by=user, workspace=workspace, days=days), done)
    return redirect("workspace-settings", workspace.pk)


@act
def send_invitation(request: HttpRequest, workspace_id: int) -> HttpResponse:
    workspace = access_workspace(person(request), workspace_id, "admin")
    form = InvitationForm(request.POST)

    def make(values: dict[str, Any]) -> None:
        invitation, token = invite(by=person(request), workspace=workspace, **values)
        show_once(request, "invitation", token=token, role=Role(invitation.role).label, email=invitation.email)

    if not fits(form, make):
        messages.error(request, "Give a role and, if you like, a whole e-mail address.")
    return redirect("members", workspace.pk)


@act
def end_invitation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    invitation = access_invitation(person(request), invitation_id, "admin")
    attempt(request, lambda: revoke_invitation(invitation=invitation), "The link lets nobody in any more.")
    return redirect("members", invitation.workspace_id)


@act
def set_role(request: HttpRequest, membership_id: int) -> HttpResponse:
    membership = access_membership(person(request), membership_id, "admin")
    role = request.POST.get("role", "")
    attempt(
        request,
        lambda: change_role(by=person(request), membership=membership, role=role),
        f"{membership.user} has a new role.",
    )
    return redirect("members", membership.workspace_id)


@act
def end_membership(request: HttpRequest, membership_id: int) -> HttpResponse:
    membership = access_membership(person(request), membership_id, "view")
    user = person(request)
    leaving = membership.user_id == user.pk
    if not leaving:
        access_workspace(user, membership.workspace_id, "admin")
    done = f"You left {membership.workspace}." if leaving else f"{membership.user} is no member any more."
    if attempt(request, lambda: remove_member(by=user, membership=membership), done) and leaving:
        return redirect("home")
    return redirect("members", membership.workspace_id)


@act
def add_machine(request: HttpRequest, workspace_id: int) -> HttpResponse:
    workspace = access_workspace(person(request), workspace_id, "admin")

    def make() -> None:
        agent, token = create_agent(by=person(request), workspace=workspace, name=request.POST.get("name", ""))
        show_once(request, "machine", token=token, name=agent.name)

    attempt(request, make)
    return redirect("networks", workspace.pk)


@act
def end_machine(request: HttpRequest, agent_id: int) -> HttpResponse:
    agent = access_agent(person(request), agent_id, "admin")
    attempt(
        request,
        lambda: revoke_agent(agent=agent, why=f"{person(request)} disconnected it."),
        f"{agent} is let in no more.",
    )
    return redirect("networks", agent.workspace_id) if agent.workspace_id else redirect("home")


def members_of(workspace: Workspace) -> list[Membership]:
    """Everybody in it, each with ``machines``: the names of those that would be let in no more without them."""
    found = list(workspace.memberships.select_related("user").order_by("user__first_name", "user__username"))
    machines = list(workspace.agents.let_in().exclude(created_by__is_superuser=True))
    for membership in found:
        names = [agent.name for agent in machines if agent.created_by_id == membership.user_id]
        membership.machines = ", ".join(names)  # type: ignore[attr-defined]  # For the template.
    return found


def without_second_factor(workspace: Workspace) -> list[User]:
    """The active members who sign in by a password alone."""
    factor = Exists(SecondFactor.objects.filter(user=OuterRef("pk")))
    return list(User.objects.filter(~factor, memberships__workspace=workspace, is_active=True).order_by("username"))


def ended_machines(workspace: Workspace) -> list[tuple[str, str]]:
    """(name, why) of those that aren't let in: lately, newest first."""
    since = timezone.now() - timedelta(days=ENDED_FOR_DAYS)
    there = workspace.agents.let_in()
    gone = workspace.agents.exclude(pk__in=there.values("pk")).exclude(revoked_at__lt=since)
    names = set(there.values_list("name", flat=True))
    ended: dict[str, str] = {}
    for agent in gone.order_by("-revoked_at"):
        if agent.name not in names:
            ended.setdefault(agent.name, agent.revoked_why or NOBODYS)
    return list(ended.items())


def short_of_room(workspace: Workspace) -> Use | None:
    """What a workspace takes, where that is nearly all that it may; else None."""
    use = use_of(workspace) if workspace.quota_bytes is not None else None
    return use if use is not None and use.is_short else None


def frame(request: HttpRequest, workspace: Workspace, tab: str) -> dict[str, Any]:
    """What every page of a workspace shows around itself."""
    role = role_in(person(request), workspace.pk)
    return {
        "workspace": workspace,
        "tab": tab,
        "role": role,
        "may_admin": may(role, "admin"),
        "may_manage": may(role, "manage"),
        "short_of_room": short_of_room(workspace) if may(role, "manage") else None,
    }
