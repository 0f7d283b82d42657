"""What people do by pages and programs is in the audit log: by whom, from where, and only for who may read it."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from annotator.actions.api_tokens import create_token
from annotator.actions.audit import Wanted, entries, record
from annotator.actions.workspaces import invite
from annotator.models import AuditEntry, AuditKind, Invitation, Layer, Membership, User, Webhook
from annotator.pages import audit as page
from tests.annotator.two_factor import Phone
from tests.people import PASSWORD, Team, client_of

pytestmark = pytest.mark.django_db

HERE = "127.0.0.1"


def log(team: Team) -> list[tuple[str, str, str]]:
    """(kind, who, what) of Wildlife's log but signing in, oldest first."""
    lines = entries(team.workspace, Wanted()).exclude(kind=AuditKind.SIGN_IN).order_by("pk")
    return [(entry.kind, entry.by_name, entry.what) for entry in lines]


def test_signing_in_and_failing_to_is_in_the_log(team: Team) -> None:
    for name, password in (("bob", "wrong"), ("nobody-of-us", "secret"), ("bob", PASSWORD)):
        Client().post("/sign-in/", {"username": name, "password": password}, REMOTE_ADDR="192.0.2.7")
    failed, signed_in = entries(team.workspace, Wanted()).order_by("pk")
    assert (failed.kind, failed.by, failed.address) == ("sign_in_failed", None, "192.0.2.7")
    assert failed.what == "tried to sign in to the account bob: wrong password."
    assert (signed_in.by, signed_in.what) == (team.bob, "signed in by password.")
    assert not AuditEntry.objects.filter(what__contains="nobody-of-us").exists()
    assert entries(None, Wanted(search="no account has")).count() == 1


