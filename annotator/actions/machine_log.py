"""The log of a machine, asked for by who looks at it: nothing is stored but for a minute, in the cache."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.core.cache import cache
from django.db import transaction

from annotator.actions.errors import ActionError
from annotator.announce.publish import tell_agent
from annotator.models import Agent
from tracking.protocol import AskLog, LogTold

KEPT_S = 60


def ask_log(*, agent: Agent, after: int) -> UUID:
    """Ask a machine for the lines of its log behind the one of this number. Returns what the answer is read by.

    Raises:
        ActionError: it is away.
    """
    if not agent.connected:
        raise ActionError(f"{agent} is away; its log can be read when it is back, or on the machine itself.")
    ask = uuid4()
    with transaction.atomic():
        tell_agent(agent.pk, AskLog(ask=str(ask), after=after), layer_id=None)
    return ask


def note_log(*, agent_id: int, told: LogTold) -> None:
    """What a machine answers, for a minute."""
    cache.set(_key(agent_id, told.ask), told.model_dump(mode="json", exclude={"type"}), KEPT_S)


def log_told(agent: Agent, ask: UUID) -> dict[str, Any] | None:
    """The answer; None: it hasn't come yet, or it is gone again."""
    found: dict[str, Any] | None = cache.get(_key(agent.pk, str(ask)))
    return found


def _key(agent_id: int, ask: str) -> str:
    return f"framewise.log.{agent_id}.{ask}"
