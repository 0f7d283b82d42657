"""Many rows at once say in the database what objects saved one by one would."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from annotator.actions.edits.insert import insert_new, insert_rows
from annotator.models import Track, TrackChunk
from tests.annotator.worlds import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world(300)


def test_objects_are_stored_with_every_value_and_default(world: World) -> None:
    values = {"attributes": {"1": None}, "frame_attributes": {"2": [[0, "é%s"]]}, "colour": "#00ff00"}
    made = [Track(layer=world.layer, number=number, label=world.car, **values) for number in (7, 8)]
    insert_new(made)
    assert not made[0]._state.adding
    stored = list(Track.objects.order_by("number"))
    assert [(track.pk, track.number) for track in stored] == [(track.pk, track.number) for track in made]
    assert {name: getattr(stored[0], name) for name in values} == values
    assert stored[0].created_at is not None
    assert (stored[0].source, stored[0].locked, stored[0].deleted_at) == ("person", False, None)


def test_a_row_replaces_the_one_with_the_same_key_and_no_other(world: World) -> None:
    track = Track.objects.create(id=uuid4(), layer=world.layer, number=1, label=world.car)
    numbers = ("first", "last", "rows", "keyframes", "predicted", "outside", "doubtful", "lowest_confidence")
    columns = ("layer_id", "track_id", "start", "span", "data", *numbers)

    def insert(start: int, data: bytes) -> None:
        row = (world.layer.pk, track.pk, start, 256, data, start, start, 1, 1, 0, 0, 0, 1.0)
        insert_rows(TrackChunk, columns, [row], replacing=("track_id", "start"))

    insert(0, b"one")
    insert(256, b"other")
    insert(0, b"two")
    assert [bytes(chunk.data) for chunk in TrackChunk.objects.order_by("start")] == [b"two", b"other"]


def test_nothing_is_stored_of_rows_that_break_a_rule(world: World) -> None:
    twice = [Track(layer=world.layer, number=1, label=world.car) for _ in range(2)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_new(twice)
    insert_new([])
    assert not Track.objects.exists()
