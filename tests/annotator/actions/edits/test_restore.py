"""Bringing back what was: the whole layer by managers, single tracks in one's own frames."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client

from annotator.actions.edits.apply import apply_edit, write_tracks
from annotator.actions.edits.restore import Plan, Scope, plan_restore, restore
from annotator.actions.errors import ActionError
from annotator.announce.outgoing import event_out
from annotator.models import Event, EventKind, Job, Layer, Track
from annotator.operations import OPERATIONS
from tests.annotator.desk import Desk
from tests.annotator.worlds import World, clear, create, do, draw, edit, frames_of, keyframe, put, rows_of, update

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(desk: Desk) -> World:
    return desk.world


def revision(world: World) -> int:
    return Layer.objects.get(pk=world.layer.pk).revision


def plan(world: World, to: int, *tracks: UUID, by: str = "manager") -> Plan:
    scope = Scope(to, frozenset(tracks) or None)
    return plan_restore(user=world.people[by], layer_id=world.layer.pk, scope=scope)


def back(world: World, to: int, *tracks: UUID, by: str = "manager", seen: int | None = None, **more: Any) -> Event:
    scope = Scope(to, frozenset(tracks) or None, **more)
    return restore(
        user=world.people[by], layer_id=world.layer.pk, scope=scope, edit_id=uuid4(), summary="Back", seen=seen
    )


def undo(world: World, event: Event, by: str = "manager") -> None:
    operations = OPERATIONS.validate_python(event.inverse)
    apply_edit(user=world.people[by], layer_id=world.layer.pk, edit=edit(*operations, undoes=event.edit_id))


def deleted(*tracks: UUID) -> list[bool]:
    found = Track.objects.in_bulk(tracks)
    return [found[track].deleted_at is not None for track in tracks]


def everything(world: World) -> list[object]:
    """All that a layer holds, to compare."""
    listed = list(world.layer.tracks.order_by("pk"))
    return [(track.pk, track.label_id, track.locked, track.deleted_at is None, rows_of(track.pk)) for track in listed]


@contextmanager
def unchecked() -> Iterator[None]:
    """As the server was before it looked at geometry."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("annotator.actions.edits.apply.check_geometry", lambda *_: None)
        yield


def test_shapes_are_as_they_were(world: World) -> None:
    track = draw(world, 0, 10, 300)
    then = rows_of(track)
    do(world, put(track, [keyframe(10, left=99), keyframe(20)]))
    do(world, clear(track, 300, 999))
    back(world, 1)
    assert rows_of(track) == then


def test_the_oldest_change_of_a_frame_knows_what_was_there(world: World) -> None:
    track = draw(world, 0)
    for left in range(5):
        do(world, put(track, [keyframe(0, left=left)]))
    back(world, 3)
    assert rows_of(track) == [keyframe(0, left=1)]


def test_tracks_drawn_since_go_and_deleted_ones_come_back(world: World) -> None:
    old = draw(world, 0)
    new = draw(world, 0)
    do(world, update(old, deleted=True))
    back(world, 1)
    assert deleted(old, new) == [False, True]


def test_what_was_said_of_a_track_is_said_again(world: World) -> None:
    track = draw(world, 0)
    do(world, update(track, locked=True, colour="#112233"))
    do(world, update(track, colour="#445566"))
    back(world, 1)
    found = Track.objects.get(pk=track)
    assert (found.locked, found.colour) == (False, "")


def test_a_number_that_another_track_has_now_stays_there(world: World) -> None:
    first, second = draw(world, 0), draw(world, 0)
    do(world, update(first, number=7))
    do(world, update(second, number=1))
    back(world, 2, first)
    assert sorted(world.layer.tracks.values_list("number", flat=True)) == [1, 7]


def test_predictions_stored_since_go_and_those_they_replaced_come_back(desk: Desk) -> None:
    world = desk.world
    track = draw(world, 0)
    first = desk.start(track)
    desk.predict(first, track, 1, 20, done=True)
    then, at = rows_of(track), revision(world)
    second = desk.start(track)
    desk.predict(second, track, 1, 40, by=5, done=True)
    assert len(frames_of(track)) == 41
    back(world, at)
    assert rows_of(track) == then
    back(world, 1)
    assert frames_of(track) == [0]


def test_what_a_correction_took_away_comes_back(desk: Desk) -> None:
    world = desk.world
    track = draw(world, 0)
    run = desk.start(track)
    desk.predict(run, track, 1, 99)
    then, at = rows_of(track), revision(world)
    desk.correct(run, track, 50)
    desk.stop(run)
    assert rows_of(track) != then
    back(world, at)
    assert rows_of(track) == then


def test_imported_tracks_go(world: World) -> None:
    track = Track(id=uuid4(), number=0, label=world.car)
    write_tracks(user=world.annotator, layer_id=world.layer.pk, tracks=[(track, [keyframe(3)])], summary="Import")
    back(world, 0)
    assert deleted(track.pk) == [True]


