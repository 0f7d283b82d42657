from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

from annotator.models.workspace import Workspace


class AuditKind(models.TextChoices):
    SIGN_IN = "sign_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
    ACCOUNT = "account", "Accounts"
    MEMBER = "member", "Members and roles"
    DELETED = "deleted", "Deleted"
    EXPORT = "export", "Exports"
    IMPORT = "import", "Imports and uploads"
    TOKEN = "token", "API tokens"
    WEBHOOK = "webhook", "Webhooks"
    MACHINE = "machine", "Machines"
    SETTINGS = "settings", "Settings"
    DATABASE = "database", "Database admin"


class AppendOnly(TypeError):
    """Somebody tried to change or delete what the audit log says."""

    def __init__(self) -> None:
        super().__init__("Entries of the audit log are only added (actions/audit.py); none is changed or deleted.")


class AuditSet(models.QuerySet["AuditEntry"]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnly


class AuditEntry(models.Model):
    """Something that somebody did, told by the names of then. Written by ``actions/audit.py`` alone.

    It belongs to the workspaces that it is about: an account's sign-in to all of those that its person was a member of
    at the time. One of none is for site admins.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    kind = models.CharField(max_length=16, choices=AuditKind)
    workspaces = models.ManyToManyField(Workspace, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=310, blank=True, help_text="Empty: nobody who was signed in.")
    token = models.CharField(max_length=80, blank=True, help_text="The name of the API token that it was done by.")
    address = models.CharField(max_length=45, blank=True, help_text="IPv4 or IPv6; empty: the server itself.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    what = models.CharField(max_length=600, help_text="As a sentence that goes on after the name of who did it.")

    objects = AuditSet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.by_name or 'Nobody'} {self.what}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnly
