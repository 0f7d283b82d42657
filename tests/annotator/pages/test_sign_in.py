from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from redis import Redis

from annotator.actions.people import deactivate_account
from annotator.models import User
from annotator.pages.sign_in import TRIES
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


def test_too_many_wrong_passwords_make_one_wait_even_with_the_right_one(people: People) -> None:
    for _ in range(TRIES):
        sign_in("bob", "wrong")
    assert "Too many wrong passwords" in sign_in("bob").content.decode()
    assert sign_in("rita").status_code == 302


@pytest.mark.services
def test_web_processes_count_wrong_passwords_together(people: People, redis: str, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis}}
    for _ in range(TRIES):
        sign_in("bob", "wrong")
    (key,) = Redis.from_url(redis).keys()
    assert b"sign-in:" in key
    assert "Too many wrong passwords" in sign_in("bob").content.decode()


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
