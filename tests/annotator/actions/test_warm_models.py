"""What admins do with the memory of their machines, and what everybody reads of it."""

from __future__ import annotations

import pytest
from django.test import Client

from annotator.actions.agents import create_agent
from annotator.actions.errors import ActionError
from annotator.actions.warm_models import load_model, pin_model, pins_of, unload_model
from annotator.models import Agent
from annotator.networks import networks_of
from tests.people import People
from tracking.protocol import LoadedModel, PinModels

pytestmark = pytest.mark.django_db


@pytest.fixture
def box(people: People) -> Agent:
    agent, _ = create_agent(by=people.alice, workspace=people.workspace, name="box")
    agent.connected, agent.info = True, {"models": ["nanotrack", "framewise-flow"]}
    agent.save()
    return agent


def test_only_what_is_ready_and_has_weights_can_be_loaded(box: Agent) -> None:
    load_model(agent=box, model="nanotrack")
    with pytest.raises(ActionError, match="Get it there first"):
        load_model(agent=box, model="sam2.1-tiny")
    with pytest.raises(ActionError, match="nothing of it to keep"):
        load_model(agent=box, model="framewise-flow")
    with pytest.raises(ActionError, match="none of them"):
        load_model(agent=box, model="nothing")
    box.connected = False
    with pytest.raises(ActionError, match="is away"):
        load_model(agent=box, model="nanotrack")


def test_a_pin_lasts_until_it_is_taken_back_and_is_told_to_the_machine_that_comes(box: Agent) -> None:
    assert pins_of(box.pk) == []
    pin_model(agent=box, model="nanotrack", pinned=True)
    box.refresh_from_db()
    assert pins_of(box.pk) == [PinModels(models=["nanotrack"])]
    with pytest.raises(ActionError, match="Unpin it first"):
        unload_model(agent=box, model="nanotrack")
    pin_model(agent=box, model="nanotrack", pinned=False)
    assert pins_of(box.pk) == []


def test_the_page_shows_what_is_in_memory_and_what_is_pinned_but_is_not(box: Agent, people: People) -> None:
    there = LoadedModel(
        model="nanotrack", settings={"threshold": 0.5}, memory_bytes=2_000_000, users=["clicks", "a-run-elsewhere"]
    )
    box.info["loaded"] = [there.model_dump(mode="json")]
    box.pinned = ["sam2.1-tiny"]
    box.save()
    machine = next(each for each in networks_of(people.alice, people.workspace).machines if each.id == box.pk)
    shown, lacking = machine.loaded
    assert (shown.name, shown.memory_bytes, shown.settings) == ("NanoTrack v2", 2_000_000, "threshold 0.5")
    assert shown.users == ["clicks", "1 run of another workspace"]
    assert (lacking.model, lacking.state, lacking.pinned) == ("sam2.1-tiny", "away", True)


def test_strangers_and_annotators_change_no_memory(box: Agent, people: People) -> None:
    body = {"workspace": people.workspace.pk, "model": "nanotrack", "wanted": "pin"}
    for user, status in ((people.eve, 404), (people.bob, 403), (people.alice, 200)):
        client = Client()
        client.force_login(user)
        answer = client.post(f"/api/machines/{box.pk}/memory", body, content_type="application/json")
        assert answer.status_code == status, answer.content
