from __future__ import annotations

from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import models

from annotator.models.agent import Agent
from annotator.models.video import Video
from annotator.models.workspace import Workspace


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
    """What a model makes of one frame, for one person, before it is let loose. It is kept for an hour.

    The frame is one of a video of the workspace, or a picture of somebody's own, which isn't kept."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    video = models.ForeignKey(Video, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Where a picture is looked at; of a video it is the video's.",
    )
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=200, help_text="By its id in the catalogue.")
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
    shapes = models.JSONField(default=list, blank=True, help_text="As in the agents' protocol.")
    notes = models.JSONField(default=list, blank=True, help_text="Sentences for the person.")

    objects = PreviewSet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(video__isnull=True) ^ models.Q(workspace__isnull=True),
                name="preview_of_a_video_or_in_a_workspace",
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} on {f'frame {self.frame} of {self.video}' if self.video else 'a picture'}: {self.state}"

    @property
    def whose(self) -> Workspace:
        """The workspace that it is of."""
        if self.video is not None:
            return self.video.project.workspace
        assert self.workspace is not None  # noqa: S101 (the constraint holds one of the two)
        return self.workspace
