from __future__ import annotations

from typing import Any

from django.test import Client

from tests.people import People, client_of

URL = "/api/me/preferences"


def patch(client: Client, changes: Any) -> Any:
    return client.patch(URL, changes, content_type="application/json")


def test_preferences_are_ones_own(people: People) -> None:
    assert patch(client_of(people.bob), {"theme": "dark"}).json() == {"theme": "dark"}
    assert client_of(people.bob).get(URL).json() == {"theme": "dark"}
    assert client_of(people.rita).get(URL).json() == {}


def test_changes_are_merged(people: People) -> None:
    client = client_of(people.bob)
    patch(client, {"theme": "dark", "tracking": {"frames": 10}})
    assert patch(client, {"theme": None, "tracking": {"direction": "both"}}).json() == {
        "tracking": {"frames": 10, "direction": "both"}
    }


def test_what_is_too_large_or_no_object_is_refused_with_a_message(people: People) -> None:
    client = client_of(people.bob)
    large = patch(client, {"keys": "x" * 70_000})
    assert (large.status_code, "Preferences may have" in large.json()["message"]) == (400, True)
    assert patch(client, [1]).status_code == 422
    assert client.get(URL).json() == {}
