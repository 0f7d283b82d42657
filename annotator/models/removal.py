from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotator.models.workspace import Workspace


class Removal(models.Model):
    """What became of something that is no longer there: for pages that still show it, and for old links to it."""

    class Kind(models.TextChoices):
        VIDEO = "video", "Video"
        LAYER = "layer", "Layer"
        JOB = "job", "Job"
        LABEL = "label", "Label"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    key = models.PositiveBigIntegerField(help_text="The id that it had, which nothing gets again.")
    what = models.CharField(max_length=400, help_text='In words, e.g. "“clip.mp4”" or "The job of frames 0 to 99".')
    by = models.CharField(max_length=300, blank=True, help_text="Who did it; empty: the server itself.")
    at = models.DateTimeField(default=timezone.now)
    way_on = models.CharField(max_length=200, blank=True, help_text="The address of what is still there around it.")
    way_on_name = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="removed_once")]

    def __str__(self) -> str:
        """The sentence that people read."""
        by = f" by {self.by}" if self.by else ""
        today = timezone.localdate()
        day = timezone.localdate(self.at)
        on = "" if day == today else f" on {day.day} {day:%B %Y}"
        return f"{self.what} was deleted{by}{on}."
