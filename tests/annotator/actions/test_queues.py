"""The review queues of a project: what is left, of which layers and jobs, and for which reasons."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from annotator.actions.inspecting import inspect
from annotator.actions.verdicts import Judged, give_verdict
from annotator.models import Inspection, InspectionState, Job
from tests.annotator.desk import Desk
from tests.annotator.worlds import clear, do, draw, keyframe, put

pytestmark = pytest.mark.django_db


def queues(desk: Desk, method: str = "get", by: str = "reviewer", sent: Any = None) -> Any:
    client = Client()
    client.force_login(desk.world.people[by])
    address = f"/api/projects/{desk.world.layer.video.project_id}/queues"
    if method == "get":
        return client.get(address)
    return getattr(client, method)(address, sent or {}, content_type="application/json")


def queue(desk: Desk) -> dict[str, Any]:
    (found,) = queues(desk).json()
    return dict(found)


def tracked(desk: Desk) -> UUID:
    """A track of which a tracker made frames 1..60, and whose queue is built."""
    track = draw(desk.world, 0)
    desk.predict(desk.start(track), track, 1, 60, done=True)
    build(desk)
    return track


def build(desk: Desk) -> None:
    assert queues(desk, "post").status_code == 200
    inspect.func(str(desk.world.layer.pk))


def judge(desk: Desk, track: UUID, *ranges: tuple[int, int], verdict: Any = "accepted") -> None:
    give_verdict(
        user=desk.world.people["reviewer"],
        layer_id=desk.world.layer.pk,
        spans=[Judged(track, list(ranges))],
        verdict=verdict,
        reason="It is somewhere else." if verdict == "rejected" else "",
    )


def test_of_a_layer_that_was_never_checked_nothing_is_known(desk: Desk) -> None:
    draw(desk.world, 0)
    found = queue(desk)
    assert (found["state"], found["left"], found["is_stale"]) == ("none", None, True)


def test_what_a_tracker_made_is_left_to_review_with_reasons_that_add_up(desk: Desk) -> None:
    track = tracked(desk)
    left = queue(desk)["left"]
    assert left["spans"] == left["among"] == sum(reason["spans"] for reason in left["reasons"]) > 0
    assert left["first"]["track"] == str(track)


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_what_is_accepted_or_rejected_counts_no_more_and_makes_nothing_stale(desk: Desk, verdict: str) -> None:
    judge(desk, tracked(desk), (0, 60), verdict=verdict)
    found = queue(desk)
    assert (found["left"]["spans"], found["left"]["first"], found["is_stale"]) == (0, None, False)
    assert found["left"]["among"] > 0


@pytest.mark.parametrize(("ranges", "verdict"), [([(0, 60)], "check"), ([(0, 59)], "accepted")])
def test_what_is_to_be_checked_or_judged_in_part_is_left(desk: Desk, ranges: Any, verdict: str) -> None:
    judge(desk, tracked(desk), *ranges, verdict=verdict)
    assert queue(desk)["left"]["spans"] > 0


def test_a_change_makes_a_queue_stale_and_building_it_mends_that(desk: Desk) -> None:
    track = tracked(desk)
    judge(desk, track, (0, 60))
    do(desk.world, put(track, [keyframe(30, 90)]))
    found = queue(desk)
    assert (found["is_stale"], found["reopened"]) == (True, 1)
    build(desk)
    assert queue(desk)["is_stale"] is False


def test_a_job_has_the_spans_that_lie_in_it(desk: Desk) -> None:
    tracked(desk)
    layer = desk.world.layer
    for first, last in ((0, 60), (61, 99)):
        Job.objects.create(video=layer.video, layer=layer, first=first, last=last)
    inside, behind = queue(desk)["jobs"]
    assert inside["left"]["spans"] == queue(desk)["left"]["spans"]
    assert (behind["left"]["spans"], behind["left"]["first"]) == (0, None)


def test_cancelling_keeps_what_was_built_before(desk: Desk) -> None:
    track = tracked(desk)
    do(desk.world, clear(track, 30, 40))
    assert queues(desk, "post").json()[0]["state"] == "queued"
    (found,) = queues(desk, "delete").json()
    assert (found["state"], found["is_stale"], found["left"] is not None) == ("done", True, True)


def test_cancelling_the_first_one_leaves_nothing(desk: Desk) -> None:
    draw(desk.world, 0)
    queues(desk, "post")
    assert queues(desk, "delete").json()[0]["state"] == "none"
    inspect.func(str(desk.world.layer.pk))
    assert not Inspection.objects.exists()


def test_only_the_layers_that_were_named_are_built(desk: Desk) -> None:
    draw(desk.world, 0)
    queues(desk, "post", sent={"layers": [desk.world.layer.pk + 1]})
    assert not Inspection.objects.exists()
    queues(desk, "post", sent={"layers": [desk.world.layer.pk]})
    assert Inspection.objects.get().state == InspectionState.QUEUED
