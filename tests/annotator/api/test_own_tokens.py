"""Programs that look after tokens and webhooks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotator.actions.api_tokens import create_token
from annotator.models import ApiToken, Delivery, User, Webhook
from tests.people import PASSWORD, Team, client_of

pytestmark = pytest.mark.django_db


def program(user: User, scope: str = "manage", days: int | None = 30) -> Client:
    _, token = create_token(user=user, name=f"its own, {scope}", scope=scope, days=days, current=PASSWORD)
    return Client(headers={"Authorization": f"Bearer {token}"})


def make(client: Client, **sent: object) -> tuple[int, dict[str, object]]:
    asked = {"name": "nightly", "scope": "annotate", "password": PASSWORD, **sent}
    answer = client.post("/api/me/tokens", asked, "application/json")
    return answer.status_code, answer.json()


def test_a_token_is_made_told_once_used_listed_and_revoked(team: Team) -> None:
    bob = client_of(team.bob)
    status, made = make(bob, days=None)
    assert (status, made["expires_at"]) == (201, None)
    other = Client(headers={"Authorization": f"Bearer {made['token']}"})
    (listed,) = other.get("/api/me/tokens").json()
    assert (listed["name"], listed["scope"], listed["last_used_at"] is not None) == ("nightly", "annotate", True)
    assert "token" not in listed
    assert client_of(team.rita).delete(f"/api/me/tokens/{made['id']}").status_code == 404
    assert bob.delete(f"/api/me/tokens/{made['id']}").status_code == 204
    assert other.get("/api/me/tokens").status_code == 401


def test_a_password_is_needed_also_by_a_token(team: Team) -> None:
    for client in (client_of(team.bob), program(team.bob)):
        status, said = make(client, password="wrong")
        assert (status, said["message"]) == (
            400,
            "The current password isn't right. Passwords know upper and lower case.",
        )


@pytest.mark.parametrize("scope", ["read", "annotate"])
def test_a_token_of_a_smaller_scope_makes_and_revokes_none(team: Team, scope: str) -> None:
    weak = program(team.bob, scope)
    assert make(weak, scope="read")[0] == 403
    assert weak.delete(f"/api/me/tokens/{ApiToken.objects.get().pk}").status_code == 403
    assert weak.get("/api/me/tokens").status_code == 200


@pytest.mark.parametrize("days", [None, 300])
def test_what_a_token_makes_ends_with_it_at_the_latest(team: Team, days: int | None) -> None:
    _, made = make(program(team.bob, days=2), days=days)
    ends = datetime.fromisoformat(str(made["expires_at"]))
    assert ends <= timezone.now() + timedelta(days=2)


def test_a_webhook_is_made_changed_tried_and_deleted(team: Team) -> None:
    mona = program(team.mona)
    address = f"/api/projects/{team.project.pk}/webhooks"
    made = mona.post(address, {"url": "https://example.org/x", "events": ["run.done"]}, "application/json").json()
    hook = f"/api/webhooks/{made['id']}"
    assert made["secret"] == Webhook.objects.get().secret
    (listed,) = mona.get(address).json()
    assert (listed["events"], "secret" in listed) == (["run.done"], False)
    changed = mona.patch(hook, {"active": False}, "application/json").json()
    assert (changed["active"], changed["url"]) == (False, "https://example.org/x")
    assert mona.post(f"{hook}/secret").json()["secret"] != made["secret"]
    assert mona.post(f"{hook}/ping").status_code == 202
    (told,) = mona.get(f"{hook}/deliveries?limit=1").json()
    assert (told["event"], told["state"]) == ("ping", "waiting")
    assert "switched off" in mona.post(f"{hook}/deliveries/{told['id']}/again").json()["message"]
    assert mona.delete(hook).status_code == 204
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()


def test_a_webhook_into_the_servers_own_network_is_refused(team: Team) -> None:
    sent = {"url": "http://127.0.0.1/", "events": ["run.done"]}
    answer = program(team.mona).post(f"/api/projects/{team.project.pk}/webhooks", sent, "application/json")
    assert (answer.status_code, Webhook.objects.exists()) == (400, False)
