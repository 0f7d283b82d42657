"""Which model follows something where nobody named one: the best that is ready."""

from __future__ import annotations

from collections.abc import Sequence

from annotator.announce.waiting import speed_of
from annotator.models import Agent
from tracking import catalog
from tracking.catalog import ModelEntry
from tracking.shapes.values import GeometryKind


def choose_model(workspace_id: int, kinds: Sequence[GeometryKind], *, as_mask: bool) -> tuple[ModelEntry, str]:
    """The best of the models that a connected agent of the workspace runs at a fair pace, by what was measured of it on
    the first kind, then by the speed of its last runs; where none is ready, or nothing was measured, the default.

    Models for non-commercial use are only taken by who names them.

    Returns:
        The model, and why it was taken, as a sentence for the run's card.

    Raises:
        TrackingError: nothing follows these kinds.
    """
    default = catalog.entry_for("", kinds, as_mask=as_mask)
    followed: Sequence[GeometryKind] = ["mask"] if as_mask else kinds
    agents = [agent for agent in Agent.objects.taking_runs() if agent.workspace_id in (None, workspace_id)]
    ready = [
        entry
        for entry in catalog.entries()
        if entry.commercial
        and all(kind in entry.prompts for kind in followed)
        and any(_runs_well(agent, entry) for agent in agents)
    ]
    best = max(
        ready,
        key=lambda entry: (catalog.rank(entry, followed[0]), speed_of(entry.id) or 0.0, entry is default),
        default=default,
    )
    return best, _why(best, followed[0])


def _runs_well(agent: Agent, entry: ModelEntry) -> bool:
    """Whether an agent has a model, and a device on which that isn't slow."""
    has_gpu = any(device["kind"] == "cuda" for device in agent.info.get("devices", ()))
    return entry.id in agent.info.get("models", ()) and (entry.on_cpu or has_gpu)


def _why(entry: ModelEntry, kind: GeometryKind) -> str:
    quality = catalog.quality_for(entry, kind)
    what = catalog.FAMILY_NAMES[catalog.family_of(kind)]
    if quality is None:
        return f"Chosen by itself: {entry.name} follows {what} unless a better model is ready."
    return f"Chosen by itself: {entry.name} is the best for {what} that is ready ({quality})."
