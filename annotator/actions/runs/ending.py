"""Runs that end because what they follow goes away, or because who started them may no longer do what they do."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import QuerySet
from django.http import Http404

from annotator import access
from annotator.actions.edits.events import lock_layer
from annotator.actions.runs.ask import ACTIVE
from annotator.actions.runs.dispatch import finish
from annotator.announce.publish import tell_agent
from annotator.models import Run, RunState
from tracking.protocol import Stop


def end_runs(*, layer_ids: Collection[int], why: str) -> None:
    """Stop every run of some layers, and say why on its card. What it stored stays for as long as the layer does."""
    for layer_id in sorted(layer_ids):
        lock_layer(layer_id)
    _end(_active().filter(layer_id__in=layer_ids), why)


def end_runs_beyond_rights(
    *, why: str, user: int | None = None, workspace: int | None = None, layer: int | None = None
) -> None:
    """Stop those runs that write where whoever started them may no longer: after a change of roles or jobs.

    Args:
        user, workspace, layer: whose runs, and where; None: everybody's, everywhere.
    """
    wanted = {"created_by": user, "layer__video__project__workspace": workspace, "layer": layer}
    runs = _active().filter(**{name: value for name, value in wanted.items() if value is not None})
    for layer_id in sorted(set(runs.order_by().values_list("layer_id", flat=True))):
        lock_layer(layer_id)
    _end([run for run in runs if not _may_go_on(run)], why)


def _active() -> QuerySet[Run]:
    return Run.objects.filter(state__in=ACTIVE).select_related("layer__video__project", "agent", "created_by")


def _may_go_on(run: Run) -> bool:
    if run.created_by is None:
        return False  # Its account was deleted.
    try:
        ranges = access.editable_ranges(run.created_by, run.layer)
    except Http404:
        return False
    return any(first <= run.first and run.last <= last for first, last in ranges)


def _end(runs: Iterable[Run], why: str) -> None:
    for run in runs:
        if run.agent_id is not None:
            tell_agent(run.agent_id, Stop(run=str(run.pk)), layer_id=run.layer_id)
        finish(run, RunState.STOPPED, why)
