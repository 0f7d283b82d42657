from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotator.models.layer import Layer
from annotator.models.transfer import TransferState


class Comparison(models.Model):
    """How two layers of a video agree, as it was computed last; both revisions say of what. The report stays while they
    are compared anew, and where that is cancelled or fails."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    reference = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="+", help_text="What is taken as true.")
    compared = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="+")
    reference_revision = models.PositiveBigIntegerField(default=0)
    compared_revision = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=16, choices=TransferState, default=TransferState.QUEUED)
    progress = models.FloatField(default=0)
    message = models.TextField(blank=True, help_text="Why it failed.")
    report = models.JSONField(default=dict, blank=True)
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="When the report was made; null: there is none."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reference", "compared"], name="compared_once")]

    def __str__(self) -> str:
        return f"{self.compared} against {self.reference}"
