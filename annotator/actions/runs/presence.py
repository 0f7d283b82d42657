"""Agents come, go, and say how they are."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from annotator.actions.agents import token_hash
from annotator.actions.machine_checks import forget_mended
from annotator.actions.machine_memory import remember_load
from annotator.actions.runs.dispatch import dispatch_queued, requeue_runs_of, spare_tries
from annotator.announce.publish import announce_run
from annotator.models import Agent, Run, RunState
from tracking.protocol import Hello, Load

Standing = Literal["here", "let out", "forgotten"]

LOST_AFTER_S = 30.0
"""An agent that was connected and hasn't been heard of for so long is gone."""
HEARD_WITHIN_S = 15.0
"""An agent tells its load every five seconds: one that was heard within this time is there."""


def agent_of(token: str) -> Agent | None:
    """The agent that a token lets in; None for one that was never given or is good no more."""
    return Agent.objects.let_in().filter(token_hash=token_hash(token)).first() if token else None


def is_let_in(agent_id: int) -> bool:
    """Whether the token that an agent came in by is still good."""
    return Agent.objects.let_in().filter(pk=agent_id).exists()


def agent_connected(*, agent_id: int, connection: str, hello: Hello) -> list[str]:
    """An agent is here. What it was doing starts again from what is stored, and so does what waited for it.

    Args:
        connection: names the connection; an agent that connects again has two for a moment.

    Returns:
        Those of the runs it says it still works on that are not its own any more.
    """
    info: dict[str, Any] = hello.model_dump(mode="json", exclude={"type", "runs"}) | {"connection": connection}
    spare_tries(agent_id, hello.runs)
    # Before it is said to be here: a run that is given to it from then on would go back to the queue with the others.
    own = requeue_runs_of(agent_id)
    Agent.objects.filter(pk=agent_id).update(connected=True, info=info, last_seen_at=timezone.now())
    forget_mended(agent_id)
    dispatch_queued(agent_id=agent_id, its_own=[*own, *_named(hello.runs)])
    now = Run.objects.filter(agent_id=agent_id, state=RunState.RUNNING).values_list("pk", flat=True)
    return sorted(set(hello.runs) - {str(run_id) for run_id in now})


def _named(runs: Collection[str]) -> list[UUID]:
    """Runs by what an agent calls them, which may be anything."""
    found = []
    for name in runs:
        with suppress(ValueError):
            found.append(UUID(name))
    return found


def agent_heard(*, agent_id: int, load: Load) -> Standing:
    """Note how busy an agent is; what waited for a model or a finder that it has now starts.

    Returns:
        "here"; "let out": its token is good no more; "forgotten": while nothing of it could be noted it was taken for
        gone (``forget_agents``), so it gets no work before it says hello again.
    """
    with transaction.atomic():
        agent = Agent.objects.select_for_update(of=("self",)).filter(pk=agent_id).first()
        if agent is None or not is_let_in(agent_id):
            return "let out"
        if not agent.connected:
            return "forgotten"
        new = set(load.models or ()) - set(agent.info.get("models", ()))
        new |= set(load.finders or ()) - set(agent.info.get("finders", ()))
        agent.info = agent.info | load.model_dump(
            mode="json", exclude={"type", "devices", "machine"}, exclude_none=True
        )
        if load.machine is not None:
            agent.info["devices"] = [device.model_dump(mode="json") for device in load.machine]
        agent.last_seen_at = timezone.now()
        agent.save(update_fields=["info", "last_seen_at"])
    remember_load(agent_id, load)
    if new:
        dispatch_queued()
    return "here"


def refused_for(*, agent_id: int, hello: Hello) -> str:
    """Two programs with one token would push each other out for ever: the one that is here already stays, and the admin
    reads of the other.

    Returns:
        The host of the one that is here; "" when there is none, or it is the same program.
    """
    with transaction.atomic():
        agent = Agent.objects.select_for_update(of=("self",)).filter(pk=agent_id, connected=True).first()
        heard_since = timezone.now() - timedelta(seconds=HEARD_WITHIN_S)
        if agent is None or agent.last_seen_at is None or agent.last_seen_at < heard_since:
            return ""
        if not hello.instance or agent.info.get("instance", "") in ("", hello.instance):
            return ""
        agent.info |= {"rival": {"host": hello.host, "at": timezone.now().timestamp()}}
        agent.save(update_fields=["info"])
        return str(agent.info["host"])


def agent_disconnected(*, agent_id: int, connection: str) -> None:
    """A connection ended: its agent is gone, unless it has come back with another one meanwhile."""
    with transaction.atomic():
        agent = Agent.objects.select_for_update(of=("self",)).filter(pk=agent_id).first()
        if agent is None or agent.info.get("connection") != connection:
            return
        agent.connected = False
        agent.save(update_fields=["connected"])
    requeue_runs_of(agent_id)


def announce_runs(run_ids: Collection[UUID]) -> None:
    """How some runs stand, to everybody watching: their agents say that they have stalled, or get on again."""
    with transaction.atomic():
        for run in Run.objects.filter(pk__in=run_ids).select_related("layer", "agent", "created_by"):
            announce_run(run)


def forget_agents(*, all_of_them: bool) -> None:
    """Agents that only seem to be connected, because the web process that held them was killed: their runs go back to
    the queue.

    Args:
        all_of_them: this is the only web process, and it holds none yet; otherwise only those that went silent.
    """
    gone = Agent.objects.filter(connected=True)
    if not all_of_them:
        gone = gone.filter(last_seen_at__lt=timezone.now() - timedelta(seconds=LOST_AFTER_S))
    for agent_id in list(gone.values_list("pk", flat=True)):
        Agent.objects.filter(pk=agent_id).update(connected=False)
        requeue_runs_of(agent_id)
