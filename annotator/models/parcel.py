from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotator.models.project import Project
from annotator.models.workspace import Workspace


class ParcelState(models.TextChoices):
    COMING = "coming", "Coming"
    QUEUED = "queued", "Waiting for the jobs worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Parcel(models.Model):
    """A project as one file, with its history: made of a project here (an export), or brought by somebody to become one
    (an import). The file lies in the media store as ``parcels/<id>/file``; of an import, ``received`` of ``size`` bytes
    have come.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", "Export"
        IMPORT = "import", "Import"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=8, choices=Kind)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="parcels")
    project = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="parcels",
        help_text="Which one an export is of, or what an import became.",
    )
    with_media = models.BooleanField(default=True, help_text="Whether the videos' originals are in it.")
    file_name = models.CharField(max_length=255)
    size = models.BigIntegerField(default=0)
    received = models.BigIntegerField(default=0)
    state = models.CharField(max_length=16, choices=ParcelState, default=ParcelState.QUEUED)
    progress = models.FloatField(default=0, help_text="In [0, 1].")
    message = models.TextField(blank=True, help_text="Why it failed, for people.")
    report = models.JSONField(default=dict, blank=True, help_text="actions.parcels.report.Report as JSON.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.file_name}: {self.state}"
