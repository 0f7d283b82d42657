"""Joins that are proposed for a stored layer, in the background."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from annotator.actions import background
from annotator.actions.joins import PROPOSING, find_joins, found_in, watching
from annotator.models import JoinsState, ProposedJoins
from tests.annotator.desk import Desk
from tests.annotator.worlds import clear, do, draw, keyframe, put

pytestmark = pytest.mark.django_db


def stretch(desk: Desk, first: int, last: int, left: float = 100) -> UUID:
    """A track that stands still on first..last."""
    return draw(desk.world, first, last, left=left)


def asked(desk: Desk, method: str = "get", path: str = "", by: str = "annotator", **body: Any) -> dict[str, Any]:
    client = Client()
    client.force_login(desk.world.people[by])
    address = f"/api/layers/{desk.world.layer.pk}/joins{path}"
    answer = getattr(client, method)(address, body or None, content_type="application/json")
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def found(desk: Desk) -> list[dict[str, Any]]:
    ProposedJoins.objects.update_or_create(layer=desk.world.layer, defaults={"state": JoinsState.QUEUED})
    find_joins.call(str(desk.world.layer.pk))
    proposals: list[dict[str, Any]] = asked(desk)["result"]["proposals"]
    return proposals


def test_a_track_that_goes_on_is_proposed_with_what_decided(desk: Desk) -> None:
    earlier, later = stretch(desk, 0, 20), stretch(desk, 31, 50)
    stretch(desk, 31, 50, left=900)
    (join,) = found(desk)
    assert (join["kind"], join["tracks"], join["frame"], join["gap"]) == ("join", [str(earlier), str(later)], 20, 10)
    assert [picture[:2] for picture in join["pictures"]] == [[0, 20], [1, 31]]
    result = asked(desk)["result"]
    assert (result["tracks"], result["left_out"], result["frames_seen"]) == (3, 0, 0)
    assert result["problem"]


def test_a_search_is_asked_for_once_and_kept_until_the_layer_changes(
    desk: Desk, django_capture_on_commit_callbacks: Any
) -> None:
    stretch(desk, 0, 20)
    assert asked(desk)["state"] == "none"
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert asked(desk, "post")["state"] == "queued"
    assert DBTaskResult.objects.filter(task_path=find_joins.module_path).count() == 1
    find_joins.call(str(desk.world.layer.pk))
    done = asked(desk, "post")
    assert (done["state"], done["progress"], done["revision"]) == ("done", 1, done["current"])
    stretch(desk, 31, 50)
    DBTaskResult.objects.all().delete()
    assert asked(desk, "post")["state"] == "queued"


def test_proposals_on_tracks_that_changed_meanwhile_go_away_and_are_counted(desk: Desk) -> None:
    stretch(desk, 0, 20)
    later = stretch(desk, 31, 50)
    stretch(desk, 0, 20, left=700), stretch(desk, 31, 50, left=700)
    assert len(found(desk)) == 2
    do(desk.world, clear(later, 31, 31))
    answer = asked(desk)
    assert (len(answer["result"]["proposals"]), answer["outdated"]) == (1, 1)


def test_what_is_dismissed_stays_so_until_its_tracks_change(desk: Desk) -> None:
    stretch(desk, 0, 20)
    later = stretch(desk, 31, 50)
    (join,) = found(desk)
    answer = asked(desk, "post", "/dismissed", key=join["key"], dismissed=True)
    assert (answer["result"]["proposals"], [one["key"] for one in answer["dismissed"]]) == ([], [join["key"]])
    stretch(desk, 100, 120, left=700)
    assert found(desk) == []
    do(desk.world, put(later, [keyframe(51, 100)]))
    (again,) = found(desk)
    assert again["key"] != join["key"]


def test_what_was_dismissed_can_be_proposed_again(desk: Desk) -> None:
    stretch(desk, 0, 20), stretch(desk, 31, 50)
    (join,) = found(desk)
    for dismissed in (True, False):
        answer = asked(desk, "post", "/dismissed", key=join["key"], dismissed=dismissed)
    assert [one["key"] for one in answer["result"]["proposals"]] == [join["key"]]


def test_a_search_can_be_cancelled_and_what_was_found_before_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    stretch(desk, 0, 20), stretch(desk, 31, 50)
    assert len(found(desk)) == 1
    key = str(desk.world.layer.pk)
    ProposedJoins.objects.update(state=JoinsState.RUNNING)
    assert PROPOSING.is_wanted(key) and PROPOSING.workspaces() == {key: desk.world.workspace.pk}
    answer = asked(desk, "delete")
    assert (answer["state"], len(answer["result"]["proposals"])) == ("cancelled", 1)
    assert not PROPOSING.is_wanted(key)
    # Whoever is at it still notices, and writes nothing.
    monkeypatch.setattr(background, "REPORT_EVERY_S", -1)
    with pytest.raises(background.NotWanted):
        found_in(desk.world.layer, watching(key).show)


def test_why_it_failed_is_told(desk: Desk) -> None:
    ProposedJoins.objects.create(layer=desk.world.layer)
    PROPOSING.fail(str(desk.world.layer.pk), "It took too long.")
    answer = asked(desk)
    assert (answer["state"], answer["message"]) == ("failed", "It took too long.")


def test_frame_tags_and_deleted_tracks_are_not_compared(desk: Desk) -> None:
    stretch(desk, 0, 20)
    later = stretch(desk, 31, 50)
    desk.world.layer.tracks.filter(pk=later).update(deleted_at="2026-01-01T00:00:00Z")
    result = json.loads(found_in(desk.world.layer))
    assert (result["tracks"], result["proposals"]) == (1, [])
