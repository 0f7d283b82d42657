"""What an admin opened for others, the links of invitations and the tokens of machines, ends with their being admin;
the tokens that somebody made for their programs end with their account, and webhooks that a manager set with their
managing.

A machine's token was shown to whoever connected it, who may still have it: it can't be handed to another admin, who
connects the machine anew instead (``docs/security.md``).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from annotator.actions.agents import revoke_agent
from annotator.actions.webhooks.manage import switch_off_orphans
from annotator.models import Agent, ApiToken, Invitation
from annotator.models.workspace import made_by_an_admin


@dataclass(frozen=True, slots=True)
class Closed:
    """What was ended. As a text: a sentence about it, which begins with a space; empty when nothing was."""

    invitations: int
    machines: tuple[str, ...]
    tokens: int = 0
    webhooks: int = 0

    def __str__(self) -> str:
        parts = []
        if self.invitations:
            parts.append(f"{self.invitations} open invitation{'s' if self.invitations > 1 else ''}")
        if self.machines:
            parts.append(f"the machine{'s' if len(self.machines) > 1 else ''} {', '.join(self.machines)}")
        if self.tokens:
            parts.append(f"{self.tokens} API token{'s' if self.tokens > 1 else ''}")
        if self.webhooks:
            parts.append(f"{self.webhooks} webhook{'s' if self.webhooks > 1 else ''}")
        if not parts:
            return ""
        again = " Connect them again under Networks." if self.machines else ""
        return f" What they had let in ended with it: {' and '.join(parts)}.{again}"


def close_entrances(*, why: str) -> Closed:
    """End the invitations and machine tokens whose makers are admins no more, and the API tokens of accounts that are
    deactivated, wherever: after roles or accounts change.

    Args:
        why: what happened, as a sentence.
    """
    with transaction.atomic():
        unused = Invitation.objects.filter(accepted_by=None, revoked_at=None, expires_at__gt=timezone.now())
        count = unused.exclude(made_by_an_admin()).update(revoked_at=timezone.now())
        agents = list(Agent.objects.filter(revoked_at=None).exclude(pk__in=Agent.objects.let_in().values("pk")))
        for agent in agents:
            revoke_agent(agent=agent, why=why)
        orphans = ApiToken.objects.filter(user__is_active=False, revoked_at=None)
        tokens = orphans.update(revoked_at=timezone.now(), revoked_why=why[:600])
        webhooks = switch_off_orphans(why=why)
    return Closed(count, tuple(agent.name for agent in agents), tokens, webhooks)
