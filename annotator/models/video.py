from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotator.models.project import Project


class VideoState(models.TextChoices):
    QUEUED = "queued", "Waiting for the jobs worker"
    INGESTING = "ingesting", "Being prepared"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class ProxyState(models.TextChoices):
    """Of the copy that browsers seek in quickly. A ready video can be worked with in each of them: until there is a
    copy, and where none can be made, browsers read the source itself or get its frames as pictures."""

    WAITING = "waiting", "Waiting for its turn"
    MAKING = "making", "Being made"
    READY = "ready", "Ready"
    UNNEEDED = "unneeded", "Not needed: the source seeks quickly itself"
    FAILED = "failed", "Could not be made"


class Video(models.Model):
    """One indexed video file; frames are counted from 0 in presentation order.

    Its files live in the media store below ``videos/<key>/``: ``source``, ``index.npz`` and, where browsers may read
    the source themselves, ``packets.bin`` once it is ready; ``strip.jpg`` and ``proxy.mp4`` later.
    Sizes and counts are 0 until it is ready.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="videos")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=255)
    state = models.CharField(max_length=16, choices=VideoState, default=VideoState.QUEUED)
    error = models.TextField(blank=True, help_text="What was wrong and what to do, for the person who uploaded it.")
    progress = models.FloatField(default=0, help_text="Of the ingest, in [0, 1].")
    stage = models.CharField(max_length=32, blank=True, help_text="What the ingest is doing now.")
    proxy_state = models.CharField(max_length=16, choices=ProxyState, default=ProxyState.WAITING)
    proxy_progress = models.FloatField(default=0, help_text="In [0, 1].")
    proxy_bytes = models.BigIntegerField(default=0, help_text="Its size, so far.")
    proxy_error = models.TextField(blank=True, help_text="Why it could not be made and what to do.")
    direct = models.BooleanField(default=False, help_text="Browsers that know its codec may read the source itself.")
    left_out = models.JSONField(
        default=dict, blank=True, help_text="Pictures of the file that are no frames: how many, by reason."
    )
    size_bytes = models.BigIntegerField(default=0)
    width = models.PositiveIntegerField(default=0, help_text="px, display-oriented")
    height = models.PositiveIntegerField(default=0, help_text="px, display-oriented")
    frame_count = models.PositiveIntegerField(default=0)
    fps = models.FloatField(default=0, help_text="Mean frames per second over the whole video.")
    duration_s = models.FloatField(default=0)
    codec = models.CharField(max_length=32, blank=True)
    strip = models.JSONField(
        default=dict, blank=True, help_text="Thumbnail strip: {count, columns, tile_width, tile_height, every}."
    )
    awaited = models.CharField(
        max_length=64,
        blank=True,
        help_text="Of a video that was imported without its file: the SHA-256 of that, which is still to be uploaded.",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Upload(models.Model):
    """A video on its way in, resumable: ``received`` of ``size`` bytes are on disk in ``uploads/<id>``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name}: {self.received} of {self.size} bytes"
