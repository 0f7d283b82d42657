from __future__ import annotations

from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import models

from annotator.models.agent import Agent
from annotator.models.video import Video


class PreviewState(models.TextChoices):
    ASKED = "asked", "Asked"
    FETCHING = "fetching", "Fetching the video"
    LOOKING = "looking", "Looking"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


OPEN_PREVIEWS = (PreviewState.ASKED, PreviewState.FETCHING, PreviewState.LOOKING)


class PreviewSet(models.QuerySet["Preview"]):
    def open(self) -> Self:
        """Those that are still to end."""
        return self.filter(state__in=OPEN_PREVIEWS)


class Preview(models.Model):
    """What a finder sees on one frame, for one person, before it is let loose. It is kept for an hour."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    finder = models.CharField(max_length=200, help_text="By its id in the catalogue.")
    frame = models.PositiveIntegerField()
    least = models.FloatField(help_text="What is less sure was left.")
    state = models.CharField(max_length=16, choices=PreviewState, default=PreviewState.ASKED)
    message = models.TextField(blank=True, help_text="Why it failed, for people.")
    left_out = models.PositiveIntegerField(default=0, help_text="So many less sure objects were too many.")
    seconds = models.FloatField(default=0, help_text="How long looking took.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_index=True)
    heard_at = models.DateTimeField(help_text="When its agent said something of it, or it was asked.")
    seen = models.JSONField(default=list, blank=True, help_text="As in the agents' protocol.")

    objects = PreviewSet.as_manager()

    def __str__(self) -> str:
        return f"{self.finder} on frame {self.frame} of {self.video}: {self.state}"
