from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotator.models.layer import Layer
from annotator.models.user import User
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


class Priority(models.IntegerChoices):
    LOW = 0, "Low"
    NORMAL = 1, "Normal"
    HIGH = 2, "High"
    URGENT = 3, "Urgent"


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
    co_reviewers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="co_reviews",
        help_text="Who reviews it besides; nobody where there is no reviewer.",
    )
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    due = models.DateField(null=True, blank=True, help_text="The last day on which it is in time.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["video", "first"]
        constraints = [
            models.CheckConstraint(condition=models.Q(first__lte=models.F("last")), name="job_range_in_order")
        ]

    def __str__(self) -> str:
        return f"{self.video} {self.first}-{self.last}"

    @property
    def reviewers(self) -> list[User]:
        """All who are named to review it, the first one first; none: anybody may."""
        return [each for each in (self.reviewer, *self.co_reviewers.all()) if each is not None]

    @property
    def is_overdue(self) -> bool:
        return self.due is not None and self.stage != Stage.ACCEPTED and self.due < timezone.localdate()


class JobStep(models.Model):
    """Something that happened to a job: its history, newest last."""

    class Kind(models.TextChoices):
        STARTED = "started", "started"
        SUBMITTED = "submitted", "submitted"
        ACCEPTED = "accepted", "accepted"
        AGREED = "agreed", "accepted for their part"
        RETURNED = "returned", "returned"
        REOPENED = "reopened", "reopened"
        SKIPPED = "skipped", "skipped"
        PASSED_ON = "passed_on", "left the review of"
        TAKEN = "taken", "took"
        REVIEW_TAKEN = "review_taken", "took for review"
        GIVEN = "given", "gave to"
        REVIEW_GIVEN = "review_given", "gave for review to"
        FREED = "freed", "took from"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="history")
    kind = models.CharField(max_length=16, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    whom = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="To whom a job was given, or from whom it was taken.",
    )
    reason = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.by} {self.get_kind_display()} {self.whom or ''}".strip()
