"""The models of the catalogue, as a workspace can use them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Q

from annotator.models import Agent
from tracking import catalog

Entry = TypeVar("Entry", catalog.ModelEntry, catalog.SegmenterEntry)


@dataclass(frozen=True, slots=True)
class Offered(Generic[Entry]):
    """``lacking``: what is missing to run it; nothing where a connected agent runs it, or this machine could.
    ``refused``: those weights files on this machine that a check found wrong, with what it found."""

    entry: Entry
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
        if files[0].hub:
            return f"framewise weights download {files[0].hub}"
        return f"framewise weights import {files[0].file}"

    @property
    def pages(self) -> list[str]:
        """Where people get those of its files that the command doesn't download."""
        lacking = [weights for weights in self.entry.weights if weights.file in self.lacking]
        return list(dict.fromkeys(weights.page for weights in lacking if not weights.url and not weights.hub))


OfferedModel = Offered[catalog.ModelEntry]


def offered_models(workspace_id: int) -> list[OfferedModel]:
    """All that follows objects, in the catalogue's order."""
    return _offered(catalog.entries(), _run_by_agents(workspace_id, "models"))


def offered_segmenters(workspace_id: int) -> list[Offered[catalog.SegmenterEntry]]:
    """All that answers clicks, in the catalogue's order."""
    return _offered(catalog.segmenters(), _run_by_agents(workspace_id, "segmenters"))


def _run_by_agents(workspace_id: int, kind: str) -> set[str]:
    serving = Agent.objects.let_in().filter(Q(workspace_id=workspace_id) | Q(workspace=None), connected=True)
    return {model for info in serving.values_list("info", flat=True) for model in info.get(kind, ())}


def _offered(entries: Sequence[Entry], run_by_agents: Collection[str]) -> list[Offered[Entry]]:
    return [
        Offered(entry, (), {})
        if entry.id in run_by_agents
        else Offered(entry, tuple(catalog.missing(entry)), catalog.refused(entry))
        for entry in entries
    ]
