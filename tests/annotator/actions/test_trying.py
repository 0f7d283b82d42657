"""Models that people try on a frame: which machine is asked what, and for whom."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from annotator.actions.previews import UNREADABLE, note_previewed
from annotator.models import Agent, Event, Preview, Video, VideoState, Workspace
from tests.annotator.desk import Desk
from tests.annotator.worlds import make_agent
from tests.people import client_of
from tracking import protocol
from tracking.protocol import Previewed, prompt_text
from tracking.shapes.chunks import Flag
from tracking.shapes.payloads import row_of
from tracking.types import Box

BOX = [10, 20, 30, 40]


@pytest.fixture
def agent(desk: Desk) -> Agent:
    agent = Agent.objects.get()
    agent.info |= {"models": ["xmem"], "finders": ["yolox-tiny", "owlv2-base"], "segmenters": ["sam2.1-tiny-click"]}
    agent.save()
    return agent


def ask(desk: Desk, agent: Agent, *, by: str = "annotator", **more: Any) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer."""
    usual = {"id": str(uuid4()), "workspace": desk.world.workspace.pk, "model": "yolox-tiny"}
    if "picture" not in more:
        usual["video"] = desk.world.video.pk
    address = f"/api/machines/{agent.pk}/tries"
    answer = client_of(desk.world.people[by]).post(address, usual | more, content_type="application/json")
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"frame": 7}, {"task": "find", "frame": 7, "confidence": 0.05}),
        ({"model": "owlv2-base", "words": ["cone"]}, {"task": "find", "words": ["cone"]}),
        (
            {"model": "xmem", "frame": 2, "box": BOX, "frames": 5},
            {"task": "follow", "last": 7, "box": tuple(BOX), "segmenter": "sam2.1-tiny-click", "confidence": 0},
        ),
        (
            {"model": "sam2.1-tiny-click", "picture": "AAAA", "box": BOX},
            {"task": "click", "picture": "AAAA", "frame": 0},
        ),
    ],
)
def test_the_machine_is_asked_what_its_model_does(
    desk: Desk, agent: Agent, asked: dict[str, Any], expected: dict[str, object]
) -> None:
    status, preview = ask(desk, agent, **asked)
    assert (status, preview.get("state")) == (201, "asked"), preview
    (sent,) = desk.told(protocol.Preview)
    assert {name: getattr(sent, name) for name in expected} == expected
    assert (sent.video is None) == ("picture" in asked)
    assert not Event.objects.exists()


def test_what_came_of_it_is_told_to_who_asked_alone(desk: Desk, agent: Agent) -> None:
    _, asked = ask(desk, agent, model="xmem", box=BOX)
    shape = prompt_text(row_of(Box(*BOX), 0, Flag.PREDICTED, 0.5))
    told = Previewed(preview=asked["id"], stage="done", shapes=[shape], notes=["It left."], seconds=1.5)
    note_previewed(agent_id=agent.pk, told=told)
    address = f"/api/previews/{asked['id']}"
    answer = client_of(desk.world.people["annotator"]).get(address).json()
    assert (answer["shapes"], answer["notes"], answer["seconds"]) == ([shape], ["It left."], 1.5)
    assert client_of(desk.world.people["admin"]).get(address).status_code == 404


def test_a_preview_of_a_picture_is_its_workspace_s(desk: Desk, agent: Agent) -> None:
    _, asked = ask(desk, agent, picture="AAAA")
    preview = Preview.objects.get()
    assert (preview.video, preview.workspace, str(preview)) == (
        None,
        desk.world.workspace,
        "yolox-tiny on a picture: asked",
    )
    desk.world.workspace.memberships.filter(user=desk.world.people["annotator"]).delete()
    assert client_of(desk.world.people["annotator"]).get(f"/api/previews/{asked['id']}").status_code == 404


def test_what_no_browser_could_draw_is_not_kept(desk: Desk, agent: Agent) -> None:
    _, asked = ask(desk, agent, model="xmem", box=BOX)
    note_previewed(agent_id=agent.pk, told=Previewed(preview=asked["id"], stage="done", shapes=["nonsense"]))
    preview = Preview.objects.get()
    assert (preview.state, preview.message, preview.shapes) == ("failed", UNREADABLE, [])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"model": "nanotrack"}, "isn't ready on"),
        ({"words": ["cone"]}, "looks for no words"),
        ({"model": "owlv2-base"}, "1 to 40 words"),
        ({"model": "xmem"}, "Say what is meant"),
        ({"model": "xmem", "picture": "AAAA", "box": BOX}, "has no next frame"),
        ({"frame": 10**6}, "1000000 came"),
        ({"video": None}, "a frame of a video, or on a picture"),
    ],
)
def test_what_can_not_be_tried_says_why(desk: Desk, agent: Agent, asked: dict[str, Any], words: str) -> None:
    status, answer = ask(desk, agent, **asked)
    assert (status in (400, 409, 422), words in str(answer)) == (True, True), answer
    assert not Preview.objects.exists()


def test_a_machine_that_is_away_or_in_maintenance_says_so(desk: Desk, agent: Agent) -> None:
    for state, words in (({"resting": True}, "in maintenance"), ({"connected": False}, "is away")):
        Agent.objects.update(**state)
        assert words in str(ask(desk, agent)[1])


def test_a_machine_of_another_workspace_is_nobody_s_to_use(desk: Desk, agent: Agent) -> None:
    elsewhere = make_agent(desk.world, "elsewhere")
    Agent.objects.filter(pk=elsewhere.pk).update(workspace=Workspace.objects.create(name="Elsewhere"))
    assert ask(desk, elsewhere)[0] == 404
    assert not Preview.objects.exists()


def test_videos_are_found_by_their_name_or_their_project_s(desk: Desk) -> None:
    world = desk.world
    for number in range(25):
        Video.objects.create(project=world.project, name=f"street {number}.mp4", state=VideoState.READY)
    Video.objects.create(project=world.project, name="street unready.mp4")

    def found(words: str) -> tuple[list[str], int]:
        address = f"/api/workspaces/{world.workspace.pk}/videos"
        told = client_of(world.people["viewer"]).get(address, {"words": words}).json()
        return [video["name"] for video in told["videos"]], told["more"]

    names, more = found("street")
    assert (names[0], len(names), more) == ("street 24.mp4", 20, 5)
    assert found(f"{world.project.name} STREET 7") == (["street 17.mp4", "street 7.mp4"], 0)
    assert found("nothing of this name") == ([], 0)
