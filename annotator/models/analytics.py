from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.models.inspection import InspectionState
from annotator.models.job import Job
from annotator.models.layer import Layer
from annotator.models.project import Label, Project
from annotator.models.run import Run


class Stay(models.Model):
    """Somebody moved through a layer in the editor, without a pause that counts as idle, from one moment to another."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="stays")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+", help_text="That was open.")
    began = models.DateTimeField()
    ended = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["layer", "ended"], name="stays_of_a_layer")]

    def __str__(self) -> str:
        return f"{self.person} on {self.layer} from {self.began}"


class Work(models.Model):
    """What a person did in a layer within a quarter of an hour, as far as it was counted at one time: rows add up, and
    what was taken back is subtracted by a row of its own.

    Quarters of an hour (UTC) are parts of the days of every time zone. ``actions/analytics/measures.py`` says what the
    numbers are. ``label``, ``model``: None and empty for what is of no single one of them.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="work")
    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    label = models.ForeignKey(Label, on_delete=models.SET_NULL, null=True, related_name="+")
    model = models.CharField(max_length=64, blank=True, help_text="Whose shapes were corrected.")
    quarter = models.DateTimeField(help_text="When the quarter of an hour began.")
    seconds = models.FloatField(default=0, help_text="Active time.")
    edits = models.IntegerField(default=0)
    undone = models.IntegerField(default=0)
    objects_made = models.IntegerField(default=0)
    shapes = models.IntegerField(default=0, help_text="Set by hand.")
    frames = models.IntegerField(default=0, help_text="On which shapes were set by hand.")
    frame_ranges = models.JSONField(default=list, help_text="[[first, last], …]: which frames these are.")
    corrections = models.IntegerField(default=0)
    corrected = models.IntegerField(default=0, help_text="Shapes of a model that corrections replaced or removed.")
    accepted = models.IntegerField(default=0, help_text="Verdicts given.")
    rejected = models.IntegerField(default=0)
    imported = models.IntegerField(default=0, help_text="Objects.")

    class Meta:
        indexes = [models.Index(fields=["project", "quarter"], name="work_of_a_project")]

    def __str__(self) -> str:
        return f"{self.person} on {self.layer}, {self.quarter}"


class Predicted(models.Model):
    """How many shapes of a label a run stored in a job; each object and frame counts once."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    label = models.ForeignKey(Label, on_delete=models.SET_NULL, null=True, related_name="+")
    quarter = models.DateTimeField(help_text="When the quarter of an hour began in which the run was started.")
    shapes = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["project", "quarter"], name="predicted_of_a_project")]

    def __str__(self) -> str:
        return f"{self.shapes} shapes by {self.run}"


class Counting(models.Model):
    """How far the work in a project is counted. ``memory``: ``actions.analytics.counting.Memory``."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="counting")
    state = models.CharField(max_length=16, choices=InspectionState, default=InspectionState.QUEUED)
    progress = models.FloatField(default=0, help_text="In [0, 1].")
    message = models.TextField(blank=True, help_text="Why it failed, for people.")
    finished_at = models.DateTimeField(null=True)
    memory = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"counting of {self.project}: {self.state}"
