from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.models.inspection import InspectionState
from annotator.models.job import Job
from annotator.models.layer import Layer


class Gold(models.Model):
    """Frames ``first..last``, both included, of a ground-truth layer that are known to be right and complete: jobs are
    scored against them. Annotators don't see a layer that has any."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="gold")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["layer", "first"]
        constraints = [models.CheckConstraint(condition=models.Q(first__lte=models.F("last")), name="gold_in_order")]

    def __str__(self) -> str:
        return f"{self.layer}, frames {self.first} to {self.last}"


class JobScore(models.Model):
    """How a submitted job agreed with the gold in it. ``report``: ``actions.quality.Report`` as JSON."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="scores")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", help_text="Whose work it was."
    )
    state = models.CharField(max_length=16, choices=InspectionState, default=InspectionState.QUEUED)
    progress = models.FloatField(default=0, help_text="In [0, 1].")
    message = models.TextField(blank=True, help_text="Why it failed.")
    report = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True, help_text="When the job was submitted.")

    class Meta:
        ordering = ["job", "-pk"]

    def __str__(self) -> str:
        return f"{self.job}: {self.state}"

    @property
    def idf1(self) -> float | None:
        """Of all labels, in [0, 1]; None: not scored, or not known."""
        scores = self.report.get("scores") or [{}]
        found: float | None = scores[0].get("idf1")
        return found
