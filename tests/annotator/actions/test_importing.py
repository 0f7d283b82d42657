"""A file's names, rows and values, and a project's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from annotator.actions.errors import ActionError
from annotator.actions.importing import import_dataset
from annotator.actions.layer_datasets import dataset_of
from annotator.formats import geometry
from annotator.formats.base import AttributeInfo, Dataset, LabelInfo, Report, TrackData, UnreadableRows, VideoInfo
from annotator.models import Attribute, Label, Track
from tests.annotator.worlds import World, draw, keyframe, make_world
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.skeletons import Joint, Skeleton
from tracking.shapes.values import ABSENT, OCCLUDED, VISIBLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world(frame_count=100)


def bring(
    world: World, *tracks: TrackData, labels: tuple[LabelInfo, ...] = (), leave_out: bool = False, **how: Any
) -> Report:
    report = Report()
    dataset = Dataset(VideoInfo("", 0, 0, 0, 0), labels, tracks, len(tracks))
    options = {"user": None, "summary": "In", "create_labels": False, **how}
    with transaction.atomic():
        import_dataset(layer=world.layer, dataset=dataset, report=report, **options)
        if not leave_out:
            report.refuse_unreadable()
    return report


def car(*rows: Row, number: int = 1, **more: Any) -> TrackData:
    return TrackData(number, more.pop("label", "car"), rows or (keyframe(0), keyframe(9)), **more)


def frames(world: World, number: int = 1) -> list[int]:
    (track,) = [track for track in dataset_of(world.layer).tracks if track.number == number]
    return [row.frame for row in track.rows]


class TestRows:
    def test_frames_beyond_the_video_are_named_each_and_nothing_is_imported(self, world: World) -> None:
        with pytest.raises(UnreadableRows) as refused:
            bring(world, car(keyframe(98), keyframe(100), keyframe(120)), car(number=2))
        assert "2 rows of the file can't be taken. track 1, frame 100: Frames lie in 0..99" in str(refused.value)
        assert "track 1, frame 120" in str(refused.value)
        assert not Track.objects.exists()

    def test_the_rest_is_taken_on_request(self, world: World) -> None:
        report = bring(world, car(keyframe(98), keyframe(100)), car(keyframe(150), number=2), leave_out=True)
        assert frames(world) == [98]
        assert (report.tracks, report.shapes, report.unreadable.count) == (1, 1, 2)

    def test_a_gap_that_begins_beyond_the_video_holds_to_its_end(self, world: World) -> None:
        bring(world, car(keyframe(5), keyframe(200, outside=True)))
        assert frames(world) == [5, 99]

    def test_one_that_begins_right_after_it_needs_nothing(self, world: World) -> None:
        bring(world, car(keyframe(5), keyframe(99), keyframe(100, outside=True)))
        assert frames(world) == [5, 99]

    def test_shapes_that_cannot_be_are_named(self, world: World) -> None:
        bad = Row(4, Kind.BOX, Flag.KEYFRAME, 1.0, (5, 5, 1, 1))
        report = bring(world, car(keyframe(3), bad, keyframe(300)), leave_out=True)
        assert [where for where, _ in report.unreadable.first] == ["track 1, frame 300", "track 1, frame 4"]
        assert frames(world) == [3]

    def test_a_number_that_is_taken_is_told(self, world: World) -> None:
        draw(world, 0)
        assert bring(world, car()).losses == {"tracks got another number: theirs was taken": 1}


class TestLabels:
    def test_names_may_differ_in_case_and_blanks(self, world: World) -> None:
        bring(world, car(label=" CAR "))
        assert Track.objects.get().label == world.car

    def test_the_exact_name_counts_first(self, world: World) -> None:
        upper = Label.objects.create(project=world.project, name="CAR", colour="#00ff00")
        bring(world, car(label="CAR"), car(label="car", number=2))
        assert [track.label for track in Track.objects.order_by("number")] == [upper, world.car]

    def test_made_attributes_are_such_as_a_project_can_have(self, world: World) -> None:
        info = LabelInfo(
            "bus",
            attributes=(
                AttributeInfo("line", "select", choices=("", " a ", "a", "b"), default="c"),
                AttributeInfo("none", "select"),
                AttributeInfo("LINE", "text"),
                AttributeInfo("many", "multi_select", choices=("x",), default=[["x"]]),
            ),
        )
        report = bring(world, car(label="bus"), labels=(info,), create_labels=True)
        made = Label.objects.get(name="bus").attributes.all()
        assert [(each.name, each.kind, each.choices, each.default) for each in made] == [
            ("line", "select", ["a", "b"], None),
            ("none", "text", [], None),
            ("many", "multi_select", ["x"], None),
        ]
        assert report.losses == {"the attribute 'LINE' of bus has a name it can't have here": 1}

    def test_labels_that_are_the_same_but_for_case_are_made_once(self, world: World) -> None:
        bring(world, car(label="Bus"), car(label="bus", number=2), create_labels=True)
        assert Label.objects.filter(name__iexact="bus").count() == 1


class TestValues:
    def attribute(self, world: World, kind: str = "text", name: str = "note", **more: Any) -> str:
        return str(Attribute.objects.create(label=world.car, name=name, kind=kind, **more).pk)

    def constant(self) -> dict[str, Any]:
        return dict(Track.objects.get().attributes)

    @pytest.mark.parametrize(
        ("kind", "value", "taken"),
        [
            ("checkbox", "true", True),
            ("checkbox", "False", False),
            ("number", "3", 3),
            ("number", "0.5", 0.5),
            ("text", 7, "7"),
            ("text", True, "true"),
            ("select", " b ", "b"),
            ("select", "", None),
            ("multi_select", "a;b", ["a", "b"]),
            ("multi_select", "", []),
        ],
    )
    def test_a_value_that_says_the_same_becomes_one_of_the_kind(
        self, world: World, kind: str, value: Any, taken: Any
    ) -> None:
        key = self.attribute(world, kind, choices=["a", "b"])
        bring(world, car(attributes={"note": value}))
        assert self.constant() == {key: taken}

    @pytest.mark.parametrize(
        ("kind", "value"),
        [("select", "c"), ("checkbox", "maybe"), ("number", "many"), ("number", float("inf")), ("multi_select", "a;c")],
    )
    def test_one_that_does_not_is_named_and_can_be_left_out(self, world: World, kind: str, value: Any) -> None:
        self.attribute(world, kind, choices=["a", "b"])
        with pytest.raises(UnreadableRows, match="track 1: A value of note is"):
            bring(world, car(attributes={"note": value}))
        bring(world, car(attributes={"note": value}), leave_out=True)
        assert self.constant() == {}

    def test_per_frame_values_are_named_with_their_frames(self, world: World) -> None:
        key = self.attribute(world, "number", per_frame=True)
        steps = [(3, 1), (0, 0), (3, 2), (500, 5), (9, "x")]
        report = bring(world, car(frame_attributes={"note": steps}), leave_out=True)
        assert Track.objects.get().frame_attributes == {key: [[0, 0], [3, 1]]}
        assert [where for where, _ in report.unreadable.first] == [f"track 1, frame {frame}" for frame in (3, 9, 500)]

    def test_a_constant_value_of_a_changing_attribute_holds_from_the_first_shape(self, world: World) -> None:
        key = self.attribute(world, per_frame=True)
        bring(world, car(keyframe(4), attributes={"note": "a"}))
        assert Track.objects.get().frame_attributes == {key: [[4, "a"]]}

    def test_a_changing_value_of_a_constant_attribute_keeps_the_first_and_is_told(self, world: World) -> None:
        key = self.attribute(world)
        report = bring(world, car(frame_attributes={"note": [(0, "a"), (4, "b"), (8, "c")]}))
        assert self.constant() == {key: "a"}
        assert report.losses == {"changes of note, which is constant in the project: its first value was taken": 2}

    def test_what_a_database_cannot_keep_is_replaced_and_told(self, world: World) -> None:
        key = self.attribute(world)
        report = bring(world, car(attributes={"note": "a\x00b\ud800"}))
        assert self.constant() == {key: "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"}
        assert list(report.losses.values()) == [2]

    def test_more_than_a_track_may_have_is_named(self, world: World) -> None:
        self.attribute(world, per_frame=True)
        steps = [(frame, "y" * 9_000) for frame in range(8)]
        report = bring(world, car(frame_attributes={"note": steps}), leave_out=True)
        assert report.unreadable.first == [("track 1", "The attributes of a track take at most 64 KiB.")]


class TestJoints:
    ours = Skeleton(joints=tuple(Joint(name=name, x=0.5, y=0.5) for name in ("head", "hand", "foot")))

    @pytest.fixture
    def person(self, world: World) -> Label:
        return Label.objects.create(
            project=world.project,
            name="person",
            colour="#00ff00",
            geometry_kinds=["skeleton"],
            skeleton=self.ours.as_json(),
        )

    def theirs(self, *names: str) -> LabelInfo:
        return LabelInfo("person", skeleton=Skeleton(joints=tuple(Joint(name=name, x=0, y=0) for name in names)))

    def row(self, *x: float) -> Row:
        seen = [VISIBLE, OCCLUDED, VISIBLE, VISIBLE][: len(x)]
        return geometry.point_row(Kind.SKELETON, 0, Flag.KEYFRAME, 1.0, [(each, 5) for each in x], seen)

    def stored(self, world: World) -> tuple[list[float], list[int]]:
        (track,) = dataset_of(world.layer).tracks
        (row,) = track.rows
        return geometry.vertices(row)[:, 0].tolist(), geometry.visibilities(row)

    def test_they_are_found_by_name(self, world: World, person: Label) -> None:
        bring(world, car(self.row(1, 2, 3), label="person"), labels=(self.theirs("foot", "head", "hand"),))
        assert self.stored(world) == ([2, 3, 1], [OCCLUDED, VISIBLE, VISIBLE])

    def test_ones_that_the_file_lacks_are_absent(self, world: World, person: Label) -> None:
        bring(world, car(self.row(1, 3), label="person"), labels=(self.theirs("head", "foot"),))
        assert self.stored(world) == ([1, 2, 3], [VISIBLE, ABSENT, OCCLUDED])

    def test_ones_that_the_project_lacks_are_told(self, world: World, person: Label) -> None:
        names = ("head", "hand", "wing", "foot")
        report = bring(world, car(self.row(1, 2, 3, 4), label="person"), labels=(self.theirs(*names),))
        assert self.stored(world)[0] == [1, 2, 4]
        assert report.losses == {"joints called wing, which the project's skeleton doesn't have, were left out": 1}

    def test_without_names_they_go_by_place(self, world: World, person: Label) -> None:
        bring(world, car(self.row(1, 2, 3), label="person"))
        assert self.stored(world)[0] == [1, 2, 3]

    def test_another_number_of_them_is_named(self, world: World, person: Label) -> None:
        with pytest.raises(UnreadableRows, match=r"track 1, frame 0: .*person has 3 joints, 2 points came"):
            bring(world, car(self.row(1, 2), label="person"))


def test_ten_trips_change_nothing(world: World) -> None:
    Attribute.objects.create(label=world.car, name="speed", kind="number", per_frame=True)
    Attribute.objects.create(label=world.car, name="note", kind="text")
    rows = [keyframe(0, 0.1), keyframe(7, outside=True), keyframe(9, 1 / 3)]
    bring(world, car(*rows, attributes={"note": "a\tb"}, frame_attributes={"speed": [(0, 0.1), (9, 3)]}))
    first = [(replace(track, rows=()), list(track.rows)) for track in dataset_of(world.layer).tracks]
    for _ in range(10):
        tracks = list(dataset_of(world.layer).tracks)
        Track.objects.all().delete()
        bring(world, *tracks)
    assert [(replace(track, rows=()), list(track.rows)) for track in dataset_of(world.layer).tracks] == first


def test_another_videos_size_is_refused(world: World) -> None:
    dataset = Dataset(VideoInfo("a.mp4", 99, 99, 10, 25), (), (car(),), 1)
    with pytest.raises(ActionError, match="99x99"):
        import_dataset(
            layer=world.layer, dataset=dataset, user=None, summary="In", create_labels=False, report=Report()
        )


class TestNames:
    @pytest.mark.parametrize(("name", "came"), [("", "''"), ("   ", "''"), ("z" * 10_240, "'zzz.*' … with 10,240")])
    def test_a_label_that_no_project_can_have_is_named_with_its_track(self, world: World, name: str, came: str) -> None:
        with pytest.raises(UnreadableRows, match=f"track 2: A label has a name of 1 to 80 characters; {came} came"):
            bring(world, car(), car(label=name, number=2), create_labels=True)

    def test_the_other_tracks_are_taken_on_request(self, world: World) -> None:
        report = bring(world, car(), car(label="", number=2), create_labels=True, leave_out=True)
        assert (report.tracks, report.unreadable.count) == (1, 1)

    def test_what_no_database_can_keep_is_replaced_and_counted(self, world: World) -> None:
        info = LabelInfo("a\0b", attributes=(AttributeInfo("c\ud800", "select", choices=("x\0", "y")),))
        track = car(label="a\0b", attributes={"c\ud800": "y"})
        report = bring(world, track, labels=(info,), create_labels=True)
        (label,) = Label.objects.exclude(pk=world.car.pk)
        (attribute,) = label.attributes.all()
        assert (label.name, attribute.name, attribute.choices) == ("a\ufffdb", "c\ufffd", ["x\ufffd", "y"])
        assert Track.objects.get().attributes == {str(attribute.pk): "y"}
        assert report.losses == {"characters that can't be stored were replaced by \ufffd": 3}
