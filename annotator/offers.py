"""The models of the catalogue, as a workspace can use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from annotator.models import Agent
from tracking import catalog


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """``lacking``: what is missing to run it; nothing where a connected agent runs it, or this machine could.
    ``refused``: those weights files on this machine that a check found wrong, with what it found."""

    entry: catalog.ModelEntry
    lacking: tuple[str, ...]
    refused: Mapping[str, str]

    @property
    def available(self) -> bool:
        return not self.lacking

    @property
    def why(self) -> str:
        """Why it can't be used, for the person; empty when it can."""
        wrong = [name for name in self.lacking if name in self.refused]
        needs = [name for name in self.lacking if name not in self.refused]
        parts = (f"Needs {', '.join(needs)}." if needs else "", f"{', '.join(wrong)} was refused." if wrong else "")
        return " ".join(filter(None, parts))

    @property
    def command(self) -> str:
        """What gets its weights, on the machine that is to run it; '' where that isn't what it lacks."""
        files = [weights for weights in self.entry.weights if weights.file in self.lacking]
        if not files:
            return ""
        if all(weights.url for weights in files):
            return f"framewise weights download {self.entry.id}"
        return f"framewise weights import {files[0].file}"

    @property
    def pages(self) -> list[str]:
        """Where people get those of its files that the command doesn't download."""
        found = [weights.page for weights in self.entry.weights if weights.file in self.lacking and not weights.url]
        return list(dict.fromkeys(found))


def offered_models(workspace_id: int) -> list[OfferedModel]:
    """The whole catalogue, in its order."""
    serving = Agent.objects.let_in().filter(Q(workspace_id=workspace_id) | Q(workspace=None), connected=True)
    run_by_agents = {model for info in serving.values_list("info", flat=True) for model in info.get("models", ())}
    return [
        OfferedModel(entry, (), {})
        if entry.id in run_by_agents
        else OfferedModel(entry, tuple(catalog.missing(entry)), catalog.refused(entry))
        for entry in catalog.entries()
    ]
