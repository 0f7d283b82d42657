"""The check of a stored layer, in the background."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from annotator.actions import inspecting
from annotator.actions.inspecting import INSPECTING, begin_inspection, inspect, inspected
from annotator.config import config
from annotator.models import Inspection, InspectionState
from annotator.models.event import Event, EventKind
from annotator.operations import ShapesReplace
from tests.annotator.desk import Desk
from tests.annotator.worlds import clear, do, draw, keyframe, predicted, put

pytestmark = pytest.mark.django_db


def findings(desk: Desk) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(inspected(desk.world.layer))["findings"]
    return listed


def asked(desk: Desk, method: str = "get", by: str = "annotator") -> dict[str, Any]:
    client = Client()
    client.force_login(desk.world.people[by])
    answer: dict[str, Any] = getattr(client, method)(f"/api/layers/{desk.world.layer.pk}/inspection").json()
    return answer


def test_what_is_found_names_its_track_and_frames(desk: Desk) -> None:
    track = draw(desk.world, 5)
    do(desk.world, put(track, [keyframe(9, -500)]))
    (finding,) = [one for one in findings(desk) if one["rule"] == "out-of-bounds"]
    assert (finding["track"], finding["first"], finding["last"]) == (str(track), 9, 9)
    assert finding["name"] == "car 1"


def test_deleted_tracks_and_other_layers_are_not_looked_at(desk: Desk) -> None:
    track = draw(desk.world, 5, left=-500)
    assert len(findings(desk)) == 1
    desk.world.layer.tracks.filter(pk=track).update(deleted_at="2026-01-01T00:00:00Z")
    assert [one["rule"] for one in findings(desk)] == ["unused-label"]


def test_a_kind_that_the_label_does_not_allow_is_found(desk: Desk) -> None:
    track = draw(desk.world, 5)
    desk.world.car.geometry_kinds = ["tag"]
    desk.world.car.save()
    assert [(one["rule"], one["track"]) for one in findings(desk)] == [("kind", str(track))]


def test_a_run_replaces_no_frame_of_a_person(desk: Desk) -> None:
    track = draw(desk.world, 0, 10, 20)
    run = desk.start(track)
    desk.predict(run, track, 1, 30)
    desk.correct(run, track, 15)
    assert [one for one in findings(desk) if one["rule"] == "human"] == []


def test_a_history_in_which_one_was_replaced_is_told(desk: Desk) -> None:
    """Nothing in the product can do that: the event is forged."""
    track = draw(desk.world, 0, 10)
    event = do(desk.world, put(track, [predicted(10)]))
    assert ShapesReplace.model_validate(event.inverse[0]).tables  # type: ignore[index]
    Event.objects.filter(pk=event.pk).update(kind=EventKind.RUN)
    (finding,) = [one for one in findings(desk) if one["rule"] == "human"]
    assert (finding["track"], finding["first"], finding["grade"]) == (str(track), 10, "error")


def test_an_unknown_check_is_told_to_be_none(desk: Desk) -> None:
    answer = asked(desk, by="viewer")
    assert (answer["state"], answer["revision"], answer["result"]) == ("none", None, None)


def test_a_check_is_asked_for_once_and_kept_until_the_layer_changes(
    desk: Desk, django_capture_on_commit_callbacks: Any
) -> None:
    track = draw(desk.world, 5, left=-500)
    with django_capture_on_commit_callbacks(execute=True):
        assert asked(desk, "post")["state"] == "queued"
    with django_capture_on_commit_callbacks(execute=True):
        asked(desk, "post")
    assert DBTaskResult.objects.filter(task_path=inspect.module_path).count() == 1
    inspect.call(str(desk.world.layer.pk))
    done = asked(desk)
    assert (done["state"], done["revision"], done["current"]) == ("done", 1, 1)
    assert [one["track"] for one in done["result"]["findings"]] == [str(track)]
    assert asked(desk, "post")["state"] == "done"

    do(desk.world, clear(track, 5, 5), put(track, [keyframe(6)]))
    stale = asked(desk)
    assert (stale["revision"], stale["current"]) == (1, 2)
    DBTaskResult.objects.all().delete()
    assert asked(desk, "post")["state"] == "queued"
    inspect.call(str(desk.world.layer.pk))
    assert asked(desk)["result"]["findings"] == []


def test_a_check_without_a_task_is_queued_again(desk: Desk, django_capture_on_commit_callbacks: Any) -> None:
    Inspection.objects.create(layer=desk.world.layer, state=InspectionState.RUNNING)
    with django_capture_on_commit_callbacks(execute=True):
        begin_inspection(desk.world.layer)
    assert DBTaskResult.objects.filter(task_path=inspect.module_path).count() == 1


def test_why_a_check_failed_is_told(desk: Desk) -> None:
    begin_inspection(desk.world.layer)
    assert INSPECTING.workspaces() == {str(desk.world.layer.pk): desk.world.workspace.pk}
    assert INSPECTING.is_wanted(str(desk.world.layer.pk))
    INSPECTING.fail(str(desk.world.layer.pk), "It took too long.")
    answer = asked(desk)
    assert (answer["state"], answer["message"]) == ("failed", "It took too long.")


def looks(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(inspected(desk.world.layer))["looks"]
    return found


def test_why_looks_were_not_compared_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    track = draw(desk.world, 0)
    assert looks(desk) == {"frames_wanted": 0, "frames_seen": 0, "problem": ""}
    desk.predict(desk.start(track), track, 1, 30)
    assert looks(desk)["problem"] != ""  # There is no file.
    monkeypatch.setattr(config, "review_looks_s", 0)
    assert looks(desk)["problem"] == "That is switched off on this server."
    monkeypatch.setattr(inspecting, "MOST_LOOKED_AT", 3)
    assert looks(desk)["problem"] == "The layer has more than 3 shapes."
