"""Consensus: made on the page of a project's jobs; compared, decided and merged on a page of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotator.access import access_consensus, access_job, access_project, access_video, may, require_at_work, role_in
from annotator.actions.consensus.managing import (
    decide,
    decide_rest,
    left_to_decide,
    make_consensus,
    remove_consensus,
    undo_merge,
)
from annotator.actions.consensus.reports import (
    Conflict,
    Pair,
    Report,
    is_current,
    matters,
    outcome_of,
    report_of,
)
from annotator.actions.consensus.working import OPEN, begin_merging, begin_weighing
from annotator.actions.errors import ActionError
from annotator.actions.layers import contents_of
from annotator.models import Consensus, Job, LayerKind, Project, Track, User
from annotator.pages.common import act, as_key, attempt, page, person
from annotator.pages.projects import frame

MEASURES = (
    ("idf1", "IDF1", "How much of both is found under one identity."),
    ("hota", "HOTA", "Detection and identity weighed alike."),
    ("overlap", "Mean IoU", "Intersection over union of boxes that belong together."),
)
KINDS = {
    "missed": "Only {one} has an object",
    "extra": "Only {other} has an object",
    "switch": "Identities differ",
    "overlap": "Boxes hardly overlap",
    "label": "Labels differ",
}
MOST_SHOWN = 100
"""Conflicts that a page lists; the next come when these are decided."""


def of_project(user: User, project: Project) -> list[dict[str, Any]]:
    """The consensus of a project that the user may look at, for the page of its jobs."""
    role = role_in(user, project.workspace_id)
    if not may(role, "review"):
        return []
    found = Consensus.objects.filter(video__project=project).select_related("video", "merged_by")
    rows = []
    for each in found.prefetch_related("copies__job"):
        copies = list(each.copies.all())
        blind = each.merged_at is None and any(copy.job and copy.job.assignee_id == user.pk for copy in copies)
        if may(role, "manage") or not blind:
            rows.append({"consensus": each, "copies": len(copies), "submitted": sum(copy.counts for copy in copies)})
    return rows


def wanted(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What the form for a new one begins with: ``?consensus_of=`` names a job whose frames are annotated again."""
    key = as_key(request.GET.get("consensus_of", ""))
    job = Job.objects.filter(pk=key, video__project=project).first() if key is not None else None
    if job is None:
        return {"video": None, "first": 0, "last": ""}
    access_job(person(request), job.pk, "manage")
    return {"video": job.video_id, "first": job.first, "last": job.last, "job": job}


@act
def new(request: HttpRequest, project_id: int) -> HttpResponse:
    user = person(request)
    project = access_project(user, project_id, "manage")
    require_at_work(project)
    made: list[Consensus] = []
    if attempt(request, lambda: made.append(_make(request, user))):
        count = made[0].copies.count()
        messages.success(request, f"{count} copies of frames {made[0].first} to {made[0].last} wait to be annotated.")
        return redirect("consensus", made[0].pk)
    return redirect("jobs", project.pk)


def _make(request: HttpRequest, user: User) -> Consensus:
    sent = request.POST
    first, last, video = (as_key(sent.get(name, "")) for name in ("first", "last", "video"))
    if video is None or first is None or last is None:
        raise ActionError("Choose a video, and its first and last frame as whole numbers.")
    keys = [key for each in sent.getlist("person") if (key := as_key(each)) is not None]
    people = list(User.objects.filter(pk__in=keys).order_by("pk"))
    free = as_key(sent.get("free", "") or "0")
    percent = as_key(sent.get("overlap", "") or "50")
    reviewer = as_key(sent.get("reviewer", ""))
    votes = sent.get("votes", "").strip()
    if free is None or percent is None or (votes and as_key(votes) is None):
        raise ActionError("Copies for whoever takes one, votes and agreement are whole numbers.")
    return make_consensus(
        by=user,
        video=access_video(user, video, "manage"),
        first=first,
        last=last,
        people=people,
        free=free,
        reviewer=User.objects.filter(pk=reviewer).first() if reviewer is not None else None,
        votes=as_key(votes) if votes else None,
        least_overlap=percent / 100,
    )


