"""Runs that end because what they follow is going away."""

from __future__ import annotations

from collections.abc import Collection

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
    runs = Run.objects.filter(layer_id__in=layer_ids, state__in=ACTIVE)
    for run in runs.select_related("layer__video__project", "agent", "created_by"):
        if run.agent_id is not None:
            tell_agent(run.agent_id, Stop(run=str(run.pk)), layer_id=run.layer_id)
        finish(run, RunState.STOPPED, why)
