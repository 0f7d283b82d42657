from __future__ import annotations

import pytest
from django.test import Client

from annotator.models import User, Video, Workspace
from tests.people import Team, client_of


@pytest.fixture
def owner(team: Team) -> Client:
    return client_of(User.objects.create_superuser("sam", "sam@example.org"))


def test_the_owner_sees_what_takes_room_and_sets_limits(owner: Client, team: Team) -> None:
    Video.objects.filter(pk=team.video.pk).update(size_bytes=3 * 10**9)
    page = owner.post(f"/workspaces/{team.workspace.pk}/quota/", {"gigabytes": "2,5"}, follow=True).content.decode()
    assert "Wildlife may take 2.5 GB." in page
    assert "3.0 GB</strong> of 2.5 GB: more than it may take" in page
    assert "nobody" not in owner.get("/people/storage/").content.decode()
    assert (
        "“much” came"
        in owner.post(f"/workspaces/{team.workspace.pk}/quota/", {"gigabytes": "much"}, follow=True).content.decode()
    )
    owner.post(f"/workspaces/{team.workspace.pk}/quota/", {"gigabytes": ""})
    assert Workspace.objects.get(pk=team.workspace.pk).quota_bytes is None


def test_who_manages_is_warned_from_ninety_per_cent_on(team: Team) -> None:
    Workspace.objects.filter(pk=team.workspace.pk).update(quota_bytes=10**9)
    mona, pages = client_of(team.mona), (f"/workspaces/{team.workspace.pk}/", f"/projects/{team.project.pk}/")
    for size, words in ((8 * 10**8, ""), (9 * 10**8, "will be refused"), (10**9, "Nothing more can be uploaded")):
        Video.objects.filter(pk=team.video.pk).update(size_bytes=size)
        for path in pages:
            page = mona.get(path).content.decode()
            assert ("that it may take" in page) == bool(words)
            assert words in page
    assert "that it may take" not in client_of(team.bob).get(pages[1]).content.decode()


def test_an_admin_sees_the_storage_of_their_workspace(team: Team) -> None:
    Video.objects.filter(pk=team.video.pk).update(size_bytes=3 * 10**9, proxy_bytes=10**9)
    page = client_of(team.alice).get(f"/workspaces/{team.workspace.pk}/settings/").content.decode()
    assert "<strong>4.0 GB</strong>, without a limit" in page
    told = client_of(team.alice).get(f"/api/workspaces/{team.workspace.pk}/storage").json()
    assert (told["total"], told["quota"], told["proxies"]) == (4 * 10**9, None, 10**9)
