from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from annotator.actions import people as actions
from annotator.actions.errors import ActionError
from annotator.models import User
from tests.people import PASSWORD, People


def make(**changes: str) -> User:
    fields = {"username": "zoe", "email": "zoe@example.org", "password": PASSWORD, "name": "Zoe van Dam"}
    return actions.create_account(**{**fields, **changes})


def test_an_account_is_made(people: People) -> None:
    user = make(email="Zoe@Example.org")
    assert (user.username, user.email, str(user), user.check_password(PASSWORD)) == (
        "zoe",
        "zoe@example.org",
        "Zoe van Dam",
        True,
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"username": "Bob"}, "is taken"),
        ({"email": "BOB@example.org"}, "Another account has the e-mail"),
        ({"username": "zoe@home"}, "has no @"),
        ({"username": "zoe dam"}, "valid username"),
        ({"username": ""}, "blank"),
        ({"email": "zoe"}, "valid email"),
        ({"password": "12345678"}, "too common"),
    ],
)
def test_an_account_that_breaks_a_rule_is_refused(people: People, changes: dict[str, str], words: str) -> None:
    with pytest.raises(ActionError, match=words):
        make(**changes)
    assert not User.objects.filter(first_name="Zoe").exists()


def test_an_account_keeps_its_own_name_and_mail(people: People) -> None:
    changed = actions.change_account(user=people.bob, username="bob", email="bob@example.org", name="Robert")
    assert str(changed) == "Robert"


def test_a_new_password_needs_the_current_one(people: People) -> None:
    with pytest.raises(ActionError, match="current password"):
        actions.change_password(user=people.bob, current="wrong", password="another good one")
    actions.change_password(user=people.bob, current=PASSWORD, password="another good one")
    assert people.bob.check_password("another good one")


def test_the_note_of_the_first_login_goes_with_its_password(people: People, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    note = tmp_path / "demo_login"
    note.write_text("Sign in as alice with the password x\n")
    actions.change_password(user=people.bob, current=PASSWORD, password="another good one")
    assert note.exists()
    actions.change_password(user=people.alice, current=PASSWORD, password="another good one")
    assert not note.exists()


def test_a_forgotten_password_is_replaced(people: People) -> None:
    assert people.bob.check_password(actions.give_new_password(user=people.bob))


def test_the_last_site_admin_stays(people: People) -> None:
    actions.change_site_admin(user=people.alice, is_admin=True)
    with pytest.raises(ActionError, match="last active site admin"):
        actions.change_site_admin(user=people.alice, is_admin=False)
    with pytest.raises(ActionError, match="last active site admin"):
        actions.deactivate_account(by=people.bob, user=people.alice)
    actions.change_site_admin(user=people.mona, is_admin=True)
    actions.deactivate_account(by=people.mona, user=people.alice)
    with pytest.raises(ActionError, match="last active site admin"):
        actions.change_site_admin(user=people.mona, is_admin=False)


def test_nobody_deactivates_themselves(people: People) -> None:
    with pytest.raises(ActionError, match="your own account"):
        actions.deactivate_account(by=people.bob, user=people.bob)


def test_an_account_comes_back(people: People) -> None:
    actions.deactivate_account(by=people.alice, user=people.bob)
    actions.reactivate_account(user=people.bob)
    assert User.objects.get(username="bob").is_active


def test_preferences_are_merged_and_removed_by_null(people: People) -> None:
    actions.change_preferences(user=people.bob, changes={"theme": "dark", "tracking": {"frames": 10, "model": "csrt"}})
    after = actions.change_preferences(user=people.bob, changes={"theme": None, "tracking": {"frames": 20}})
    assert after == {"tracking": {"frames": 20, "model": "csrt"}} == User.objects.get(username="bob").preferences


def test_preferences_have_a_limit(people: People) -> None:
    with pytest.raises(ActionError, match="65536 characters"):
        actions.change_preferences(user=people.bob, changes={"keys": "x" * 70_000})
    assert User.objects.get(username="bob").preferences == {}