def test_what_no_shape_can_be_stays_gone_and_is_counted(world: World) -> None:
    """Such shapes were taken before geometry was looked at."""
    track = draw(world, 0, 10, 20)
    far = replace(keyframe(10), bounds=(3e8, 20, 4e8, 60))
    with unchecked():
        do(world, put(track, [far]))
    do(world, put(track, [keyframe(10, left=50), keyframe(20, left=70)]))
    assert (plan(world, 2).shapes, plan(world, 2).unsound) == (1, 1)
    back(world, 2)
    assert [row.bounds[0] for row in rows_of(track)] == [10, 50, 10]


def test_it_is_one_event_and_undo_takes_it_back(world: World) -> None:
    track = draw(world, 0, 10)
    do(world, put(track, [keyframe(10, left=99)]))
    draw(world, 5)
    do(world, update(track, deleted=True))
    before, at = everything(world), revision(world)
    event = back(world, 1)
    assert (event.kind, event.revision, event.author) == (EventKind.RESTORE, at + 1, world.people["manager"])
    undo(world, event)
    assert everything(world) == before


def test_restoring_can_be_restored(world: World) -> None:
    track = draw(world, 0)
    do(world, put(track, [keyframe(9)]))
    now = everything(world)
    back(world, 1)
    back(world, 2)
    assert everything(world) == now


def test_only_the_chosen_tracks_go_back(world: World) -> None:
    one, other = draw(world, 0), draw(world, 0)
    do(world, put(one, [keyframe(5)]), put(other, [keyframe(5)]))
    back(world, 2, one, by="annotator")
    assert (frames_of(one), frames_of(other)) == ([0], [0, 5])


def test_only_the_chosen_frames_go_back(world: World) -> None:
    track = draw(world, 0)
    do(world, put(track, [keyframe(5), keyframe(400)]), update(track, locked=True))
    back(world, 1, track, ranges=((300, 500),), fields=False)
    assert frames_of(track) == [0, 5]
    assert Track.objects.get(pk=track).locked


def test_a_preview_counts_and_names_whose_changes_go(world: World) -> None:
    track, other = draw(world, 0), draw(world, 0)
    do(world, put(track, [keyframe(5), keyframe(6)]))
    do(world, put(track, [keyframe(7)]), by="reviewer")
    found = plan(world, 2)
    assert (len(found.tracks), found.shapes, found.exact) == (1, 3, True)
    assert dict(found.people) == {"annotator": 1, "reviewer": 1}
    assert plan(world, 1).tracks == sorted([track, other])


def test_changes_from_before_predictions_kept_what_they_replaced_are_taken_for_new(desk: Desk) -> None:
    world = desk.world
    track = draw(world, 0)
    desk.predict(desk.start(track), track, 1, 20, done=True)
    Event.objects.filter(kind=EventKind.PREDICTIONS).update(inverse=None)
    back(world, 1)
    assert frames_of(track) == [0]


def test_a_change_that_nobody_can_take_back_is_told(desk: Desk) -> None:
    track = draw(desk.world, 0)
    Event.objects.create(
        layer=desk.world.layer, revision=2, kind=EventKind.RUN, payload={}, extent=[[str(track), 1, 2]]
    )
    Layer.objects.update(revision=2)
    assert not plan(desk.world, 1).exact


class TestWhoMay:
    def test_the_whole_layer_is_a_managers(self, world: World) -> None:
        draw(world, 0)
        for role in ("viewer", "annotator", "reviewer"):
            with pytest.raises(PermissionDenied):
                back(world, 0, by=role)
        back(world, 0, by="manager")

    def test_single_tracks_are_for_everybody_who_annotates(self, world: World) -> None:
        track = draw(world, 0)
        do(world, put(track, [keyframe(5)]))
        with pytest.raises(PermissionDenied):
            back(world, 1, track, by="viewer")
        back(world, 1, track, by="annotator")

    def test_a_stranger_finds_nothing(self, world: World) -> None:
        track = draw(world, 0)
        for tracks in ([], [track]):
            with pytest.raises(Http404):
                plan(world, 0, *tracks, by="stranger")
            with pytest.raises(Http404):
                back(world, 0, *tracks, by="stranger")

    def test_tracks_of_another_layer_are_not_reached(self, world: World) -> None:
        other = Layer.objects.create(video=world.video, name="other")
        track = draw(world, 0)
        do(world, put(track, [keyframe(5)]))
        scope = Scope(0, frozenset([track]))
        assert not plan_restore(user=world.people["admin"], layer_id=other.pk, scope=scope).operations


class TestOwnFrames:
    @pytest.fixture(autouse=True)
    def _job(self, world: World) -> None:
        self.track = draw(world, 0, 500)
        Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)

    def test_come_back_and_those_of_others_stay(self, world: World) -> None:
        do(world, put(self.track, [keyframe(50), keyframe(600)]), by="manager")
        assert plan(world, 1, self.track, by="annotator").beyond == 1
        back(world, 1, self.track, by="annotator")
        assert frames_of(self.track) == [0, 500, 600]

    def test_a_track_that_others_drew_on_loses_only_ones_own_part(self, world: World) -> None:
        new = uuid4()
        draws = [keyframe(50), keyframe(600)]
        do(world, create(new, world.car), put(new, draws), by="manager")
        back(world, 1, new, by="annotator")
        assert (deleted(new), frames_of(new)) == ([False], [600])


