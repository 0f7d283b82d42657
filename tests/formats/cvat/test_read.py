"""Files as CVAT writes them."""

from __future__ import annotations

from math import cos, sin
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from annotator.formats import find, geometry
from annotator.formats.base import Dataset, FormatError, Report, TrackData
from annotator.formats.videos import part_of
from tests.formats.cvat.documents import (
    CAR,
    PERSON,
    box,
    document,
    joint,
    person,
    project,
    shape,
    skeleton,
    task,
    track,
    values,
)
from tracking.shapes.chunks import Flag, Kind
from tracking.shapes.values import ABSENT, VISIBLE

SHAPE_TWICE = "shapes that stand in the file twice were taken once"
UNSEEN = "tracks without a visible shape are left out"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "annotations.xml"


def read(text: str, source: Path, video: str = "clip.mp4") -> tuple[Dataset, Report]:
    source.write_text(text)
    part = part_of(find("cvat").read(source), video)
    return part.dataset, part.report


def only(text: str, source: Path) -> TrackData:
    dataset, report = read(text, source)
    report.refuse_unreadable()
    (found,) = dataset.tracks
    return found


def shown(found: TrackData) -> list[tuple[int, bool]]:
    """Frames of the rows, and whether something is to be seen there."""
    return [(row.frame, not row.flags & Flag.OUTSIDE) for row in found.rows]


class TestAttributes:
    every = {"plate": "AB-1 & 2", "paint": "green", "parked": "true", "doors": "3"}

    def test_constant_ones_stand_in_every_shape(self, source: Path) -> None:
        shapes = [box(frame, inner=values(**self.every, pose=pose)) for frame, pose in ((0, "sit"), (4, "go"))]
        found = only(document(track(*shapes), meta=task(CAR)), source)
        assert found.attributes == {"plate": "AB-1 & 2", "paint": "green", "parked": True, "doors": 3}
        assert found.frame_attributes == {"pose": [(0, "sit"), (4, "go")]}

    def test_a_constant_one_that_changes_keeps_its_first_value_and_is_told(self, source: Path) -> None:
        shapes = [box(frame, inner=values(plate=plate)) for frame, plate in ((0, "A"), (4, "B"), (8, "B"))]
        dataset, report = read(document(track(*shapes), meta=task(CAR)), source)
        (found,) = dataset.tracks
        assert found.attributes == {"plate": "A"}
        assert report.losses["changes of the constant attribute plate: its first value was taken"] == 1

    def test_what_stands_in_the_shape_that_closes_a_track_is_no_value_of_it(self, source: Path) -> None:
        shapes = [box(0, inner=values(plate="A")), box(1, inner=values(plate=""), outside=1)]
        assert only(document(track(*shapes), meta=task(CAR)), source).attributes == {"plate": "A"}

    def test_an_empty_text_is_a_value_and_an_empty_choice_none(self, source: Path) -> None:
        found = only(document(track(box(0, inner=values(plate="", paint="", doors=""))), meta=task(CAR)), source)
        assert found.attributes == {"plate": ""}

    def test_ones_that_the_file_does_not_declare_are_text(self, source: Path) -> None:
        shapes = [box(frame, inner=values(kind="van", seat=seat)) for frame, seat in ((0, "a"), (4, "b"))]
        dataset, _ = read(document(track(*shapes)), source)
        (found,), (label,) = dataset.tracks, dataset.labels
        assert (found.attributes, found.frame_attributes) == ({"kind": "van"}, {"seat": [(0, "a"), (4, "b")]})
        assert [(each.name, each.kind, each.per_frame) for each in label.attributes] == [
            ("kind", "text", False),
            ("seat", "text", True),
        ]

    def test_a_number_that_is_none_is_named_with_its_track_and_frame(self, source: Path) -> None:
        _, report = read(document(track(box(7, inner=values(doors="many")), number=3), meta=task(CAR)), source)
        assert report.unreadable.first == [("track 3, frame 7", "The attribute doors is a number; 'many' came.")]

    def test_ranges_of_numbers_are_told(self, source: Path) -> None:
        _, report = read(document(track(box(0)), meta=task(CAR)), source)
        assert report.losses == {"ranges of number attributes have no place here": 1}


