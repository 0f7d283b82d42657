"""The models of the catalogue, as a workspace can use them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from annotator.models import Agent
from tracking import catalog


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """``lacking``: what is missing to run it; nothing where a connected agent runs it, or this machine could."""

    entry: catalog.ModelEntry
    lacking: tuple[str, ...]

    @property
    def available(self) -> bool:
        return not self.lacking

    @property
    def why(self) -> str:
        """Why it can't be used, for the person; empty when it can."""
        return f"Needs {', '.join(self.lacking)}." if self.lacking else ""


def offered_models(workspace_id: int) -> list[OfferedModel]:
    """The whole catalogue, in its order."""
    serving = Agent.objects.filter(Q(workspace_id=workspace_id) | Q(workspace=None), connected=True, revoked_at=None)
    run_by_agents = {model for info in serving.values_list("info", flat=True) for model in info.get("models", ())}
    return [
        OfferedModel(entry, () if entry.id in run_by_agents else tuple(catalog.missing(entry)))
        for entry in catalog.entries()
    ]
