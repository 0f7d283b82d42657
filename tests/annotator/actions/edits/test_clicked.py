"""What masks were clicked with is kept beside them, for as long as they are those masks."""

from __future__ import annotations

import io
import struct
from uuid import UUID, uuid4

import pytest

from annotator.actions.edits.apply import apply_edit
from annotator.actions.edits.clicked import KEPT, clicks_on
from annotator.actions.importing import import_dataset
from annotator.actions.layer_datasets import dataset_of
from annotator.announce.messages import Click, ClickedShape, Edit
from annotator.formats.base import ClickedOn, Report
from annotator.formats.native.read import read_document
from annotator.formats.native.write import write_document
from annotator.models import ClickedMask
from annotator.operations import Operation
from tests.annotator.worlds import World, create, do, keyframe, make_world, put
from tracking.shapes.chunks import Flag, Kind, Row

pytestmark = pytest.mark.django_db

FRAME = 5
SAID = ClickedOn(((20.5, 30.25, True), (40, 12, False)), (10, 10, 60, 50), alone=True)


def mask(side: int, frame: int = FRAME) -> Row:
    packed = struct.pack("<4i2I", 0, 0, side, side, 0, side * side)
    return Row(frame, Kind.MASK, Flag.KEYFRAME, 1.0, (0, 0, side, side), packed)


def clicked(track: UUID, said: ClickedOn = SAID, frame: int = FRAME) -> ClickedShape:
    clicks = [Click(x=x, y=y, positive=positive) for x, y, positive in said.clicks]
    return ClickedShape(track=track, frame=frame, clicks=clicks, box=said.box, alone=said.alone)


def click(world: World, track: UUID, *operations: Operation, said: ClickedShape | None = None) -> None:
    made = Edit(id=uuid4(), operations=list(operations), clicked=[said or clicked(track)])
    apply_edit(user=world.people["annotator"], layer_id=world.layer.pk, edit=made)


@pytest.fixture
def world() -> World:
    world = make_world()
    world.car.geometry_kinds = ["box", "mask"]
    world.car.save()
    return world


@pytest.fixture
def track(world: World) -> UUID:
    """Of which a mask on ``FRAME`` was clicked."""
    track = uuid4()
    click(world, track, create(track, world.car), put(track, [mask(20)]))
    return track


def known(world: World, track: UUID, frame: int = FRAME) -> ClickedOn | None:
    found = clicks_on(world.layer, track, frame)
    return None if found is None else found[1]


def test_they_are_told_as_they_were_clicked_with_the_mask_that_they_made(world: World, track: UUID) -> None:
    assert clicks_on(world.layer, track, FRAME) == (mask(20), SAID)
    assert known(world, track, FRAME + 1) is None
    assert known(world, uuid4()) is None


def test_of_another_mask_they_are_silent_until_that_is_undone(world: World, track: UUID) -> None:
    do(world, put(track, [mask(21)]))
    assert known(world, track) is None
    do(world, put(track, [mask(20)]))
    assert known(world, track) == SAID


def test_a_mask_that_is_clicked_anew_has_its_own_and_the_one_before_is_found_again(world: World, track: UUID) -> None:
    other = ClickedOn(((1, 2, True),))
    click(world, track, put(track, [mask(21)]), said=clicked(track, other))
    assert known(world, track) == other
    do(world, put(track, [mask(20)]))
    assert known(world, track) == SAID


def test_nothing_is_kept_of_what_an_edit_did_not_put_or_of_what_is_no_mask(world: World, track: UUID) -> None:
    elsewhere, box = uuid4(), uuid4()
    do(world, create(elsewhere, world.car), put(elsewhere, [mask(9)]))
    click(world, elsewhere, create(box, world.car), put(box, [keyframe(FRAME)]), said=clicked(elsewhere))
    click(world, box, put(box, [keyframe(FRAME, 20)]), said=clicked(box))
    assert known(world, elsewhere) is None
    assert known(world, box) is None
    assert set(ClickedMask.objects.values_list("track", flat=True)) == {track}


def test_of_one_frame_no_more_are_kept_than_a_few(world: World, track: UUID) -> None:
    for side in range(21, 21 + KEPT + 3):
        click(world, track, put(track, [mask(side)]))
    assert ClickedMask.objects.count() == KEPT
    assert known(world, track) == SAID


def test_our_own_format_keeps_them(world: World, track: UUID) -> None:
    click(world, track, put(track, [mask(7, 9)]), said=clicked(track, ClickedOn(((3, 4, True),)), 9))
    do(world, put(track, [mask(8, 9)]))
    out = io.StringIO()
    write_document(out, dataset_of(world.layer), Report(), lambda done: None)
    part = read_document(io.BytesIO(out.getvalue().encode()))
    (read,) = part.dataset.tracks
    assert read.clicked == {FRAME: SAID}, "the mask on frame 9 is another one by now"

    do(world, put(track, [mask(1)]))
    user = world.people["annotator"]
    import_dataset(layer=world.layer, dataset=part.dataset, user=user, summary="", create_labels=False, report=Report())
    (again,) = world.layer.tracks.exclude(pk=track)
    assert known(world, again.pk) == SAID


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ('"box": [1, 2, 3, 4], "clicked": {}', "Masks alone are clicked"),
        ('"mask": {MASK}, "clicked": {"clicks": [[-1, 2, true]]}', "Clicks lie within"),
        ('"mask": {MASK}, "clicked": {"box": [9, 9, 1, 1]}', "A box is"),
        ('"mask": {MASK}, "clicked": {"clicks": [[1, 2]]}', "clicks"),
    ],
)
def test_a_file_with_clicks_that_cannot_be_is_refused_with_the_reason(shape: str, why: str) -> None:
    packed = '{"left": 0, "top": 0, "width": 2, "height": 2, "counts": [0, 4]}'
    track = f'{{"number": 1, "label": "car", "shapes": [{{"frame": 3, {shape.replace("{MASK}", packed)}}}]}}'
    text = f'{{"format": "framewise", "version": 1, "tracks": [{track}]}}'
    report = read_document(io.BytesIO(text.encode())).report
    assert report.unreadable.count == 1
    assert why in report.unreadable.told()
