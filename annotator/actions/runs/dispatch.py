"""Which agent does which run, and what happens to runs when agents come and go.

Everything here expects the layers of the runs it changes to be locked, and says so to everybody once it is committed.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from annotator.actions.edits.events import lock_layer
from annotator.actions.runs.condense import join_later
from annotator.actions.runs.open_run import OpenRun
from annotator.announce.publish import announce_run, tell_agent
from annotator.announce.waiting import place_of, waiting_with
from annotator.media.agent_access import video_access
from annotator.models import Agent, Run, RunState
from tracking import catalog
from tracking.protocol import Find, Start

TRIES = 3
"""How often a run is given to an agent without getting on, before it fails."""
GIVEN_UP = (
    f"It was begun {TRIES} times without getting on by a frame, so it isn't begun again. Start one on another frame or "
    "with another model; the agent's log says what happened there."
)


def requeue_runs_of(agent_id: int) -> None:
    """An agent is gone: its runs go back to the queue, and to another agent if there is one."""
    with transaction.atomic():
        runs = list(_locked(Run.objects.filter(agent_id=agent_id, state=RunState.RUNNING)))
        waited = {run.pk for run in runs if place_of(run) is not None}
        for run in runs:
            if run.pk in waited:
                run.tries = max(0, run.tries - 1)  # It was not yet its turn.
            queue(run, "Its agent is gone; it goes on as soon as one is there.")
            dispatch(OpenRun.of(run))


def dispatch_queued() -> None:
    """An agent has come: whatever waits for one and fits it starts, oldest first."""
    with transaction.atomic():
        for run in _locked(Run.objects.filter(state=RunState.QUEUED)):
            dispatch(OpenRun.of(run))


def choose_agent(run: Run) -> Agent | None:
    """The least busy of the connected agents that serve the run's workspace, know its model, and have what it looks
    for objects with."""
    workspace_id = run.layer.video.project.workspace_id
    finder = finder_of(run)
    agents = [
        agent
        for agent in Agent.objects.let_in().filter(connected=True)
        if agent.workspace_id in (None, workspace_id)
        and run.model in agent.info.get("models", ())
        and (finder is None or finder in agent.info.get("finders", ()))
    ]
    busy = {agent.pk: Run.objects.filter(agent=agent, state=RunState.RUNNING).count() for agent in agents}
    return min(agents, key=lambda agent: (busy[agent.pk], agent.info.get("cpu", 0.0), agent.pk), default=None)


def _locked(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Runs, oldest first, as they are once all of their layers are locked."""
    for layer_id in sorted(set(runs.order_by().values_list("layer_id", flat=True))):
        lock_layer(layer_id)
    return runs.select_related("layer__video__project", "created_by")


def spare_tries(agent_id: int, run_ids: Collection[str]) -> None:
    """An agent has come back that still works on some runs: they lost a connection, which is no try of theirs."""
    lost = Q(state=RunState.QUEUED) | Q(agent_id=agent_id, state=RunState.RUNNING)
    named = [run.pk for run in Run.objects.filter(lost, tries__gt=0).only("pk") if str(run.pk) in run_ids]
    Run.objects.filter(pk__in=named).update(tries=F("tries") - 1)


def queue(run: Run, message: str) -> None:
    """Let a run wait for an agent; ``message``: why, for its card. Everybody watching is told."""
    run.state, run.agent, run.message, run.finished_at = RunState.QUEUED, None, message, None
    run.save(update_fields=["state", "agent", "message", "tries", "finished_at"])
    announce_run(run)


def dispatch(opened: OpenRun) -> None:
    """Give a queued run to an agent; without one it waits. A run with nothing left to do is done; one that ended its
    agent, or came back from it, ``TRIES`` times without getting on has failed."""
    run = opened.run
    if not opened.is_unfinished:
        finish(run, RunState.DONE, "" if run.started_at else _why_nothing(opened))
        return
    if run.tries >= TRIES:
        finish(run, RunState.FAILED, GIVEN_UP)
        return
    agent = choose_agent(run)
    if agent is None:
        run.message = run.message or f"It waits for an agent that can run {_needed(run)}."
        run.save(update_fields=["message"])
        announce_run(run)
        return
    run.state, run.agent, run.message, run.tries = RunState.RUNNING, agent, "", run.tries + 1
    run.started_at = run.started_at or timezone.now()
    run.save(update_fields=["state", "agent", "message", "tries", "started_at"])
    start = Start(
        run=str(run.pk),
        model=run.model,
        settings=run.model_settings,
        video=video_access(run.layer.video, agent),
        legs=[leg for legs in opened.agent_legs(opened.objects).values() for leg in legs],
        detect_off_screen=bool(run.options.get("detect_off_screen", True)),
        find=_find(run),
    )
    tell_agent(agent.pk, start, layer_id=run.layer_id, doubtful_below=run.options.get("confidence_threshold", 0.0))
    announce_run(run)


def _why_nothing(opened: OpenRun) -> str:
    """Why a run is over before it began: each of its objects ends where it starts."""
    run = opened.run
    legs = [leg for state in opened.objects.values() for leg in state.legs]
    if all(leg.origin == (run.last if leg.way == "forward" else run.first) for leg in legs):
        return f"Nothing to track: it starts at the end of its frames, {run.first} to {run.last}."
    return "Nothing to track: the next frame on its way has a keyframe, where it stops. Start beyond that one."


def finish(run: Run, state: RunState, message: str = "") -> None:
    """End a run and tell everybody watching; ``message``: why, for its card."""
    run.state, run.message, run.finished_at = state, message, timezone.now()
    run.save(update_fields=["state", "message", "finished_at"])
    if state != RunState.DONE:  # Only that can be made to go on.
        run.prompts.all().delete()
    announce_run(run)
    join_later(run)
    for waiting in waiting_with(run):
        announce_run(waiting)


def finder_of(run: Run) -> str | None:
    """What the run looks for new objects with, by its id in the catalogue; None: it looks for none."""
    asked = run.options.get("find")
    return str(asked["finder"]) if asked else None


def _needed(run: Run) -> str:
    """The names of what an agent must have for a run."""
    needed = [next((entry.name for entry in catalog.entries() if entry.id == run.model), run.model)]
    if (finder := finder_of(run)) is not None:
        needed.append(next((entry.name for entry in catalog.finders() if entry.id == finder), finder))
    return " and ".join(needed)


def _find(run: Run) -> Find | None:
    """What the agent is to look for, by the finder's own names."""
    asked = run.options.get("find")
    if not asked:
        return None
    return Find(finder=asked["finder"], every=asked["every"], classes=sorted(asked["labels"]))
