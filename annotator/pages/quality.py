"""The page on which gold is marked, and that shows how jobs agree with it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotator.access import access_gold, access_layer, access_project, access_quality, require_at_work
from annotator.actions.analytics.reports import Cell, Table, Unit
from annotator.actions.quality import mark_gold, set_pass_mark, tables, unmark_gold
from annotator.models import Gold, Layer, LayerKind
from annotator.pages.common import act, as_key, attempt, page, person
from annotator.pages.projects import frame


@page
def quality(request: HttpRequest, project_id: int) -> HttpResponse:
    project = access_quality(person(request), project_id)
    truths = Layer.objects.filter(video__project=project, kind=LayerKind.GROUND_TRUTH).select_related("video")
    context = frame(request, project, "quality")
    context |= {
        "gold": Gold.objects.filter(layer__video__project=project).select_related("layer__video", "created_by"),
        "truths": truths.order_by("video__name", "name"),
        "tables": [_shown(table) for table in tables(project)],
    }
    return render(request, "project_quality.html", context)


@act
def add_gold(request: HttpRequest, project_id: int) -> HttpResponse:
    user = person(request)
    project = access_project(user, project_id, "manage")
    require_at_work(project)
    named = [as_key(request.POST.get(name, "")) for name in ("layer", "first", "last")]
    if None in named:
        messages.error(request, "Choose a ground-truth layer, and its first and last frame as whole numbers.")
        return redirect("quality", project.pk)
    layer_id, first, last = (int(each or 0) for each in named)
    layer = access_layer(user, layer_id, "manage")
    done = f"Frames {first} to {last} of {layer.video} are gold. Annotators don't see “{layer.name}”."
    attempt(request, lambda: mark_gold(by=user, layer=layer, first=first, last=last), done)
    return redirect("quality", project.pk)


@act
def end_gold(request: HttpRequest, gold_id: int) -> HttpResponse:
    gold = access_gold(person(request), gold_id)
    project_id = gold.layer.video.project_id
    attempt(request, lambda: unmark_gold(gold), f"Frames {gold.first} to {gold.last} are gold no more.")
    return redirect("quality", project_id)


@act
def pass_mark(request: HttpRequest, project_id: int) -> HttpResponse:
    project = access_project(person(request), project_id, "manage")
    require_at_work(project)
    typed = request.POST.get("percent", "").strip()
    percent = as_key(typed)
    if typed and percent is None:
        messages.error(request, "A pass mark is a whole number from 1 to 100 per cent, or nothing.")
    else:
        done = f"The pass mark is {percent} %." if typed else "There is no pass mark."
        attempt(request, lambda: set_pass_mark(project, percent if typed else None), done)
    return redirect("quality", project.pk)


def _shown(table: Table) -> dict[str, Any]:
    rows = [
        {
            "href": row.href,
            "name": row.cells[0],
            "cells": [
                {"said": said(cell, column.unit), "is_number": column.unit != "text"}
                for cell, column in zip(row.cells[1:], table.columns[1:], strict=True)
            ],
        }
        for row in table.rows
    ]
    return {"id": table.id, "title": table.title, "columns": table.columns, "rows": rows}


def said(cell: Cell, unit: Unit) -> str:
    """A number as people read it."""
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell
    return f"{cell * 100:.1f} %" if unit == "share" else f"{cell:,}"
