"""Detectors that one machine alone has, as the people of its workspace can choose them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from annotator.actions.errors import ActionError
from annotator.actions.previews import begin_preview
from annotator.actions.runs.ask import check_find
from annotator.announce.messages import FindOptions
from annotator.models import Agent, Workspace
from annotator.networks import networks_of
from annotator.offers import finder_for, offered_finders
from tests.annotator.desk import Desk
from tests.annotator.worlds import make_agent
from tracking import protocol
from tracking.types import TrackingError


def told(name: str = "sheep", **more: Any) -> dict[str, Any]:
    own = {"id": f"own:{name}", "name": name, "classes": ["sheep", "dog"], "confidence": 0.3, **more}
    return protocol.OwnDetector.model_validate(own).model_dump()


def has(agent: Agent, *own: dict[str, Any]) -> None:
    ready = [each["id"] for each in own if not each["problem"]]
    agent.info |= {"own": list(own), "finders": [*agent.info["finders"], *ready]}
    agent.save()


def offered(desk: Desk, name: str = "own:sheep") -> Any:
    found = offered_finders(desk.world.workspace.pk)
    return next((each for each in found if each.entry.id == name), None)


def test_it_can_be_chosen_asked_for_a_preview_and_mapped_to_labels_of_the_project(desk: Desk) -> None:
    has(Agent.objects.get(), told())
    world = desk.world
    one = offered(desk)
    assert (one.entry.name, one.entry.classes, one.confidence, one.available) == ("sheep", ("sheep", "dog"), 0.3, True)
    check_find(world.project, FindOptions(finder="own:sheep", labels={"dog": world.car.pk}))
    with pytest.raises(ActionError, match="wolf is none of them"):
        check_find(world.project, FindOptions(finder="own:sheep", labels={"wolf": world.car.pk}))
    asked = {"preview_id": uuid4(), "finder": "own:sheep", "frame": 3, "confidence": 0.05}
    begin_preview(by=world.annotator, video=world.video, **asked)
    assert desk.told(protocol.Preview)[0].model == "own:sheep"


def test_other_workspaces_do_not_know_it(desk: Desk) -> None:
    has(Agent.objects.get(), told())
    elsewhere = Workspace.objects.create(name="Harbour").pk
    assert all(each.entry.id != "own:sheep" for each in offered_finders(elsewhere))
    with pytest.raises(TrackingError, match="own:sheep"):
        finder_for(elsewhere, "own:sheep")


def test_it_goes_with_its_machine(desk: Desk) -> None:
    agent = Agent.objects.get()
    has(agent, told())
    agent.connected = False
    agent.save()
    assert offered(desk) is None


def test_one_that_can_not_be_used_says_why_where_people_choose_and_on_the_page(desk: Desk) -> None:
    has(Agent.objects.get(), told(classes=[], problem="its file is broken"))
    one = offered(desk)
    assert (one.available, one.why) == (False, "its file is broken")
    (machine,) = networks_of(desk.world.people["admin"], desk.world.workspace).machines
    assert [(each.name, each.classes, each.problem) for each in machine.own] == [("sheep", 0, "its file is broken")]


def test_where_machines_have_different_ones_of_a_name_only_what_all_know_can_be_asked_for(desk: Desk) -> None:
    has(Agent.objects.get(), told(classes=["sheep", "dog"]))
    has(make_agent(desk.world, "other"), told(classes=["dog", "wolf"]))
    assert offered(desk).entry.classes == ("dog",)
