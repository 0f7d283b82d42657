from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotator.models.layer import Layer
from annotator.models.project import Project
from annotator.models.video import Video


class SweepState(models.TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


class Pipeline(models.TextChoices):
    CONTINUE = "continue", "Continue every track"
    FIND = "find", "Find and track objects"


class Destination(models.TextChoices):
    LAYER = "layer", "A new layer"
    EMPTY = "empty", "The main layer, where nobody annotated"
    MAIN = "main", "The main layer"


class Sweep(models.Model):
    """One model applied to several videos of a project, one after the other on each agent that has it. Each video is
    served by ordinary runs. ``first`` <= ``last`` bound the frames, both included; no ``last``: to each video's end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="sweeps")
    pipeline = models.CharField(max_length=16, choices=Pipeline)
    model = models.CharField(max_length=64, help_text="What follows objects: its id in the catalogue.")
    model_settings = models.JSONField(default=dict, blank=True)
    find = models.JSONField(null=True, blank=True, help_text="What looks for objects (announce.messages.FindOptions).")
    first = models.PositiveIntegerField(default=0)
    last = models.PositiveIntegerField(null=True, blank=True)
    destination = models.CharField(max_length=8, choices=Destination)
    layer_name = models.CharField(max_length=120, blank=True, help_text="Of the new layers.")
    state = models.CharField(max_length=16, choices=SweepState, default=SweepState.RUNNING)
    message = models.TextField(blank=True, help_text="Why it stands still or ended, for the person who began it.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.get_pipeline_display()} with {self.model} in {self.project}"


class SweptState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Left alone"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class SweptVideo(models.Model):
    """One video of a sweep. ``done`` of ``total`` object-frames, as its runs count them, are stored; while it waits
    ``total`` is an estimate. Since ``began_at`` it got on from ``done_before``."""

    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="videos")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="+")
    layer = models.ForeignKey(Layer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=SweptState, default=SweptState.WAITING)
    message = models.TextField(blank=True, help_text="What was left out, or why it ended.")
    tracks = models.PositiveIntegerField(default=0, help_text="How many were continued or found.")
    taken_over = models.PositiveIntegerField(default=0, help_text="Tracks that came from its layer to the main one.")
    waiting = models.JSONField(default=list, help_text="[track, frame]: prompts of the runs after this one.")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    done_before = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sweep", "position"]
        constraints = [models.UniqueConstraint(fields=["sweep", "video"], name="video_once_in_a_sweep")]

    def __str__(self) -> str:
        return f"{self.video}: {self.state}"
