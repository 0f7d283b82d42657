from __future__ import annotations

from django.db import models

from annotator.models.layer import Layer


class InspectionState(models.TextChoices):
    QUEUED = "queued", "Waiting for the jobs worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Inspection(models.Model):
    """What the latest check of a layer found. ``result`` is the JSON of ``api.inspections.ResultOut``, as it is sent;
    it stays until the next one is there."""

    layer = models.OneToOneField(Layer, on_delete=models.CASCADE, related_name="inspection")
    state = models.CharField(max_length=16, choices=InspectionState, default=InspectionState.QUEUED)
    revision = models.PositiveBigIntegerField(
        null=True, help_text="The layer's, of which the result is; empty: there is none yet."
    )
    message = models.TextField(blank=True, help_text="Why it failed, for people.")
    finished_at = models.DateTimeField(null=True)
    # The last column: SQLite reads a row's pages up to the last one that is asked for.
    result = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"check of {self.layer}: {self.state}"
