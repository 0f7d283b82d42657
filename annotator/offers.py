"""The models of the catalogue, as a workspace can use them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Q

from annotator.models import Agent
from tracking import catalog
from tracking.protocol import OwnDetector

Entry = TypeVar("Entry", catalog.ModelEntry, catalog.SegmenterEntry, catalog.DetectorEntry)


def command_for(entry: catalog.AnyEntry, files: Sequence[catalog.Weights]) -> str:
    """What gets these weights of a model, on the machine that is to run it; '' for none."""
    if not files:
        return ""
    if all(weights.url for weights in files):
        return f"framewise weights download {entry.id}"
    if files[0].hub:
        return f"framewise weights download {files[0].hub}"
    return f"framewise weights import {files[0].file}"


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
        return command_for(self.entry, [weights for weights in self.entry.weights if weights.file in self.lacking])

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


def offered_detectors(workspace_id: int) -> list[Offered[catalog.DetectorEntry]]:
    """All that finds objects of known classes, in the catalogue's order."""
    return _offered(catalog.detectors(), _run_by_agents(workspace_id, "finders"))


@dataclass(frozen=True, slots=True)
class OfferedFinder:
    """What finds new objects in a run. ``why`` it can't be used and the ``command`` that gets its weights; empty when
    it can."""

    entry: catalog.FinderEntry
    confidence: float | None
    """Below it nothing is found unless a run says otherwise; None: it isn't told."""
    commercial: bool
    why: str
    command: str

    @property
    def available(self) -> bool:
        return not self.why


def offered_finders(workspace_id: int) -> list[OfferedFinder]:
    """Every detector as a finder, and behind them the others, in the catalogue's order; then what its machines have of
    their own."""
    known = {offered.entry.id: offered for offered in offered_detectors(workspace_id)}
    return [
        *(_offered_finder(entry, known.get(entry.id)) for entry in catalog.finders()),
        *_own_finders(workspace_id),
    ]


def finder_for(workspace_id: int, finder_id: str) -> catalog.FinderEntry:
    """The entry of ``finder_id``, of the catalogue or of a connected machine's own. Raises TrackingError where there is
    none."""
    own = (offered.entry for offered in _own_finders(workspace_id))
    return next((entry for entry in own if entry.id == finder_id), None) or catalog.find_finder(finder_id)


def _own_finders(workspace_id: int) -> list[OfferedFinder]:
    """By name. Where machines have different ones of one name, only the classes that all of them know can be asked
    for: a run may go to any of them."""
    told: dict[str, list[OwnDetector]] = {}
    for info in _serving(workspace_id):
        for each in map(OwnDetector.model_validate, info.get("own", ())):
            told.setdefault(each.id, []).append(each)
    return [_own_finder(told[finder]) for finder in sorted(told)]


def _own_finder(told: Sequence[OwnDetector]) -> OfferedFinder:
    first, *others = [each for each in told if not each.problem] or told
    classes = tuple(name for name in first.classes if all(name in other.classes for other in others))
    return OfferedFinder(
        catalog.FinderEntry(first.id, first.name, "", "", classes),
        confidence=first.confidence,
        commercial=True,
        why=first.problem,
        command="",
    )


def _offered_finder(entry: catalog.FinderEntry, detector: Offered[catalog.DetectorEntry] | None) -> OfferedFinder:
    if entry.factory or detector is None:
        return OfferedFinder(entry, confidence=None, commercial=True, why="", command="")
    usual = detector.entry.settings.get("confidence")
    return OfferedFinder(
        entry,
        confidence=float(usual) if usual is not None else None,
        commercial=detector.entry.commercial,
        why=detector.why,
        command=detector.command,
    )


def _run_by_agents(workspace_id: int, kind: str) -> set[str]:
    return {model for info in _serving(workspace_id) for model in info.get(kind, ())}


def _serving(workspace_id: int) -> Iterable[dict[str, Any]]:
    """What its connected machines said of themselves, by when they were let in."""
    serving = Agent.objects.let_in().filter(Q(workspace_id=workspace_id) | Q(workspace=None), connected=True)
    return serving.order_by("pk").values_list("info", flat=True)


def _offered(entries: Sequence[Entry], run_by_agents: Collection[str]) -> list[Offered[Entry]]:
    return [
        Offered(entry, (), {})
        if entry.id in run_by_agents
        else Offered(entry, tuple(catalog.missing(entry)), catalog.refused(entry))
        for entry in entries
    ]
