from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotator.models.agent import Agent
from annotator.models.layer import Layer
from annotator.models.sweep import SweptVideo


class RunState(models.TextChoices):
    QUEUED = "queued", "Waiting for an agent"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"


class Run(models.Model):
    """One tracking run. ``first`` <= ``last`` bound the frames it may write, both included.

    ``objects_state`` is its progress, kept so that another agent can go on where one died:
    ``{track id: announce.progress.ObjectState}``; ``search`` is that of looking for new objects
    (``announce.progress.SearchState``, null: it doesn't). Each moment of a run writes them: what is large lies in
    ``prompts``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="runs")
    model = models.CharField(max_length=64, help_text="Its id in the catalogue.")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    direction = models.CharField(max_length=8, default="forward")
    options = models.JSONField(default=dict)
    model_settings = models.JSONField(
        default=dict, help_text="Of the model, by its names; absent ones are its defaults."
    )
    state = models.CharField(max_length=16, choices=RunState, default=RunState.QUEUED)
    objects_state = models.JSONField(default=dict)
    search = models.JSONField(null=True, blank=True)
    frames_total = models.PositiveIntegerField(
        default=0, help_text="Object-frames it will write; looking for new objects counts as one more object."
    )
    frames_done = models.PositiveIntegerField(default=0, help_text="Object-frames stored.")
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was given to an agent since it got on last."
    )
    message = models.TextField(
        blank=True, help_text="What the person who started it should know, and why it failed: a sentence a line."
    )
    waiting = models.TextField(blank=True, help_text="Why it waits, for people; empty: it doesn't, or for its turn.")
    chosen = models.TextField(blank=True, help_text="Why this model was taken; empty: somebody named it.")
    agent = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs")
    machine = models.ForeignKey(
        Agent,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The only one that it may go to. None: any.",
    )
    swept = models.ForeignKey(
        SweptVideo,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="runs",
        help_text="Which video of which sweep it serves. None: somebody asked for it in the editor, and waits for it.",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.model} on {self.layer}: {self.state}"

    @property
    def said(self) -> str:
        """All that people read of it: why it waits, then what came before."""
        return "\n".join(filter(None, (self.waiting, self.message)))


class LegPrompt(models.Model):
    """The shape that a leg of a run begins with, by the id that ``announce.progress.LegState.prompt`` names. It is
    written once, with the leg, and goes with it."""

    id = models.UUIDField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="prompts")
    data = models.BinaryField(help_text="A packed table of its one row (tracking/shapes/chunks.py).")

    def __str__(self) -> str:
        return f"{self.run}: {len(self.data)} bytes"
