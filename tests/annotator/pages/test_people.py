from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotator import sessions
from annotator.actions.api_tokens import create_token
from annotator.models import ApiToken, User
from tests.people import PASSWORD, People, client_of


@pytest.fixture
def admin(people: People) -> Client:
    return client_of(User.objects.create_superuser("sam", "sam@example.org"))


def test_an_account_is_added(admin: Client) -> None:
    sent = {"name": "Zoe", "username": "zoe", "email": "zoe@example.org", "password": PASSWORD}
    assert "zoe@example.org" in admin.post("/people/", sent, follow=True).content.decode()


def test_what_was_typed_stays_when_it_is_refused(admin: Client) -> None:
    sent = {"name": "Zoe", "username": "bob", "email": "zoe@example.org", "password": PASSWORD}
    page = admin.post("/people/", sent).content.decode()
    assert "The username bob is taken" in page
    assert 'value="zoe@example.org"' in page


def test_a_new_password_is_shown_once(admin: Client, people: People) -> None:
    page = admin.post(f"/people/{people.bob.pk}/password/", follow=True).content.decode()
    found = re.search(r'data-copy="([^"]+)"', page)
    assert found is not None
    assert User.objects.get(username="bob").check_password(found[1])
    assert found[1] not in admin.get("/people/").content.decode()


def test_an_account_is_deactivated_and_comes_back(admin: Client, people: People) -> None:
    for active in ("no", "yes"):
        admin.post(f"/people/{people.bob.pk}/active/", {"active": active})
        assert User.objects.get(username="bob").is_active == (active == "yes")


def test_the_last_site_admin_is_told_why_they_stay(admin: Client) -> None:
    sam = User.objects.get(username="sam")
    assert (
        "last active site admin"
        in admin.post(f"/people/{sam.pk}/admin/", {"admin": "no"}, follow=True).content.decode()
    )


def names(page: str) -> list[str]:
    return re.findall(r'<br><span class="muted">(\w+)</span>', page)


def test_people_are_found_by_any_part_of_what_they_are_called(admin: Client) -> None:
    assert names(admin.get("/people/?search=ALI").content.decode()) == ["alice"]
    assert names(admin.get("/people/?search=rita@ex rit").content.decode()) == ["rita"]
    assert "0 people" in admin.get("/people/?search=zebra").content.decode()


def test_people_are_sorted_and_filtered(admin: Client, people: People) -> None:
    now = timezone.now()
    for days, user in enumerate((people.vic, people.bob, people.eve)):
        User.objects.filter(pk=user.pk).update(last_seen=now - timedelta(days=days))
    User.objects.filter(pk=people.mona.pk).update(is_active=False)
    User.objects.exclude(pk__in=[people.vic.pk, people.bob.pk, people.eve.pk]).update(last_seen=None)
    # Asking is being here.
    assert names(admin.get("/people/?sort=-seen").content.decode())[:4] == ["sam", "vic", "bob", "eve"]
    assert names(admin.get("/people/?sort=seen").content.decode())[:4] == ["eve", "bob", "vic", "sam"]
    assert names(admin.get("/people/?sort=-email&who=active").content.decode())[:2] == ["vic", "sam"]
    assert names(admin.get("/people/?who=deactivated").content.decode()) == ["mona"]
    assert names(admin.get("/people/?who=admins").content.decode()) == ["sam"]
    assert len(names(admin.get("/people/?who=odd&sort=odd").content.decode())) == 7


def test_that_somebody_is_here_is_written_once_in_some_minutes(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(sessions, "note_seen", seen.append)
    bob = client_of(people.bob)
    for _ in range(3):
        bob.get("/account/")
    assert seen == [people.bob.pk]


def test_a_program_is_somebody_who_was_here_too(people: People) -> None:
    _, token = create_token(user=people.bob, name="x", scope="read", days=1, current=PASSWORD)
    for _ in range(2):
        Client(headers={"Authorization": f"Bearer {token}"}).get("/api/me/preferences")
    seen = User.objects.get(pk=people.bob.pk).last_seen
    assert seen is not None
    used = ApiToken.objects.get().last_used_at
    assert used is not None
    assert abs(seen - used) < timedelta(seconds=5)
