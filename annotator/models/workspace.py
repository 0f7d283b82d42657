from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone


class Role(models.TextChoices):
    """What a member may do in a workspace, strongest first; each role may do all that the ones below it may."""

    ADMIN = "admin", "Admin"
    MANAGER = "manager", "Manager"
    REVIEWER = "reviewer", "Reviewer"
    ANNOTATOR = "annotator", "Annotator"
    VIEWER = "viewer", "Viewer"


class Workspace(models.Model):
    """A team's home."""

    name = models.CharField(max_length=120)
    runs_at_once = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="So many of its runs are under way at once at most. None: any number."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    quota_bytes = models.BigIntegerField(null=True, blank=True, help_text="That its files may take; empty: no limit.")
    second_factor_from = models.DateTimeField(
        null=True, blank=True, help_text="Members without two-factor sign-in find it closed from then on; empty: never."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.ANNOTATOR)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_workspace")]
        ordering = ["user__username"]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}: {self.role}"


def made_by_an_admin() -> models.Q:
    """Of rows with ``created_by`` and ``workspace``: whether who made them is (still) an admin there."""
    admins = Membership.objects.filter(
        user=models.OuterRef("created_by"), workspace=models.OuterRef("workspace"), role=Role.ADMIN
    )
    is_admin = models.Q(created_by__is_superuser=True) | models.Q(models.Exists(admins))
    return models.Q(created_by__is_active=True) & is_admin


class InvitationSet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        """Those that let somebody in: not used, taken back or over, and made by who is still an admin."""
        unused = self.filter(accepted_by=None, revoked_at=None, expires_at__gt=timezone.now())
        return unused.filter(made_by_an_admin())


class Invitation(models.Model):
    """A link that makes whoever opens it a member. Only the token's hash is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Role, default=Role.ANNOTATOR)
    email = models.EmailField(blank=True, help_text="For whom, as a note; the link works for whoever holds it.")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationSet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.role} in {self.workspace}"