class TestShapes:
    def test_an_ellipse_is_a_polygon_near_it(self, source: Path) -> None:
        ellipse = shape("ellipse", 0, cx="100.00", cy="90.00", rx="30.00", ry="20.00", rotation="45.00")
        dataset, report = read(document(track(ellipse)), source)
        ((row,),) = [found.rows for found in dataset.tracks]
        assert row.kind == Kind.POLYGON
        turned = (geometry.vertices(row) - (100, 90)) @ np.array(
            [[cos(np.pi / 4), -sin(np.pi / 4)], [sin(np.pi / 4), cos(np.pi / 4)]]
        )
        np.testing.assert_allclose((turned**2 / (30**2, 20**2)).sum(axis=1), 1, atol=1e-4)
        middles = (turned + np.roll(turned, -1, axis=0)) / 2
        assert 1 - np.sqrt((middles**2 / (30**2, 20**2)).sum(axis=1)).min() < 0.25 / 20
        assert [(what, count) for what, count in report.losses.items()] == [
            ("ellipses became polygons, which lie within 0.25 px of them", 1)
        ]

    def test_a_cuboid_is_a_polygon_around_it(self, source: Path) -> None:
        corners = {"tl1": (10, 10), "bl1": (10, 50), "tr1": (60, 10), "br1": (60, 50)} | {
            "tl2": (20, 5),
            "bl2": (20, 45),
            "tr2": (70, 5),
            "br2": (70, 45),
        }
        own = {f"{axis}{name}": place[at] for name, place in corners.items() for at, axis in enumerate("xy")}
        dataset, report = read(document(track(shape("cuboid", 0, **own))), source)
        ((row,),) = [found.rows for found in dataset.tracks]
        outline = {tuple(place) for place in geometry.vertices(row).tolist()}
        assert (row.kind, outline) == (Kind.POLYGON, {(10, 10), (10, 50), (60, 50), (70, 45), (70, 5), (20, 5)})
        assert report.losses == {"cuboids became polygons of their outline": 1}

    def test_a_box_from_its_right_bottom_corner_is_turned_over_and_told(self, source: Path) -> None:
        turned = shape("box", 0, xtl="60.00", ytl="90.00", xbr="20.00", ybr="50.00")
        dataset, report = read(document(track(turned)), source)
        ((row,),) = [found.rows for found in dataset.tracks]
        assert row.bounds == (20, 50, 60, 90)
        assert report.losses == {"boxes from their right or bottom corner were turned over": 1}

    def test_a_box_that_is_not_turned_among_turned_ones_is_of_their_kind(self, source: Path) -> None:
        found = only(document(track(box(0), box(5, rotation="30.00"), box(9))), source)
        assert {row.kind for row in found.rows} == {Kind.ROTATED_BOX}

    def test_a_shape_that_cannot_be_is_named_and_the_others_are_read(self, source: Path) -> None:
        bad = shape("polygon", 4, points="1.00,1.00;2.00,2.00")
        dataset, report = read(document(track(box(0), bad, box(9), number=12)), source)
        (found,) = dataset.tracks
        assert [row.frame for row in found.rows] == [0, 9]
        assert report.unreadable.first == [
            ("track 12, frame 4", "A polygon has at least 3 vertices; 2 came."),
        ]

    @pytest.mark.parametrize(
        ("bad", "says"),
        [
            (shape("box", 3, xtl="1", ytl="1", xbr="nan", ybr="2"), "xbr is a number"),
            (shape("polygon", 3, points="1,1;2"), "Points are"),
            (shape("mask", 3, rle="1, x", left="0", top="0", width="2", height="2"), "whole numbers"),
            (shape("mask", 3, rle="1, 9", left="0", top="0", width="2", height="2"), "add up"),
            (shape("ellipse", 3, cx="1", cy="1", rx="0", ry="2"), "radii above 0"),
            (shape("skeleton", 3), "at least one joint"),
            (box(3).replace('frame="3"', 'frame="-3"'), "whole number from 0"),
        ],
    )
    def test_every_kind_of_bad_shape_is_one_row_left_out(self, bad: str, says: str, source: Path) -> None:
        _, report = read(document(track(box(0), bad)), source)
        ((where, why),) = report.unreadable.first
        assert where.startswith("track 0, ") and says in why
        with pytest.raises(FormatError, match="leave such rows out"):
            report.refuse_unreadable()


