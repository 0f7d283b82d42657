"""Layers beside a video's main one."""

from __future__ import annotations

from uuid import UUID, uuid4

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from annotator import access
from annotator.actions.edits.apply import apply_edit
from annotator.actions.errors import ActionError
from annotator.actions.layers import (
    contents_of,
    delete_layer,
    free_name,
    make_layer,
    rename_layer,
    take_over,
)
from annotator.models import Job, Label, Layer, LayerKind, Removal, Role, Track, TrackChunk, Transfer, Video
from annotator.operations import OPERATIONS
from tests.annotator.worlds import (
    World,
    create,
    draw,
    edit,
    judge,
    keyframe,
    make_world,
    predicted,
    put,
    rows_of,
    spans_of,
    update,
)
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.payloads import row_of
from tracking.shapes.values import Polygon

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def made(world: World, name: str = "truth", kind: LayerKind = LayerKind.GROUND_TRUTH, owner: str = "reviewer") -> Layer:
    return make_layer(video=world.video, kind=kind, name=name, owner=world.people[owner])


def drawn_in(world: World, layer: Layer, *rows: Row, label: Label | None = None, **fields: object) -> UUID:
    track = uuid4()
    operations = [create(track, label or world.car, **fields), put(track, rows)]
    apply_edit(user=world.people["admin"], layer_id=layer.pk, edit=edit(*operations))
    return track


def test_names_are_a_videos_own_but_for_case(world: World) -> None:
    made(world, " Ground   truth ")
    assert [layer.name for layer in world.video.layers.all()] == ["main", "Ground truth"]
    for name, why in (
        ("ground TRUTH", "there is a “ground TRUTH” already"),
        (" ", "1 to 120"),
        ("x" * 121, "121 came"),
    ):
        with pytest.raises(ActionError, match=why):
            made(world, name)
    assert free_name(world.video, "ground truth") == "ground truth 2"


def test_the_main_layer_stays_what_it_is(world: World) -> None:
    by = world.people["admin"]
    with pytest.raises(ActionError, match="one main layer"):
        made(world, kind=LayerKind.MAIN)
    with pytest.raises(ActionError, match="is called “main”"):
        rename_layer(by=by, layer=world.layer, name="other")
    with pytest.raises(ActionError, match="keeps its main layer"):
        delete_layer(by=by, layer=world.layer, revision=0)


def test_a_renamed_layer_may_keep_its_name_in_other_letters(world: World) -> None:
    layer = rename_layer(by=world.people["reviewer"], layer=made(world, "truth"), name="Truth")
    assert Layer.objects.get(pk=layer.pk).name == "Truth"


def test_what_is_deleted_is_what_the_person_was_told_of(world: World) -> None:
    layer = made(world)
    drawn_in(world, layer, keyframe(3), keyframe(5))
    Job.objects.create(video=world.video, layer=layer, first=0, last=9)
    told = contents_of([layer, world.layer])
    assert (told[layer.pk].tracks, told[layer.pk].shapes, told[layer.pk].jobs, told[layer.pk].runs) == (1, 2, 1, 0)
    assert told[world.layer.pk].tracks == 0
    with pytest.raises(ActionError, match="now it has 1 tracks"):
        delete_layer(by=world.people["manager"], layer=layer, revision=0)
    delete_layer(by=world.people["manager"], layer=layer, revision=1)
    assert list(Layer.objects.all()) == [world.layer]
    assert not Track.objects.exists()


def test_who_looks_for_a_deleted_layer_or_its_job_learns_what_became_of_it(world: World) -> None:
    layer = made(world)
    job = Job.objects.create(video=world.video, layer=layer, first=0, last=9)
    transfer = Transfer.objects.create(layer=layer, kind="export", format="mot")
    keys = layer.pk, job.pk
    delete_layer(by=world.people["manager"], layer=layer, revision=0)
    viewer = world.people["viewer"]
    for look, key in zip((access.access_layer, access.access_job), keys, strict=True):
        with pytest.raises(access.Gone, match=r"“truth” of “cross.mp4” was deleted by manager") as gone:
            look(viewer, key, "view")
        assert gone.value.way_on == f"/videos/{world.video.pk}/edit/"
        with pytest.raises(Http404, match="isn't shared with you"):
            look(world.people["stranger"], key, "view")
    transfer.refresh_from_db()
    assert (transfer.state, transfer.project) == ("failed", world.project)
    assert Removal.objects.count() == 2


