"""Two people change the same track: one of them hadn't seen what the other did."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from annotator.actions.edits.apply import apply_edit
from annotator.actions.edits.meanwhile import without
from annotator.models import Attribute, Event, Layer, Track
from annotator.operations import OPERATIONS, Operation
from tests.annotator.worlds import World, clear, do, draw, edit, frames_of, keyframe, make_world, put, rows_of, update

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def track(world: World) -> UUID:
    """Drawn at revision 1."""
    return draw(world, 0, 100)


def late(world: World, *operations: Operation, base: int | None = 1, by: str = "annotator", **more: Any) -> Event:
    """An edit by somebody who had seen the layer as of ``base`` only."""
    sent = edit(*operations, **more).model_copy(update={"base": base})
    return apply_edit(user=world.people[by], layer_id=world.layer.pk, edit=sent)


def met(event: Event) -> list[tuple[str, list[list[int]], list[str]]]:
    return [(each["outcome"], each["ranges"], each["fields"]) for each in event.payload.get("conflicts", [])]


def test_changes_of_different_frames_are_both_kept(world: World, track: UUID) -> None:
    do(world, put(track, [keyframe(10)]), by="reviewer")
    event = late(world, put(track, [keyframe(20)]))
    assert (frames_of(track), met(event)) == ([0, 10, 20, 100], [])


def test_of_two_changes_of_one_frame_the_later_counts_and_both_are_told(world: World, track: UUID) -> None:
    do(world, put(track, [keyframe(100, left=50)]), by="reviewer")
    event = late(world, put(track, [keyframe(100, left=70)]))
    assert rows_of(track)[-1] == keyframe(100, left=70)
    assert met(event) == [("replaced", [[100, 100]], [])]
    assert event.payload["conflicts"][0]["author_name"] == "reviewer"


def test_what_was_replaced_is_in_the_inverse(world: World, track: UUID) -> None:
    do(world, put(track, [keyframe(100, left=50)]), by="reviewer")
    event = late(world, put(track, [keyframe(100, left=70)]))
    do(world, *OPERATIONS.validate_python(event.inverse))
    assert rows_of(track)[-1] == keyframe(100, left=50)


def test_keyframes_that_the_author_had_not_seen_are_not_removed(world: World, track: UUID) -> None:
    do(world, put(track, [keyframe(50), keyframe(51), keyframe(60)]), by="reviewer")
    event = late(world, clear(track, 10, 999))
    assert frames_of(track) == [0, 50, 51, 60]
    assert met(event) == [("kept", [[50, 51], [60, 60]], [])]
    (operation,) = event.payload["operations"]
    assert operation["ranges"] == [[10, 49], [52, 59], [61, 999]]


def test_what_the_author_had_seen_is_removed(world: World, track: UUID) -> None:
    do(world, put(track, [keyframe(50)]), by="reviewer")
    event = late(world, clear(track, 10, 999), base=2)
    assert (frames_of(track), met(event)) == ([0], [])


def test_without_a_base_nothing_is_compared(world: World, track: UUID) -> None:
    do(world, put(track, [keyframe(50)]), by="reviewer")
    event = late(world, clear(track, 10, 999), base=None)
    assert (frames_of(track), met(event)) == ([0], [])


def test_ones_own_changes_are_no_conflict(world: World, track: UUID) -> None:
    do(world, put(track, [keyframe(50)]))
    event = late(world, clear(track, 10, 999))
    assert (frames_of(track), met(event)) == ([0], [])


def test_an_undo_spares_what_others_did_after_the_edit_it_takes_back(world: World, track: UUID) -> None:
    shift = late(world, put(track, [keyframe(0, left=30), keyframe(100, left=30)]), clear(track, 101, 900))
    do(world, put(track, [keyframe(500)]), by="reviewer")
    inverse = OPERATIONS.validate_python(shift.inverse)
    event = late(world, *inverse, base=3, undoes=shift.edit_id)
    assert frames_of(track) == [0, 100, 500]
    assert met(event) == [("kept", [[500, 500]], [])]


def test_different_fields_are_both_kept_and_of_the_same_the_later_counts(world: World, track: UUID) -> None:
    do(world, update(track, locked=True, colour="#111111"), by="reviewer")
    event = late(world, update(track, colour="#222222"))
    found = Track.objects.get(pk=track)
    assert (found.locked, found.colour, met(event)) == (True, "#222222", [("replaced", [], ["colour"])])


class TestAttributes:
    @pytest.fixture(autouse=True)
    def _given(self, world: World, track: UUID) -> None:
        made = [Attribute.objects.create(label=world.car, name=name, kind="text") for name in ("a", "b")]
        self.a, self.b = (str(attribute.pk) for attribute in made)
        do(world, update(track, attributes={self.a: "1", self.b: "1"}))

    def test_of_different_ones_both_changes_are_kept(self, world: World, track: UUID) -> None:
        do(world, update(track, attributes={self.a: "2", self.b: "1"}), by="reviewer")
        event = late(world, update(track, attributes={self.a: "1", self.b: "3"}), base=2)
        assert Track.objects.get(pk=track).attributes == {self.a: "2", self.b: "3"}
        assert met(event) == []

    def test_of_the_same_one_the_later_counts(self, world: World, track: UUID) -> None:
        do(world, update(track, attributes={self.a: "2", self.b: "1"}), by="reviewer")
        event = late(world, update(track, attributes={self.a: "4", self.b: "1"}), base=2)
        assert Track.objects.get(pk=track).attributes == {self.a: "4", self.b: "1"}
        assert met(event) == [("replaced", [], ["attributes"])]

    def test_steps_of_different_ones_are_both_kept(self, world: World, track: UUID) -> None:
        do(world, update(track, frame_attributes={self.a: [(5, "x")]}), by="reviewer")
        late(world, update(track, frame_attributes={self.b: [(9, "y")]}), base=2)
        assert Track.objects.get(pk=track).frame_attributes == {self.a: [[5, "x"]], self.b: [[9, "y"]]}


class TestDeletedTracks:
    def test_a_change_of_one_that_somebody_deleted_waits_inside(self, world: World, track: UUID) -> None:
        do(world, update(track, deleted=True), by="reviewer")
        event = late(world, put(track, [keyframe(20)]))
        assert met(event) == [("buried", [], [])]
        assert Track.objects.get(pk=track).deleted_at is not None
        do(world, update(track, deleted=False))
        assert frames_of(track) == [0, 20, 100]

    def test_deleting_one_that_somebody_changed_is_told(self, world: World, track: UUID) -> None:
        do(world, put(track, [keyframe(20)]), by="reviewer")
        assert met(late(world, update(track, deleted=True))) == [("deleted", [[20, 20]], [])]

    def test_restoring_one_that_somebody_deleted_is_no_conflict(self, world: World, track: UUID) -> None:
        do(world, update(track, deleted=True), by="reviewer")
        assert met(late(world, update(track, deleted=False))) == []


def test_both_learn_of_it_when_they_are_back(world: World, track: UUID) -> None:
    do(world, put(track, [keyframe(100, left=50)]), by="reviewer")
    late(world, put(track, [keyframe(100, left=70)]))
    told = {by: len(conflicts(world, by, since=1)) for by in ("annotator", "reviewer", "manager")}
    assert told == {"annotator": 1, "reviewer": 1, "manager": 0}
    assert conflicts(world, "annotator", since=Layer.objects.get(pk=world.layer.pk).revision) == []


def conflicts(world: World, by: str, since: int) -> list[Any]:
    client = Client()
    client.force_login(world.people[by])
    answer: list[Any] = client.get(f"/api/layers/{world.layer.pk}/conflicts?since={since}").json()["met"]
    return answer


def test_ranges_are_cut_around_frames() -> None:
    assert list(without([(0, 9), (20, 20)], [0, 4, 5, 20])) == [(1, 3), (6, 9)]
