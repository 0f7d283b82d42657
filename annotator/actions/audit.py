"""The audit log: who did what, when and from where. ``record`` is the one place that writes it, ``forget_old`` the one
that removes from it.

Actions record what they did, in their transaction where they have one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotator.config import config
from annotator.models import AuditEntry, AuditKind, Membership, User, Workspace

LONGEST = 600
WINDOW = timedelta(minutes=5)
MOST_UNKNOWN = 64
"""Failed sign-ins of names that nobody has, noted in ``WINDOW``: somebody who tries names from many addresses doesn't
fill the disk."""


@dataclass(frozen=True)
class Asker:
    """Of the request that is being answered: who asks, from which address, and by the API token of which name."""

    user: Callable[[], User | None]
    address: str
    token: Callable[[], str]


_asker: ContextVar[Asker | None] = ContextVar("asker", default=None)


def begin_asking(asker: Asker) -> None:
    """What is recorded from now on, in what runs for this request, is its doing."""
    _asker.set(asker)


def end_asking() -> None:
    _asker.set(None)


def record(
    kind: AuditKind,
    what: str,
    *,
    workspace: int | None = None,
    person: User | None = None,
    by: User | None = None,
) -> None:
    """Add a line to the log.

    Args:
        what: what was done, after the name of who did it, with the names of what it was done to: "deleted the video …".
        workspace: whose it is; None: of all that ``person`` is a member of now.
        person: the account that it is about.
        by: who did it; None: whoever asks.
    """
    asker = _asker.get()
    who = by or (asker.user() if asker is not None else None)
    places = [workspace] if workspace is not None else _workspaces_of(person)
    with transaction.atomic():
        entry = AuditEntry.objects.create(
            kind=kind,
            by=who,
            by_name=_name(who),
            token=asker.token() if asker is not None else "",
            address=asker.address[:45] if asker is not None else "",
            person=person,
            what=what if len(what) <= LONGEST else f"{what[: LONGEST - 1]}…",
        )
        entry.workspaces.set(places)


def record_unknown_name() -> None:
    """Somebody tried to sign in by a name that no account has. The name isn't kept: it may be a password that was typed
    in the wrong field."""
    since = timezone.now() - WINDOW
    lately = AuditEntry.objects.filter(kind=AuditKind.SIGN_IN_FAILED, person=None, at__gt=since).count()
    if lately < MOST_UNKNOWN:
        more = " Further ones of the next minutes aren't listed." if lately == MOST_UNKNOWN - 1 else ""
        record(AuditKind.SIGN_IN_FAILED, f"tried to sign in by a name that no account has.{more}")


def forget_old() -> int:
    """Remove what is older than the installation keeps it (``FRAMEWISE_AUDIT_DAYS``). Returns how many lines."""
    if not config.audit_days:
        return 0
    over = timezone.now() - timedelta(days=config.audit_days)
    # The model's own set refuses.
    return QuerySet(AuditEntry).filter(at__lt=over).delete()[1].get("annotator.AuditEntry", 0)


@dataclass(frozen=True)
class Wanted:
    """Which lines: of a kind; done by a person or to them; from the first to the last day, both included, in UTC; with
    a text in them. Empty: all."""

    kind: str = ""
    person: int | None = None
    first: date | None = None
    last: date | None = None
    search: str = ""


def entries(workspace: Workspace | None, wanted: Wanted) -> QuerySet[AuditEntry]:
    """Lines of a workspace's log, newest first; None: of the whole installation's."""
    found = AuditEntry.objects.select_related("by", "person")
    if workspace is not None:
        found = found.filter(workspaces=workspace)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.person is not None:
        found = found.filter(Q(by=wanted.person) | Q(person=wanted.person))
    if wanted.first is not None:
        found = found.filter(at__gte=_midnight(wanted.first))
    if wanted.last is not None:
        found = found.filter(at__lt=_midnight(wanted.last) + timedelta(days=1))
    if text := wanted.search.strip():
        found = found.filter(
            Q(what__icontains=text) | Q(by_name__icontains=text) | Q(token__icontains=text) | Q(address=text)
        )
    return found


def people_in(workspace: Workspace | None) -> QuerySet[User]:
    """Who did something in a log, or had it done to them."""
    mine = AuditEntry.objects.all() if workspace is None else AuditEntry.objects.filter(workspaces=workspace)
    did, met = mine.filter(by=OuterRef("pk")), mine.filter(person=OuterRef("pk"))
    return User.objects.filter(Exists(did.order_by()) | Exists(met.order_by())).order_by("first_name", "username")


def _workspaces_of(person: User | None) -> list[int]:
    if person is None:
        return []
    return list(Membership.objects.filter(user=person).values_list("workspace_id", flat=True))


def _name(who: User | None) -> str:
    if who is None:
        return ""
    full = who.get_full_name()
    return f"{full} ({who.username})" if full else who.username


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
