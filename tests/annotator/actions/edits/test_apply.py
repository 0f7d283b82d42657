from __future__ import annotations

from base64 import b64encode
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from pytest_django import DjangoAssertNumQueries

from annotator.actions.edits.apply import apply_edit, write_tracks
from annotator.actions.errors import ActionError
from annotator.formats.geometry import point_row
from annotator.models import (
    Attribute,
    Event,
    EventKind,
    Job,
    JobState,
    Label,
    Layer,
    Project,
    Stage,
    Track,
    TrackChunk,
)
from annotator.ontology import AttributeKind
from annotator.operations import OPERATIONS, ShapesReplace
from tests.annotator.worlds import (
    World,
    clear,
    create,
    do,
    draw,
    edit,
    frames_of,
    keyframe,
    make_world,
    predicted,
    put,
    rows_of,
    update,
)
from tracking.shapes.chunks import Flag, Kind, Row, Table
from tracking.shapes.skeletons import Joint, Skeleton

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_a_new_track_gets_the_next_number_and_its_shapes(world: World) -> None:
    first, second = draw(world, 3), draw(world, 4, 300)
    assert list(Track.objects.values_list("pk", "number")) == [(first, 1), (second, 2)]
    assert rows_of(second) == [keyframe(4), keyframe(300)]
    assert Layer.objects.get().revision == 2
    assert Layer.objects.get().next_number == 3


def test_the_event_says_what_happened_and_what_takes_it_back(world: World) -> None:
    track = uuid4()
    event = do(world, create(track, world.car), put(track, [keyframe(5)]))
    assert event.payload["numbers"] == {str(track): 1}
    assert [item["op"] for item in event.payload["operations"]] == ["track.create", "shapes.replace"]
    assert event.inverse == [
        clear(track, 5, 5).model_dump(mode="json"),
        update(track, deleted=True).model_dump(mode="json"),
    ]


def test_the_inverse_restores_every_row(world: World) -> None:
    track = draw(world, 1, 2, 300, 600)
    before = rows_of(track)
    event = do(world, put(track, [keyframe(2, 99)]), clear(track, 200, 999))
    assert frames_of(track) == [1, 2]
    do(world, *OPERATIONS.validate_python(event.inverse))
    assert rows_of(track) == before


def test_undoing_an_undo_does_it_again(world: World) -> None:
    track = draw(world, 1)
    done = do(world, put(track, [keyframe(9, 5)]), update(track, locked=True))
    undone = do(world, *OPERATIONS.validate_python(done.inverse))
    assert (frames_of(track), Track.objects.get().locked) == ([1], False)
    do(world, *OPERATIONS.validate_python(undone.inverse))
    assert (frames_of(track), Track.objects.get().locked) == ([1, 9], True)


def test_keyframes_are_kept_when_asked(world: World) -> None:
    track = draw(world, 10, 20)
    do(world, put(track, [predicted(frame) for frame in range(11, 20)]))
    do(world, clear(track, 0, 999, keep_keyframes=True))
    assert frames_of(track) == [10, 20]


def test_the_same_edit_counts_once(world: World) -> None:
    track = uuid4()
    sent = edit(create(track, world.car), put(track, [keyframe(5)]))
    first = apply_edit(user=world.annotator, layer_id=world.layer.pk, edit=sent)
    again = apply_edit(user=world.annotator, layer_id=world.layer.pk, edit=sent)
    assert first.pk == again.pk
    assert (Event.objects.count(), Track.objects.count()) == (1, 1)


def test_nothing_happens_when_one_operation_is_refused(world: World) -> None:
    track = uuid4()
    with pytest.raises(ActionError):
        do(world, create(track, world.car), put(track, [keyframe(5)]), update(uuid4(), locked=True))
    assert (Event.objects.count(), Track.objects.count(), TrackChunk.objects.count()) == (0, 0, 0)
    assert Layer.objects.get().revision == 0


