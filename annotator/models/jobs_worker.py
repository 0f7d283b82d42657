from __future__ import annotations

from django.db import models


class JobsWorker(models.Model):
    """A jobs worker that says every few seconds that it lives. What one does that stopped saying so, another begins
    anew."""

    key = models.CharField(max_length=120, primary_key=True, help_text="Its machine, process, and something random.")
    host = models.CharField(max_length=80)
    queues = models.CharField(max_length=120, help_text="What it does, with commas.")
    seen_at = models.DateTimeField(help_text="By the database's clock.")

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return f"{self.key} ({self.queues})"
