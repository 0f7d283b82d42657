"""One suite over every format: adding an entry to FORMATS gets these tests for free."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from annotator.formats import FORMATS, find, geometry
from annotator.formats.base import (
    AttributeInfo,
    Dataset,
    Format,
    FormatError,
    LabelInfo,
    Options,
    TrackData,
    VideoInfo,
    silent,
)
from tests.formats.files import read
from tests.formats.layers import places, said
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.skeletons import Joint, Skeleton

every_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.id)
of_boxes = pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS if Kind.BOX in fmt.kinds], ids=lambda fmt: fmt.id)
of_masks = pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS if Kind.MASK in fmt.kinds], ids=lambda fmt: fmt.id)
every_kind = pytest.mark.parametrize(
    ("fmt", "kind"), [pytest.param(fmt, kind, id=f"{fmt.id} {kind.words}") for fmt in FORMATS for kind in fmt.kinds]
)
VIDEO = VideoInfo("street.mp4", 640, 360, 60, 25.0)
LABELS = (LabelInfo("person", "#ff0000"), LabelInfo("Fußgänger 歩行者", "#00ff00"))


def box(frame: int, x: float, flags: Flag = Flag.KEYFRAME, confidence: float = 1.0) -> Row:
    return Row(frame, Kind.BOX, flags, confidence, (x, 10.0, x + 20.5, 50.25))


def outside(frame: int, x: float) -> Row:
    return box(frame, x, Flag.KEYFRAME | Flag.OUTSIDE)


def dataset(*tracks: TrackData) -> Dataset:
    return Dataset(VIDEO, LABELS, tracks, len(tracks))


def round_trip(fmt: Format, data: Dataset, folder: Path, options: Options | None = None) -> list[TrackData]:
    target = folder / f"out{fmt.suffix}"
    fmt.write(data, target, options or {}, silent)
    return list(read(fmt, target)[0].tracks)


def shown(track: TrackData) -> dict[int, tuple[float, ...]]:
    """What each frame shows, to a thousandth of a pixel."""
    from tracking.shapes.interpolation import expand

    return {row.frame: tuple(round(value, 3) for value in row.bounds) for row in expand(track.rows)}


@of_boxes
def test_it_keeps_every_box_on_its_frame_and_its_number(fmt: Format, tmp_path: Path) -> None:
    tracks = (
        TrackData(7, "person", [box(0, 5.5), box(10, 15.5)]),
        TrackData(9, "Fußgänger 歩行者", [box(3, 100.25), box(4, 101), outside(5, 101), box(30, 7), box(31, 8)]),
    )
    read = round_trip(fmt, dataset(*tracks), tmp_path)
    assert [(t.number, t.label, shown(t)) for t in read] == [(t.number, t.label, shown(t)) for t in tracks]


def shape(kind: Kind, frame: int) -> Row:
    xy = [(10.0 + frame, 10.0), (40.0, 10.5), (40.0, 30.0)]
    match kind:
        case Kind.BOX:
            return box(frame, frame)
        case Kind.ROTATED_BOX:
            return geometry.rotated_row(frame, Flag.KEYFRAME, 1.0, (50 + frame, 40, 20, 10, 0.5))
        case Kind.POLYGON | Kind.POLYLINE:
            return geometry.vertex_row(kind, frame, Flag.KEYFRAME, 1.0, xy)
        case Kind.POINTS | Kind.SKELETON:
            return geometry.point_row(kind, frame, Flag.KEYFRAME, 1.0, xy, [2, 2, 2])
        case Kind.MASK:
            return geometry.mask_row(frame, Flag.KEYFRAME, 1.0, 20 + 5 * frame, 30, blob(frame))
        case Kind.TAG:
            return Row(frame, kind, Flag.KEYFRAME, 1.0, (0.0, 0.0, 0.0, 0.0))


def blob(seed: int, height: int = 24, width: int = 31) -> NDArray[np.bool_]:
    """Several pieces, with holes, that reach every edge of their window."""
    bitmap: NDArray[np.bool_] = np.random.default_rng(seed).random((height, width)) > 0.4
    bitmap[0, 0] = bitmap[-1, -1] = True
    return bitmap


@every_kind
def test_what_it_says_that_it_holds_comes_back_as_it_was(fmt: Format, kind: Kind, tmp_path: Path) -> None:
    joints = tuple(Joint(name=name, x=0.5, y=0.5) for name in "abc")
    labels = (LabelInfo("person", "#ff0000", (), Skeleton(joints=joints) if kind == Kind.SKELETON else None),)
    rows = [shape(kind, 3), shape(kind, 4), replace(shape(kind, 5), flags=Flag.KEYFRAME | Flag.OUTSIDE), shape(kind, 9)]
    rows = rows if kind != Kind.TAG else [rows[0], rows[1]]
    target = tmp_path / "out"

    report = fmt.write(Dataset(VIDEO, labels, [TrackData(7, "person", rows)], 1), target, {})
    (track,) = read(fmt, target)[0].tracks

    assert report.losses == {}
    assert (track.number, track.label) == (7, "person")
    assert said([track]) == [{**said([TrackData(7, "person", rows)])[0], "source": track.source}]
    np.testing.assert_allclose(places([track]), places([TrackData(7, "person", rows)]), rtol=0, atol=1e-6)


@of_masks
def test_it_keeps_masks_at_the_edges_and_of_one_pixel_and_of_a_whole_picture(fmt: Format, tmp_path: Path) -> None:
    shapes = [
        (0, 0, np.ones((1, 1), np.bool_)),
        (639, 359, np.ones((1, 1), np.bool_)),
        (0, 0, np.ones((360, 640), np.bool_)),
        (0, 120, np.ones((1, 640), np.bool_)),
        (320, 0, np.ones((360, 1), np.bool_)),
    ]
    rows = [geometry.mask_row(frame, Flag.KEYFRAME, 1.0, *mask) for frame, mask in enumerate(shapes)]
    (track,) = round_trip(fmt, dataset(TrackData(1, "person", rows)), tmp_path)
    assert [row.payload for row in track.rows] == [row.payload for row in rows]


@of_masks
def test_it_keeps_a_mask_of_ten_thousand_pieces(fmt: Format, tmp_path: Path) -> None:
    bitmap = np.zeros((199, 201), np.bool_)
    bitmap[::2, ::2] = True
    rows = [geometry.mask_row(0, Flag.KEYFRAME, 1.0, 3, 5, bitmap)]
    (track,) = round_trip(fmt, dataset(TrackData(1, "person", rows)), tmp_path)
    assert int(bitmap.sum()) > 10_000
    assert [row.payload for row in track.rows] == [rows[0].payload]


@every_format
def test_a_kind_that_it_does_not_hold_is_told(fmt: Format, tmp_path: Path) -> None:
    for kind in set(Kind) - set(fmt.kinds):
        report = fmt.write(dataset(TrackData(1, "person", [shape(kind, 0)])), tmp_path / "out", {})
        assert report.losses, kind


@every_format
def test_it_writes_a_layer_without_tracks(fmt: Format, tmp_path: Path) -> None:
    assert round_trip(fmt, dataset(), tmp_path) == []


@of_boxes
def test_a_track_may_live_on_the_last_frame_alone(fmt: Format, tmp_path: Path) -> None:
    (track,) = round_trip(fmt, dataset(TrackData(1, "person", [box(59, 3)])), tmp_path)
    assert list(shown(track)) == [59]


@of_boxes
def test_it_counts_what_it_wrote(fmt: Format, tmp_path: Path) -> None:
    data = dataset(TrackData(1, "person", [box(0, 1), box(1, 2)]))
    report = fmt.write(data, tmp_path / "out", {}, silent)
    assert (report.tracks, report.shapes) == (1, 2)


@of_boxes
def test_it_reports_progress_and_can_be_cancelled(fmt: Format, tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def cancel(done: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fmt.write(dataset(TrackData(1, "person", [box(0, 1)])), tmp_path / "out", {}, cancel)


@every_format
def test_it_refuses_an_unknown_choice(fmt: Format, tmp_path: Path) -> None:
    for option in fmt.options:
        with pytest.raises(FormatError, match="can be one of"):
            fmt.write(dataset(), tmp_path / "out", {option.id: "nonsense"}, silent)


HOSTILE = {
    "empty": b"",
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "text": b"hello",
    "json of something else": b'{"a": [1, 2]}',
    "json of a list": b"[1, 2]",
    "json as deep as a well": b'{"a":' * 50_000,
    "other xml": b"<html><body/></html>",
    "half a zip": b"PK\x03\x04" + bytes(40),
    "entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><annotations>&x;</annotations>',
}


@every_format
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_wrong_file_is_refused_or_empty_never_a_crash(fmt: Format, content: bytes, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(content)
    try:
        found, _ = read(fmt, source)
    except FormatError as error:
        assert str(error)
    else:
        assert list(found.tracks) == []


@every_format
def test_an_archive_whose_members_lead_elsewhere_writes_nothing(fmt: Format, tmp_path: Path) -> None:
    source = tmp_path / "evil.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("../../evil.txt", "x")
    with pytest.raises(FormatError):
        read(fmt, source)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.zip"]


@every_format
def test_an_archive_that_unpacks_to_too_much_is_refused(
    fmt: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.formats.archive.LARGEST", 1000)
    source = tmp_path / "bomb.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("gt/gt.txt", "annotations.xml", "tracks.json", "points.pkl", "a/00000.png"):
            archive.writestr(name, " " * 5000)
    with pytest.raises(FormatError, match="unpacks to at most"):
        read(fmt, source)


def test_an_unknown_format_is_named_with_the_known_ones() -> None:
    with pytest.raises(FormatError, match="framewise, cvat, mot, coco, tapvid, davis"):
        find("avi")


class TestNative:
    def every_kind(self) -> list[Row]:
        bitmap = np.zeros((4, 5), bool)
        bitmap[1:3, 2:5] = True
        return [
            box(0, 0.1, Flag.PREDICTED | Flag.DOUBTFUL, 0.937),
            geometry.rotated_row(1, Flag.KEYFRAME, 1.0, (50, 40, 20, 10, 0.5)),
            geometry.vertex_row(Kind.POLYGON, 2, Flag.KEYFRAME, 1.0, [(0, 0), (10, 0.3), (5, 9)]),
            geometry.vertex_row(Kind.POLYLINE, 3, Flag.KEYFRAME | Flag.OCCLUDED, 1.0, [(0, 0), (10, 0.3)]),
            geometry.point_row(Kind.POINTS, 4, Flag.KEYFRAME, 1.0, [(1, 2)], [2]),
            geometry.point_row(Kind.SKELETON, 5, Flag.KEYFRAME, 1.0, [(1, 2), (3, 4)], [1, 0]),
            geometry.mask_row(6, Flag.PREDICTED, 0.5, 7, 8, bitmap),
            outside(7, 3),
        ]

    def test_reading_what_it_wrote_gives_the_same_bits(self, tmp_path: Path) -> None:
        from tracking.shapes.chunks import Table

        label = LabelInfo("person", "#ff0000", (AttributeInfo("pose", "select", True, ("up", "down"), "up"),))
        rows = self.every_kind()
        track = TrackData(
            4, "person", rows, "#123456", "framewise-cf", "accepted", {"id": "x"}, {"pose": [(0, "up"), (4, "down")]}
        )
        target = tmp_path / "a.json"
        find("framewise").write(Dataset(VIDEO, [label], [track], 1), target, {}, silent)
        found, _ = read("framewise", target)
        (again,) = found.tracks
        assert found.video == VIDEO and list(found.labels) == [label]
        assert replace(again, rows=()) == replace(track, rows=())
        assert Table.of(0, again.rows).pack() == Table.of(0, rows).pack()

    @pytest.mark.parametrize(
        ("shape", "says"),
        [
            ({"frame": -1, "box": [0, 0, 1, 1]}, "frame"),
            ({"frame": 0, "box": [5, 0, 1, 1]}, "x1 <= x2"),
            ({"frame": 0}, "exactly one geometry"),
            ({"frame": 0, "box": [0, 0, 1, 1], "polygon": [[0, 0], [1, 1], [2, 0]]}, "exactly one geometry"),
            ({"frame": 0, "box": [0, 0, 1e300, 1]}, "box"),
            ({"frame": 0, "mask": {"left": 0, "top": 0, "width": 9, "height": 9, "counts": [3]}}, "add up"),
            ({"frame": 0, "box": [0, 0, 1, 1], "confidence": 2}, "confidence"),
        ],
    )
    def test_a_shape_that_cannot_be_is_named(self, shape: object, says: str, tmp_path: Path) -> None:
        source = tmp_path / "bad.json"
        tracks = [{"number": 1, "label": "person", "shapes": [shape]}]
        source.write_text(json.dumps({"format": "framewise", "version": 1, "tracks": tracks}))
        with pytest.raises(FormatError, match=says):
            read("framewise", source)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ('{"format": "framewise", "version": 1}', "tracks: a list is needed"),
            ('{"format": "framewise", "version": 1, "tracks": {}}', "tracks: a list is needed"),
            ('{"format": "framewise", "version": 2, "tracks": []}', "version"),
            ('{"format": "framewise", "version": 1, "tracks": [{"number": 1}]}', r"tracks\.0\.label"),
            ('{"format": "framewise", "version": 1, "tracks": [{"number": 1, "label": "per', "Is the file whole"),
            ('{"format": "framewise", "version": 1, "tracks": [], "more": 1}', "more"),
        ],
    )
    def test_a_file_that_is_not_as_it_should_be_is_refused(self, text: str, says: str, tmp_path: Path) -> None:
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(FormatError, match=says):
            read("framewise", tmp_path / "bad.json")

    def test_what_stands_behind_the_tracks_is_read_too(self, tmp_path: Path) -> None:
        source = tmp_path / "turned.json"
        tracks = [{"number": 1, "label": "person", "shapes": [{"frame": 0, "box": [0, 0, 1, 1]}]}]
        source.write_text(
            json.dumps({"tracks": tracks, "labels": [{"name": "person"}], "format": "framewise", "version": 1})
        )
        found, report = read("framewise", source)
        assert ([label.name for label in found.labels], report.shapes) == (["person"], 1)


class TestCvatXml:
    def xml(self, data: Dataset, folder: Path, **options: str) -> str:
        target = folder / "out.zip"
        find("cvat").write(data, target, options, silent)
        with zipfile.ZipFile(target) as archive:
            return archive.read("annotations.xml").decode()

    def read(self, body: str, folder: Path) -> Dataset:
        source = folder / "annotations.xml"
        source.write_text(f"<annotations><version>1.1</version>{body}</annotations>")
        return read("cvat", source)[0]

    def test_interpolated_frames_are_no_keyframes(self, tmp_path: Path) -> None:
        text = self.xml(dataset(TrackData(1, "person", [box(0, 0), box(2, 2)])), tmp_path)
        assert [text.count(f'keyframe="{value}"') for value in (1, 0)] == [3, 1]

    def test_stored_shapes_alone_on_request(self, tmp_path: Path) -> None:
        text = self.xml(dataset(TrackData(1, "person", [box(0, 0), box(2, 2)])), tmp_path, frames="stored")
        assert 'keyframe="0"' not in text

    def test_a_track_is_closed_on_the_frame_after_its_last(self, tmp_path: Path) -> None:
        text = self.xml(dataset(TrackData(1, "person", [box(4, 0)])), tmp_path)
        assert '<box frame="5" outside="1"' in text

    def test_an_object_that_stays_to_the_last_frame_needs_no_closing(self, tmp_path: Path) -> None:
        assert 'outside="1"' not in self.xml(dataset(TrackData(1, "person", [box(59, 0)])), tmp_path)

    def test_a_track_that_nothing_closes_ends_on_its_last_written_frame(self, tmp_path: Path) -> None:
        corners = 'xtl="1" ytl="1" xbr="5" ybr="5"'
        body = '<track id="0" label="car">' + "".join(
            f'<box frame="{frame}" keyframe="{int(frame == 0)}" outside="0" occluded="0" {corners}/>'
            for frame in range(4)
        )
        (track,) = self.read(body + "</track>", tmp_path).tracks
        assert (track.number, [row.frame for row in track.rows]) == (1, [0, 3])

    def test_attributes_stand_where_their_mutability_says(self, tmp_path: Path) -> None:
        label = LabelInfo(
            "car", "#112233", (AttributeInfo("make", "text"), AttributeInfo("parked", "checkbox", per_frame=True))
        )
        rows = [box(0, 0), box(1, 1), box(2, 2)]
        track = TrackData(
            1, "car", rows, attributes={"make": "VW"}, frame_attributes={"parked": [(0, True), (2, False)]}
        )
        (again,) = round_trip(find("cvat"), Dataset(VIDEO, [label], [track], 1), tmp_path)
        assert (again.attributes, again.frame_attributes) == ({"make": "VW"}, {"parked": [(0, True), (2, False)]})

    def test_rotation_is_in_degrees(self, tmp_path: Path) -> None:
        row = geometry.rotated_row(0, Flag.KEYFRAME, 1.0, (50, 40, 20, 10, math.radians(30)))
        (track,) = round_trip(find("cvat"), dataset(TrackData(1, "person", [row])), tmp_path)
        assert geometry.rotated_values(track.rows[0]) == pytest.approx([50, 40, 20, 10, math.radians(30)], abs=1e-3)

    def test_mask_runs_go_row_by_row(self, tmp_path: Path) -> None:
        bitmap = np.array([[False, True, True], [False, False, True]])
        row = geometry.mask_row(0, Flag.KEYFRAME, 1.0, 4, 5, bitmap)
        data = dataset(TrackData(1, "person", [row]))
        assert 'rle="1, 2, 2, 1"' in self.xml(data, tmp_path)
        (track,) = round_trip(find("cvat"), data, tmp_path)
        assert geometry.mask_bitmap(track.rows[0]).tolist() == bitmap.tolist()

    def test_images_are_pointed_to_the_right_export(self, tmp_path: Path) -> None:
        with pytest.raises(FormatError, match="CVAT for video"):
            self.read('<image id="0" name="a.png"/>', tmp_path)

    def test_entities_are_refused(self, tmp_path: Path) -> None:
        source = tmp_path / "a.xml"
        source.write_bytes(HOSTILE["entities"])
        with pytest.raises(FormatError, match="entities"):
            read("cvat", source)

    def test_a_mask_that_claims_to_be_huge_is_refused_before_it_is_made(self, tmp_path: Path) -> None:
        mask = '<mask frame="0" rle="4000000000" left="0" top="0" width="100000" height="40000"/>'
        with pytest.raises(FormatError, match="add up"):
            self.read(f'<track id="0" label="car">{mask}</track>', tmp_path)
