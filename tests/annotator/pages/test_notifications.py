from __future__ import annotations

import re
from uuid import uuid4

import pytest

from annotator.actions.issues.issues import Place, open_issue
from annotator.models import Notification, User
from tests.people import Team, client_of


def call_bob(team: Team, text: str = "@bob, <b>is it</b> a car?") -> None:
    open_issue(
        user=team.rita, layer_id=team.layer.pk, issue_id=uuid4(), comment_id=uuid4(), place=Place(7, 9), text=text
    )


def test_every_page_says_how_much_is_unread(team: Team) -> None:
    call_bob(team)
    assert 'aria-label="Notifications, 1 unread"' in client_of(team.bob).get("/").content.decode()
    assert 'aria-label="Notifications"' in client_of(team.rita).get("/").content.decode()
    assert "Notifications" not in client_of(None).get("/sign-in/").content.decode()


def test_they_are_listed_with_the_way_there(team: Team) -> None:
    call_bob(team)
    page = client_of(team.bob).get("/notifications/").content.decode()
    assert "Rita mentioned you in issue 1 (lions.mp4, frame 7)." in page
    assert "@bob, &lt;b&gt;is it&lt;/b&gt; a car?" in page
    (way,) = re.findall(r'href="(/videos/[^"]+)"', page)
    assert client_of(team.bob).get(way.replace("&amp;", "&")).status_code == 200


def test_one_or_all_are_marked_as_read(team: Team) -> None:
    for _ in range(3):
        call_bob(team)
    bob = client_of(team.bob)
    first = Notification.objects.order_by("id")[0]
    bob.post("/notifications/read/", {"id": first.pk})
    assert Notification.objects.filter(read_at=None).count() == 2
    client_of(team.rita).post("/notifications/read/", {})
    assert Notification.objects.filter(read_at=None).count() == 2, "hers alone"
    bob.post("/notifications/read/", {})
    assert not Notification.objects.filter(read_at=None).exists()


def test_older_ones_are_on_further_pages(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.pages.notifications.PAGE", 2)
    for text in ("@bob one", "@bob two", "@bob three"):
        call_bob(team, text)
    bob = client_of(team.bob)
    newest = bob.get("/notifications/").content.decode()
    assert ("@bob three" in newest, "@bob one" in newest) == (True, False)
    (more,) = re.findall(r'href="(\?before=\d+)"', newest)
    assert "@bob one" in bob.get(f"/notifications/{more}").content.decode()


def test_mails_are_switched_off_and_on_in_the_account(team: Team) -> None:
    bob = client_of(team.bob)
    bob.post("/account/", {"form": "mails"})
    assert User.objects.get(pk=team.bob.pk).preferences == {"mails": False}
    bob.post("/account/", {"form": "mails", "mails": "yes"})
    assert User.objects.get(pk=team.bob.pk).preferences == {}
