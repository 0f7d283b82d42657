from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotator.models.user import User


class Identity(models.Model):
    """Who a person is at a provider of OpenID Connect, by which they may sign in."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255, help_text="The provider's own name of the person, which never changes.")
    email = models.CharField(max_length=254, blank=True, help_text="As the provider told it last.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_account_of_a_subject"),
            models.UniqueConstraint(fields=["issuer", "user"], name="one_subject_of_an_account"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"
