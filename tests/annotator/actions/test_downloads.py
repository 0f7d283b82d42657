"""Weights that people want on machines: what is asked of agents, and what becomes of it."""

from __future__ import annotations

import pytest
from django.test import Client

from annotator.actions.agents import create_agent
from annotator.actions.downloads import begin_download, cancel_download, note_fetched, open_fetches
from annotator.actions.errors import ActionError
from annotator.announce.notices import AgentNotice
from annotator.models import Agent, Download
from tests.annotator.desk import Desk
from tests.people import People, client_of
from tracking.protocol import DropFetch, Fetch, Fetched


@pytest.fixture
def agent(desk: Desk) -> Agent:
    return Agent.objects.get()


def begin(desk: Desk, agent: Agent, model: str = "xmem", *, accepted: bool = True) -> Download:
    return begin_download(
        by=desk.world.people["admin"], agent=agent, workspace=desk.world.workspace, model=model, accepted=accepted
    )


def told(desk: Desk) -> list[object]:
    return [notice.message for notice in desk.notices if isinstance(notice, AgentNotice)]


def test_an_agent_is_told_what_to_get_and_who_accepted_which_licence_is_kept(desk: Desk, agent: Agent) -> None:
    download = begin(desk, agent, "cotracker3-online")
    assert told(desk) == [Fetch(model="cotracker3-online")]
    assert download.licence == "CC-BY-NC-4.0, for non-commercial use only"
    assert download.created_by == desk.world.people["admin"]


def test_nothing_is_got_before_its_licence_is_accepted(desk: Desk, agent: Agent) -> None:
    with pytest.raises(ActionError, match=r"takes them under their licence: CC-BY-NC-4.0.*Accept it first"):
        begin(desk, agent, "cotracker3-online", accepted=False)
    assert (told(desk), Download.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("nonsense", "is none of them"),
        ("framewise-cf", "needs no weights"),
        ("transt", "transt.pth can't be downloaded"),
    ],
)
def test_what_can_not_be_got_says_why(desk: Desk, agent: Agent, model: str, words: str) -> None:
    with pytest.raises(ActionError, match=words):
        begin(desk, agent, model)


def test_how_far_it_is_is_noted_until_it_ends(desk: Desk, agent: Agent) -> None:
    download = begin(desk, agent)
    note_fetched(agent_id=agent.pk, told=Fetched(model="xmem", stage="downloading", done=3, total=10))
    download.refresh_from_db()
    assert (download.state, download.done_bytes, download.total_bytes) == ("downloading", 3, 10)
    note_fetched(agent_id=agent.pk, told=Fetched(model="xmem", stage="failed", message="The disk is full."))
    download.refresh_from_db()
    assert (download.state, download.message, download.done_bytes) == ("failed", "The disk is full.", 3)
    assert download.finished_at is not None
    # A word that comes late changes nothing, and neither does one about what nobody asked for.
    note_fetched(agent_id=agent.pk, told=Fetched(model="xmem", stage="downloading", done=4, total=10))
    note_fetched(agent_id=agent.pk, told=Fetched(model="transt", stage="done"))
    download.refresh_from_db()
    assert (download.state, Download.objects.count()) == ("failed", 1)


def test_what_is_cancelled_stays_so_whatever_its_agent_still_says(desk: Desk, agent: Agent) -> None:
    download = begin(desk, agent)
    cancel_download(agent=agent, model="xmem")
    note_fetched(agent_id=agent.pk, told=Fetched(model="xmem", stage="done"))
    download.refresh_from_db()
    assert (download.state, told(desk)[-1]) == ("cancelled", DropFetch(model="xmem"))
    # Twice is once.
    cancel_download(agent=agent, model="xmem")
    assert len(told(desk)) == 2


def test_who_asks_again_begins_it_anew(desk: Desk, agent: Agent) -> None:
    begin(desk, agent)
    note_fetched(agent_id=agent.pk, told=Fetched(model="xmem", stage="failed", message="No network."))
    again = begin(desk, agent)
    assert (Download.objects.get(), again.state, again.message) == (again, "waiting", "")


def test_an_agent_that_connects_hears_of_what_is_still_wanted_of_it_alone(desk: Desk, agent: Agent) -> None:
    other, _ = create_agent(by=desk.world.people["admin"], workspace=desk.world.workspace, name="other")
    begin(desk, agent, "xmem")
    begin(desk, agent, "nanotrack")
    begin(desk, other, "edgetam")
    note_fetched(agent_id=agent.pk, told=Fetched(model="xmem", stage="done"))
    assert open_fetches(agent.pk) == [Fetch(model="nanotrack")]


def post(client: Client, agent: Agent, workspace: int) -> int:
    body = {"workspace": workspace, "model": "xmem", "accepted": True}
    return client.post(f"/api/machines/{agent.pk}/downloads", body, content_type="application/json").status_code


def test_the_servers_own_machine_is_for_site_admins(people: People) -> None:
    local = Agent.objects.create(name="local", token_hash="x", connected=True)
    assert post(client_of(people.alice), local, people.workspace.pk) == 404
    people.alice.is_superuser = True
    people.alice.save()
    assert post(client_of(people.alice), local, people.workspace.pk) == 201


def test_a_machine_gets_nothing_by_the_page_of_another_workspace(people: People) -> None:
    agent, _ = create_agent(by=people.eve, workspace=people.eves_workspace, name="eves")
    assert post(client_of(people.alice), agent, people.workspace.pk) == 404
    assert post(client_of(people.eve), agent, people.workspace.pk) == 404
    assert post(client_of(people.eve), agent, people.eves_workspace.pk) == 201
