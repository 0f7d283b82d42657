from __future__ import annotations

from annotator.models import Webhook
from tests.people import Team, client_of


def test_a_webhook_is_added_tried_changed_and_deleted(team: Team) -> None:
    client = client_of(team.mona)
    path = f"/projects/{team.project.pk}/webhooks/"
    assert path in client.get(f"/projects/{team.project.pk}/settings/").content.decode()
    sent = {"url": "https://example.org/hook", "events": ["run.done", "job.moved"]}
    page = client.post(path, sent, follow=True).content.decode()
    webhook = Webhook.objects.get()
    assert (webhook.events, webhook.set_by) == (["job.moved", "run.done"], team.mona)
    assert webhook.secret in page
    own = f"/webhooks/{webhook.pk}/"
    again = client.get(own).content.decode()
    assert webhook.secret not in again
    assert "Nothing was sent yet." in again
    assert "A ping is on its way" in client.post(f"{own}do/", {"do": "ping"}, follow=True).content.decode()
    client.post(f"{own}do/", {"do": "secret"})
    assert Webhook.objects.get().secret != webhook.secret
    client.post(own, {"url": "https://example.org/other", "events": ["run.done"]})
    changed = Webhook.objects.get()
    assert (changed.url, changed.events, changed.active) == ("https://example.org/other", ["run.done"], False)
    assert "is told nothing more" in client.post(f"{own}do/", {"do": "delete"}, follow=True).content.decode()
    assert not Webhook.objects.exists()


def test_what_is_wrong_is_said_and_what_was_typed_stays(team: Team) -> None:
    client, path = client_of(team.mona), f"/projects/{team.project.pk}/webhooks/"
    inside = client.post(path, {"url": "http://10.0.0.1/", "events": ["run.done"]}).content.decode()
    assert "is no public address" in inside
    assert 'value="http://10.0.0.1/"' in inside
    assert "Choose at least one event" in client.post(path, {"url": "https://example.org/"}).content.decode()
    assert not Webhook.objects.exists()
