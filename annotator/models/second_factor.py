from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotator.models.user import User


class SecondFactor(models.Model):
    """The app that makes a person's codes (TOTP, RFC 6238): who has one is asked for a code at each sign-in."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    sealed_secret = models.TextField(help_text="As annotator/sealing.py encrypts it.")
    last_step = models.BigIntegerField(default=0, help_text="The step of 30 s whose code was used last.")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"The second factor of {self.user}"


class RecoveryCode(models.Model):
    """Lets its owner in once without the app. Kept as a hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="one_recovery_code_of_a_hash")]

    def __str__(self) -> str:
        return f"A recovery code of {self.user}"