class TestEnds:
    def test_a_closing_shape_written_twice_closes_once(self, source: Path) -> None:
        twice = track(box(0), box(10, 60), box(11, 60, outside=1), box(11, 60, outside=1))
        dataset, report = read(document(twice, track(box(0), number=1)), source)
        assert [shown(found) for found in dataset.tracks] == [[(0, True), (10, True)], [(0, True)]]
        assert report.losses == {SHAPE_TWICE: 1}
        report.refuse_unreadable()

    def test_copies_that_differ_only_where_nothing_is_seen_are_the_same(self, source: Path) -> None:
        shapes = [box(0), box(5, 60, outside=1), box(5, 70, outside=1), box(8, 20), box(9, 20, outside=1)]
        assert shown(only(document(track(*shapes)), source)) == [(0, True), (5, False), (8, True)]

    def test_a_skeleton_may_be_closed_twice_too(self, source: Path) -> None:
        shapes = [person(0, 10), person(1, 10, outside=1), person(1, 12, outside=1)]
        found = only(document(track(*shapes, label="person"), meta=task(PERSON)), source)
        assert shown(found) == [(0, True)]

    def test_two_different_shapes_on_a_frame_are_named(self, source: Path) -> None:
        dataset, report = read(document(track(box(0), box(4, 10), box(4, 90), number=6)), source)
        (found,) = dataset.tracks
        assert [row.bounds[0] for row in found.rows] == [10, 10]
        assert [where for where, _ in report.unreadable.first] == ["track 6, frame 4"]

    def test_where_only_some_frames_were_annotated_a_track_is_closed_on_the_next_of_these(self, source: Path) -> None:
        shapes = [box(0), box(5, keyframe=0), box(10, 60), box(15, 60, outside=1)]
        assert shown(only(document(track(*shapes), meta=task(step=5)), source)) == [(0, True), (10, True)]

    def test_shapes_in_any_order_are_sorted(self, source: Path) -> None:
        shapes = [box(10, 60), box(0, 10), box(99, 60, keyframe=0), box(50, 60, keyframe=0)]
        assert shown(only(document(track(*shapes)), source)) == [(0, True), (10, True), (99, True)]

    def test_tracks_with_nothing_to_see_are_left_out_and_counted(self, source: Path) -> None:
        nothing = [track(box(3, outside=1)), track(number=1), track(box(0), number=2)]
        dataset, report = read(document(*nothing), source)
        assert [found.number for found in dataset.tracks] == [3]
        assert report.losses == {UNSEEN: 2}


