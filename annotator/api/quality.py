"""How submitted jobs agree with the gold of a project."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from annotator.access import access_quality
from annotator.actions.quality import tables
from annotator.api.analytics import AnalyticsTable, csv_of, table_out
from annotator.models import Gold
from annotator.operations import Message

router = Router(tags=["quality"])


class GoldOut(Message):
    """Frames of a ground-truth layer that are right and complete, both ends included."""

    id: int
    video: int
    layer: int
    first: int
    last: int


class QualityOut(Message):
    """`pass_mark`: IDF1 that a submitted job should reach, in per cent."""

    gold: list[GoldOut]
    pass_mark: int | None = Field(description="null: none is set.")
    tables: list[AnalyticsTable] = Field(description="Of the latest score of each job.")


@router.get("/{project_id}/quality", response=QualityOut, summary="How jobs agree with the gold")
def get_quality(request: HttpRequest, project_id: int) -> QualityOut:
    """For reviewers. Jobs are scored in the background when they are submitted."""
    project = access_quality(request.user, project_id)
    gold = Gold.objects.filter(layer__video__project=project).select_related("layer")
    return QualityOut(
        gold=[
            GoldOut(id=each.pk, video=each.layer.video_id, layer=each.layer_id, first=each.first, last=each.last)
            for each in gold
        ],
        pass_mark=project.pass_mark,
        tables=[table_out(table) for table in tables(project)],
    )


@router.get("/{project_id}/quality/{quality_table}.csv", summary="One table of the quality as CSV")
def get_quality_csv(
    request: HttpRequest, project_id: int, quality_table: Literal["jobs", "people", "labels", "videos"]
) -> HttpResponse:
    """For reviewers. UTF-8 with a header line of column ids; what isn't known is empty."""
    project = access_quality(request.user, project_id)
    return csv_of(next(table for table in tables(project) if table.id == quality_table), "quality")
