"""Runs that wait for their turn: which place they have, and about how long they and those before them take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import F, Q, QuerySet

from annotator.announce.turns import Waiting, in_turn
from annotator.models import Run, RunState, SweepState
from tracking import catalog
from tracking.association import registry as associations

WORKSPACE = "layer__video__project__workspace_id"

RECENT_RUNS = 5
"""How many of a model's last runs say how fast it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """``ahead``: runs before it; ``seconds``: about how long until it is done, None where nothing tells."""

    ahead: int
    seconds: float | None


def place_of(run: Run) -> Place | None:
    """The place of a run that waits for an agent, or for its turn with one; None once it is under way."""
    if run.state == RunState.QUEUED:
        return _place_in_queue(run)
    if run.state == RunState.RUNNING and run.frames_done == 0 and run.agent is not None:
        at_once = int(run.agent.info.get("runs_at_once", 1))
        return _place_with_agent(run, Run.objects.filter(agent=run.agent, state=RunState.RUNNING), at_once=at_once)
    return None


def waiting_runs(workspace: int | None = None) -> list[Waiting]:
    """All runs that wait for a machine, or those of a workspace, oldest first; those of a sweep only while that is
    under way."""
    queued = Run.objects.filter(Q(swept=None) | Q(swept__sweep__state=SweepState.RUNNING), state=RunState.QUEUED)
    if workspace is not None:
        queued = queued.filter(**{WORKSPACE: workspace})
    fields = ("pk", "created_by_id", WORKSPACE, "model", "options", "machine_id", "swept_id")
    return [
        Waiting(pk, person, of, model, finder_of(options), machine, swept is not None, carrier_of(options))
        for pk, person, of, model, options, machine, swept in queued.order_by("created_at").values_list(*fields)
    ]


def finder_of(options: Mapping[str, Any]) -> str | None:
    """What a run with these options looks for objects with, by its id in the catalogue; None: it looks for none."""
    asked = options.get("find")
    return str(asked["finder"]) if asked else None


def carrier_of(options: Mapping[str, Any]) -> str | None:
    """The model that carries masks for what links a run's objects, by its id in the catalogue; None: nothing does."""
    asked = options.get("find") or {}
    if not associations.wants_masks(asked.get("linked") or ""):
        return None
    return asked.get("mask_model") or catalog.default_for("mask")


def waiting_with(run: Run) -> QuerySet[Run]:
    """The runs whose place is another one now that ``run`` has ended."""
    waiting = Q(state=RunState.QUEUED, **{WORKSPACE: run.layer.video.project.workspace_id})
    if run.agent_id is not None:
        waiting |= Q(agent_id=run.agent_id, state=RunState.RUNNING, frames_done=0)
    return Run.objects.filter(waiting).exclude(pk=run.pk).select_related("agent", "created_by")


def _place_in_queue(run: Run) -> Place:
    """The place among the runs of its workspace, in the order in which they begin. While others are under way, one of
    them has to end before."""
    workspace = run.layer.video.project.workspace_id
    going = Run.objects.filter(state=RunState.RUNNING, **{WORKSPACE: workspace}).exclude(agent=None)
    persons = list(going.filter(swept=None).values_list("created_by_id", flat=True))
    line = [each.id for each in in_turn(waiting_runs(workspace), persons)]
    before = line[: line.index(run.pk)] if run.pk in line else line
    ahead = Run.objects.filter(pk__in=before)
    done_by = _seconds(run, ahead | going.filter(swept=None), at_once=max(1, len(persons)))
    return Place(len(before) + (1 if persons else 0), done_by)


def _place_with_agent(run: Run, line: QuerySet[Run], *, at_once: int) -> Place | None:
    """The place in the line of an agent, which is at work on ``at_once`` runs; None for one of those."""
    before = line.filter(created_at__lt=run.created_at).exclude(pk=run.pk)
    if (count := before.count()) < at_once:
        return None
    return Place(count - at_once + 1, _seconds(run, before, at_once=1))


def _seconds(run: Run, before: QuerySet[Run], *, at_once: int) -> float | None:
    """About how long it takes until a run is done, and those before it; None where nothing tells."""
    left = sum(max(0, total - done) for total, done in before.values_list("frames_total", "frames_done"))
    speed = speed_of(run.model)
    return (left / at_once + max(0, run.frames_total - run.frames_done)) / speed if speed else None


def speed_of(model: str) -> float | None:
    """Object-frames per second of a model's last runs; None before the first."""
    over = Run.objects.filter(model=model, state=RunState.DONE, frames_done__gt=0, finished_at__gt=F("started_at"))
    times = over.order_by("-finished_at").values_list("frames_done", "started_at", "finished_at")[:RECENT_RUNS]
    speeds = [frames / (end - start).total_seconds() for frames, start, end in times if start is not None and end]
    return median(speeds) if speeds else None
