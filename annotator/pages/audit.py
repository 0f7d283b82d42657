"""The audit log: of a workspace, for its admins; of the whole installation, for site admins."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotator.access import access_server, access_workspace
from annotator.actions.audit import Wanted, entries, people_in
from annotator.config import config
from annotator.models import AuditKind, Workspace
from annotator.pages.common import as_key, page, person
from annotator.pages.workspaces import frame

LISTED = 100
"""Lines of a page."""


@page
def of_workspace(request: HttpRequest, workspace_id: int) -> HttpResponse:
    workspace = access_workspace(person(request), workspace_id, "admin")
    context = {**_log(request, workspace), **frame(request, workspace, "log")}
    return render(request, "workspace_log.html", context)


@page
def of_server(request: HttpRequest) -> HttpResponse:
    access_server(person(request))
    return render(request, "server_log.html", _log(request, None))


def _log(request: HttpRequest, workspace: Workspace | None) -> dict[str, Any]:
    """``before``: the number of the line that the page begins below, as its link to older ones has it."""
    sent = {name: request.GET.get(name, "") for name in ("kind", "person", "first", "last", "search")}
    wanted = Wanted(
        kind=sent["kind"] if sent["kind"] in AuditKind.values else "",
        person=as_key(sent["person"]),
        first=_day(sent["first"]),
        last=_day(sent["last"]),
        search=sent["search"][:200],
    )
    found = entries(workspace, wanted)
    count = found.count()
    before = as_key(request.GET.get("before", ""))
    shown = list((found.filter(pk__lt=before) if before is not None else found)[: LISTED + 1])
    query = request.GET.copy()
    query.pop("before", None)
    older = query.copy()
    if len(shown) > LISTED:
        older["before"] = str(shown[LISTED - 1].pk)
    return {
        "entries": shown[:LISTED],
        "count": count,
        "older": older.urlencode() if len(shown) > LISTED else "",
        "newest": query.urlencode() if before is not None else None,
        "query": query.urlencode(),
        "wanted": wanted,
        "filtered": wanted != Wanted(),
        "kinds": AuditKind.choices,
        "people": people_in(workspace),
        "kept": config.audit_days,
        "csv": f"/api/workspaces/{workspace.pk}/audit.csv" if workspace is not None else "/api/audit.csv",
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