class TestSkeletons:
    def test_one_leaves_where_all_of_its_joints_do(self, source: Path) -> None:
        shapes = [
            person(0, 10),
            person(1, 11, keyframe=0),
            person(2, 12, outside=1),
            person(10, 20),
            person(11, 20, outside=1),
        ]
        found = only(document(track(*shapes, label="person"), meta=task(PERSON)), source)
        assert shown(found) == [(0, True), (2, False), (10, True)]

    def test_a_frame_is_a_keyframe_where_one_joint_is(self, source: Path) -> None:
        moved = skeleton(4, joint("head", 9), joint("foot", 9, keyframe=0), joint("hand", 9, keyframe=0), keyframe=0)
        found = only(document(track(person(0, 1), moved, person(9, 1), label="person"), meta=task(PERSON)), source)
        assert [row.frame for row in found.rows] == [0, 4, 9]

    def test_a_joint_that_alone_is_outside_is_absent(self, source: Path) -> None:
        gone = skeleton(0, joint("head", 9), joint("foot", 9, outside=1), joint("hand", 9))
        found = only(document(track(gone, label="person"), meta=task(PERSON)), source)
        assert geometry.visibilities(found.rows[0]) == [VISIBLE, ABSENT, VISIBLE]
        assert shown(found) == [(0, True)]

    def test_a_joint_that_is_not_written_is_absent_where_it_was_last(self, source: Path) -> None:
        shapes = [person(0, 10), skeleton(1, joint("hand", 91), joint("head", 11))]
        found = only(document(track(*shapes, label="person"), meta=task(PERSON)), source)
        assert geometry.vertices(found.rows[1]).tolist() == [[11, 50], [50, 50], [91, 50]]
        assert geometry.visibilities(found.rows[1]) == [VISIBLE, ABSENT, VISIBLE]

    def test_one_that_was_never_written_is_absent_where_the_template_has_it(self, source: Path) -> None:
        shapes = [skeleton(0, joint("head", 10, y=0), joint("foot", 110, y=100))]
        found = only(document(track(*shapes, label="person"), meta=task(PERSON)), source)
        assert geometry.vertices(found.rows[0]).tolist() == [[10, 0], [110, 100], [60, 80]]
        assert geometry.visibilities(found.rows[0]) == [VISIBLE, VISIBLE, ABSENT]

    def test_without_a_template_joints_are_those_that_shapes_name(self, source: Path) -> None:
        first = track(skeleton(0, joint("b", 10), joint("a", 30)), label="dog")
        second = track(skeleton(0, joint("a", 30), joint("tail", 50)), label="dog", number=1)
        dataset, _ = read(document(first, second), source)
        (label,) = dataset.labels
        assert label.skeleton is not None
        assert [each.name for each in label.skeleton.joints] == ["b", "a", "tail"]
        assert [geometry.visibilities(found.rows[0]) for found in dataset.tracks] == [
            [VISIBLE, VISIBLE, ABSENT],
            [ABSENT, VISIBLE, VISIBLE],
        ]

    def test_joints_that_the_skeleton_does_not_have_are_told(self, source: Path) -> None:
        more = skeleton(0, joint("head", 10), joint("wing", 30))
        _, report = read(document(track(more, label="person"), meta=task(PERSON)), source)
        assert report.losses == {"joints called wing, which the skeleton doesn't have, were left out": 1}


class TestProjects:
    both = project("morning.mp4", "evening.mp4")
    tracks = (track(box(0), number=0, task_id=1), track(box(0, 60), number=1, task_id=2))

    def test_a_video_gets_the_tracks_of_its_name_and_is_told_of_the_others(self, source: Path) -> None:
        dataset, report = read(document(*self.tracks, meta=self.both), source, "evening.mp4")
        (found,) = dataset.tracks
        assert found.rows[0].bounds[0] == 60
        assert report.losses == {"tracks of another video (morning.mp4) were left out": 1}
        assert (report.tracks, report.shapes) == (1, 1)

    @pytest.mark.parametrize("name", ["MORNING.MP4", "morning", "morning.mov"])
    def test_a_name_may_differ_in_case_and_ending(self, name: str, source: Path) -> None:
        dataset, _ = read(document(*self.tracks, meta=self.both), source, name)
        assert [found.rows[0].bounds[0] for found in dataset.tracks] == [10]

    def test_letters_may_be_written_in_two_ways(self, source: Path) -> None:
        # "ü" as one character, and as u with a mark on it.
        meta = project("\u00fcber.mp4", "evening.mp4")
        dataset, _ = read(document(*self.tracks, meta=meta), source, "u\u0308ber.mp4")
        assert len(list(dataset.tracks)) == 1

    def test_a_name_that_none_has_is_refused_with_those_that_are_there(self, source: Path) -> None:
        with pytest.raises(FormatError, match=r"morning\.mp4, evening\.mp4; none of them is called noon\.mp4"):
            read(document(*self.tracks, meta=self.both), source, "noon.mp4")

    def test_several_tasks_of_one_video_are_taken_together(self, source: Path) -> None:
        dataset, report = read(document(*self.tracks, meta=project("day.mp4", "day.mp4")), source, "day.mp4")
        assert (len(list(dataset.tracks)), report.tracks) == (2, 2)

    def test_a_project_of_one_video_is_taken_whatever_its_name(self, source: Path) -> None:
        dataset, _ = read(document(self.tracks[0], meta=project("morning.mp4")), source, "noon.mp4")
        assert len(list(dataset.tracks)) == 1

    def test_tracks_of_a_task_that_the_file_does_not_describe_are_left_out(self, source: Path) -> None:
        stray = track(box(0), number=2, task_id=9)
        dataset, report = read(document(*self.tracks, stray, meta=self.both), source, "morning.mp4")
        assert len(list(dataset.tracks)) == 1
        assert report.losses["tracks of another video (a video without a name) were left out"] == 1

    def test_bad_rows_of_another_video_do_not_count(self, source: Path) -> None:
        bad = track(box(0), shape("polygon", 3, points="1,1"), number=1, task_id=2)
        _, report = read(document(self.tracks[0], bad, meta=self.both), source, "morning.mp4")
        report.refuse_unreadable()


