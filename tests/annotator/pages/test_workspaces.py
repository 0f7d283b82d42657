from __future__ import annotations

import re
from pathlib import Path

import pytest

from annotator.actions.agents import create_agent
from annotator.actions.runs.presence import agent_of
from annotator.actions.workspaces import invite
from annotator.models import Agent, Membership, Role, Workspace
from tests.people import People, client_of
from tracking.weights import note_verdict


def test_who_makes_a_workspace_is_led_to_it(people: People) -> None:
    answer = client_of(people.vic).post("/workspaces/new/", {"name": "Birds"})
    workspace = Workspace.objects.get(name="Birds")
    assert answer["Location"] == f"/workspaces/{workspace.pk}/"
    assert workspace.memberships.get().role == Role.ADMIN


def test_home_counts_everybody_in_a_workspace(people: People) -> None:
    assert "5 members" in client_of(people.bob).get("/").content.decode()


def test_an_empty_workspace_is_begun_by_who_may(people: People) -> None:
    address = f"/workspaces/{people.workspace.pk}/projects/new/"
    assert address in client_of(people.mona).get("/").content.decode()
    assert address not in client_of(people.bob).get("/").content.decode()


def test_a_name_that_is_refused_stays_in_the_form(people: People) -> None:
    page = client_of(people.vic).post("/workspaces/new/", {"name": "x" * 121}).content.decode()
    assert "x" * 121 in page


def test_only_admins_see_what_only_they_may_do(people: People) -> None:
    address = f"/workspaces/{people.workspace.pk}/members/"
    assert "Invite somebody" in client_of(people.alice).get(address).content.decode()
    assert "Invite somebody" not in client_of(people.mona).get(address).content.decode()


def test_the_last_admin_is_told_why_they_stay(people: People) -> None:
    own = Membership.objects.get(user=people.alice)
    page = client_of(people.alice).post(f"/members/{own.pk}/role/", {"role": "viewer"}, follow=True).content.decode()
    assert "A workspace needs an admin" in page
    assert Membership.objects.get(pk=own.pk).role == Role.ADMIN


def test_a_member_leaves_and_is_led_home(people: People) -> None:
    own = Membership.objects.get(user=people.bob)
    assert client_of(people.bob).post(f"/members/{own.pk}/end/")["Location"] == "/"
    assert not Membership.objects.filter(pk=own.pk).exists()


def test_a_machine_is_connected_with_one_command(people: People) -> None:
    client = client_of(people.alice)
    page = client.post(f"/workspaces/{people.workspace.pk}/machines/", {"name": "gpu-box"}, follow=True)
    found = re.search(
        r'data-copy="FRAMEWISE_AGENT_TOKEN=(\S+) framewise agent --server http://testserver"', page.content.decode()
    )
    assert found is not None
    assert agent_of(found[1]) == Agent.objects.get(name="gpu-box")
    assert found[1] not in client.get(f"/workspaces/{people.workspace.pk}/networks/").content.decode()


def test_the_page_says_what_ended_with_an_admin_and_why(people: People) -> None:
    Membership.objects.filter(user=people.mona).update(role=Role.ADMIN)
    invite(by=people.mona, workspace=people.workspace, role=Role.ADMIN)
    create_agent(by=people.mona, workspace=people.workspace, name="gpu-box")
    client = client_of(people.alice)
    members = f"/workspaces/{people.workspace.pk}/members/"
    assert "Machines that they connected (gpu-box) are let in no more." in client.get(members).content.decode()
    membership = Membership.objects.get(user=people.mona)
    page = client.post(f"/members/{membership.pk}/end/", follow=True).content.decode()
    assert "What they had let in ended with it: 1 open invitation and the machine gpu-box. Connect them again" in page
    assert "None. Make a link above" in page
    networks = f"/workspaces/{people.workspace.pk}/networks/"
    page = client.get(networks).content.decode()
    assert "<strong>gpu-box</strong>" in page
    assert "Alice took Mona out of this workspace. Connect it again to go on with it." in page
    client.post(f"/workspaces/{people.workspace.pk}/machines/", {"name": "gpu-box"})
    assert "Alice took Mona out" not in client.get(networks).content.decode()


def test_the_installations_own_machine_is_shown_and_stays(people: People) -> None:
    local = Agent.objects.create(name="local", token_hash="x", connected=True)
    page = client_of(people.alice).get(f"/workspaces/{people.workspace.pk}/networks/").content.decode()
    assert "This server" in page
    assert f"/machines/{local.pk}/end/" not in page
    assert client_of(people.alice).post(f"/machines/{local.pk}/end/").status_code == 404


def test_a_model_without_weights_says_how_to_get_them(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    page = client_of(people.alice).get(f"/workspaces/{people.workspace.pk}/networks/").content.decode()
    assert 'data-copy="framewise weights download nanotrack"' in page
    assert 'data-copy="framewise weights import transt.pth"' in page


def test_what_answers_clicks_is_listed_and_says_how_to_get_its_weights(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    page = client_of(people.alice).get(f"/workspaces/{people.workspace.pk}/networks/").content.decode()
    assert "Framewise Click" in page
    assert 'data-copy="framewise weights download facebook/sam-vit-base"' in page


def test_what_finds_objects_is_listed_and_says_how_to_get_its_weights(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    client, networks = client_of(people.alice), f"/workspaces/{people.workspace.pk}/networks/"
    page = client.get(networks).content.decode()
    assert "start with YOLOX-tiny" in page
    assert 'data-copy="framewise weights download yolox-tiny"' in page

    Agent.objects.create(name="local", token_hash="x", connected=True, info={"finders": ["yolox-tiny"]})
    assert 'data-copy="framewise weights download yolox-tiny"' not in client.get(networks).content.decode()


def test_weights_that_were_refused_say_which_keys_differ(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    (tmp_path / "transt.pth").touch()
    note_verdict(tmp_path / "transt.pth", "transt.pth differs. 1 missing: neck.weight.")
    page = client_of(people.alice).get(f"/workspaces/{people.workspace.pk}/networks/").content.decode()
    assert "transt.pth was refused." in page
    assert "1 missing: neck.weight." in page