@page
def consensus(request: HttpRequest, consensus_id: int) -> HttpResponse:
    """``?pair=1-2``: the copies whose differences are listed."""
    user = person(request)
    found = access_consensus(user, consensus_id, "view")
    context = frame(request, found.video.project, "jobs")
    copies = list(found.copies.select_related("layer", "job__assignee", "job__reviewer"))
    inside = contents_of([copy.layer for copy in copies])
    report, outcome = report_of(found), outcome_of(found)
    context |= {
        "consensus": found,
        "copies": [{"copy": copy, "objects": inside[copy.layer_id].tracks} for copy in copies],
        "submitted": sum(copy.counts for copy in copies),
        "is_open": found.state in OPEN,
        "percent": round(100 * found.progress),
        "report": report,
        "outcome": outcome,
        "still": _still(found, outcome.tracks) if outcome is not None else 0,
        "into": Consensus.Into.choices,
        "there": _there(found),
    }
    if report is not None:
        names = {copy.number: copy.whose for copy in report.copies}
        left, among = left_to_decide(found, report)
        context |= {
            "is_current": is_current(found, report),
            "matrices": [_matrix(report, names, *measure) for measure in MEASURES],
            "pairs": [_pair(report, names, pair) for pair in report.pairs],
            "pair": _chosen_pair(request, report, names),
            "left": left,
            "among": among,
            "decided": among - left,
            "tags": sum(copy.tags for copy in report.copies),
            **_conflicts(found, report, names, context["may_change"]),
        }
    return render(request, "consensus.html", context)


@act
def do(request: HttpRequest, consensus_id: int) -> HttpResponse:
    """``do``: weigh, merge, undo or remove."""
    user = person(request)
    found = access_consensus(user, consensus_id, "manage")
    match request.POST.get("do", ""):
        case "weigh":
            attempt(request, lambda: begin_weighing(found))
        case "merge":
            into = request.POST.get("into", Consensus.Into.MAIN)
            attempt(request, lambda: begin_merging(by=user, consensus=found, into=into))
        case "undo":
            gone: list[int] = []
            if attempt(request, lambda: gone.append(undo_merge(by=user, consensus=found))):
                messages.success(request, f"Taken back: {gone[0]} track{'' if gone[0] == 1 else 's'} went.")
        case "remove":
            project = found.video.project_id
            if attempt(request, lambda: remove_consensus(by=user, consensus=found), "The consensus is gone."):
                return redirect("jobs", project)
        case _:
            messages.error(request, "A consensus can be compared, merged, taken back or removed.")
    return redirect("consensus", found.pk)


@act
def settle(request: HttpRequest, consensus_id: int) -> HttpResponse:
    """One ``conflict`` by a ``choice``, or, by ``rest``, all that are left."""
    found = access_consensus(person(request), consensus_id, "manage")
    if rest := request.POST.get("rest", ""):
        attempt(request, lambda: decide_rest(consensus=found, choice=rest))
    else:
        conflict, choice = request.POST.get("conflict", ""), request.POST.get("choice", "")
        attempt(request, lambda: decide(consensus=found, conflict=conflict, choice=choice))
    return redirect("consensus", found.pk)


# ------------------------------------------------------------------ what is shown


def _there(found: Consensus) -> int:
    """How many tracks the main layer has in these frames already."""
    tracks = Track.objects.filter(layer__video=found.video_id, layer__kind=LayerKind.MAIN, deleted_at=None)
    reach = tracks.annotate(begins=Min("chunks__first"), ends=Max("chunks__last"))
    return reach.filter(begins__lte=found.last, ends__gte=found.first).count()


