from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models

from annotator.models.agent import Agent
from annotator.models.workspace import Workspace


class DownloadState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DOWNLOADING = "downloading", "Downloading"
    CHECKING = "checking", "Checking"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN_DOWNLOADS = (DownloadState.WAITING, DownloadState.DOWNLOADING, DownloadState.CHECKING)


class DownloadSet(models.QuerySet["Download"]):
    def open(self) -> Self:
        """Those that are still to end."""
        return self.filter(state__in=OPEN_DOWNLOADS)


class Download(models.Model):
    """Weights of a model that somebody wants on a machine: the last time that they were asked for."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="downloads")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", help_text="On whose page it was asked for."
    )
    model = models.CharField(max_length=200, help_text="By its id in the catalogue.")
    state = models.CharField(max_length=16, choices=DownloadState, default=DownloadState.WAITING)
    done_bytes = models.BigIntegerField(default=0)
    total_bytes = models.BigIntegerField(null=True, help_text="Empty: not known.")
    message = models.TextField(blank=True, help_text="Why it failed or what else is needed, for people.")
    licence = models.TextField(blank=True, help_text="Of the weights, as it was accepted by who asked.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = DownloadSet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agent", "model"], name="one_download_per_agent_and_model")]
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.model} for {self.agent}: {self.state}"
