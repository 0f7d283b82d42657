from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.models.layer import Layer
from annotator.models.video import Video


class Stage(models.TextChoices):
    ANNOTATION = "annotation", "Annotation"
    REVIEW = "review", "Review"
    ACCEPTED = "accepted", "Accepted"


class JobState(models.TextChoices):
    NEW = "new", "New"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    REJECTED = "rejected", "Returned"


class Job(models.Model):
    """A frame range of a video handed to one person. ``first`` and ``last`` are both part of it."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="jobs")
    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="jobs")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.ANNOTATION)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.NEW)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="reviews"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["video", "first"]
        constraints = [
            models.CheckConstraint(condition=models.Q(first__lte=models.F("last")), name="job_range_in_order")
        ]

    def __str__(self) -> str:
        return f"{self.video} {self.first}-{self.last}"
