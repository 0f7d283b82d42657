from __future__ import annotations

from django.db import models

from annotator.models.layer import Track


class ClickedMask(models.Model):
    """What the smart tool was clicked with until a track's mask on a frame was right.

    It is of that very mask, by what its bytes are hashed to: when a mask is painted over, its clicks are silent, and
    when that is undone they speak again. ``annotator/actions/edits/clicked.py`` reads and writes them, nobody else.
    """

    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="clicked")
    frame = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the mask as it is packed.")
    clicks = models.JSONField(help_text="[x, y, on the object] in px, in the order they were made.")
    box = models.JSONField(null=True, blank=True, help_text="x1, y1, x2, y2 in px.")
    alone = models.BooleanField(default=False, help_text="The mask came of them alone, not of another mask before.")
    kept_at = models.DateTimeField()

    class Meta:
        ordering = ["track", "frame", "-kept_at"]
        constraints = [models.UniqueConstraint(fields=["track", "frame", "digest"], name="clicks_of_a_mask_once")]

    def __str__(self) -> str:
        return f"{len(self.clicks)} clicks on frame {self.frame}"
