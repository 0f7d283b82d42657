from __future__ import annotations

import re

import pytest
from django.test import Client

from annotator.models import User
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
