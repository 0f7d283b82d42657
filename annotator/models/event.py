from __future__ import annotations

import uuid
from datetime import UTC
from typing import Any

from django.conf import settings
from django.db import models

from annotator.models.layer import Layer


class EventKind(models.TextChoices):
    EDIT = "edit", "Edit by a person"
    PREDICTIONS = "predictions", "Predictions stored"
    RUN = "run", "Run changed stored shapes"
    IMPORT = "import", "Import"
    RESTORE = "restore", "Back to an earlier state"


class Event(models.Model):
    """One change of a layer. ``inverse`` is a list of ``annotator/operations.py`` operations, ``payload`` is
    ``{operations, numbers: given to created tracks, touched: [[track, first, last], …]}``. Predictions name their
    frames in ``touched`` instead of repeating their shapes; their inverse is what lay on those frames before. With
    ``told: false`` the operations are without their tables, which were too large."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="events")
    revision = models.PositiveBigIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    run = models.ForeignKey("annotator.Run", on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=16, choices=EventKind, default=EventKind.EDIT)
    edit_id = models.UUIDField(default=uuid.uuid4, help_text="Chosen by the client: an edit sent twice counts once.")
    undoes = models.UUIDField(null=True, blank=True, help_text="The edit_id this edit takes back.")
    summary = models.CharField(max_length=200, blank=True, help_text="In words, for the history panel.")
    payload = models.JSONField()
    inverse = models.JSONField(null=True)
    extent = models.JSONField(
        default=list,
        help_text="[[track, first, last], …] of what changed; null frames: only what is said of the track did.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["revision"]
        constraints = [
            models.UniqueConstraint(fields=["layer", "revision"], name="one_event_per_revision"),
            models.UniqueConstraint(fields=["layer", "edit_id"], name="an_edit_counts_once"),
        ]

    def __str__(self) -> str:
        return f"{self.layer} r{self.revision}: {self.summary or self.kind}"

    def account(self) -> dict[str, Any]:
        """Who, what and when, as every message about it says it."""
        return {
            "revision": self.revision,
            "kind": self.kind,
            "edit": self.edit_id,
            "undoes": self.undoes,
            "author": self.author_id,
            "author_name": str(self.author) if self.author is not None else "",
            "summary": self.summary,
            "at": self.created_at.astimezone(UTC).isoformat(timespec="seconds"),
            "run": self.run_id,
        }
