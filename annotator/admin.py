"""Django's admin at ``/admin/``, for superusers: people and places may be changed there, labels and annotations only
looked at.

Those are changed by ``actions/*`` alone: a row changed behind their back went by no rule, has no event, and no browser
that shows it would know.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from annotator.actions.entrances import close_entrances
from annotator.actions.runs.ending import end_runs_beyond_rights
from annotator.announce.publish import announce_rights
from annotator.models import (
    Agent,
    ApiToken,
    Attribute,
    AuditEntry,
    ClickedMask,
    Comment,
    Comparison,
    Consensus,
    ConsensusCopy,
    Counting,
    Delivery,
    Download,
    Event,
    Gold,
    Guess,
    Identity,
    Inspection,
    Invitation,
    Issue,
    Job,
    JobScore,
    JobStep,
    JobsWorker,
    Label,
    Layer,
    LegPrompt,
    Membership,
    Notification,
    Parcel,
    Predicted,
    Preview,
    Project,
    ProposedJoins,
    RecoveryCode,
    Removal,
    Run,
    SecondFactor,
    Seen,
    Stay,
    StoredWeights,
    Sweep,
    SweptVideo,
    Track,
    TrackChunk,
    Transfer,
    Upload,
    User,
    VerdictSpan,
    Video,
    Webhook,
    Work,
    Workspace,
)


def _take_effect(request: HttpRequest) -> None:
    close_entrances(why="A site admin changed accounts or roles.")
    end_runs_beyond_rights(why=f"{request.user} changed what whoever started it may do.")
    announce_rights()


class Told(admin.ModelAdmin):  # type: ignore[type-arg]
    """Whoever has something open looks again what they may do and see, whatever was changed here; and runs end of whom
    it forbids them."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_related(request, form, formsets, change)
            _take_effect(request)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        with transaction.atomic():
            super().delete_model(request, obj)
            _take_effect(request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            super().delete_queryset(request, queryset)
            _take_effect(request)


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that only the application writes. Secrets are not shown, not even hashed."""

    exclude = ("token_hash", "data", "secret")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Kept(Told):
    """Rows that aren't deleted here: the files of the videos below them would stay behind."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Memberships(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    autocomplete_fields = ("user",)
    extra = 0


@admin.register(User)
class People(Told, UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser", "last_login")
    add_fieldsets: Any = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )


@admin.register(Workspace)
class Workspaces(Kept):
    list_display = ("name", "created_at")
    search_fields = ("name",)
    inlines = (Memberships,)


@admin.register(Membership)
class AllMemberships(Told):
    list_display = ("user", "workspace", "role", "joined_at")
    list_filter = ("role", "workspace")


@admin.register(Project)
class Projects(Kept):
    list_display = ("name", "workspace", "created_at", "archived_at")
    search_fields = ("name",)


@admin.register(Identity)
class Identities(Told):
    """Deleted here for who is another person at the provider now."""

    list_display = ("user", "issuer", "email", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Label)
class Labels(LookOnly):
    list_display = ("name", "project", "colour", "hotkey")
    list_filter = ("project",)


@admin.register(Attribute)
class Attributes(LookOnly):
    list_display = ("name", "label", "kind", "per_frame")


@admin.register(Job)
class Jobs(Told):
    list_display = ("video", "first", "last", "stage", "state", "assignee", "reviewer")
    list_filter = ("stage", "state")


admin.site.register(
    [
        Agent,
        ApiToken,
        AuditEntry,
        Comment,
        Download,
        JobsWorker,
        Event,
        Guess,
        Counting,
        Gold,
        JobScore,
        Consensus,
        ConsensusCopy,
        Parcel,
        Predicted,
        Seen,
        Stay,
        Work,
        Inspection,
        Invitation,
        Issue,
        JobStep,
        Layer,
        ClickedMask,
        LegPrompt,
        Notification,
        Preview,
        ProposedJoins,
        RecoveryCode,
        Removal,
        Run,
        SecondFactor,
        StoredWeights,
        Sweep,
        SweptVideo,
        Track,
        TrackChunk,
        Transfer,
        Comparison,
        Upload,
        VerdictSpan,
        Video,
        Webhook,
        Delivery,
    ],
    LookOnly,
)
