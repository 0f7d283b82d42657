"""Signing in with a password and a code."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from annotator.actions.guesses import OF_A_NAME_HERE
from annotator.actions.people import deactivate_account, give_new_password
from annotator.models import Guess, SecondFactor
from annotator.pages.second_step import LONGEST_S, WAITING
from tests.annotator.two_factor import Phone
from tests.people import PASSWORD, People

WAIT = "Too many wrong passwords or codes"


@pytest.fixture
def phone(people: People, monkeypatch: pytest.MonkeyPatch) -> Phone:
    """Bob's, a step after he set it up."""
    phone = Phone(monkeypatch)
    phone.set_up(people.bob)
    phone.wait()
    return phone


def give_password(client: Client | None = None) -> Client:
    client = client or Client()
    answer = client.post("/sign-in/", {"username": "bob", "password": PASSWORD, "next": "/notifications/"})
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/code/")
    return client


def give_code(client: Client, code: str) -> Any:
    return client.post("/sign-in/code/", {"code": code})


def is_signed_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_the_password_alone_lets_nobody_in(phone: Phone) -> None:
    client = give_password()
    assert not is_signed_in(client)
    assert client.get("/api/me/preferences").status_code == 401
    assert give_code(client, "") and not is_signed_in(client)


def test_password_and_code_lead_to_what_was_wanted(phone: Phone) -> None:
    client = give_password()
    anonymous = client.session.session_key
    code = phone.code()
    answer = give_code(client, f" {code[:3]} {code[3:]}")
    assert (answer.status_code, answer["Location"]) == (302, "/notifications/")
    assert is_signed_in(client)
    assert client.session.session_key != anonymous
    assert not Guess.objects.exists()


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_a_step(phone: Phone, steps: int, good: bool) -> None:
    phone.wait(5)
    client = give_password()
    assert (give_code(client, phone.code(steps)).status_code == 302) is good
    assert is_signed_in(client) is good


def test_a_code_is_good_once_and_so_is_none_before_it(phone: Phone) -> None:
    phone.wait(5)
    code, before = phone.code(), phone.code(-1)
    give_code(give_password(), code)
    for used in (code, before):
        client = give_password()
        assert "was used before" in give_code(client, used).content.decode()
        assert not is_signed_in(client)
    phone.wait()
    client = give_password()
    give_code(client, phone.code())
    assert is_signed_in(client)


def test_the_code_that_set_it_up_is_used_too(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = Phone(monkeypatch)
    phone.set_up(people.bob)
    assert give_code(give_password(), phone.code()).status_code == 200


def test_a_recovery_code_lets_in_once_and_tells_how_many_are_left(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = Phone(monkeypatch).set_up(people.bob)
    client = give_password()
    answer = client.post("/sign-in/code/", {"code": codes[3].upper()}, follow=True)
    assert "9 are left" in answer.content.decode()
    assert is_signed_in(client)
    client = give_password()
    assert give_code(client, codes[3]).status_code == 200
    assert not is_signed_in(client)


def test_codes_of_somebody_else_are_no_good(people: People, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    ritas = Phone(monkeypatch)
    recovery = ritas.set_up(people.rita)
    ritas.wait()
    for code in (ritas.code(), recovery[0]):
        assert give_code(give_password(), code).status_code == 200


def test_too_many_wrong_codes_make_one_wait_even_with_the_right_one(phone: Phone) -> None:
    client = give_password()
    mail.outbox.clear()
    for _ in range(OF_A_NAME_HERE - 1):
        assert "This code isn" in give_code(client, phone.wrong()).content.decode()
    assert WAIT in give_code(client, phone.wrong()).content.decode()
    assert WAIT in give_code(client, phone.code()).content.decode()
    assert not is_signed_in(client)
    assert [(each.to, each.subject) for each in mail.outbox] == [(["bob@example.org"], "Framewise: Many wrong codes")]
    # The password's door is shut as well: they are counted together.
    assert WAIT in client.post("/sign-in/", {"username": "bob", "password": PASSWORD}).content.decode()


def test_giving_the_right_password_again_does_not_begin_the_count_anew(phone: Phone) -> None:
    for _ in range(OF_A_NAME_HERE - 1):
        give_code(give_password(), phone.wrong())
    assert WAIT in give_code(give_password(), phone.wrong()).content.decode()


def test_the_right_code_begins_the_count_anew(phone: Phone) -> None:
    client = give_password()
    for _ in range(OF_A_NAME_HERE - 1):
        give_code(client, phone.wrong())
    give_code(client, phone.code())
    assert is_signed_in(client)
    assert not Guess.objects.exists()


def test_the_second_step_waits_ten_minutes(phone: Phone) -> None:
    client = give_password()
    session = client.session
    session[WAITING] = {**session[WAITING], "began": time.time() - LONGEST_S - 1}
    session.save()
    answer = client.post("/sign-in/code/", {"code": phone.code()}, follow=True)
    assert answer.redirect_chain == [("/sign-in/", 302)]
    assert "within ten minutes" in answer.content.decode()


def test_who_is_deactivated_or_has_another_password_meanwhile_is_not_let_in(people: People, phone: Phone) -> None:
    client = give_password()
    give_new_password(user=people.bob)
    assert give_code(client, phone.code())["Location"] == "/sign-in/"
    people.bob.set_password(PASSWORD)
    people.bob.save()
    client = give_password()
    deactivate_account(by=people.alice, user=people.bob)
    assert give_code(client, phone.code())["Location"] == "/sign-in/"


def test_the_second_step_is_nothing_without_the_first(people: People) -> None:
    assert Client().get("/sign-in/code/")["Location"] == "/sign-in/"


def test_the_database_admins_door_asks_for_it_too(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.bob.is_superuser = people.bob.is_staff = True
    people.bob.save()
    Phone(monkeypatch).set_up(people.bob)
    client = Client()
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/sign-in/?next=/admin/"
    assert client.post("/sign-in/", {"username": "bob", "password": PASSWORD, "next": "/admin/"})["Location"] == (
        "/sign-in/code/"
    )
    assert client.get("/admin/").status_code == 302


def test_the_secret_is_not_kept_as_it_is_and_another_key_is_told(people: People, phone: Phone, settings: Any) -> None:
    assert phone.secret not in SecondFactor.objects.get(user=people.bob).sealed_secret
    settings.SECRET_KEY = "another"
    client = give_password()
    assert "has another secret key" in give_code(client, phone.code()).content.decode()