# ------------------------------------------------------------------ who may

OWN, OTHERS = "their own replica", "another's replica"
MAY = {
    # kind, whose: who makes it, whose shapes on it, its name, that it goes
    (LayerKind.GROUND_TRUTH, OTHERS): ("reviewer", "reviewer", "reviewer", "manager"),
    (LayerKind.MODEL, OTHERS): ("reviewer", "reviewer", "reviewer", "manager"),
    (LayerKind.REPLICA, OTHERS): ("annotator", "reviewer", "reviewer", "manager"),
    (LayerKind.REPLICA, OWN): ("annotator", "annotator", "annotator", "annotator"),
    (LayerKind.MODEL, OWN): ("reviewer", "reviewer", "annotator", "annotator"),
}


@pytest.mark.parametrize(("kind", "whose"), MAY, ids=str)
def test_who_may_do_what_with_a_layer(world: World, kind: LayerKind, whose: str) -> None:
    expected = MAY[kind, whose]
    found = ["nobody"] * 4
    for role in Role.values:  # the weakest that may is the last one
        user = world.people[role]
        layer = Layer.objects.create(
            video=world.video, kind=kind, name=role, owner=user if whose == OWN else world.people["stranger"]
        )
        tries = (
            lambda user=user: access.access_video_for_layer(user, world.video.pk, kind),
            lambda user=user, layer=layer: _edits(user, layer),
            lambda user=user, layer=layer: access.access_layer_itself(user, layer.pk, "review"),
            lambda user=user, layer=layer: access.access_layer_itself(user, layer.pk, "manage"),
        )
        found = [role if _let_in(one) else before for one, before in zip(tries, found, strict=True)]
        for need, one in (("review", tries[2]), ("manage", tries[3])):
            assert access.may_change_itself(user, layer, need) == _let_in(one)  # type: ignore[arg-type]
    assert tuple(found) == expected


def _edits(user: object, layer: Layer) -> None:
    if not access.editable_ranges(user, layer):  # type: ignore[arg-type]
        raise PermissionDenied


def _let_in(ask: object) -> bool:
    try:
        ask()  # type: ignore[operator]
    except PermissionDenied:
        return False
    return True


def test_a_job_on_a_layer_lets_its_annotator_in(world: World) -> None:
    layer = made(world)
    Job.objects.create(video=world.video, layer=layer, first=10, last=19, assignee=world.annotator)
    assert access.editable_ranges(world.annotator, layer) == [(10, 19)]


def test_strangers_find_no_layer(world: World) -> None:
    layer, stranger = made(world), world.people["stranger"]
    for look in (
        lambda: access.access_layer_itself(stranger, layer.pk, "review"),
        lambda: access.access_video_for_layer(stranger, world.video.pk, LayerKind.REPLICA),
    ):
        with pytest.raises(Http404):
            look()


# ------------------------------------------------------------------ taking over


def test_tracks_are_taken_over_whole_and_taken_back_in_one_step(world: World) -> None:
    truth = made(world)
    draw(world, 1)  # holds the number 1
    rows = [keyframe(5), predicted(300), keyframe(700, outside=True)]
    first = drawn_in(world, truth, *rows, number=1, colour="#112233")
    second = drawn_in(world, truth, keyframe(9), number=7)
    taken = take_over(user=world.annotator, source=truth, target=world.layer)
    assert (taken.tracks, taken.shapes, taken.renumbered) == (2, 4, 1)
    assert (taken.event.summary, taken.event.revision) == ("Took over 2 tracks from “truth”", 2)
    came = {track.number: track for track in world.layer.tracks.exclude(number=1)}
    assert sorted(came) == [7, 8]
    assert rows_of(came[8].pk) == rows_of(first)
    assert [row.frame for row in rows_of(first)] == [5, 300, 700]
    assert (came[8].colour, came[8].label, came[8].created_by) == ("#112233", world.car, world.annotator)
    assert rows_of(came[7].pk) == rows_of(second)
    assert (8, 700) in {(came[8].number, last) for _, _, last in taken.event.extent}
    assert truth.tracks.count() == 2

    undo = edit(*OPERATIONS.validate_python(taken.event.inverse), undoes=taken.event.edit_id)
    apply_edit(user=world.annotator, layer_id=world.layer.pk, edit=undo)
    assert [track.number for track in world.layer.tracks.filter(deleted_at=None)] == [1]