def test_a_wrong_code_and_the_way_in_are_told(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = Phone(monkeypatch)
    phone.set_up(team.bob)
    phone.wait(2)
    browser = Client()
    browser.post("/sign-in/", {"username": "bob", "password": PASSWORD})
    for code in (phone.wrong(), phone.code()):
        browser.post("/sign-in/code/", {"code": code})
    assert [entry.what for entry in entries(team.workspace, Wanted()).order_by("pk")] == [
        "switched two-factor sign-in of bob on.",
        "gave a wrong code for the account bob.",
        "signed in with a code of the app.",
    ]


def test_what_admins_do_with_people_is_told(team: Team) -> None:
    alice = client_of(team.alice)
    bobs = Membership.objects.get(user=team.bob)
    alice.post(f"/workspaces/{team.workspace.pk}/invitations/", {"role": "viewer", "email": "zoe@example.org"})
    alice.post(f"/invitations/{Invitation.objects.get().pk}/end/")
    alice.post(f"/members/{bobs.pk}/role/", {"role": "reviewer"})
    alice.post(f"/members/{bobs.pk}/end/")
    assert log(team) == [
        ("member", "Alice (alice)", "invited zoe@example.org as viewer."),
        ("member", "Alice (alice)", "took back the invitation of zoe@example.org."),
        ("member", "Alice (alice)", "changed the role of bob from annotator to reviewer."),
        ("member", "Alice (alice)", "took bob (reviewer) out of the workspace."),
    ]


def test_who_comes_by_an_invitation_is_told(team: Team) -> None:
    _, token = invite(by=team.alice, workspace=team.workspace, role="viewer")
    sent = {"name": "", "username": "zoe", "email": "zoe@example.org", "password": PASSWORD}
    Client().post(f"/invite/{token}/", sent)
    assert log(team)[1:] == [("member", "zoe", "joined as viewer by an invitation of Alice (zoe, zoe@example.org).")]
    assert (
        entries(team.workspace, Wanted(kind="sign_in")).get().what == "signed in for the first time, by an invitation."
    )


def test_what_site_admins_do_with_accounts_is_told(team: Team) -> None:
    sam = client_of(User.objects.create_superuser("sam", "sam@example.org"))
    for do, sent in (("password", {}), ("admin", {"admin": "yes"}), ("active", {"active": "no"})):
        sam.post(f"/people/{team.bob.pk}/{do}/", sent)
    assert log(team) == [
        ("account", "sam", "gave bob a new password."),
        ("account", "sam", "made bob a site admin."),
        ("account", "sam", "deactivated the account bob."),
    ]


def test_what_is_deleted_is_told_with_its_name(team: Team) -> None:
    mona = client_of(team.mona)
    layer = Layer.objects.create(video=team.video, kind="model", name="draft")
    mona.delete(f"/api/layers/{layer.pk}?revision=0")
    mona.put(f"/api/projects/{team.project.pk}/labels", {"labels": [], "removed": [team.car.pk]}, "application/json")
    mona.delete(f"/api/videos/{team.video.pk}")
    assert log(team) == [
        (
            "deleted",
            "Mona (mona)",
            "deleted the layer “draft” of “lions.mp4” with 0 tracks and 0 jobs in the project “Savannah”.",
        ),
        ("deleted", "Mona (mona)", "deleted the label “car” in the project “Savannah”."),
        (
            "deleted",
            "Mona (mona)",
            "deleted the video “lions.mp4” (300 frames) with 1 layer and 1 job in the project “Savannah”.",
        ),
    ]


def test_exports_webhooks_machines_and_settings_are_told(team: Team, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    alice = client_of(team.alice)
    alice.post(f"/api/layers/{team.layer.pk}/exports", {"format": "mot"}, "application/json")
    hook = {"url": "https://example.org/x", "events": ["job.moved"], "active": "on"}
    alice.post(f"/projects/{team.project.pk}/webhooks/", hook)
    for do in ("secret", "delete"):
        alice.post(f"/webhooks/{Webhook.objects.get().pk}/do/", {"do": do})
    alice.post(f"/workspaces/{team.workspace.pk}/machines/", {"name": "box"})
    alice.post(f"/machines/{team.workspace.agents.get().pk}/end/")
    alice.post(f"/projects/{team.project.pk}/archive/", {"archived": "yes"})
    alice.post(f"/workspaces/{team.workspace.pk}/settings/", {"name": "Wild life"})
    assert [what for _, _, what in log(team)] == [
        "exported the layer “main” of “lions.mp4” as mot in the project “Savannah”.",
        "made a webhook to https://example.org/x in the project “Savannah”.",
        "renewed the secret of the webhook to https://example.org/x in the project “Savannah”.",
        "deleted the webhook to https://example.org/x in the project “Savannah”.",
        "let the machine “box” in.",
        "disconnected the machine “box”: its token is good no more.",
        "archived the project “Savannah”.",
        "renamed the workspace “Wildlife” to “Wild life”.",
    ]
    assert {entry.address for entry in entries(team.workspace, Wanted(person=team.alice.pk))} - {""} == {HERE}


def test_what_a_program_does_names_its_token(team: Team) -> None:
    _, secret = create_token(user=team.mona, name="nightly", scope="manage", days=30, current=PASSWORD)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    program.delete(f"/api/videos/{team.video.pk}")
    entry = AuditEntry.objects.get(kind="deleted")
    assert (entry.by, entry.token, entry.address) == (team.mona, "nightly", HERE)


def test_what_is_changed_in_the_database_admin_is_told(team: Team) -> None:
    sam = client_of(User.objects.create_superuser("sam", "sam@example.org"))
    sam.post(f"/admin/annotator/membership/{Membership.objects.get(user=team.bob).pk}/delete/", {"post": "yes"})
    entry = AuditEntry.objects.get(kind="database")
    assert entry.by_name == "sam"
    assert entry.what == "deleted the membership “Bob in Wildlife: annotator” in the database admin."


def test_the_log_forgets_who_asked_once_the_answer_is_out(team: Team) -> None:
    client_of(team.alice).get("/account/")
    record(AuditKind.SETTINGS, "did something.", workspace=team.workspace.pk)
    entry = AuditEntry.objects.get(kind="settings")
    assert (entry.by, entry.address) == (None, "")


def test_the_page_shows_filters_and_older_lines(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "LISTED", 2)
    for each in ("first", "second", "third"):
        record(AuditKind.EXPORT, f"exported the {each} <b>", workspace=team.workspace.pk, by=team.mona)
    alice = client_of(team.alice)
    address = f"/workspaces/{team.workspace.pk}/log/"
    shown = alice.get(f"{address}?kind=export").content.decode()
    assert "3 lines of this filter" in shown
    assert "exported the third &lt;b&gt;" in shown
    assert "exported the first" not in shown
    older = re.search(r'href="(\?[^"]+)">Older', shown)
    assert older is not None
    assert "exported the first" in alice.get(address + older[1].replace("&amp;", "&")).content.decode()
    assert "Nothing in the log is like this." in alice.get(f"{address}?search=zebra").content.decode()
    for odd in ("kind=x", "person=x", "first=x", "before=99999999999999999999", "before=x"):
        assert alice.get(f"{address}?{odd}").status_code == 200


def test_programs_read_it_page_by_page_and_as_csv(team: Team) -> None:
    for number in range(3):
        record(AuditKind.EXPORT, f"=exported {number}", workspace=team.workspace.pk, by=team.mona)
    record(AuditKind.EXPORT, "elsewhere", workspace=team.eves_workspace.pk)
    alice = client_of(team.alice)
    address = f"/api/workspaces/{team.workspace.pk}/audit"
    first = alice.get(f"{address}?kind=export&limit=2").json()
    assert [entry["what"] for entry in first["entries"]] == ["=exported 2", "=exported 1"]
    rest = alice.get(f"{address}?kind=export&limit=2&before={first['next']}").json()
    assert [entry["what"] for entry in rest["entries"]] == ["=exported 0"]
    assert rest["next"] is None
    lines = list(csv.DictReader(alice.get(f"{address}.csv?kind=export").content.decode().splitlines()))
    # As a text, and no formula of a spreadsheet.
    assert [line["what"] for line in lines] == ["'=exported 2", "'=exported 1", "'=exported 0"]
    assert lines[0]["by_name"] == "Mona (mona)"


def test_a_site_admins_token_to_read_does_not_open_the_servers_log(team: Team) -> None:
    sam = User.objects.create_superuser("sam", "sam@example.org", PASSWORD)
    for scope, status in (("read", 403), ("annotate", 403), ("manage", 200)):
        _, secret = create_token(user=sam, name=scope, scope=scope, days=30, current=PASSWORD)
        assert Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/audit").status_code == status
