from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotator.actions.agents import create_agent
from annotator.actions.runs.presence import agent_heard, agent_of
from annotator.actions.workspaces import invite
from annotator.models import Agent, Membership, Role, Workspace
from tests.people import People, client_of
from tracking.protocol import DeviceLoad, Load
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
    shown = [html.unescape(text) for text in re.findall(r'data-copy="([^"]*)"', page.content.decode())]
    run = """python3 -c "from urllib.request import urlopen; exec(urlopen('http://testserver/connect.py').read())\""""
    found = re.fullmatch(rf"FRAMEWISE_AGENT_TOKEN=(\S+) {re.escape(run)}", shown[0])
    assert found is not None
    assert shown[1].startswith(f"FRAMEWISE_AGENT_TOKEN={found[1]} docker run -d ")
    assert " --gpus all " in shown[1]
    assert " --gpus all " not in shown[2]
    # The same updates it; the token is kept there.
    assert shown[3] == run
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
    (machine,) = networks_data(people)["now"]["machines"]
    assert (machine["name"], machine["shared"], machine["may_manage"]) == ("This server", True, False)
    assert client_of(people.alice).post(f"/machines/{local.pk}/end/").status_code == 404


def networks_data(people: People, of: str = "alice") -> dict[str, Any]:
    """What the page Neural networks hands to its script."""
    page = client_of(getattr(people, of)).get(f"/workspaces/{people.workspace.pk}/networks/").content.decode()
    found = re.search(r'<script id="networks-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def model_of(data: dict[str, Any], model: str) -> dict[str, Any]:
    return next(each for each in data["models"] if each["id"] == model)


def test_every_model_says_what_it_takes_its_licence_and_how_to_get_its_weights(people: People) -> None:
    data = networks_data(people)
    assert {each["task"] for each in data["models"]} == {"follow", "find", "click"}
    cotracker = model_of(data, "cotracker3-online")
    assert (cotracker["commercial"], cotracker["licence"]) == (False, "CC-BY-NC-4.0")
    assert cotracker["accept"] == "CC-BY-NC-4.0, for non-commercial use only"
    assert [(file["name"], file["source"]) for file in cotracker["files"]] == [("scaled_online.pth", "huggingface.co")]
    assert model_of(data, "nanotrack")["command"] == "framewise weights download nanotrack"
    assert model_of(data, "sam-base")["command"] == "framewise weights download facebook/sam-vit-base"
    by_hand = model_of(data, "transt")
    assert by_hand["command"] == "framewise weights import transt.pth"
    assert [(file["source"], file["page"]) for file in by_hand["files"]] == [
        ("", "https://github.com/chenxin-dlut/TransT")
    ]
    assert model_of(data, "framewise-cf")["files"] == []


def test_a_machine_shows_its_load_its_runs_and_its_models(people: People) -> None:
    info = {
        "host": "box.example.org",
        "version": "0.1.0",
        "models": ["framewise-cf"],
        "finders": ["yolox-tiny"],
        "segmenters": ["framewise-click"],
        "devices": [{"name": "H100", "kind": "cuda", "memory_bytes": 1000}],
    }
    agent, _ = create_agent(by=people.alice, workspace=people.workspace, name="gpu-box")
    Agent.objects.filter(pk=agent.pk).update(connected=True, info=info, last_seen_at=timezone.now())
    for busy in (0.25, 0.5):
        device = DeviceLoad(busy=busy, memory_bytes=500)
        agent_heard(agent_id=agent.pk, load=Load(cpu=0, memory_bytes=1, runs=0, devices=[device]))

    (machine,) = networks_data(people)["now"]["machines"]
    assert (machine["name"], machine["state"], machine["may_manage"]) == ("gpu-box", "connected", True)
    assert machine["ready"] == ["framewise-cf", "yolox-tiny", "framewise-click"]
    (device,) = machine["devices"]
    assert (device["busy"], device["memory"], device["used_bytes"]) == ([0.25, 0.5], [0.5, 0.5], 500)
    assert len(machine["at"]) == 2
    assert not networks_data(people, "mona")["now"]["machines"][0]["may_manage"]


def test_weights_that_were_refused_say_which_keys_differ(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    (tmp_path / "transt.pth").touch()
    note_verdict(tmp_path / "transt.pth", "transt.pth differs. 1 missing: neck.weight.")
    (file,) = model_of(networks_data(people), "transt")["files"]
    assert file["refused"] == "transt.pth differs. 1 missing: neck.weight."