def _still(found: Consensus, tracks: Sequence[Any]) -> int:
    """How many of the tracks that a merge brought are there still."""
    if found.merged_into is None:
        return 0
    return found.merged_into.tracks.filter(pk__in=tracks, deleted_at=None).count()


def _matrix(report: Report, names: Mapping[int, str], measure: str, title: str, says: str) -> dict[str, Any]:
    """Who agrees how far with whom."""
    shares = {(pair.one, pair.other): getattr(pair, measure) for pair in report.pairs}
    rows = [
        {
            "name": names[row],
            "cells": [_cell(shares, row, column, names) for column in names],
        }
        for row in names
    ]
    return {"id": measure, "title": title, "says": says, "names": list(names.values()), "rows": rows}


def _cell(
    shares: Mapping[tuple[int, int], float | None], row: int, column: int, names: Mapping[int, str]
) -> dict[str, Any]:
    if row == column:
        return {"self": True}
    pair = (min(row, column), max(row, column))
    share = shares[pair]
    said = "-" if share is None else f"{100 * share:.0f} %"
    return {
        "pair": f"{pair[0]}-{pair[1]}",
        "said": said,
        "percent": 0 if share is None else round(100 * share),
        "known": share is not None,
        "name": f"{names[row]} and {names[column]}: {said}",
    }


def _pair(report: Report, names: Mapping[int, str], pair: Pair) -> dict[str, Any]:
    return {
        "id": f"{pair.one}-{pair.other}",
        "text": f"{names[pair.one]} and {names[pair.other]}",
        "count": len(pair.spans) + pair.not_listed,
    }


def _chosen_pair(request: HttpRequest, report: Report, names: Mapping[int, str]) -> dict[str, Any] | None:
    """Where two copies differ: those that the address names, else those that differ most."""
    asked = request.GET.get("pair", "")
    found = {f"{pair.one}-{pair.other}": pair for pair in report.pairs}
    pair = found.get(asked) or max(report.pairs, key=lambda each: len(each.spans), default=None)
    if pair is None:
        return None
    layers = {copy.number: copy.layer for copy in report.copies}
    one, other = names[pair.one], names[pair.other]
    # What one alone has is looked at in their copy, beside the other one.
    shown = [
        {
            "text": KINDS[span.kind].format(one=one, other=other),
            "first": span.first,
            "last": span.last,
            "layer": layers[pair.other if span.kind == "extra" else pair.one],
            "beside": layers[pair.one if span.kind == "extra" else pair.other],
        }
        for span in pair.spans
    ]
    return {**_pair(report, names, pair), "spans": shown, "not_listed": pair.not_listed}


def _conflicts(found: Consensus, report: Report, names: Mapping[int, str], may_decide: bool) -> dict[str, Any]:
    """Those that matter: who may decide sees the undecided first."""
    mattering = [each for each in report.conflicts if matters(each, found.decisions)]
    ordered = sorted(mattering, key=lambda each: each.id in found.decisions)
    shown = [
        {
            "conflict": each,
            "text": _in_words(each, names, report),
            "decision": found.decisions.get(each.id, ""),
            "key": each.id,
        }
        for each in ordered[:MOST_SHOWN]
    ]
    return {
        "conflicts": shown,
        "not_shown": len(ordered) - len(shown),
        "may_decide": may_decide and found.merged_at is None and found.state not in OPEN,
    }


def _in_words(conflict: Conflict, names: Mapping[int, str], report: Report) -> str:
    *others, last = (names[number] for number in conflict.copies)
    who = f"{', '.join(others)} and {last}" if others else last
    match conflict.kind:
        case "minority":
            has = "has" if len(conflict.copies) == 1 else "have"
            return f"Only {who} ({len(conflict.copies)} of {len(report.copies)}) {has} it"
        case "label":
            return f"{who} don't agree on the label"
        case _:
            return f"{who} draw it differently: down to {100 * (conflict.least or 0):.0f} % agreement"