class TestRefusals:
    def test_a_tracked_object_is_let_finish_first(self, desk: Desk) -> None:
        track = draw(desk.world, 0)
        run = desk.start(track)
        desk.predict(run, track, 1, 10)
        assert plan(desk.world, 1).tracked == [track]
        with pytest.raises(ActionError, match="Stop the tracking"):
            back(desk.world, 1)
        desk.stop(run)
        back(desk.world, 1)
        assert frames_of(track) == [0]

    def test_a_run_on_other_tracks_is_no_hindrance(self, desk: Desk) -> None:
        track, tracked = draw(desk.world, 0), draw(desk.world, 0)
        desk.start(tracked)
        do(desk.world, put(track, [keyframe(5)]))
        back(desk.world, 2, track)

    def test_what_changed_since_the_preview_is_looked_at_again(self, world: World) -> None:
        track, other = draw(world, 0), draw(world, 0)
        do(world, put(track, [keyframe(5)]))
        seen = plan(world, 2).revision
        do(world, put(other, [keyframe(5)]))
        back(world, 2, track, seen=seen)
        do(world, put(track, [keyframe(6)]))
        with pytest.raises(ActionError, match="moment ago"):
            back(world, 2, track, seen=seen)

    def test_nothing_to_do_is_said(self, world: World) -> None:
        draw(world, 0)
        with pytest.raises(ActionError, match="Nothing to bring back"):
            back(world, 1)

    @pytest.mark.parametrize("to", [-1, 99])
    def test_a_revision_is_one_that_was(self, world: World, to: int) -> None:
        with pytest.raises(ActionError, match="revisions"):
            back(world, to)


class TestApi:
    def post(self, world: World, body: dict[str, Any], by: str = "manager") -> Any:
        client = Client()
        client.force_login(world.people[by])
        return client.post(f"/api/layers/{world.layer.pk}/restore", body, content_type="application/json")

    def test_a_preview_and_then_the_thing_itself_with_what_undoes_it(self, world: World) -> None:
        track = draw(world, 0)
        do(world, put(track, [keyframe(5)]))
        client = Client()
        client.force_login(world.people["manager"])
        seen = client.get(f"/api/layers/{world.layer.pk}/restore?revision=1&tracks={track}").json()
        assert (seen["tracks"], seen["shapes"], seen["people"]) == (1, 1, [["annotator", 1]])
        edit_id = str(uuid4())
        body = {"edit": edit_id, "revision": 1, "tracks": [str(track)], "seen": seen["revision"]}
        answers = [self.post(world, body).json() for _ in range(2)]
        assert answers[0] == answers[1]
        assert answers[0]["inverse"] == [put(track, [keyframe(5)]).model_dump(mode="json")]

    def test_refusals_say_why(self, world: World) -> None:
        body: dict[str, Any] = {"edit": str(uuid4()), "revision": 5}
        assert self.post(world, body).status_code == 400
        assert self.post(world, body, by="annotator").status_code == 403
        assert self.post(world, body, by="stranger").status_code == 404


def test_a_large_one_is_fetched_instead_of_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.announce.outgoing.TOLD_BYTES", 10)
    track = draw(world, 0)
    do(world, put(track, [keyframe(0, left=50)]))
    event = back(world, 1)
    told = event_out(event)
    assert (told.told, told.operations) == (False, [])
    assert event.extent == [[str(track), 0, 0]]


@pytest.mark.parametrize("seed", range(4))
def test_every_revision_of_a_random_story_comes_back(world: World, seed: int) -> None:
    chance = random.Random(seed)
    tracks: list[UUID] = []
    states = [shown(world)]
    for _ in range(12):
        track = chance.choice([None, *tracks])
        first = chance.randrange(600)
        if track is None:
            tracks.append(draw(world, first))
        elif Track.objects.get(pk=track).deleted_at is not None:
            do(world, update(track, deleted=False))
        else:
            operations = [
                put(track, [keyframe(first, left=chance.randrange(90))]),
                clear(track, first, first + 300),
                update(track, locked=chance.random() < 0.5),
                update(track, deleted=True),
            ]
            do(world, chance.choice(operations))
        states.append(shown(world))
    at = list(range(len(states)))
    chance.shuffle(at)
    for to in at:
        if shown(world) != states[to]:
            back(world, to)
        assert shown(world) == states[to]


def shown(world: World) -> list[object]:
    """What there is to see of a layer."""
    there = world.layer.tracks.filter(deleted_at=None).order_by("pk")
    return [(track.pk, track.locked, rows_of(track.pk)) for track in there]
