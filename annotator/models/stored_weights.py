from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from annotator.models.workspace import Workspace


class WeightsState(models.TextChoices):
    COMING = "coming", "Coming"
    CHECKING = "checking", "Waiting for its check"
    READY = "ready", "Ready"
    REFUSED = "refused", "Refused"


class StoredWeights(models.Model):
    """A file of weights that somebody uploaded, to be handed to machines of its workspace once it was checked.

    It lies in ``weights/<workspace>/<name>`` below the data folder; ``received`` of ``size`` bytes are there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="stored_weights")
    name = models.CharField(max_length=200, help_text="As the catalogue names it, below the weights folder.")
    size = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    state = models.CharField(max_length=16, choices=WeightsState, default=WeightsState.COMING)
    problem = models.TextField(blank=True, help_text="Why it was refused, for people.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    touched_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_copy_of_weights_per_workspace")]
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} of {self.workspace}: {self.state}"