def test_an_edit_of_many_tracks_needs_no_query_for_each(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    tracks = [uuid4() for _ in range(100)]
    made = [made for track in tracks for made in (create(track, world.car), put(track, [keyframe(0), keyframe(900)]))]
    with django_assert_max_num_queries(42):
        do(world, *made)
        do(world, *[update(track, locked=True) for track in tracks], *[clear(track, 0, 999) for track in tracks])
    assert frames_of(tracks[99]) == []


def test_an_emptied_window_leaves_no_chunk(world: World) -> None:
    track = draw(world, 5, 300)
    do(world, clear(track, 256, 511))
    assert list(TrackChunk.objects.values_list("start", flat=True)) == [0]


def test_the_summary_of_a_chunk_is_kept(world: World) -> None:
    track = draw(world, 10)
    do(world, put(track, [predicted(11, confidence=0.25), keyframe(12, outside=True)]))
    chunk = TrackChunk.objects.get()
    assert (chunk.first, chunk.last, chunk.rows) == (10, 12, 3)
    assert (chunk.keyframes, chunk.predicted, chunk.outside) == (2, 1, 1)
    assert chunk.lowest_confidence == pytest.approx(0.25, abs=1e-4)


def test_two_tracks_may_exchange_their_numbers(world: World) -> None:
    one, two = draw(world, 1), draw(world, 1)
    do(world, update(one, number=2), update(two, number=1))
    assert dict(Track.objects.values_list("pk", "number")) == {one: 2, two: 1}


def test_a_number_that_is_taken_is_refused(world: World) -> None:
    one, two = draw(world, 1), draw(world, 1)
    do(world, update(one, deleted=True))
    with pytest.raises(ActionError, match="1 is taken"):
        do(world, update(two, number=1))


@pytest.mark.parametrize("ranges", [[(5, 4)], [(0, 1000)]])
def test_frames_beyond_the_video_are_refused(world: World, ranges: list[tuple[int, int]]) -> None:
    track = draw(world, 1)
    with pytest.raises(ActionError, match=r"0\.\.999"):
        do(world, ShapesReplace(track=track, ranges=ranges, tables=[]))


def test_rows_outside_of_their_ranges_are_refused(world: World) -> None:
    track = draw(world, 1)
    operation = put(track, [keyframe(5), keyframe(6)])
    operation.ranges = [(5, 5)]
    with pytest.raises(ActionError, match="ranges"):
        do(world, operation)


@pytest.mark.parametrize("table", ["not base64!", b64encode(b"FWC1").decode()])
def test_bytes_that_are_no_table_are_refused(world: World, table: str) -> None:
    track = draw(world, 1)
    with pytest.raises(ActionError):
        do(world, ShapesReplace(track=track, ranges=[(0, 9)], tables=[table]))


def test_unsound_geometry_is_refused(world: World) -> None:
    track = draw(world, 1)
    upside_down = Row(5, Kind.BOX, Flag.KEYFRAME, 1.0, (10, 10, 5, 5))
    with pytest.raises(ActionError, match="left top"):
        do(world, put(track, [upside_down]))


def test_a_kind_that_the_label_forbids_is_refused(world: World) -> None:
    track = draw(world, 1)
    line = Row(5, Kind.POLYLINE, Flag.KEYFRAME, 1.0, (0, 0, 1, 1), bytes(16))
    with pytest.raises(ActionError, match="car may be drawn as box"):
        do(world, put(track, [line]))


def test_a_track_gets_no_label_that_its_shapes_are_not_for(world: World) -> None:
    track = draw(world, 1, 600)
    road = Label.objects.create(project=world.project, name="road", colour="#00ff00", geometry_kinds=["polyline"])
    with pytest.raises(ActionError, match="Track 1 can't be a road: it has a box, and road may be drawn as polyline"):
        do(world, update(track, label=road.pk))
    assert Track.objects.get().label == world.car


def test_a_track_gets_another_label_together_with_shapes_that_are_for_it(world: World) -> None:
    track = draw(world, 1)
    road = Label.objects.create(project=world.project, name="road", colour="#00ff00", geometry_kinds=["polyline"])
    line = Row(1, Kind.POLYLINE, Flag.KEYFRAME, 1.0, (0, 0, 1, 1), bytes(16))
    done = do(world, update(track, label=road.pk), put(track, [line]))
    assert (Track.objects.get().label, [row.kind for row in rows_of(track)]) == (road, [Kind.POLYLINE])
    do(world, *OPERATIONS.validate_python(done.inverse))
    assert (Track.objects.get().label, rows_of(track)) == (world.car, [keyframe(1)])


def test_a_skeleton_gets_no_label_with_other_joints(world: World) -> None:
    people = [
        Label.objects.create(
            project=world.project,
            name=name,
            colour="#00ff00",
            geometry_kinds=["skeleton"],
            skeleton=Skeleton(joints=tuple(Joint(name=str(at), x=0, y=0) for at in range(joints))).as_json(),
        )
        for name, joints in (("hand", 2), ("face", 3))
    ]
    track = uuid4()
    row = point_row(Kind.SKELETON, 6, Flag.KEYFRAME, 1.0, [(1.0, 1.0)] * 2, [2, 2])
    do(world, create(track, people[0]), put(track, [row]))
    with pytest.raises(ActionError, match="face has 3 joints, 2 points came"):
        do(world, update(track, label=people[1].pk))


def test_a_label_of_another_project_is_refused(world: World) -> None:
    other = Project.objects.create(workspace=world.workspace, name="Other")
    boat = Label.objects.create(project=other, name="boat", colour="#0000ff")
    with pytest.raises(ActionError, match="label of its project"):
        do(world, create(uuid4(), boat))


def test_a_track_of_another_layer_is_refused(world: World) -> None:
    other = Layer.objects.create(video=world.video, name="other")
    track = Track.objects.create(layer=other, number=1, label=world.car)
    with pytest.raises(ActionError, match="its own layer"):
        do(world, put(track.pk, [keyframe(1)]))


def test_shapes_of_a_deleted_track_are_refused(world: World) -> None:
    track = draw(world, 1)
    do(world, update(track, deleted=True))
    with pytest.raises(ActionError, match="Restore it first"):
        do(world, put(track, [keyframe(2)]))


def test_attributes_are_those_of_the_project(world: World) -> None:
    track = draw(world, 1)
    colour = Attribute.objects.create(label=world.car, name="colour", kind=AttributeKind.SELECT, choices=["red"])
    do(world, update(track, attributes={str(colour.pk): "red"}, frame_attributes={str(colour.pk): [(3, "red")]}))
    assert Track.objects.get().attributes == {str(colour.pk): "red"}
    for wrong in ({"attributes": {"0": "red"}}, {"attributes": {str(colour.pk): "blue"}}):
        with pytest.raises(ActionError):
            do(world, update(track, **wrong))
    with pytest.raises(ActionError, match="rising"):
        do(world, update(track, frame_attributes={str(colour.pk): [(5, "red"), (3, "red")]}))


def test_a_stranger_finds_nothing(world: World) -> None:
    with pytest.raises(Http404):
        do(world, create(uuid4(), world.car), by="stranger")


def test_a_viewer_may_not_edit(world: World) -> None:
    with pytest.raises(PermissionDenied):
        do(world, create(uuid4(), world.car), by="viewer")


def give_job(world: World, first: int, last: int, **fields: object) -> Job:
    return Job.objects.create(
        video=world.video, layer=world.layer, first=first, last=last, assignee=world.annotator, **fields
    )


def test_an_annotator_changes_the_frames_of_their_jobs(world: World) -> None:
    track = draw(world, 150)
    give_job(world, 100, 199)
    do(world, put(track, [keyframe(199)]))
    with pytest.raises(PermissionDenied, match=r"100\.\.199"):
        do(world, put(track, [keyframe(200)]))
    do(world, put(track, [keyframe(200)]), by="reviewer")


def test_the_first_edit_in_a_job_starts_it(world: World) -> None:
    mine, next_one = give_job(world, 100, 199), give_job(world, 200, 299)
    track = draw(world, 150)
    do(world, update(track, locked=True))
    mine.refresh_from_db()
    next_one.refresh_from_db()
    assert (mine.state, next_one.state) == (JobState.IN_PROGRESS, JobState.NEW)


def test_an_annotator_deletes_no_track_that_goes_on_in_others_frames(world: World) -> None:
    mine, shared = draw(world, 150), draw(world, 150, 300)
    give_job(world, 100, 199)
    do(world, update(mine, deleted=True))
    with pytest.raises(PermissionDenied, match="outside of your frames"):
        do(world, update(shared, deleted=True))


def test_accepted_work_is_closed(world: World) -> None:
    track = draw(world, 150)
    give_job(world, 100, 199, stage=Stage.ACCEPTED)
    with pytest.raises(PermissionDenied, match="none of them is open"):
        do(world, put(track, [keyframe(151)]))


def test_an_import_is_one_event_that_one_undo_takes_back(world: World) -> None:
    draw(world, 1)
    tracks = [(Track(label=world.car, number=number, source="mot"), [keyframe(7), keyframe(400)]) for number in (1, 8)]
    event = write_tracks(user=world.annotator, layer_id=world.layer.pk, tracks=tracks, summary="MOT import")
    assert (event.kind, event.revision) == (EventKind.IMPORT, 2)
    assert sorted(Track.objects.values_list("number", flat=True)) == [1, 8, 9]
    assert frames_of(tracks[0][0].pk) == [7, 400]
    do(world, *OPERATIONS.validate_python(event.inverse))
    assert Track.objects.filter(deleted_at=None).count() == 1


def test_an_import_beyond_the_video_is_refused(world: World) -> None:
    late = Track(label=world.car, number=0)
    with pytest.raises(ActionError, match="another video"):
        write_tracks(
            user=None,
            layer_id=world.layer.pk,
            tracks=[(late, [keyframe(1000)])],
            summary="",
        )
    assert not Track.objects.exists()


def test_a_table_keeps_its_bytes_on_the_way(world: World) -> None:
    track = draw(world, 5)
    assert bytes(TrackChunk.objects.get().data) == Table.of(0, rows_of(track)).pack()


def test_a_skeleton_has_a_point_for_each_joint_of_its_label(world: World) -> None:
    track = draw(world, 5)
    joints = (Joint(name="head", x=0.5, y=0), Joint(name="foot", x=0.5, y=1))
    world.car.skeleton = Skeleton(joints=joints).as_json()
    world.car.geometry_kinds = ["box", "skeleton"]
    world.car.save()

    def skeleton(*seen: int) -> Row:
        return point_row(Kind.SKELETON, 6, Flag.KEYFRAME, 1.0, [(1.0, 1.0)] * len(seen), seen)

    do(world, put(track, [skeleton(2, 1)]))
    with pytest.raises(ActionError, match="has 2 joints, 3 points came"):
        do(world, put(track, [skeleton(2, 1, 0)]))
