from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from annotator.api.layers import pack_window
from annotator.models import Event
from tests.annotator.desk import Desk
from tests.annotator.worlds import clear, do, draw, keyframe, put, update

pytestmark = pytest.mark.django_db


def changes(desk: Desk, query: str = "", by: str = "viewer") -> list[dict[str, Any]]:
    client = Client()
    client.force_login(desk.world.people[by])
    answer = client.get(f"/api/layers/{desk.world.layer.pk}/changes{query}")
    listed: list[dict[str, Any]] = answer.json()["changes"]
    return listed


def test_a_change_says_who_did_it_and_where(desk: Desk) -> None:
    track = draw(desk.world, 5, 300)
    (change,) = changes(desk)
    assert (change["author_name"], change["first"], change["last"]) == ("annotator", 5, 300)
    assert (change["tracks"], change["track_count"]) == ([str(track)], 1)


def test_what_is_only_said_of_a_track_has_no_frames(desk: Desk) -> None:
    track = draw(desk.world, 5)
    do(desk.world, update(track, locked=True))
    assert (changes(desk)[0]["first"], changes(desk)[0]["tracks"]) == (None, [str(track)])


def test_what_a_run_stored_belongs_to_who_started_it(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track, by="manager")
    desk.predict(run, track, 1, 20)
    newest = changes(desk)[0]
    assert (newest["kind"], newest["author_name"], newest["model"]) == ("predictions", "manager", run.model)
    assert (newest["first"], newest["last"]) == (1, 20)


def test_changes_are_found_by_person_track_and_kind(desk: Desk) -> None:
    first, second = draw(desk.world, 0), draw(desk.world, 0)
    do(desk.world, update(second, locked=True), by="manager")
    run = desk.start(first, by="manager")
    desk.predict(run, first, 1, 20)
    manager = desk.world.people["manager"].pk
    assert [change["revision"] for change in changes(desk, f"?author={manager}")] == [4, 3]
    assert [change["revision"] for change in changes(desk, f"?track={first}")] == [4, 1]
    assert [change["revision"] for change in changes(desk, "?kind=tracking")] == [4]


def test_changes_come_in_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.api.history.PAGE", 2)
    track = draw(desk.world, 0)
    for frame in range(1, 5):
        do(desk.world, put(track, [keyframe(frame)]))
    assert [change["revision"] for change in changes(desk)] == [5, 4]
    assert [change["revision"] for change in changes(desk, "?before=4")] == [3, 2]


def test_what_a_run_stored_without_a_break_is_one_change(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 10)
    desk.predict(run, track, 11, 20)
    do(desk.world, update(track, locked=True))
    desk.predict(run, track, 21, 30)
    found = [(change["since"], change["revision"], change["first"], change["last"]) for change in changes(desk)]
    assert found == [(5, 5, 21, 30), (4, 4, None, None), (2, 3, 1, 20), (1, 1, 0, 0)]


def test_everybody_who_changed_something_is_listed(desk: Desk) -> None:
    track = draw(desk.world, 0)
    desk.start(track, by="manager")
    client = Client()
    client.force_login(desk.world.people["viewer"])
    authors = client.get(f"/api/layers/{desk.world.layer.pk}/authors").json()["authors"]
    assert [author["name"] for author in authors] == ["annotator", "manager"]


def test_stored_predictions_know_what_lay_there_before(desk: Desk) -> None:
    track = draw(desk.world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 20)
    inverse = Event.objects.get(kind="predictions").inverse
    assert inverse == [clear(track, 1, 20).model_dump(mode="json")]


def test_deleted_tracks_are_listed_with_who_deleted_them_and_what_they_looked_like(desk: Desk) -> None:
    world = desk.world
    older, newer = draw(world, 5, 300, left=70), draw(world, 9)
    do(world, update(older, deleted=True), by="reviewer")
    do(world, update(newer, deleted=True))
    client = Client()
    client.force_login(world.people["viewer"])
    first, second = client.get(f"/api/layers/{world.layer.pk}/deleted").json()["tracks"]
    assert (first["id"], second["id"], second["by"]) == (str(newer), str(older), "reviewer")
    assert (second["first"], second["last"], second["shapes"]) == (5, 300, 2)
    assert (second["frame"], second["box"]) == (5, [70, 20, 100, 60])
    do(world, update(older, deleted=False), update(newer, deleted=False))
    assert client.get(f"/api/layers/{world.layer.pk}/deleted").json()["tracks"] == []


def test_a_window_holds_the_shapes_of_deleted_tracks_so_that_they_come_back_at_once(desk: Desk) -> None:
    track = draw(desk.world, 5)
    do(desk.world, update(track, deleted=True))
    assert str(track).encode() in pack_window(desk.world.layer, 0, 9, tracks=False)
