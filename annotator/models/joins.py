from __future__ import annotations

from django.db import models

from annotator.models.layer import Layer


class JoinsState(models.TextChoices):
    QUEUED = "queued", "Waiting for the jobs worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class ProposedJoins(models.Model):
    """Which tracks of a layer seem to be one object, or to have exchanged their identities. ``result`` is the JSON of
    ``api.joins.ProposedOut``, as it is sent but for what was dismissed or changed since; it stays until the next one is
    there."""

    layer = models.OneToOneField(Layer, on_delete=models.CASCADE, related_name="proposed_joins")
    state = models.CharField(max_length=16, choices=JoinsState, default=JoinsState.QUEUED)
    progress = models.FloatField(default=0)
    revision = models.PositiveBigIntegerField(
        null=True, help_text="The layer's, of which the result is; empty: there is none yet."
    )
    message = models.TextField(blank=True, help_text="Why it failed, for people.")
    finished_at = models.DateTimeField(null=True)
    dismissed = models.JSONField(
        default=list, blank=True, help_text="Keys of proposals that nobody wants to see again while their tracks stay."
    )
    # The last column: SQLite reads a row's pages up to the last one that is asked for.
    result = models.BinaryField(default=b"")

    class Meta:
        verbose_name_plural = "proposed joins"

    def __str__(self) -> str:
        return f"joins proposed for {self.layer}: {self.state}"