def test_large_shapes_stay_whole(world: World) -> None:
    """They are kept in halves, quarters, … of windows."""
    truth = made(world)
    label = Label.objects.create(project=world.project, name="dog", colour="#00ff00", geometry_kinds=["polygon"])
    outline = Polygon(np.array([(100 + 9 * step, 100 + 7 * (step % 50)) for step in range(100)], np.float32))
    rows = [row_of(outline, frame, Flag.KEYFRAME, 1.0) for frame in range(60)]
    track = drawn_in(world, truth, *rows, label=label)
    assert TrackChunk.objects.filter(track=track).count() > 1
    taken = take_over(user=world.annotator, source=truth, target=world.layer)
    assert rows_of(world.layer.tracks.get().pk) == rows_of(track)
    assert taken.shapes == 60


def test_some_are_taken_over_by_label_or_one_by_one(world: World) -> None:
    truth = made(world)
    dog = Label.objects.create(project=world.project, name="dog", colour="#00ff00")
    car = drawn_in(world, truth, keyframe(1))
    drawn_in(world, truth, keyframe(2), label=dog)
    deleted = drawn_in(world, truth, keyframe(3))
    apply_edit(user=world.people["admin"], layer_id=truth.pk, edit=edit(update(deleted, deleted=True)))

    def labels(**which: object) -> list[str]:
        taken = take_over(user=world.annotator, source=truth, target=world.layer, **which)  # type: ignore[arg-type]
        came = Track.objects.filter(pk__in=[track for track, _, _ in taken.event.extent])
        assert len(came) == taken.tracks
        return sorted(str(track.label) for track in came)

    assert labels(labels=[dog.pk]) == ["dog"]
    assert labels(tracks=[car]) == ["car"]
    assert labels() == ["car", "dog"]
    with pytest.raises(ActionError, match="1 of 2 aren't there"):
        labels(tracks=[car, deleted])
    with pytest.raises(ActionError, match="has no such tracks"):
        labels(tracks=[car], labels=[dog.pk])


def test_only_a_reviewer_takes_verdicts_over(world: World) -> None:
    truth = made(world)
    drawn = drawn_in(world, truth, keyframe(1))
    apply_edit(user=world.people["admin"], layer_id=truth.pk, edit=edit(judge(drawn, 1, 1)))
    for who, verdicts in (("annotator", []), ("reviewer", [("accepted", 1, 1)])):
        take_over(user=world.people[who], source=truth, target=world.layer)
        assert spans_of(world.layer.tracks.latest("number").pk) == verdicts


def test_what_cant_be_taken_over_says_why(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = made(world)
    drawn_in(world, truth, keyframe(1))
    elsewhere = Layer.objects.create(video=Video.objects.create(project=world.project, name="b.mp4", frame_count=9))
    with pytest.raises(ActionError, match="named twice"):
        take_over(user=world.annotator, source=truth, target=truth)
    with pytest.raises(ActionError, match="these are of two"):
        take_over(user=world.annotator, source=truth, target=elsewhere)
    with pytest.raises(PermissionDenied, match="layer “truth”; yours are none of them"):
        take_over(user=world.annotator, source=world.layer, target=truth)
    monkeypatch.setattr("annotator.actions.layers.MOST_TAKEN", 1)
    with pytest.raises(ActionError, match="one label after the other"):
        take_over(user=world.annotator, source=truth, target=world.layer)
    Job.objects.create(video=world.video, layer=world.layer, first=0, last=9, assignee=world.annotator)
    with pytest.raises(PermissionDenied, match="yours are those of your jobs"):
        take_over(user=world.annotator, source=truth, target=world.layer)
