from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.models.workspace import Workspace


class Agent(models.Model):
    """A worker program that may connect with its token. Without a workspace it serves them all (the local agent)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, blank=True, related_name="agents")
    name = models.CharField(max_length=120)
    token_hash = models.CharField(max_length=64, unique=True)
    info = models.JSONField(default=dict, blank=True, help_text="Devices, memory and models, as it said last.")
    connected = models.BooleanField(default=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
