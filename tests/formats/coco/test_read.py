"""COCO files as others write them, and skeletons out and in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotator.formats import find, geometry
from annotator.formats.base import Dataset, FormatError, LabelInfo, Report, TrackData, VideoInfo
from tests.formats.files import read
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import expand
from tracking.shapes.skeletons import Joint, Skeleton

PERSON = Skeleton(
    joints=(Joint(name="head", x=0.5, y=0), Joint(name="hip", x=0.25, y=0.5), Joint(name="foot", x=0.3, y=1)),
    edges=((0, 1), (1, 2)),
)


def joints(frame: int, x: float, seen: list[int], flags: Flag = Flag.KEYFRAME) -> Row:
    return geometry.point_row(Kind.SKELETON, frame, flags, 1.0, [(x, 10.3), (x + 1, 60.0), (0, 0)], seen)


def document(**changes: Any) -> dict[str, Any]:
    """Two images of one category; an annotation of each."""
    return {
        "images": [
            {"id": 1, "file_name": "walk/10.jpg", "width": 64, "height": 48},
            {"id": 2, "file_name": "walk/9.jpg", "width": 64, "height": 48},
        ],
        "categories": [{"id": 5, "name": "person"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 5, "bbox": [1, 2, 3, 4], "track_id": 7},
            {"id": 2, "image_id": 2, "category_id": 5, "bbox": [2, 2, 3, 4], "track_id": 7},
        ],
        **changes,
    }


def taken(value: Any, folder: Path) -> tuple[Dataset, Report]:
    (folder / "in.json").write_text(json.dumps(value))
    return read("coco", folder / "in.json", "walk.mp4")


def tracks_of(value: Any, folder: Path) -> list[TrackData]:
    return list(taken(value, folder)[0].tracks)


def test_skeletons_come_back_with_their_template_their_joints_and_what_is_interpolated(tmp_path: Path) -> None:
    rows = [joints(4, 50.1, [2, 1, 0]), joints(9, 60.7, [2, 2, 0]), joints(10, 61, [1, 2, 0], Flag.PREDICTED)]
    labels = (LabelInfo("person", "#ff0000", skeleton=PERSON), LabelInfo("car", "#00ff00"))
    track = TrackData(2, "person", rows, "#123456", "framewise-flow", "accepted")
    target = tmp_path / "out.json"
    report = find("coco").write(Dataset(VideoInfo("a.mp4", 640, 360, 15, 25.0), labels, (track,), 1), target, {})
    found, _ = read("coco", target)
    (again,) = found.tracks
    assert (report.losses, report.shapes) == ({}, 7)
    assert list(found.labels) == list(labels)
    assert (again.number, again.colour, again.source, again.verdict) == (2, "#123456", "framewise-flow", "accepted")
    assert list(again.rows) == rows
    written = json.loads(target.read_text())
    first = written["annotations"][0]
    assert first["keypoints"] == [50.1, 10.3, 2, 51.1, 60, 1, 0, 0, 0]
    assert (first["num_keypoints"], written["images"][first["image_id"] - 1]["frame_id"]) == (2, 4)
    assert written["categories"][0]["skeleton"] == [[1, 2], [2, 3]]


def test_images_that_have_no_numbers_are_frames_in_the_order_of_their_names(tmp_path: Path) -> None:
    found, report = taken(document(), tmp_path)
    (track,) = found.tracks
    assert [(row.frame, row.bounds[0]) for row in track.rows] == [(0, 2.0), (1, 1.0)]
    assert [note for note in report.notes if "order of their names" in note]


def test_a_gap_between_annotations_is_one(tmp_path: Path) -> None:
    images = [{"id": number, "frame_index": number, "video_id": 3} for number in range(9)]
    boxes = [
        {"id": frame, "image_id": frame, "category_id": 5, "bbox": [frame, 0, 1, 1], "attributes": {"track_id": 0}}
        for frame in (2, 3, 6)
    ]
    found, report = taken(document(images=images, annotations=boxes, videos=[{"id": 3, "name": "w"}]), tmp_path)
    (track,) = found.tracks
    assert [row.frame for row in expand(track.rows)] == [2, 3, 6]
    assert track.number == 1, "tracks that count from 0 count from 1 here"
    assert report.notes == ["The file counts tracks from 0; here they count from 1."]


def test_annotations_without_a_track_are_tracks_of_their_own(tmp_path: Path) -> None:
    plain = [{key: value for key, value in each.items() if key != "track_id"} for each in document()["annotations"]]
    assert [len(track.rows) for track in tracks_of(document(annotations=plain), tmp_path)] == [1, 1]


def test_keypoints_of_a_category_without_names_get_numbers(tmp_path: Path) -> None:
    each = {"id": 1, "image_id": 1, "category_id": 5, "keypoints": [10, 10, 2, 20, 30, 1]}
    found, _ = taken(document(annotations=[each]), tmp_path)
    (label,) = found.labels
    assert label.skeleton is not None
    assert [(joint.name, joint.x, joint.y) for joint in label.skeleton.joints] == [("1", 0, 0), ("2", 1, 1)]


def test_outlines_of_several_parts_become_boxes_and_the_report_says_so(tmp_path: Path) -> None:
    each = document()["annotations"][0] | {"segmentation": [[1, 2, 3, 2, 3, 4], [5, 5, 6, 5, 6, 6]]}
    found, report = taken(document(annotations=[each]), tmp_path)
    assert [row.kind for track in found.tracks for row in track.rows] == [Kind.BOX]
    assert report.losses == {"outlines of several parts became boxes": 1}


def test_a_box_as_far_away_as_can_be_comes_back(tmp_path: Path) -> None:
    far = Row(0, Kind.BOX, Flag.KEYFRAME, 1.0, (0.0, 0.0078125, 0.0, 1_000_000.0))
    video = VideoInfo("a.mp4", 640, 360, 15, 25.0)
    track = TrackData(1, "person", [far])
    find("coco").write(Dataset(video, (LabelInfo("person"),), (track,), 1), tmp_path / "out.json", {})
    (again,) = read("coco", tmp_path / "out.json")[0].tracks
    assert again.rows[0].bounds == far.bounds


def test_several_videos_go_apart(tmp_path: Path) -> None:
    images = [{"id": "a", "video_id": 1, "frame_id": 0}, {"id": "b", "video_id": 2, "frame_id": 0}]
    each = [{"image_id": id, "category_id": 5, "bbox": [1, 1, 1, 1], "track_id": 1} for id in ("a", "b")]
    value = document(images=images, annotations=each, videos=[{"id": 1, "name": "run"}, {"id": 2, "name": "walk"}])
    (tmp_path / "in.json").write_text(json.dumps(value))
    reading = find("coco").read(tmp_path / "in.json")
    assert [(part.names, part.report.tracks) for part in reading.parts] == [(("run",), 1), (("walk",), 1)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"image_id": 9}, "image_id 9 is that of no image"),
        ({"category_id": 9}, "category_id 9 is that of no category"),
        ({"bbox": [1, 2, -3, 4]}, "at least 0"),
        ({"bbox": [1, 2, 3]}, "keypoints, an outline or a bbox"),
        ({"bbox": [1e9, 2, 3, 4]}, "within ±1,000,000"),
        ({"bbox": ["1", 2, 3, 4]}, "annotation 1"),
        ({"keypoints": [1, 2]}, "x, y, v"),
        ({"keypoints": [1, 2, 7]}, "visibility of 0, 1 or 2"),
        ({"keypoints": [1, 2, 2] * 201}, "at most 200 joints"),
        ({"segmentation": [[1, 2, 3, 4]]}, "at least 3 vertices"),
        ({"segmentation": [[1, 2, 3, "x", 5, 6]]}, "of numbers"),
        ({"score": 7}, "between 0 and 1"),
        ({"image_id": 2}, "another on frame 0"),
        ({"attributes": {"track_id": [1]}, "track_id": None}, "a number or a text"),
    ],
)
def test_annotations_that_can_not_be_are_named_with_their_reason(
    change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    first, second = document()["annotations"]
    with pytest.raises(FormatError, match=says):
        taken(document(annotations=[first | change, second]), tmp_path)


def test_a_file_without_what_coco_has_is_refused(tmp_path: Path) -> None:
    for lacking in ("images", "annotations", "categories"):
        value = document()
        del value[lacking]
        with pytest.raises(FormatError, match="no COCO file"):
            taken(value, tmp_path)
    with pytest.raises(FormatError, match="1,000 labels"):
        taken(document(categories=[{"id": number, "name": str(number)} for number in range(1001)]), tmp_path)
