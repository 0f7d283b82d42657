"""How the work in a project goes: tables, and having counted what is new."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from typing import Literal
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field, model_validator

from annotator.access import access_analytics
from annotator.actions.analytics import reports
from annotator.actions.analytics.counting import begin_counting, is_stale
from annotator.actions.analytics.reports import Scope, TableId, Unit
from annotator.models import Counting, Project
from annotator.operations import Message

router = Router(tags=["analytics"])

EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
"""Days that can be asked for: the midnights around the first and last that there are can't be reckoned everywhere."""


class Asked(Message):
    """Days from `first` to `last`, both included, in a time zone by its IANA name."""

    first: date | None = Field(None, ge=EARLIEST, le=LATEST, description="null: from the beginning.")
    last: date | None = Field(None, ge=EARLIEST, le=LATEST, description="null: until now.")
    zone: str = Field("UTC", max_length=64)

    @model_validator(mode="after")
    def _sound(self) -> Asked:
        if self.first and self.last and self.first > self.last:
            raise ValueError(f"The first day comes before the last; {self.first} and {self.last} came.")
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"A time zone is an IANA name such as Europe/Paris; {self.zone!r} came.") from error
        return self


class AnalyticsColumn(Message):
    """`unit`: what its cells are. `seconds` are of active time, `elapsed` are
    seconds by the clock, `share` is in [0, 1], `rate` is per what the title
    says, `day` is YYYY-MM-DD. `says`: what is counted."""

    id: str
    title: str
    unit: Unit
    says: str


class AnalyticsRow(Message):
    """A cell for each column; null: not known, or there is nothing to divide by."""

    cells: list[str | int | float | None]
    href: str = Field(description="Where the row leads; empty: nowhere.")


class AnalyticsTable(Message):
    id: str
    title: str
    columns: list[AnalyticsColumn]
    rows: list[AnalyticsRow]
    left_out: int = Field(description="Further rows.")


class AnalyticsOut(Message):
    """How the work in a project went. Managers see everybody's, others their own.

    `state`: of counting; `message`: why it failed. `is_stale`: something happened since `counted_at`.
    """

    everybody: bool
    state: Literal["none", "queued", "running", "done", "failed"]
    progress: float
    message: str
    counted_at: str | None = Field(description="null: nothing was counted yet.")
    is_stale: bool
    totals: dict[str, int | float | None] = Field(description="By the ids of columns.")
    tables: list[AnalyticsTable]
    unknown: list[str] = Field(description="What can't be known, in sentences.")


class CountingOut(Message):
    """How counting stands; `progress` in [0, 1]."""

    state: Literal["none", "queued", "running", "done", "failed"]
    progress: float
    message: str
    is_stale: bool


@router.get("/{project_id}/analytics", response=AnalyticsOut, summary="How the work in a project went")
def get_analytics(request: HttpRequest, project_id: int, asked: Query[Asked]) -> AnalyticsOut:
    """Of what was counted: where `is_stale`, POST has the rest counted."""
    project, whose = access_analytics(request.user, project_id)
    scope = _scope(project, whose, asked)
    counting = Counting.objects.filter(project=project).first()
    counted_at = counting.finished_at if counting is not None else None
    return AnalyticsOut(
        everybody=whose is None,
        **_counting(project, counting).model_dump(),
        counted_at=counted_at.isoformat() if counted_at is not None else None,
        totals=reports.totals(scope),
        tables=[table_out(reports.table(scope, named)) for named in reports.TABLES],
        unknown=reports.unknown(scope),
    )


@router.post("/{project_id}/analytics", response=CountingOut, summary="Count what is new")
def count(request: HttpRequest, project_id: int) -> CountingOut:
    """In the background: ask for `counting` until it is neither `queued` nor `running`."""
    project, _ = access_analytics(request.user, project_id)
    return _counting(project, begin_counting(project))


@router.get("/{project_id}/analytics/counting", response=CountingOut, summary="How counting stands")
def get_counting(request: HttpRequest, project_id: int) -> CountingOut:
    project, _ = access_analytics(request.user, project_id)
    return _counting(project, Counting.objects.filter(project=project).first())


@router.get("/{project_id}/analytics/{table}.csv", summary="One table as CSV")
def get_csv(request: HttpRequest, project_id: int, table: TableId, asked: Query[Asked]) -> HttpResponse:
    """UTF-8 with a header line of column ids; what isn't known is empty."""
    project, whose = access_analytics(request.user, project_id)
    return csv_of(reports.table(_scope(project, whose, asked), table), "analytics")


def csv_of(found: reports.Table, about: str) -> HttpResponse:
    """A table as a file."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([column.id for column in found.columns])
    writer.writerows([[plain(cell) for cell in row.cells] for row in found.rows])
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{about}-{found.id}.csv"'
    return answer


def plain(cell: str | float | None) -> str | float | None:
    """Names that begin like a formula would be one in a spreadsheet."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _scope(project: Project, whose: int | None, asked: Asked) -> Scope:
    return Scope(project, whose, asked.first, asked.last, ZoneInfo(asked.zone))


def _counting(project: Project, counting: Counting | None) -> CountingOut:
    return CountingOut(
        state=counting.state if counting is not None else "none",
        progress=counting.progress if counting is not None else 0,
        message=counting.message if counting is not None else "",
        is_stale=is_stale(project, counting),
    )


def table_out(table: reports.Table) -> AnalyticsTable:
    return AnalyticsTable(
        id=table.id,
        title=table.title,
        columns=[AnalyticsColumn(id=c.id, title=c.title, unit=c.unit, says=c.says) for c in table.columns],
        rows=[AnalyticsRow(cells=list(row.cells), href=row.href) for row in table.rows],
        left_out=table.left_out,
    )
