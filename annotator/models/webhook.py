from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotator.models.project import Project


class Happening(models.TextChoices):
    """What a webhook may tell of."""

    JOB_MOVED = "job.moved", "A job took a step"
    VERDICT_GIVEN = "verdict.given", "A verdict was given"
    COMMENT_ADDED = "comment.added", "A comment was written"
    ISSUE_SETTLED = "issue.settled", "An issue was resolved or reopened"
    RUN_DONE = "run.done", "A run is done"
    RUN_FAILED = "run.failed", "A run failed"
    EXPORT_FINISHED = "export.finished", "An export is done, or failed"
    IMPORT_FINISHED = "import.finished", "An import is done, or failed"
    PROJECT_EXPORTED = "project.exported", "The export of the whole project is done, or failed"
    CONSENSUS_MERGED = "consensus.merged", "A consensus was merged"
    VIDEO_READY = "video.ready", "A video can be worked with"
    VIDEO_FAILED = "video.failed", "A video can't be prepared"


PING = "ping"
"""What is sent to try a webhook, whatever it tells of."""


class Webhook(models.Model):
    """An address that is told what happens in a project. The secret is kept as it is: all that is sent is signed by
    it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=80, help_text="whsec_ and base64.")
    events = models.JSONField(default=list, help_text="Values of Happening.")
    active = models.BooleanField(default=True)
    off_why = models.CharField(max_length=600, blank=True, help_text="Why it was switched off, unless by a person.")
    given_up = models.PositiveIntegerField(default=0, help_text="Deliveries given up since one succeeded.")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", help_text="Who chose the URL."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.url


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"


class Delivery(models.Model):
    """One message of a webhook. It is written in the transaction of what it tells of, so that neither is without the
    other; its id is the same at every try."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=32)
    body = models.TextField(help_text="The JSON that is sent.")
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now, help_text="Of a waiting one: when it is tried.")
    sent_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the last answer.")
    answer = models.TextField(blank=True, help_text="How the last answer began.")
    problem = models.TextField(blank=True, help_text="Why the last try failed, as a sentence.")

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["webhook", "-created_at"])]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.kind} to {self.webhook}"
