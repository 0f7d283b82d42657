from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models

from annotator.models.workspace import Workspace, made_by_an_admin


class AgentSet(models.QuerySet["Agent"]):
    def let_in(self) -> Self:
        """Those whose token is good: not revoked, and of this installation itself or made by who is still an admin."""
        return self.filter(models.Q(workspace=None) | made_by_an_admin(), revoked_at=None)

    def taking_runs(self) -> Self:
        """Those that are here and get new runs."""
        return self.let_in().filter(connected=True, resting=False)


class Agent(models.Model):
    """A worker program that may connect with its token. Without a workspace it serves them all (the local agent)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, blank=True, related_name="agents")
    name = models.CharField(max_length=120)
    token_hash = models.CharField(max_length=64, unique=True)
    info = models.JSONField(default=dict, blank=True, help_text="Devices, memory and models, as it said last.")
    checks = models.JSONField(default=dict, blank=True, help_text="What was checked on its machine, as it said last.")
    resting = models.BooleanField(default=False, help_text="In maintenance: it ends what it does, and gets no new run.")
    pinned = models.JSONField(default=list, blank=True, help_text="Models, by id, that stay in its memory.")
    connected = models.BooleanField(default=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_why = models.CharField(max_length=600, blank=True, help_text="What happened, as a sentence.")

    objects = AgentSet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
