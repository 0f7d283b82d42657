from __future__ import annotations

from django.db import models
from django.utils import timezone


class Guess(models.Model):
    """A wrong password, code or token, kept as long as it is counted (``actions/guesses.py``). Both strings are
    hashes."""

    whose = models.CharField(max_length=64)
    source = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        indexes = [models.Index(fields=["whose"]), models.Index(fields=["source"])]

    def __str__(self) -> str:
        return f"A wrong password at {self.at}"
