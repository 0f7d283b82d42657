from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.models.layer import Layer


class Seen(models.Model):
    """Which frames of a layer a person had on screen. ``annotator/actions/seen.py`` packs and reads them."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="seen")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    data = models.BinaryField(default=b"", help_text="Stretches of frames, each as of a revision (actions/seen.py).")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layer", "person"], name="one_seen_per_person")]

    def __str__(self) -> str:
        return f"{self.person} on {self.layer}"
