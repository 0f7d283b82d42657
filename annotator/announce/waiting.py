"""Runs that wait for their turn: which place they have, and about how long they and those before them take."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from django.db.models import F, QuerySet

from annotator.models import Run, RunState

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
        return _place(run, _queued_with(run), at_once=1, waits=True)
    if run.state == RunState.RUNNING and run.frames_done == 0 and run.agent is not None:
        at_once = int(run.agent.info.get("runs_at_once", 1))
        return _place(run, Run.objects.filter(agent=run.agent, state=RunState.RUNNING), at_once=at_once, waits=False)
    return None


def waiting_with(run: Run) -> QuerySet[Run]:
    """The runs whose place is another one now that ``run`` has ended."""
    if run.agent_id is None:
        waiting = _queued_with(run)
    else:
        waiting = Run.objects.filter(agent_id=run.agent_id, state=RunState.RUNNING, frames_done=0)
    return waiting.exclude(pk=run.pk).select_related("agent", "created_by")


def _queued_with(run: Run) -> QuerySet[Run]:
    workspace = run.layer.video.project.workspace_id
    return Run.objects.filter(state=RunState.QUEUED, layer__video__project__workspace=workspace)


def _place(run: Run, line: QuerySet[Run], *, at_once: int, waits: bool) -> Place | None:
    """The place in a line of runs, of which ``at_once`` are worked on; None for one of those."""
    before = line.filter(created_at__lt=run.created_at).exclude(pk=run.pk)
    left = [max(0, total - done) for total, done in before.values_list("frames_total", "frames_done")]
    if not waits and len(left) < at_once:
        return None
    speed = speed_of(run.model)
    to_do = sum(left) + max(0, run.frames_total - run.frames_done)
    return Place(len(left) if waits else len(left) - at_once + 1, to_do / speed if speed else None)


def speed_of(model: str) -> float | None:
    """Object-frames per second of a model's last runs; None before the first."""
    over = Run.objects.filter(model=model, state=RunState.DONE, frames_done__gt=0, finished_at__gt=F("started_at"))
    times = over.order_by("-finished_at").values_list("frames_done", "started_at", "finished_at")[:RECENT_RUNS]
    speeds = [frames / (end - start).total_seconds() for frames, start, end in times if start is not None and end]
    return median(speeds) if speeds else None
