from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotator.actions import api_tokens
from annotator.models import ApiToken
from tests.people import PASSWORD, People, client_of

NEW = {"name": "night script", "scope": "annotate", "days": "30", "current": PASSWORD}


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_token_is_made_shown_once_and_revoked(people: People) -> None:
    client = client_of(people.bob)
    assert "You have none." in text(client.get("/account/"))
    first = text(client.post("/account/tokens/", NEW, follow=True))
    row = ApiToken.objects.get()
    assert (row.user, row.scope) == (people.bob, "annotate")
    assert row.expires_at is not None
    assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=31)
    assert "Copy the token night script now" in first
    assert 'data-copy="fw_' in first
    second = text(client.get("/account/tokens/"))
    assert "fw_" not in second
    assert "night script" in second
    assert "You have 1 token." in text(client.get("/account/"))
    gone = text(client.post(f"/account/tokens/{row.pk}/revoke/", follow=True))
    assert "The token night script lets nobody in any more." in gone
    assert "You have none yet." in gone


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"current": "wrong"}, "The current password isn"),
        ({"current": ""}, "This field is required"),
        ({"name": "Mine"}, "You have a token called Mine already"),
        ({"scope": "everything"}, "Select a valid choice"),
        ({"days": "7"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(people: People, changed: dict[str, str], words: str) -> None:
    api_tokens.create_token(user=people.bob, name="mine", scope="read", days=None, current=PASSWORD)
    answer = text(client_of(people.bob).post("/account/tokens/", NEW | changed))
    assert words in answer
    assert f'value="{changed.get("name", "night script")}"' in answer
    assert ApiToken.objects.count() == 1


def test_there_is_an_end_to_how_many_one_has(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MOST", 1)
    client = client_of(people.bob)
    client.post("/account/tokens/", NEW | {"days": ""})
    assert ApiToken.objects.get().expires_at is None
    assert "at most 1 tokens" in text(client.post("/account/tokens/", NEW | {"name": "another"}))


def test_who_has_no_password_is_asked_for_none(people: People) -> None:
    people.bob.set_unusable_password()
    people.bob.save()
    client = client_of(people.bob)
    client.post("/account/tokens/", {key: value for key, value in NEW.items() if key != "current"})
    assert ApiToken.objects.get().user == people.bob