class TestTheRest:
    def test_everything_in_the_file_that_is_not_taken_is_told(self, source: Path) -> None:
        inner = '<attribute name="seen">yes</attribute><note>x</note>'
        rich = box(0, inner=inner, confidence="0.7").replace('z_order="0"', 'z_order="2"')
        joints = skeleton(0, joint("head", 1).replace("></points>", '><attribute name="x">1</attribute></points>'))
        text = document(
            track(rich, "<cloud/>", number=1, group_id=4, subset="train", mood="calm"),
            track(joints, label="person", number=2).replace("manual", "semi-auto"),
            '<tag label="rain" frame="3"/>',
            "<remark/>",
            meta=task(PERSON),
        )
        _, report = read(text, source)
        assert report.losses == {
            "the confidence of a box has no place here": 1,
            "the order in which shapes cover each other (z_order) has no place here": 1,
            "<note> elements in a box have no place here": 1,
            "<cloud> elements in tracks have no place here": 1,
            "groups of tracks have no place here": 1,
            "subsets have no place here": 1,
            "the mood of a track has no place here": 1,
            "attributes of joints have no place here": 1,
            "the source semi-auto of tracks became CVAT": 1,
            "tags of frames have no place in CVAT for video": 1,
            "<remark> elements have no place here": 1,
        }

    def test_a_track_without_a_label_is_named(self, source: Path) -> None:
        _, report = read(document(track(box(0), label="", number=4)), source)
        assert report.unreadable.first == [("track 4", "A track names its label; this one doesn't.")]

    def test_numbers_that_repeat_are_given_anew_and_told(self, source: Path) -> None:
        dataset, report = read(document(track(box(0), number=3), track(box(5), number=3)), source)
        assert [found.number for found in dataset.tracks] == [1, 2]
        assert report.losses == {"tracks got new numbers, because the file repeats some": 2}

    def test_several_files_of_an_archive_are_several_videos(self, tmp_path: Path) -> None:
        source = tmp_path / "both.zip"
        with ZipFile(source, "w") as archive:
            for name in ("morning", "evening"):
                text = document(track(box(0)), meta=task(source=f"{name}.mp4", name=name))
                archive.writestr(f"{name}/annotations.xml", text)
            archive.writestr("images/frame_000000.png", b"")
            archive.writestr("__MACOSX/._annotations.xml", b"")
        part = part_of(find("cvat").read(source), "evening.mp4")
        assert part.names == ("evening.mp4", "evening")
        assert part.report.losses == {
            "files of the archive were not read (images/frame_000000.png)": 1,
            "tracks of another video (morning.mp4) were left out": 1,
        }

    def test_a_file_as_deep_as_a_well_is_refused(self, source: Path) -> None:
        source.write_text("<annotations>" + "<track>" * 100_000)
        with pytest.raises(FormatError, match="elements deep"):
            find("cvat").read(source)

    def test_other_xml_is_refused(self, source: Path) -> None:
        with pytest.raises(FormatError, match="begins with <annotations>; this begins with <html>"):
            read("<html><body/></html>", source)
