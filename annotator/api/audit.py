"""The audit log, for admins' programs."""

from __future__ import annotations

import csv
from datetime import UTC, date
from io import StringIO

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from annotator.access import access_server, access_workspace
from annotator.actions.audit import Wanted, entries
from annotator.api.analytics import EARLIEST, LATEST, plain
from annotator.api.people import signed_in
from annotator.models import AuditEntry, AuditKind, Workspace
from annotator.operations import Message

router = Router(tags=["audit"])

COLUMNS = ("id", "at", "kind", "by", "by_name", "token", "address", "person", "what")


class AuditFilter(Message):
    """Of a kind; done by a person (by their number) or to them; days in UTC, both included; with a text in them."""

    kind: AuditKind | None = None
    person: int | None = Field(None, ge=0, lt=2**63)
    first: date | None = Field(None, ge=EARLIEST, le=LATEST)
    last: date | None = Field(None, ge=EARLIEST, le=LATEST)
    search: str = Field("", max_length=200)

    def wanted(self) -> Wanted:
        return Wanted(self.kind or "", self.person, self.first, self.last, self.search)


class AuditAsked(AuditFilter):
    """`before`: lines that are older than the one of this number."""

    before: int | None = Field(None, ge=0, lt=2**63)
    limit: int = Field(100, ge=1, le=1000)


class AuditEntryOut(Message):
    """`what` goes on after `by_name`, which is empty where nobody was signed in; names are those of then. `by` and
    `person` (whom it was done to): null also for an account that is gone."""

    id: int
    at: str = Field(description="ISO 8601, UTC")
    kind: AuditKind
    by: int | None
    by_name: str
    token: str = Field(description="The API token that it was done by; empty: none.")
    address: str = Field(description="IPv4 or IPv6; empty: the server itself.")
    person: int | None
    what: str


class AuditOut(Message):
    """Newest first. `next`: what to send as `before` for the ones after these; null: there are none."""

    entries: list[AuditEntryOut]
    next: int | None


@router.get("/workspaces/{workspace_id}/audit", response=AuditOut, summary="Who did what in a workspace")
def of_workspace(request: HttpRequest, workspace_id: int, asked: Query[AuditAsked]) -> AuditOut:
    return _listed(access_workspace(signed_in(request), workspace_id, "admin"), asked)


@router.get("/workspaces/{workspace_id}/audit.csv", summary="The same as CSV")
def csv_of_workspace(request: HttpRequest, workspace_id: int, asked: Query[AuditFilter]) -> HttpResponse:
    """All lines, UTF-8 with a header line."""
    return _csv(access_workspace(signed_in(request), workspace_id, "admin"), asked)


@router.get("/audit", response=AuditOut, summary="Who did what on the whole server")
def of_server(request: HttpRequest, asked: Query[AuditAsked]) -> AuditOut:
    """For site admins."""
    access_server(signed_in(request))
    return _listed(None, asked)


@router.get("/audit.csv", summary="The same as CSV")
def csv_of_server(request: HttpRequest, asked: Query[AuditFilter]) -> HttpResponse:
    """All lines, UTF-8 with a header line; for site admins."""
    access_server(signed_in(request))
    return _csv(None, asked)


def _listed(workspace: Workspace | None, asked: AuditAsked) -> AuditOut:
    found = entries(workspace, asked.wanted())
    if asked.before is not None:
        found = found.filter(pk__lt=asked.before)
    shown = list(found[: asked.limit + 1])
    more = len(shown) > asked.limit
    shown = shown[: asked.limit]
    return AuditOut(entries=[_out(each) for each in shown], next=shown[-1].pk if more else None)


def _out(entry: AuditEntry) -> AuditEntryOut:
    return AuditEntryOut(
        id=entry.pk,
        at=entry.at.astimezone(UTC).isoformat(timespec="seconds"),
        kind=AuditKind(entry.kind),
        by=entry.by_id,
        by_name=entry.by_name,
        token=entry.token,
        address=entry.address,
        person=entry.person_id,
        what=entry.what,
    )


def _csv(workspace: Workspace | None, asked: AuditFilter) -> HttpResponse:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in entries(workspace, asked.wanted()).iterator(chunk_size=1000):
        row = _out(entry).model_dump(mode="json")
        writer.writerow([plain(row[name]) for name in COLUMNS])
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    answer["Cache-Control"] = "no-store"
    return answer
