"""A workspace that asks its members for two-factor sign-in is closed to those who have none, by every door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotator import access
from annotator.actions.api_tokens import create_token
from annotator.models import AuditEntry, User, Workspace
from tests.annotator.two_factor import Phone
from tests.people import PASSWORD, Team, client_of

pytestmark = pytest.mark.django_db

SET_UP = "/account/two-factor/"
WORDS = "Wildlife is open only to members with two-factor sign-in."


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    return Phone(monkeypatch)


def ask(team: Team, *, days: float = 0) -> None:
    Workspace.objects.filter(pk=team.workspace.pk).update(second_factor_from=timezone.now() + timedelta(days=days))


def test_a_member_without_it_is_led_to_set_it_up_from_every_page(team: Team) -> None:
    ask(team)
    bob = client_of(team.bob)
    for path in ("/", "/account/", f"/projects/{team.project.pk}/", f"/videos/{team.video.pk}/edit/", "/people/"):
        assert bob.get(path)["Location"] == SET_UP, path
    assert bob.post(f"/jobs/{team.job.pk}/step/", {"step": "submit"})["Location"] == SET_UP
    page = bob.get(SET_UP).content.decode()
    assert "Wildlife asks its members for it. Nothing else here is open to you before it is set up." in page
    assert "Cancel" not in page
    bob.post("/sign-out/")
    assert bob.get("/")["Location"].startswith("/sign-in/")


def test_it_is_open_to_them_once_they_have_it(team: Team, phone: Phone) -> None:
    ask(team)
    phone.set_up(team.bob)
    assert client_of(team.bob).get(f"/projects/{team.project.pk}/").status_code == 200


def test_others_are_not_asked(team: Team) -> None:
    ask(team)
    assert client_of(team.eve).get("/").status_code == 200
    assert client_of(team.eve).get(f"/projects/{team.project.pk}/").status_code == 404


@pytest.mark.parametrize("way", ["session", "token"])
def test_programs_are_told_in_words(team: Team, way: str) -> None:
    _, secret = create_token(user=team.bob, name="x", scope="manage", days=30, current=PASSWORD)
    ask(team)
    client = client_of(team.bob) if way == "session" else Client(headers={"Authorization": f"Bearer {secret}"})
    for path in (f"/api/projects/{team.project.pk}/labels", "/api/me/preferences"):
        answer = client.get(path)
        assert (answer.status_code, WORDS in answer.json()["message"]) == (403, True)


def test_the_look_ups_themselves_are_closed(team: Team) -> None:
    """What the sockets go by."""
    ask(team)
    with pytest.raises(access.SecondFactorNeeded, match=WORDS):
        access.access_layer(team.bob, team.layer.pk, "view")
    sam = User.objects.create_superuser("sam", "sam@example.org")
    with pytest.raises(access.SecondFactorNeeded):
        access.access_layer(sam, team.layer.pk, "view")


def test_until_the_day_has_come_it_is_only_announced(team: Team) -> None:
    ask(team, days=7)
    page = client_of(team.bob).get(f"/projects/{team.project.pk}/").content.decode()
    assert "Wildlife asks its members for two-factor sign-in from" in page
    assert "asks its members" not in client_of(team.eve).get("/").content.decode()


def test_an_admin_asks_for_it_and_no_longer(team: Team, phone: Phone, told: list[str]) -> None:
    phone.set_up(team.alice)
    alice = client_of(team.alice)
    address = f"/workspaces/{team.workspace.pk}/"
    assert "4 members without it: Bob, Mona, Rita, Vic." in alice.get(f"{address}settings/").content.decode()
    alice.post(f"{address}second-factor/", {"days": "0"})
    assert client_of(team.bob).get("/").status_code == 302
    assert "Everybody here needs it." in alice.get(f"{address}settings/").content.decode()
    alice.post(f"{address}second-factor/", {})
    assert client_of(team.bob).get("/").status_code == 200
    assert [entry.what for entry in AuditEntry.objects.filter(kind="settings").order_by("pk")] == [
        "asks members for two-factor sign-in, from now on.",
        "no longer asks members for two-factor sign-in.",
    ]
    assert len(told) == 2, "Open pages look again."


def test_an_admin_without_it_shuts_nobody_out(team: Team, phone: Phone) -> None:
    alice = client_of(team.alice)
    address = f"/workspaces/{team.workspace.pk}/second-factor/"
    page = alice.post(address, {"days": "0"}, follow=True).content.decode()
    assert "Set up two-factor sign-in for your own account first" in page
    phone.set_up(team.alice)
    assert "People have 0 to 90 days" in alice.post(address, {"days": "91"}, follow=True).content.decode()
    assert Workspace.objects.get(pk=team.workspace.pk).second_factor_from is None


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    note: Callable[..., None] = lambda **_: said.append("look again")  # noqa: E731
    monkeypatch.setattr("annotator.actions.workspaces.announce_rights", note)
    return said
