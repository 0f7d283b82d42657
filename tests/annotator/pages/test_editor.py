from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from annotator.models import Attribute, Job, Layer, Role, Video, VideoState
from annotator.ontology import AttributeKind
from tests.annotator.worlds import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_built_assets(settings: Any) -> None:
    """The page without its scripts: they needn't be built."""
    settings.DJANGO_VITE = {"default": {"dev_mode": True}}
    settings.LOGIN_URL = "/sign-in/"


@pytest.fixture
def world() -> World:
    return make_world()


def open_editor(world: World, by: str | None = "annotator", query: str = "") -> HttpResponse:
    client = Client()
    if by is not None:
        client.force_login(world.people[by])
    return client.get(f"/videos/{world.video.pk}/edit/{query}")  # type: ignore[return-value]


def config_of(response: HttpResponse) -> dict[str, Any]:
    found = re.search(rb'<script id="editor-config" type="application/json">(.*?)</script>', response.content, re.S)
    assert found is not None
    config: dict[str, Any] = json.loads(found[1])
    return config


@pytest.mark.parametrize("role", Role.values)
def test_every_member_may_open_it(world: World, role: str) -> None:
    response = open_editor(world, role)
    assert response.status_code == 200
    assert config_of(response)["can_edit"] == (role != Role.VIEWER)


def test_a_stranger_finds_nothing_and_who_is_signed_out_signs_in(world: World) -> None:
    assert open_editor(world, "stranger").status_code == 404
    assert open_editor(world, None).status_code == 302


def test_a_video_that_is_not_ready_has_no_editor(world: World) -> None:
    world.video.state = VideoState.INGESTING
    world.video.save()
    assert open_editor(world).status_code == 404


def test_the_page_knows_what_it_shows(world: World) -> None:
    colour = Attribute.objects.create(label=world.car, name="colour", kind=AttributeKind.SELECT, choices=["red"])
    config = config_of(open_editor(world))
    base, version = f"/api/videos/{world.video.pk}", f"?v={world.video.key.hex[:12]}"
    assert config["video"] == {
        "id": world.video.pk,
        "name": "cross.mp4",
        "width": 1280,
        "height": 720,
        "frame_count": 1000,
        "fps": 25,
        "proxy_state": "ready",
        "proxy_url": f"{base}/proxy.mp4{version}",
        "source": None,
        "frame_url": f"{base}/frames/{{frame}}.jpg{version}",
        "strip": None,
        "strip_url": f"{base}/strip.jpg{version}",
    }
    assert config["labels"] == [
        {
            "id": world.car.pk,
            "name": "car",
            "colour": "#ff0000",
            "hotkey": "",
            "geometry_kinds": ["box"],
            "skeleton": None,
            "attributes": [
                {
                    "id": colour.pk,
                    "name": "colour",
                    "kind": "select",
                    "per_frame": False,
                    "choices": ["red"],
                    "default": None,
                }
            ],
        }
    ]
    assert config["layer"] == {
        "id": world.layer.pk,
        "project": world.video.project_id,
        "name": "main",
        "kind": "main",
    }
    assert config["editable_ranges"] == [[0, 999]]
    assert config["urls"]["live"] == f"/ws/layers/{world.layer.pk}/"
    assert {model["id"]: model["available"] for model in config["models"]}["framewise-cf"]


def test_the_page_leads_to_a_source_that_browsers_can_read(world: World) -> None:
    world.video.direct = True
    world.video.save()
    base, version = f"/api/videos/{world.video.pk}", f"?v={world.video.key.hex[:12]}"
    shown = config_of(open_editor(world))["video"]["source"]
    assert shown == {"url": f"{base}/source{version}", "packets_url": f"{base}/packets{version}"}


def test_a_job_bounds_what_its_annotator_changes(world: World) -> None:
    job = Job.objects.create(video=world.video, layer=world.layer, first=100, last=199, assignee=world.annotator)
    config = config_of(open_editor(world, query=f"?job={job.pk}"))
    assert config["job"] == {"id": job.pk, "first": 100, "last": 199, "stage": "annotation", "state": "new"}
    assert config["editable_ranges"] == [[100, 199]]


def test_a_job_of_another_video_is_not_found(world: World) -> None:
    video = Video.objects.create(project=world.project, name="other.mp4", frame_count=10)
    layer = Layer.objects.create(video=video)
    job = Job.objects.create(video=video, layer=layer, first=0, last=9)
    assert open_editor(world, query=f"?job={job.pk}").status_code == 404


def test_it_shows_the_layer_that_is_asked_for(world: World) -> None:
    truth = Layer.objects.create(video=world.video, name="truth", kind="ground_truth")
    config = config_of(open_editor(world, query=f"?layer={truth.pk}"))
    assert config["layer"] == {
        "id": truth.pk,
        "project": world.video.project_id,
        "name": "truth",
        "kind": "ground_truth",
    }
    # An annotator looks at what is compared with, and doesn't change it.
    assert (config["can_edit"], config["urls"]["live"]) == (False, f"/ws/layers/{truth.pk}/")


def test_a_layer_of_another_video_is_not_found(world: World) -> None:
    layer = Layer.objects.create(video=Video.objects.create(project=world.project, name="other.mp4", frame_count=10))
    assert open_editor(world, query=f"?layer={layer.pk}").status_code == 404


def test_it_tells_which_models_are_not_for_commercial_use(world: World) -> None:
    offered = {model["id"]: model["commercial"] for model in config_of(open_editor(world))["models"]}
    assert (offered["framewise-flow"], offered["cotracker3-online"]) == (True, False)
