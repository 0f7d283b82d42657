"""Agents are let in by a token; only its hash is kept."""

from __future__ import annotations

import hashlib

from annotator.models import Agent

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
