"""Two-factor sign-in of one's own account, and for site admins that of others."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.test import Client

from annotator.actions.guesses import OF_A_NAME_HERE
from annotator.models import RecoveryCode, SecondFactor, User
from tests.annotator.two_factor import Phone
from tests.people import PASSWORD, People, client_of

PAGE = "/account/two-factor/"


def said(answer: Any) -> str:
    return unescape(answer.content.decode())


def secret_on(page: str) -> str:
    found = re.search(r'data-copy="([A-Z2-7]{32})"', page)
    assert found is not None
    return found[1]


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li><code>([a-z2-7-]{19})</code>", page)


def switch_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> tuple[Phone, list[str]]:
    phone = Phone(monkeypatch, secret_on(said(client.get(PAGE))))
    sent = {"form": "on", "code": phone.code(), "current": PASSWORD}
    return phone, codes_on(said(client.post(PAGE, sent, follow=True)))


def test_it_is_set_up_with_a_code_and_the_password(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(people.bob)
    _, codes = switch_on(client, monkeypatch)
    assert len(set(codes)) == 10
    assert SecondFactor.objects.get().user == people.bob
    assert "10 recovery codes left" in said(client.get("/account/"))
    assert mail.outbox[-1].subject == "Framewise: Two-factor sign-in is on"
    # Shown once, and kept as hashes.
    assert codes_on(said(client.get(PAGE))) == []
    hashes = set(RecoveryCode.objects.values_list("code_hash", flat=True))
    assert len(hashes) == 10
    assert not hashes & {code.replace("-", "") for code in codes}


@pytest.mark.parametrize(
    ("code", "password", "words"),
    [
        ("wrong", PASSWORD, "This code isn't right"),
        ("right", "wrong", "password isn't right"),
        ("right", "", "required"),
    ],
)
def test_a_wrong_code_or_password_changes_nothing_and_the_same_picture_stays(
    people: People, monkeypatch: pytest.MonkeyPatch, code: str, password: str, words: str
) -> None:
    client = client_of(people.bob)
    secret = secret_on(said(client.get(PAGE)))
    phone = Phone(monkeypatch, secret)
    typed = phone.code() if code == "right" else phone.wrong()
    page = said(client.post(PAGE, {"form": "on", "code": typed, "current": password}))
    assert words in page
    assert secret_on(page) == secret
    assert not SecondFactor.objects.exists()


def test_the_picture_tells_apps_whose_it_is(people: People) -> None:
    page = said(client_of(people.bob).get(PAGE))
    assert "otpauth://totp/Framewise%20testserver:bob?secret=" in page
    assert "data:image/svg+xml" in page


def test_each_session_is_offered_another_secret_and_none_is_stored_open(people: People) -> None:
    here, there = client_of(people.bob), client_of(people.bob)
    secret = secret_on(said(here.get(PAGE)))
    assert secret != secret_on(said(there.get(PAGE)))
    assert secret not in str(dict(here.session))


def test_new_recovery_codes_end_the_former_ones(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(people.bob)
    phone, former = switch_on(client, monkeypatch)
    phone.wait()
    page = client.post(PAGE, {"form": "codes", "codes-code": phone.code(), "codes-current": PASSWORD}, follow=True)
    new = codes_on(said(page))
    assert len(new) == 10
    assert not set(new) & set(former)
    sent = {"form": "off", "off-current": PASSWORD}
    assert "This code isn't right" in said(client.post(PAGE, {**sent, "off-code": former[0]}))
    client.post(PAGE, {**sent, "off-code": new[0]})
    assert not SecondFactor.objects.exists()


def test_switching_off_needs_password_and_code(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(people.bob)
    phone, _ = switch_on(client, monkeypatch)
    phone.wait()
    for code, password in ((phone.wrong(), PASSWORD), (phone.code(), "wrong"), (phone.code(), "")):
        client.post(PAGE, {"form": "off", "off-code": code, "off-current": password})
        assert SecondFactor.objects.exists()
    client.post(PAGE, {"form": "off", "off-code": phone.code(), "off-current": PASSWORD})
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert mail.outbox[-1].subject == "Framewise: Two-factor sign-in is off"


def test_who_is_signed_in_and_knows_the_password_can_not_guess_codes_for_ever(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(people.bob)
    phone, _ = switch_on(client, monkeypatch)
    phone.wait()
    sent = {"form": "off", "off-current": PASSWORD}
    change = {"form": "password", "current": PASSWORD, "password": PASSWORD, "again": PASSWORD}
    for _ in range(OF_A_NAME_HERE):
        client.post(PAGE, {**sent, "off-code": phone.wrong()})
        client.post("/account/", change)
    assert "Too many wrong" in said(client.post(PAGE, {**sent, "off-code": phone.code()}))
    assert SecondFactor.objects.exists()


def test_a_site_admin_resets_it_and_the_person_is_told_by_mail(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    Phone(monkeypatch).set_up(people.bob)
    admin = client_of(User.objects.create_superuser("sam", "sam@example.org"))
    assert said(admin.get("/people/")).count(">Reset two-factor<") == 1
    page = said(admin.post(f"/people/{people.bob.pk}/two-factor/", follow=True))
    assert "told so by mail" in page
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    told = mail.outbox[-1]
    assert (told.to, told.subject) == (["bob@example.org"], "Framewise: Two-factor sign-in was reset")
    assert "sam switched it off" in told.body
    assert Client().post("/sign-in/", {"username": "bob", "password": PASSWORD})["Location"] == "/"
    assert "nothing to reset" in said(admin.post(f"/people/{people.bob.pk}/two-factor/", follow=True))


def test_that_the_mail_could_not_be_sent_is_told_to_the_admin(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise ConnectionRefusedError("nobody there")

    Phone(monkeypatch).set_up(people.bob)
    admin = client_of(User.objects.create_superuser("sam", "sam@example.org"))
    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    assert "tell them yourself" in said(admin.post(f"/people/{people.bob.pk}/two-factor/", follow=True))
    assert not SecondFactor.objects.exists()


def test_who_runs_the_server_resets_it_by_a_command(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    Phone(monkeypatch).set_up(people.bob)
    call_command("reset_two_factor", "bob")
    assert not SecondFactor.objects.exists()
    with pytest.raises(CommandError, match="nothing to reset"):
        call_command("reset_two_factor", "bob")
    with pytest.raises(CommandError, match="No account"):
        call_command("reset_two_factor", "nobody")
