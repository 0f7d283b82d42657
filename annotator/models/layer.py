from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotator.models.project import Label
from annotator.models.video import Video


class LayerKind(models.TextChoices):
    MAIN = "main", "Main"
    GROUND_TRUTH = "ground_truth", "Ground truth"
    REPLICA = "replica", "Replica"
    MODEL = "model", "Model output"


class Layer(models.Model):
    """One complete set of tracks for a video. ``revision`` grows by one with every event, under a row lock. ``owner``:
    whose replica it is, or who made the layer; nobody's is the main one."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="layers")
    kind = models.CharField(max_length=16, choices=LayerKind, default=LayerKind.MAIN)
    name = models.CharField(max_length=120, default="main")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    revision = models.PositiveBigIntegerField(default=0)
    next_number = models.PositiveIntegerField(default=1, help_text="The number the next track gets.")
    seen_from = models.PositiveBigIntegerField(
        default=0, help_text="The revision up to which nobody noted who had which frames on screen."
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["video", "name"], name="layer_name_unique_in_video")]

    def __str__(self) -> str:
        return f"{self.name} of {self.video}"


class Verdict(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    CHECK = "check", "To be checked"


class Track(models.Model):
    """One object of one layer through time. The id is chosen by whoever draws it first, so that drawing works
    offline; the number is given by the server, unique in the layer, and stays."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="tracks")
    number = models.PositiveIntegerField()
    label = models.ForeignKey(Label, on_delete=models.PROTECT, related_name="tracks")
    colour = models.CharField(max_length=7, blank=True, help_text="#rrggbb; empty: the label's colour.")
    locked = models.BooleanField(default=False)
    attributes = models.JSONField(default=dict, blank=True, help_text="Constant ones: {attribute id: value}.")
    frame_attributes = models.JSONField(
        default=dict, blank=True, help_text="Per-frame ones: {attribute id: [[frame, value], …]}, each valid onwards."
    )
    source = models.CharField(
        max_length=64, default="person", help_text='"person", or the model or format it came from.'
    )
    candidate = models.BooleanField(
        default=False, help_text="Found by a detector and not followed for long: a person takes or dismisses it."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Deleted tracks can be restored.")
    deleted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["layer", "number"], name="track_number_unique_in_layer")]

    def __str__(self) -> str:
        return f"#{self.number} {self.label}"


class TrackChunk(models.Model):
    """The shapes of one track over a stretch of frames, packed (``tracking/shapes/chunks.py``).

    ``annotator/stored_shapes.py`` reads them and ``annotator/actions/edits/shape_draft.py`` writes them, nobody else.
    """

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="chunks")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="chunks")
    start = models.PositiveIntegerField(help_text="First frame of the stretch, a multiple of its span.")
    span = models.PositiveSmallIntegerField(
        default=256, help_text="Its length: 256 frames, or 128, 64, … 1 where the shapes are large."
    )
    # What the timeline of an hour shows without reading a single table; written together with `data`.
    first = models.PositiveIntegerField(help_text="Frame of the first row.")
    last = models.PositiveIntegerField(help_text="Frame of the last row.")
    rows = models.PositiveSmallIntegerField()
    keyframes = models.PositiveSmallIntegerField(default=0)
    predicted = models.PositiveSmallIntegerField(default=0)
    outside = models.PositiveSmallIntegerField(default=0)
    doubtful = models.PositiveSmallIntegerField(default=0)
    lowest_confidence = models.FloatField(default=1)
    # The last column: SQLite reads a row's pages up to the last one that is asked for.
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["track", "start"], name="one_chunk_per_window")]
        indexes = [models.Index(fields=["layer", "start"])]

    def __str__(self) -> str:
        return f"{self.track_id} from {self.start}"


class VerdictSpan(models.Model):
    """A reviewer's verdict on frames ``first..last`` of a track; those of a track don't overlap.

    ``annotator/actions/edits/verdicts.py`` reads and writes them, nobody else. What changed an accepted or rejected
    span made it one to check, and is told in ``reopened`` (``operations.Reopened``).
    """

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="verdicts")
    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="verdicts")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    verdict = models.CharField(max_length=16, choices=Verdict)
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    revision = models.PositiveBigIntegerField(help_text="The layer's when it was given.")
    reopened = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["track", "first"]
        constraints = [
            models.UniqueConstraint(fields=["track", "first"], name="one_verdict_from_a_frame"),
            models.CheckConstraint(condition=models.Q(first__lte=models.F("last")), name="a_span_has_frames"),
        ]
        indexes = [models.Index(fields=["layer", "verdict"], name="verdicts_of_a_layer")]

    def __str__(self) -> str:
        return f"{self.verdict} on {self.first}..{self.last}"
