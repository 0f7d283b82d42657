from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotator.models.layer import Layer, Track


class Issue(models.Model):
    """Something people talk about, pinned to frames ``first..last`` of a layer and, where it is about one, to an
    object or a region. The id is chosen by whoever opens it: sent twice it counts once.

    With ``track``, ``region`` is where the object lay when the issue was opened, and where its pin stays once the
    object is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="issues")
    number = models.PositiveIntegerField(help_text="Unique in the layer, for people.")
    track = models.ForeignKey(Track, on_delete=models.SET_NULL, null=True, blank=True, related_name="issues")
    region = models.JSONField(null=True, blank=True, help_text="[x1, y1, x2, y2] in px of the display-oriented frame.")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    opened_at = models.DateTimeField(default=timezone.now)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it is open.")
    version = models.PositiveIntegerField(default=1, help_text="Grows with everything that is said or done in it.")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["layer", "number"], name="issue_number_unique_in_layer"),
            models.CheckConstraint(condition=models.Q(first__lte=models.F("last")), name="an_issue_has_frames"),
        ]

    def __str__(self) -> str:
        return f"Issue {self.number} of {self.layer}"


class Comment(models.Model):
    """What somebody said in an issue. Deleted, it keeps its place without its text, and the issue goes with its last
    text."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    text = models.TextField(blank=True)
    mentions = models.JSONField(default=list, help_text='[[user id, word], …]: "@bob" as it is in the text.')
    at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"
