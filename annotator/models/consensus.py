from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from annotator.models.job import Job, Stage
from annotator.models.layer import Layer
from annotator.models.video import Video


class ConsensusState(models.TextChoices):
    WAITING = "waiting", "Waiting for copies"
    QUEUED = "queued", "Waiting to be computed"
    RUNNING = "running", "Being computed"
    DONE = "done", "Computed"
    FAILED = "failed", "Failed"


class Consensus(models.Model):
    """Frames ``first..last`` of a video that several people annotate, each a copy, to be merged by vote.

    Until it is merged nobody who annotates sees the others' copies (``access.hidden_layers``).
    """

    class Task(models.TextChoices):
        WEIGH = "weigh", "Comparing the copies"
        MERGE = "merge", "Merging the copies"

    class Into(models.TextChoices):
        MAIN = "main", "The main layer"
        NEW = "new", "A new ground-truth layer"

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="consensuses")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    votes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many copies have to show an object. Empty: more than half of them."
    )
    least_overlap = models.FloatField(
        default=0.5,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Agreement of shapes below which frames are in conflict, in [0, 1].",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    task = models.CharField(max_length=16, choices=Task, default=Task.WEIGH)
    into = models.CharField(max_length=16, choices=Into, default=Into.MAIN)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", help_text="Who has it merged."
    )
    state = models.CharField(max_length=16, choices=ConsensusState, default=ConsensusState.WAITING)
    progress = models.FloatField(default=0, help_text="In [0, 1].")
    message = models.TextField(blank=True, help_text="Why it failed.")
    report = models.JSONField(default=dict, blank=True, help_text="actions.consensus.reports.Report as JSON.")
    decisions = models.JSONField(default=dict, blank=True, help_text="What people decided: {conflict: choice}.")
    merged_at = models.DateTimeField(null=True, blank=True)
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    merged_into = models.ForeignKey(Layer, on_delete=models.SET_NULL, null=True, related_name="+")
    merged_edit = models.UUIDField(null=True, blank=True, help_text="The event that brought the tracks.")
    outcome = models.JSONField(default=dict, blank=True, help_text="actions.consensus.reports.Outcome as JSON.")

    class Meta:
        ordering = ["video", "first", "pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(first__lte=models.F("last")), name="consensus_in_order")
        ]

    def __str__(self) -> str:
        return f"consensus of frames {self.first} to {self.last} of {self.video}"


class ConsensusCopy(models.Model):
    """What one person annotates of a consensus: a layer with one job. ``job`` is gone where a manager removed it."""

    consensus = models.ForeignKey(Consensus, on_delete=models.CASCADE, related_name="copies")
    number = models.PositiveSmallIntegerField()
    layer = models.OneToOneField(Layer, on_delete=models.CASCADE, related_name="consensus_copy")
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="consensus_copy")

    class Meta:
        ordering = ["consensus", "number"]
        constraints = [models.UniqueConstraint(fields=["consensus", "number"], name="consensus_copy_number")]

    def __str__(self) -> str:
        return f"copy {self.number} of {self.consensus}"

    @property
    def counts(self) -> bool:
        """Whether it votes: it was submitted, and isn't returned."""
        return self.job is not None and self.job.stage != Stage.ANNOTATION

    @property
    def whose(self) -> str:
        """Who annotates it, as people read it."""
        who = self.job.assignee if self.job is not None else None
        return str(who) if who is not None else f"copy {self.number}"
