"""What actions may know of the request that they are part of, for the audit log."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

from annotator.actions.audit import Asker, begin_asking, end_asking, record
from annotator.models import ApiToken, AuditKind, User
from annotator.sign_in import address_of


class Asking(MiddlewareMixin):
    """Says to the audit log who asks. Whoever signs in or brings a token only turns up while it is answered, so the
    request is asked when something is recorded."""

    def process_request(self, request: HttpRequest) -> None:
        begin_asking(Asker(lambda: _user_of(request), address_of(request), lambda: _token_of(request)))

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        end_asking()
        return response


def _user_of(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    return cast(User, user) if user is not None and user.is_authenticated else None


def _token_of(request: HttpRequest) -> str:
    used = getattr(request, "auth", None)
    return used.name if isinstance(used, ApiToken) else ""


def signed_in_by(request: HttpRequest, way: str) -> None:
    """Say by which way somebody is about to be signed in, after "signed in"."""
    request.way_in = way  # type: ignore[attr-defined]


def note_signed_in(request: HttpRequest | None, user: User, **_: object) -> None:
    """A receiver of Django's signal: whoever comes in by whichever door."""
    way = getattr(request, "way_in", "")
    record(AuditKind.SIGN_IN, f"signed in{way and f' {way}'}.", person=user, by=user)


def note_database_admin(instance: Any, created: bool, **_: object) -> None:
    """A receiver of what Django's admin notes of its own changes."""
    if created:
        what = f"the {instance.content_type.name} “{instance.object_repr}”" if instance.content_type else "something"
        did = "deleted" if instance.is_deletion() else "added" if instance.is_addition() else "changed"
        how = "" if instance.is_deletion() else instance.get_change_message()
        record(AuditKind.DATABASE, f"{did} {what} in the database admin.{how and f' {how}'}", by=instance.user)


def connect() -> None:
    from django.contrib.admin.models import LogEntry

    user_logged_in.connect(note_signed_in, dispatch_uid="signed in")
    post_save.connect(note_database_admin, sender=LogEntry, dispatch_uid="changed in the database admin")
