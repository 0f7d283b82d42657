"""What the audit log keeps, for how long, and that nothing changes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.actions import audit
from annotator.actions.audit import Wanted, entries, forget_old, record, record_unknown_name
from annotator.actions.workspaces import remove_member
from annotator.config import config
from annotator.models import AuditEntry, AuditKind, Membership
from annotator.models.audit import AppendOnly
from tests.people import People

pytestmark = pytest.mark.django_db


def test_an_entry_is_neither_changed_nor_deleted(people: People) -> None:
    record(AuditKind.SETTINGS, "did something.", workspace=people.workspace.pk, by=people.alice)
    entry = AuditEntry.objects.get()
    entry.what = "did nothing."
    everything = AuditEntry.objects.all()
    for change in (
        entry.save,
        entry.delete,
        everything.delete,
        lambda: everything.update(what="did nothing."),
        lambda: everything.bulk_update([entry], ["what"]),
    ):
        with pytest.raises(AppendOnly, match="only added"):
            change()
    assert AuditEntry.objects.get().what == "did something."


def test_names_stay_those_of_then_also_when_the_account_is_gone(people: People) -> None:
    record(AuditKind.SETTINGS, "did something.", workspace=people.workspace.pk, by=people.mona)
    people.mona.delete()
    entry = entries(people.workspace, Wanted()).get()
    assert (entry.by, entry.by_name) == (None, "Mona (mona)")


def test_what_is_about_a_person_is_in_the_log_of_the_workspaces_that_they_were_in(people: People) -> None:
    record(AuditKind.ACCOUNT, "changed a password.", person=people.bob)
    remove_member(by=people.alice, membership=Membership.objects.get(user=people.bob))
    record(AuditKind.ACCOUNT, "changed it again.", person=people.bob)
    assert [entry.what for entry in entries(people.workspace, Wanted())] == [
        "took bob (annotator) out of the workspace.",
        "changed a password.",
    ]
    assert not entries(people.eves_workspace, Wanted()).exists()
    assert entries(None, Wanted()).count() == 3


def test_a_sentence_that_is_too_long_is_cut_and_says_so(people: People) -> None:
    record(AuditKind.DELETED, "x" * 2000, workspace=people.workspace.pk)
    what = AuditEntry.objects.get().what
    assert (len(what), what[-1]) == (600, "…")


def test_names_that_nobody_has_are_not_kept_and_bounded(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_UNKNOWN", 3)
    for _ in range(5):
        record_unknown_name()
    said = [entry.what for entry in entries(None, Wanted())]
    assert len(said) == 3
    assert said[0].endswith("Further ones of the next minutes aren't listed.")


def test_what_is_older_than_it_is_kept_goes(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    old = timezone.now() - timedelta(days=31)
    AuditEntry.objects.create(kind=AuditKind.SETTINGS, what="old", at=old).workspaces.add(people.workspace)
    record(AuditKind.SETTINGS, "new", workspace=people.workspace.pk)
    monkeypatch.setattr(config, "audit_days", 0)
    assert forget_old() == 0
    monkeypatch.setattr(config, "audit_days", 30)
    assert forget_old() == 1
    assert [entry.what for entry in entries(people.workspace, Wanted())] == ["new"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["third", "second", "first"]),
        (Wanted(kind=AuditKind.EXPORT), ["second"]),
        (Wanted(search="SEC"), ["second"]),
        (Wanted(search="mona"), ["second", "first"]),
        (Wanted(first=timezone.now().date() + timedelta(days=2)), []),
        (Wanted(last=timezone.now().date() - timedelta(days=2)), []),
    ],
)
def test_lines_are_filtered(people: People, wanted: Wanted, found: list[str]) -> None:
    record(AuditKind.SETTINGS, "first", workspace=people.workspace.pk, by=people.mona)
    record(AuditKind.EXPORT, "second", workspace=people.workspace.pk, by=people.mona)
    record(AuditKind.ACCOUNT, "third", person=people.bob, by=people.alice)
    assert [entry.what for entry in entries(people.workspace, wanted)] == found


def test_a_persons_lines_are_what_they_did_and_what_was_done_to_them(people: People) -> None:
    record(AuditKind.ACCOUNT, "first", person=people.bob, by=people.alice)
    record(AuditKind.SETTINGS, "second", workspace=people.workspace.pk, by=people.bob)
    record(AuditKind.SETTINGS, "third", workspace=people.workspace.pk, by=people.alice)
    mine = entries(people.workspace, Wanted(person=people.bob.pk))
    assert [entry.what for entry in mine] == ["second", "first"]
