from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory
from django.utils import timezone

from annotator import sessions
from annotator.actions.guesses import OF_A_NAME, OF_A_NAME_HERE, OF_AN_ADDRESS, WINDOW_S
from annotator.actions.people import deactivate_account
from annotator.announce import publish
from annotator.announce.notices import LookAgain, Notice
from annotator.models import Guess, User
from tests.people import PASSWORD, People, client_of


def sign_in(name: str, password: str = PASSWORD, client: Client | None = None) -> Any:
    return (client or Client()).post("/sign-in/", {"username": name, "password": password, "next": "/account/"})


@pytest.mark.parametrize("name", ["bob", "bob@example.org", "BOB@example.org"])
def test_people_sign_in_by_name_or_mail(people: People, name: str) -> None:
    answer = sign_in(name)
    assert (answer.status_code, answer["Location"]) == (302, "/account/")


def test_a_wrong_password_keeps_the_name_that_was_typed(people: People) -> None:
    answer = sign_in("bob", "wrong")
    assert answer.status_code == 200
    assert 'value="bob"' in answer.content.decode()
    assert "No account has this name and password" in answer.content.decode()


WAIT = "Too many wrong passwords"


def said(answer: Any) -> str:
    return str(answer.content.decode())


def guess(name: str, times: int, **where: str) -> None:
    """Wrong passwords that came to the door, without the page that it answers with."""
    for _ in range(times):
        assert authenticate(RequestFactory().post("/sign-in/", **where), username=name, password="wrong") is None


def test_too_many_wrong_passwords_make_one_wait_even_with_the_right_one(people: People) -> None:
    guess("bob", OF_A_NAME_HERE - 1)
    assert "No account has this name" in said(sign_in("rita", "wrong"))
    assert WAIT in said(sign_in("bob", "wrong"))
    assert WAIT in said(sign_in("bob"))
    assert sign_in("rita").status_code == 302


def test_the_wait_is_over_after_five_minutes_however_often_one_tried_meanwhile(people: People) -> None:
    guess("bob", OF_A_NAME_HERE + 5)
    assert Guess.objects.count() == OF_A_NAME_HERE
    Guess.objects.update(at=timezone.now() - timedelta(seconds=WINDOW_S))
    assert sign_in("bob").status_code == 302
    assert not Guess.objects.exists()


def test_the_right_password_begins_anew(people: People) -> None:
    guess("bob", OF_A_NAME_HERE - 1)
    assert sign_in("bob").status_code == 302
    assert WAIT not in said(sign_in("bob", "wrong"))


def test_both_names_of_an_account_and_all_doors_count_together(people: People) -> None:
    guess("bob", 3)
    guess("BOB@example.org", 3)
    signed_in = client_of(people.bob)
    signed_in.post("/account/", {"form": "password", "current": "wrong", "password": "x y z", "again": "x y z"})
    mail = {"form": "names", "username": "bob", "email": "eve@example.org", "current": "wrong"}
    signed_in.post("/account/", mail)
    assert WAIT in said(sign_in("bob"))
    assert WAIT in said(signed_in.post("/account/", {**mail, "current": PASSWORD}))


def test_hundreds_of_other_names_push_no_count_out(people: People) -> None:
    guess("bob", OF_A_NAME_HERE)
    for number in range(330):
        guess(f"name{number}", 1, REMOTE_ADDR=f"10.0.{number // 50}.1")
    assert WAIT in said(sign_in("bob"))


def test_one_address_may_be_wrong_about_so_many_names_and_no_more_is_kept(people: People) -> None:
    for number in range(OF_AN_ADDRESS + 3):
        guess(f"name{number}", 1, REMOTE_ADDR="2001:db8::1")
    assert Guess.objects.count() == OF_AN_ADDRESS
    assert WAIT in said(
        Client().post("/sign-in/", {"username": "rita", "password": PASSWORD}, REMOTE_ADDR="2001:db8::2")
    )
    assert sign_in("rita").status_code == 302


