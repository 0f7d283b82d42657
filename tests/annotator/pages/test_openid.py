"""Signing in by OpenID Connect, at a provider that runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from joserfc.jwk import OctKey, RSAKey

from annotator.actions.people import deactivate_account
from annotator.config import Config, OpenId
from annotator.models import Identity, Membership, User
from annotator.pages import openid
from tests.annotator.openid_provider import CLIENT, SECRET, Provider, running
from tests.annotator.two_factor import Phone
from tests.people import PASSWORD, People, client_of


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(server: Provider, settings: Any) -> Provider:
    """As it was at first, and known to the installation."""
    cache.clear()
    server.keys, server.asked, server.signed, server.info = server.keys[:1], {}, {}, {}
    server.person = {"sub": "248289761001", "email": "bob@example.org", "email_verified": True}
    server.unsigned_key = None
    settings.OPENID = OpenId(server.issuer, CLIENT, SECRET, "Sign in with Acme", (), None, "annotator")
    return server


def said(answer: Any) -> str:
    return unescape(answer.content.decode())


def away(client: Client) -> str:
    answer = client.get("/sign-in/openid/?next=/notifications/")
    assert answer.status_code == 302
    return str(answer["Location"])


def back(client: Client, address: str) -> Any:
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(provider: Provider, client: Client | None = None) -> tuple[Client, Any]:
    client = client or Client()
    return client, back(client, provider.authorize(away(client)))


def who(client: Client) -> str:
    found = client.session.get("_auth_user_id")
    return User.objects.get(pk=found).username if found else ""


def test_the_sign_in_page_has_a_button_where_there_is_a_provider(people: People, provider: Provider) -> None:
    page = said(Client().get("/sign-in/?next=/account/"))
    assert 'href="/sign-in/openid/?next=%2Faccount%2F">Sign in with Acme</a>' in page


def test_without_a_provider_there_is_none(people: People) -> None:
    assert "openid" not in said(Client().get("/sign-in/"))
    assert "openid" not in said(client_of(people.bob).get("/account/"))


def test_who_has_the_e_mail_that_the_provider_vouches_for_is_let_in_linked_and_told(
    people: People, provider: Provider
) -> None:
    client, answer = sign_in(provider)
    assert (answer.status_code, answer["Location"]) == (302, "/notifications/")
    assert who(client) == "bob"
    assert Identity.objects.get().subject == provider.person["sub"]
    assert [each.subject for each in mail.outbox] == ["Framewise: A new way to sign in"]
    # From then on the provider's own name of the person counts, whatever their e-mail is.
    provider.person |= {"email": "rita@example.org"}
    assert who(sign_in(provider)[0]) == "bob"


@pytest.mark.parametrize("vouched", [False, None, "false"])
def test_an_e_mail_that_nobody_vouches_for_leads_to_no_account(
    people: People, provider: Provider, vouched: Any
) -> None:
    provider.signed = {"email_verified": vouched}
    client, answer = sign_in(provider)
    assert (answer.status_code, who(client)) == (403, "")
    assert "doesn't vouch for your e-mail" in said(answer)
    assert not Identity.objects.exists()


HOUR = 3600


@pytest.mark.parametrize(
    "signed",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"aud": "another application"},
        {"aud": [CLIENT, "another application"]},
        {"aud": [CLIENT, "another application"], "azp": "another application"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"exp": -HOUR},
        {"exp": None},
        {"iat": HOUR},
        {"sub": None},
    ],
    ids=str,
)
def test_what_is_signed_for_somebody_else_or_another_time_lets_nobody_in(
    people: People, provider: Provider, signed: dict[str, Any]
) -> None:
    now = int(time.time())
    provider.signed = {name: now + value if isinstance(value, int) else value for name, value in signed.items()}
    client, answer = sign_in(provider)
    assert (answer.status_code, who(client)) == (403, "")
    assert "What the provider signed" in said(answer)


def test_another_key_lets_nobody_in_not_even_the_clients_secret(people: People, provider: Provider) -> None:
    address = provider.authorize(away(client := Client()))
    honest = provider.keys
    provider.keys = [RSAKey.generate_key(2048, {"kid": "first"})]
    cache.set(f"openid:{provider.issuer}/jwks", {"keys": [honest[0].as_dict(private=False)]})
    assert "isn't valid" in said(back(client, address))
    provider.keys = honest
    provider.unsigned_key = OctKey.import_key(SECRET)
    assert "isn't valid" in said(sign_in(provider, client)[1])
    assert who(client) == ""


def test_new_keys_of_the_provider_are_fetched(people: People, provider: Provider) -> None:
    sign_in(provider)
    provider.keys = [*provider.keys, RSAKey.generate_key(2048, {"kid": "second"})]
    assert who(sign_in(provider)[0]) == "bob"


def test_an_answer_is_taken_once(people: People, provider: Provider) -> None:
    client = Client()
    address = provider.authorize(away(client))
    assert back(client, address).status_code == 302
    client.post("/sign-out/")
    again = back(client, address)
    assert (again.status_code, who(client)) == (403, "")
    assert "began no sign-in" in said(again)


def test_an_answer_to_another_browser_or_sign_in_is_not_taken(people: People, provider: Provider) -> None:
    eves = Client()
    of_eve = provider.authorize(away(eves))
    assert "began no sign-in" in said(back(Client(), of_eve))
    client = Client()
    away(client)
    assert "another sign-in" in said(back(client, of_eve))
    # A wrong answer uses up what was begun, too.
    assert "began no sign-in" in said(back(client, of_eve))
    away(client)
    state = client.session["openid"]["begun"]["state"]
    assert "another provider" in said(client.get(f"/sign-in/openid/return/?code=x&state={state}&iss=https://evil"))
    assert who(client) == ""


def test_what_was_begun_ends_after_ten_minutes(
    people: People, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    address = provider.authorize(away(client))
    session = client.session
    session["openid"] = {**session["openid"], "at": time.time() - openid.LONGEST_S - 1}
    session.save()
    assert "ten minutes" in said(back(client, address))


def test_each_sign_in_has_secrets_of_its_own_and_the_verifier_stays_here(people: People, provider: Provider) -> None:
    client = Client()
    first, second = (parse_qs(urlsplit(away(client)).query) for _ in range(2))
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
    assert client.session["openid"]["begun"]["verifier"] not in str(second)


def test_a_code_of_somebody_else_is_no_good(people: People, provider: Provider) -> None:
    client = Client()
    away(client)
    begun = client.session["openid"]["begun"]
    stolen = parse_qs(urlsplit(provider.authorize(away(Client()))).query)["code"][0]
    answer = client.get(f"/sign-in/openid/return/?code={stolen}&state={begun['state']}")
    assert "didn't confirm your sign-in" in said(answer)


def test_that_the_person_cancelled_is_told_without_words_of_others(people: People, provider: Provider) -> None:
    client = Client()
    away(client)
    state = client.session["openid"]["begun"]["state"]
    query = f"?error=access_denied&error_description=call+0800&state={state}"
    page = said(client.get(f"/sign-in/openid/return/{query}"))
    assert "(access_denied)" in page
    assert "0800" not in page


def test_a_provider_that_is_not_there_is_told(people: People, provider: Provider, settings: Any) -> None:
    settings.OPENID = replace(settings.OPENID, issuer=f"{provider.issuer}/nothing")
    answer = Client().get("/sign-in/openid/")
    assert (answer.status_code, "can't be reached now" in said(answer)) == (403, True)


def test_unknown_people_stay_outside_unless_there_is_a_workspace_for_them(
    people: People, provider: Provider, settings: Any
) -> None:
    provider.person = {
        "sub": "7",
        "email": "Nora@Example.org",
        "email_verified": True,
        "name": "Nora Berg",
        "preferred_username": "bob",
    }
    assert "No account here has the e-mail nora@example.org" in said(sign_in(provider)[1])
    assert not User.objects.filter(email="nora@example.org").exists()
    settings.OPENID = replace(settings.OPENID, workspace=people.workspace.pk, role="reviewer")
    assert who(sign_in(provider)[0]) == "bob2"
    nora = User.objects.get(username="bob2")
    assert (str(nora), nora.email, nora.has_usable_password()) == ("Nora Berg", "nora@example.org", False)
    assert Membership.objects.get(user=nora).role == "reviewer"
    changed = {"form": "password", "current": "x", "password": PASSWORD, "again": PASSWORD}
    assert "has no password" in said(client_of(nora).post("/account/", changed))
    assert "only way to sign in" in said(client_of(nora).post("/account/openid/", {"do": "unlink"}, follow=True))


def test_only_people_of_allowed_domains_come_in(people: People, provider: Provider, settings: Any) -> None:
    settings.OPENID = replace(settings.OPENID, domains=("acme.example",))
    assert "Only people with an e-mail of acme.example" in said(sign_in(provider)[1])
    provider.person |= {"email": "bob@evil-acme.example"}
    assert sign_in(provider)[1].status_code == 403
    settings.OPENID = replace(settings.OPENID, domains=("acme.example", "example.org"))
    provider.person |= {"email": "bob@example.org"}
    assert sign_in(provider)[1].status_code == 302


def test_another_person_with_the_same_e_mail_does_not_get_the_account(people: People, provider: Provider) -> None:
    sign_in(provider)
    provider.person |= {"sub": "another"}
    client, answer = sign_in(provider)
    assert who(client) == ""
    assert "linked with another person" in said(answer)


def test_who_is_deactivated_is_not_let_in(people: People, provider: Provider) -> None:
    deactivate_account(by=people.alice, user=people.bob)
    client, answer = sign_in(provider)
    assert who(client) == ""
    assert "deactivated" in said(answer)


def test_a_second_factor_is_asked_for_here_too(
    people: People, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = Phone(monkeypatch)
    phone.set_up(people.bob)
    phone.wait()
    client, answer = sign_in(provider)
    assert (answer["Location"], who(client)) == ("/sign-in/code/", "")
    assert client.post("/sign-in/code/", {"code": phone.code()})["Location"] == "/notifications/"
    assert who(client) == "bob"


def test_a_short_id_token_is_completed_by_the_providers_word_on_the_same_person(
    people: People, provider: Provider
) -> None:
    provider.person = {"sub": "248289761001"}
    provider.info = {"sub": "somebody else", "email": "bob@example.org", "email_verified": True}
    assert sign_in(provider)[1].status_code == 403
    provider.info |= {"sub": "248289761001"}
    assert who(sign_in(provider)[0]) == "bob"


def test_who_is_signed_in_links_their_account_with_their_password(people: People, provider: Provider) -> None:
    provider.person = {"sub": "5", "email": "elsewhere@example.com"}
    client = client_of(people.bob)
    wrong = client.post("/account/openid/", {"do": "link", "current": "wrong"}, follow=True)
    assert "password isn't right" in said(wrong)
    page = client.post("/account/openid/", {"do": "link", "current": PASSWORD})
    # The way there is a link: where an answer to a form leads would be for form-action to allow.
    address = unescape(page.content.decode().split('class="button primary" href="')[1].split('"')[0])
    assert page.status_code == 200
    assert "form-action 'self'" in page["Content-Security-Policy"]
    assert "is linked" in said(client.get(back(client, provider.authorize(address))["Location"]))
    assert who(sign_in(provider)[0]) == "bob"
    client.post("/account/openid/", {"do": "unlink"})
    assert not Identity.objects.exists()


def test_a_link_that_somebody_else_began_is_not_made(people: People, provider: Provider) -> None:
    client = client_of(people.bob)
    page = client.post("/account/openid/", {"do": "link", "current": PASSWORD}).content.decode()
    address = provider.authorize(unescape(page.split('class="button primary" href="')[1].split('"')[0]))
    kept = client.session["openid"]
    client.force_login(people.rita)
    session = client.session
    session["openid"] = kept
    session.save()
    assert "any more as who began" in said(back(client, address))
    assert not Identity.objects.exists()


def test_nobody_is_led_to_another_site(people: People, provider: Provider) -> None:
    client = Client()
    away_to = client.get("/sign-in/openid/?next=https://example.com/")["Location"]
    assert back(client, provider.authorize(away_to))["Location"] == "/"


def test_an_installation_that_is_set_up_by_half_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_OIDC_ISSUER", "http://login.example.org")
    with pytest.raises(ValueError, match="FRAMEWISE_OIDC_CLIENT_ID"):
        Config()
    monkeypatch.setenv("FRAMEWISE_OIDC_CLIENT_ID", "framewise")
    with pytest.raises(ValueError, match="https://"):
        Config()
    monkeypatch.setenv("FRAMEWISE_OIDC_ISSUER", "https://login.example.org")
    monkeypatch.setenv("FRAMEWISE_OIDC_DOMAINS", '["@Example.org"]')
    found = Config().openid
    assert found is not None
    assert (found.domains, found.workspace, found.role) == (("example.org",), None, "annotator")
