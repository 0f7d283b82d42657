from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from annotator.models import User
from tests.people import PASSWORD, People, client_of

NEW = "another good password"


def test_a_name_is_changed(people: People) -> None:
    sent = {"form": "names", "name": "Robert Lind", "username": "rob", "email": "rob@example.org", "current": PASSWORD}
    client_of(people.bob).post("/account/", sent)
    bob = User.objects.get(pk=people.bob.pk)
    assert (str(bob), bob.username, bob.email) == ("Robert Lind", "rob", "rob@example.org")


@pytest.mark.parametrize("changed", [{"email": "eve@example.org"}, {"username": "rob"}])
@pytest.mark.parametrize(
    ("current", "words"), [("", "needs your current password"), ("wrong", "password isn&#x27;t right")]
)
def test_what_one_signs_in_by_is_changed_only_with_the_password(
    people: People, changed: dict[str, str], current: str, words: str
) -> None:
    sent = {"form": "names", "name": "Robert", "username": "bob", "email": "bob@example.org", **changed}
    page = client_of(people.bob).post("/account/", {**sent, "current": current}).content.decode()
    assert words in page
    bob = User.objects.get(pk=people.bob.pk)
    assert (bob.username, bob.email) == ("bob", "bob@example.org")


def test_what_was_typed_stays_and_the_header_keeps_the_old_name(people: People) -> None:
    sent = {"form": "names", "name": "Robert", "username": "rita", "email": "bob@example.org"} | {"current": PASSWORD}
    page = client_of(people.bob).post("/account/", sent).content.decode()
    assert "The username rita is taken" in page
    assert 'value="Robert"' in page
    assert '<span class="who">Bob</span>' in page


def test_a_new_password_keeps_this_session_and_ends_others(people: People) -> None:
    here, there = client_of(people.bob), client_of(people.bob)
    here.post("/account/", {"form": "password", "current": PASSWORD, "password": NEW, "again": NEW})
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 302)


def test_a_password_typed_in_two_ways_is_refused(people: People) -> None:
    sent = {"form": "password", "current": PASSWORD, "password": NEW, "again": "x"}
    assert "typed in two ways" in client_of(people.bob).post("/account/", sent).content.decode()
    assert User.objects.get(pk=people.bob.pk).check_password(PASSWORD)


def test_the_theme_is_applied_on_every_page(people: People) -> None:
    client = client_of(people.bob)
    client.post("/account/", {"form": "theme", "theme": "dark"})
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post("/account/", {"form": "theme", "theme": ""})
    assert User.objects.get(pk=people.bob.pk).preferences == {}


def test_who_still_has_the_first_password_is_asked_to_change_it(people: People, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "demo_login").write_text("Sign in as bob with the password x\n")
    assert "Choose your own password" in client_of(people.bob).get("/").content.decode()
    assert "Choose your own password" not in client_of(people.rita).get("/").content.decode()
