from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotator.models.layer import Layer
from annotator.models.project import Project


class TransferState(models.TextChoices):
    QUEUED = "queued", "Waiting for the jobs worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Transfer(models.Model):
    """An export or import in the background, of a layer, or an import into a project whose file has the tracks of
    several videos; its file lives in the media store as ``transfers/<id>/file``. One of a layer that was deleted is the
    project's from then on, and has failed."""

    class Kind(models.TextChoices):
        EXPORT = "export", "Export"
        IMPORT = "import", "Import"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, null=True, blank=True, related_name="transfers")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="transfers")
    kind = models.CharField(max_length=8, choices=Kind)
    format = models.CharField(max_length=32)
    options = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=16, choices=TransferState, default=TransferState.QUEUED)
    progress = models.FloatField(default=0)
    message = models.TextField(blank=True)
    report = models.JSONField(default=dict, blank=True, help_text="What was written or read, and what could not be.")
    file_name = models.CharField(max_length=255, blank=True)
    bytes = models.BigIntegerField(default=0, help_text="Of its file, while that is kept.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(layer__isnull=False, project__isnull=True)
                | models.Q(layer__isnull=True, project__isnull=False),
                name="transfer_of_a_layer_or_a_project",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.format} of {self.layer or self.project}"

    @property
    def whose(self) -> Project:
        """The project that it is of, or whose layer."""
        if self.project is not None:
            return self.project
        assert self.layer is not None  # noqa: S101 (the constraint holds one of the two)
        return self.layer.video.project
