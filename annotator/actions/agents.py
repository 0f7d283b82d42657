"""Agents are let in by a token; only its hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import Literal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.runs.dispatch import dispatch_queued, requeue_runs_of
from annotator.announce.publish import announce_agent_gone
from annotator.models import Agent, AuditKind, User, Video, Workspace

LOCAL_AGENT = "local"


def token_hash(token: str) -> str:
    """SHA-256 of a token, hex. Tokens carry 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def admit_local_agent(*, token: str) -> Agent:
    """Let the agent that this installation starts beside itself in with ``token``; its former tokens end."""
    agent, _ = Agent.objects.update_or_create(
        name=LOCAL_AGENT,
        workspace=None,
        defaults={"token_hash": token_hash(token), "revoked_at": None, "connected": False},
    )
    return agent


def create_agent(*, by: User, workspace: Workspace, name: str) -> tuple[Agent, str]:
    """Let a machine track for a workspace.

    Returns:
        The agent, and its token: told here only.

    Raises:
        ActionError: for a name that is taken in the workspace, or has not 1 to 120 characters.
    """
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= 120:
        raise ActionError(f"A machine's name has 1 to 120 characters; this one has {len(clean)}.")
    if workspace.agents.filter(name__iexact=clean, revoked_at=None).exists():
        raise ActionError(f"There is a machine called {clean} already. Choose another name, or disconnect that one.")
    token = secrets.token_urlsafe(32)
    agent = Agent.objects.create(workspace=workspace, name=clean, token_hash=token_hash(token), created_by=by)
    record(AuditKind.MACHINE, f"let the machine “{clean}” in.", workspace=workspace.pk, by=by)
    return agent, token


def agent_for(video: Video, kind: Literal["segmenters", "finders"], model: str) -> Agent | None:
    """A connected machine that can look at frames of a video with a model: one with a GPU before others, and of a video
    always the same, as it keeps what it saw of it. One in maintenance gets no previews, and clicks only where no other
    one answers them: somebody is in the midst of clicking. None: there is none."""
    workspace = video.project.workspace_id
    serving = Agent.objects.let_in().filter(Q(workspace_id=workspace) | Q(workspace=None), connected=True)
    able = [agent for agent in serving.order_by("pk") if model in agent.info.get(kind, ())]
    awake = [agent for agent in able if not agent.resting]
    able = awake if awake or kind == "finders" else able
    best = [agent for agent in able if _has_gpu(agent)] or able
    return best[video.pk % len(best)] if best else None


def _has_gpu(agent: Agent) -> bool:
    return any(device.get("kind") == "cuda" for device in agent.info.get("devices", ()))


def revoke_agent(*, agent: Agent, why: str) -> None:
    """End an agent's token: one that is connected is sent away, and what it was doing goes to another.

    Args:
        why: what happened, as a sentence for the members of its workspace.
    """
    with transaction.atomic():
        agent.revoked_at, agent.revoked_why = timezone.now(), why[:600]
        agent.save(update_fields=["revoked_at", "revoked_why"])
        said = f"disconnected the machine “{agent.name}”: its token is good no more."
        record(AuditKind.MACHINE, said, workspace=agent.workspace_id)
        requeue_runs_of(agent.pk)
        announce_agent_gone(agent.pk)


def rest_agent(*, agent: Agent, resting: bool) -> None:
    """Let a machine go into maintenance: it ends what it does and gets no new run; or end that, and let it take what
    waits."""
    with transaction.atomic():
        Agent.objects.filter(pk=agent.pk).update(resting=resting)
        did = "began" if resting else "ended"
        record(AuditKind.MACHINE, f"{did} maintenance of the machine “{agent.name}”.", workspace=agent.workspace_id)
        if not resting:
            dispatch_queued()
