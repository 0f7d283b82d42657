"""What workspaces take on the server's disk, and may take: for site admins."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotator.access import access_server, access_workspace
from annotator.actions.storage_use import GB, set_quota, use_of
from annotator.media import storage as disk
from annotator.models import Workspace
from annotator.pages.common import act, attempt, page, person


@page
def storage(request: HttpRequest) -> HttpResponse:
    access_server(person(request))
    workspaces = [(workspace, use_of(workspace)) for workspace in Workspace.objects.all()]
    for workspace, _ in workspaces:
        limit = "" if workspace.quota_bytes is None else f"{workspace.quota_bytes / GB:g}"
        workspace.gigabytes = limit  # type: ignore[attr-defined]  # For the template.
    return render(request, "server_storage.html", {"workspaces": workspaces, "free": disk.free_bytes()})


@act
def set_limit(request: HttpRequest, workspace_id: int) -> HttpResponse:
    """``gigabytes``: a number; none: without a limit."""
    user = person(request)
    access_server(user)
    workspace = access_workspace(user, workspace_id, "admin")
    typed = request.POST.get("gigabytes", "").strip().replace(",", ".")
    try:
        gigabytes = float(typed) if typed else None
    except ValueError:
        messages.error(request, f"A limit is a number of GB, or nothing; “{typed[:40]}” came.")
        return redirect("storage")
    done = f"{workspace} has no limit." if gigabytes is None else f"{workspace} may take {gigabytes:g} GB."
    attempt(request, lambda: set_quota(by=user, workspace=workspace, gigabytes=gigabytes), done)
    return redirect("storage")