def test_one_account_may_be_guessed_so_often_from_everywhere(people: People) -> None:
    for number in range(OF_A_NAME):
        guess("bob", 1, REMOTE_ADDR=f"10.0.0.{number}")
    assert WAIT in said(sign_in("bob"))


def test_what_is_sent_along_makes_no_other_address(people: People, settings: Any) -> None:
    for number in range(OF_A_NAME_HERE):
        guess("bob", 1, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    assert WAIT in said(sign_in("bob"))
    # Behind a proxy: what the proxy put at the end counts, and nothing before it.
    settings.PROXIES = 1
    for number in range(OF_A_NAME_HERE):
        guess("rita", 1, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 192.0.2.1")
    sent = {"username": "rita", "password": PASSWORD}
    assert WAIT in said(Client().post("/sign-in/", sent, HTTP_X_FORWARDED_FOR="192.0.2.1"))
    assert Client().post("/sign-in/", sent, HTTP_X_FORWARDED_FOR="192.0.2.1, 192.0.2.2").status_code == 302


def test_the_database_admin_has_no_door_of_its_own(people: People) -> None:
    User.objects.create_superuser("sam", "sam@example.org", PASSWORD)
    client = Client()
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1] == ("/sign-in/?next=/admin/", 302)
    sent = {"username": "sam", "password": PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", sent).status_code == 405
    assert client.post("/admin/login/?next=/admin/", sent).status_code == 405
    assert client.post("/sign-in/", sent)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert client_of(people.bob).get("/admin/", follow=True).status_code == 403
    assert client.post("/admin/password_change/", {"old_password": "wrong"})["Location"] == "/account/#password"


def test_a_deactivated_account_is_shut_out_at_once(people: People) -> None:
    client = client_of(people.bob)
    deactivate_account(by=people.alice, user=people.bob)
    assert client.get("/").status_code == 302
    assert sign_in("bob").status_code == 200


def test_nobody_is_led_to_another_site(people: People) -> None:
    answer = Client().post("/sign-in/", {"username": "bob", "password": PASSWORD, "next": "https://example.com/"})
    assert answer["Location"] == "/"


def test_an_installation_without_accounts_says_how_to_make_one(db: None) -> None:
    assert not User.objects.exists()
    assert "createsuperuser" in Client().get("/sign-in/").content.decode()


def test_signing_out_ends_the_session(people: People) -> None:
    client = client_of(people.bob)
    client.post("/sign-out/")
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("door", ["/sign-out/", "/admin/logout/"])
def test_open_pages_hear_of_signing_out_by_whichever_door(
    people: People, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Notice] = []
    monkeypatch.setattr(publish, "_send_on_commit", told.append)
    sam = User.objects.create_superuser("sam", "sam@example.org", PASSWORD)
    client = client_of(sam)
    client.post(door)
    assert client.get("/").status_code == 302
    assert told == [LookAgain(user=sam.pk)]


@pytest.mark.parametrize(("what", "limit"), [(sessions.USED, sessions.IDLE_S), (sessions.BEGAN, sessions.LONGEST_S)])
def test_a_session_ends_that_is_not_used_or_old(people: People, what: str, limit: int) -> None:
    client = client_of(people.bob)
    for seconds, status in ((limit - 60, 200), (limit + 60, 302)):
        assert client.get("/").status_code in (200, 302)
        session = client.session
        session[what] = time.time() - seconds
        session.save()
        assert client.get("/").status_code == status
    assert "_auth_user_id" not in client.session


def test_a_session_that_is_used_is_written_seldom(people: People) -> None:
    client = client_of(people.bob)
    client.get("/")
    used = client.session[sessions.USED]
    client.get("/")
    assert client.session[sessions.USED] == used
    session = client.session
    session[sessions.USED] = used - sessions.NOTED_EVERY_S - 1
    session.save()
    client.get("/")
    assert client.session[sessions.USED] >= used
