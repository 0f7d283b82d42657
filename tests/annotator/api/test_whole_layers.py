"""The layers of a video over the API."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from annotator.models import Layer, Project, User, Video, Workspace
from tests.annotator.worlds import World, draw, make_world
from tests.people import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def ask(user: User, method: str, path: str, body: Any = None) -> Any:
    return getattr(client_of(user), method)(f"/api/{path}", body, content_type="application/json")


def listed(world: World, who: str) -> dict[str, Any]:
    found: dict[str, Any] = client_of(world.people[who]).get(f"/api/videos/{world.video.pk}/layers").json()
    return found


def test_they_are_listed_with_what_is_in_them_and_what_the_reader_may_do(world: World) -> None:
    draw(world, 1, 2)
    said = {"id": str(uuid4()), "comment": str(uuid4()), "text": "A car?", "first": 0, "last": 9}
    assert ask(world.people["viewer"], "post", f"layers/{world.layer.pk}/issues", said).status_code == 200
    made = ask(world.annotator, "post", f"videos/{world.video.pk}/layers", {"name": "a", "kind": "replica"})
    assert made.status_code == 201
    found = listed(world, "annotator")
    assert found["may_make"] == ["replica"]
    assert found["layers"] == [
        {
            "id": world.layer.pk,
            "kind": "main",
            "name": "main",
            "owner": "",
            "mine": False,
            "revision": 1,
            "tracks": 1,
            "shapes": 2,
            "jobs": 0,
            "issues": 1,
            "runs": 0,
            "may_edit": True,
            "may_rename": False,
            "may_delete": False,
        },
        {
            "id": made.json()["id"],
            "kind": "replica",
            "name": "a",
            "owner": "annotator",
            "mine": True,
            "revision": 0,
            "tracks": 0,
            "shapes": 0,
            "jobs": 0,
            "issues": 0,
            "runs": 0,
            "may_edit": True,
            "may_rename": True,
            "may_delete": True,
        },
    ]
    assert listed(world, "reviewer")["may_make"] == ["ground_truth", "replica", "model"]
    assert (listed(world, "viewer")["may_make"], listed(world, "viewer")["layers"][1]["may_edit"]) == ([], False)


def test_one_is_renamed_filled_and_deleted(world: World) -> None:
    draw(world, 1, 2)
    reviewer, manager = world.people["reviewer"], world.people["manager"]
    path = f"videos/{world.video.pk}/layers"
    layer = ask(reviewer, "post", path, {"name": "truth", "kind": "ground_truth"}).json()["id"]
    assert ask(reviewer, "patch", f"layers/{layer}", {"name": "Ground truth"}).json()["name"] == "Ground truth"
    taken = ask(reviewer, "post", f"layers/{layer}/take-over", {"source": world.layer.pk}).json()
    assert (taken["tracks"], taken["shapes"], taken["revision"]) == (1, 2, 1)
    assert [each["fields"] for each in taken["inverse"]] == [{"deleted": True}]
    assert ask(manager, "delete", f"layers/{layer}?revision=0").status_code == 400
    assert ask(manager, "delete", f"layers/{layer}?revision=1").status_code == 204
    answer = ask(manager, "delete", f"layers/{layer}?revision=1")
    assert (answer.status_code, "was deleted by manager" in answer.json()["message"]) == (404, True)


def test_tracks_of_a_layer_that_isnt_shared_arent_taken_over(world: World) -> None:
    project = Project.objects.create(workspace=Workspace.objects.create(name="Elsewhere"), name="Theirs")
    theirs = Layer.objects.create(video=Video.objects.create(project=project, name="b.mp4", frame_count=9))
    answer = ask(world.people["admin"], "post", f"layers/{world.layer.pk}/take-over", {"source": theirs.pk})
    assert (answer.status_code, world.layer.tracks.count()) == (404, 0)
