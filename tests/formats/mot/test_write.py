"""What is written as MOTChallenge text."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from annotator.formats import find, geometry
from annotator.formats.base import Dataset, LabelInfo, TrackData, VideoInfo, silent
from tests.formats.files import read
from tracking.shapes.chunks import Flag, Kind, Row

LABELS = (LabelInfo("person", "#ff0000"), LabelInfo("car", "#00ff00"))


def dataset(*tracks: TrackData, name: str = "street.mp4") -> Dataset:
    return Dataset(VideoInfo(name, 640, 360, 60, 25.0), LABELS, tracks, len(tracks))


def box(frame: int, x: float, flags: Flag = Flag.KEYFRAME, confidence: float = 1.0) -> Row:
    return Row(frame, Kind.BOX, flags, confidence, (x, 10.0, x + 20.5, 50.25))


class TestTruth:
    def lines(self, data: Dataset, folder: Path, **options: str) -> list[str]:
        target = folder / "out.zip"
        find("mot").write(data, target, options, silent)
        with zipfile.ZipFile(target) as archive:
            return archive.read("street/gt/gt.txt").decode().splitlines()

    def test_frames_ids_and_pixels_count_from_one(self, tmp_path: Path) -> None:
        data = dataset(TrackData(3, "person", [Row(0, Kind.BOX, Flag.KEYFRAME, 1.0, (0, 0, 10, 20))]))
        assert self.lines(data, tmp_path) == ["1,3,1.000,1.000,10.000,20.000,1,1,1"]

    def test_the_cvat_dialect_leaves_pixels_at_zero(self, tmp_path: Path) -> None:
        data = dataset(TrackData(3, "person", [Row(0, Kind.BOX, Flag.KEYFRAME, 1.0, (0, 0, 10, 20))]))
        assert self.lines(data, tmp_path, pixels="cvat") == ["1,3,0.000,0.000,10.000,20.000,1,1,1"]

    def test_lines_go_by_frame_and_then_by_track(self, tmp_path: Path) -> None:
        data = dataset(
            TrackData(2, "person", [box(0, 1), box(1, 1)]),
            TrackData(1, "person", [box(1, 1)]),
        )
        assert [line.split(",")[:2] for line in self.lines(data, tmp_path)] == [["1", "2"], ["2", "1"], ["2", "2"]]

    def test_classes_are_lines_of_the_labels(self, tmp_path: Path) -> None:
        data = dataset(TrackData(1, "car", [box(0, 1)]), TrackData(2, "person", [box(0, 1)]))
        assert [line.split(",")[7] for line in self.lines(data, tmp_path)] == ["2", "1"]
        with zipfile.ZipFile(tmp_path / "out.zip") as archive:
            assert archive.read("street/gt/labels.txt").decode() == "person\ncar\n"

    def test_what_it_does_not_hold_is_counted(self, tmp_path: Path) -> None:
        polygon = geometry.vertex_row(Kind.POLYGON, 0, Flag.KEYFRAME, 1.0, [(0, 0), (10, 0), (5, 9)])
        rows = [polygon, box(2, 10, Flag.PREDICTED | Flag.DOUBTFUL, 0.5), box(4, 12)]
        track = TrackData(4, "person", rows, "#123456", "framewise-cf", "accepted", {"a": 1}, {"b": [(0, 1)]})
        gone = TrackData(5, "person", [box(0, 1, Flag.KEYFRAME | Flag.OUTSIDE)])
        report = find("mot").write(dataset(track, gone), tmp_path / "out.zip", {}, silent)
        assert report.losses == {
            "tracks without a visible shape are left out": 1,
            "review verdicts have no place in MOTChallenge": 1,
            "colours of single tracks have no place in MOTChallenge": 1,
            "attributes have no place in MOTChallenge": 2,
            "names of models have no place in MOTChallenge": 1,
            "doubts about predicted shapes have no place in MOTChallenge": 1,
            "interpolated shapes become keyframes: every frame has a line of its own": 2,
            "polygon shapes become boxes": 2,
            "predicted shapes become keyframes, without their confidence, which tracker results have": 1,
        }
        assert (report.tracks, report.shapes) == (1, 5)

    def test_a_confidence_that_a_keyframe_loses_is_counted(self, tmp_path: Path) -> None:
        rows = [box(0, 10, confidence=0.4), box(1, 11), box(2, 12, Flag.KEYFRAME | Flag.OUTSIDE, 0.4)]
        report = find("mot").write(dataset(TrackData(1, "car", rows)), tmp_path / "out.zip", {}, silent)
        assert report.losses == {"keyframes are without their confidence": 1}

    @pytest.mark.parametrize("pixels", ["official", "cvat"])
    def test_numbers_have_as_many_decimals_as_it_takes(self, pixels: str, tmp_path: Path) -> None:
        random = np.random.default_rng(1)
        corners = np.sort(random.uniform(-(10 ** random.uniform(-2, 5.5, (200, 2, 1))), 10**5, (200, 2, 2)), axis=1)
        boxes = corners.reshape(200, 4).astype(np.float32)
        rows = [Row(frame, Kind.BOX, Flag.KEYFRAME, 1.0, tuple(each)) for frame, each in enumerate(boxes.tolist())]
        find("mot").write(dataset(TrackData(1, "car", rows)), tmp_path / "out.zip", {"pixels": pixels}, silent)
        (again,) = read("mot", tmp_path / "out.zip")[0].tracks
        assert [row.bounds for row in again.rows] == [row.bounds for row in rows]


class TestResults:
    def test_they_keep_every_confidence_and_read_back(self, tmp_path: Path) -> None:
        rows = [
            box(0, 10, Flag.PREDICTED, 0.9375),
            box(1, 11, Flag.PREDICTED, 0.0),
            box(2, 12, Flag.OCCLUDED | Flag.KEYFRAME),
        ]
        target = tmp_path / "out.zip"
        report = find("mot").write(dataset(TrackData(4, "person", rows)), target, {"contents": "results"}, silent)
        with zipfile.ZipFile(target) as archive:
            lines = archive.read("data/street.txt").decode().splitlines()
        assert [line.split(",")[6:] for line in lines] == [[sure, *["-1"] * 3] for sure in ("0.9375", "0", "1")]
        assert report.losses == {
            "keyframes become predicted shapes": 1,
            "occluded shapes aren't marked, as in ground truth": 1,
            "shapes are without their label, which ground truth has": 3,
        }
        (track,) = read("mot", target)[0].tracks
        assert [(row.frame, row.flags, row.confidence, row.bounds) for row in track.rows] == [
            (row.frame, Flag.PREDICTED, row.confidence, row.bounds) for row in rows
        ]


class TestNames:
    @pytest.mark.parametrize(
        ("video", "sequence"),
        [
            ("../../etc/passwd.mp4", "_.._etc_passwd"),
            ("C:\\videos\\a.mp4", "C__videos_a"),
            ("CON.mp4", "_CON"),
            ("aux .txt.mp4", "_aux .txt"),
            ("..", "sequence"),
            ("trailing . .mp4", "trailing"),
            ("a\nb\x00c.mp4", "a_b_c"),
            ("line\u202etxt.mp4", "line_txt"),
            ("\N{CAT}" * 200 + ".mp4", "\N{CAT}" * 37),
            ("кошка 猫.mp4", "кошка 猫"),
        ],
    )
    def test_folders_are_safe_and_the_file_comes_back_to_its_video(
        self, video: str, sequence: str, tmp_path: Path
    ) -> None:
        find("mot").write(dataset(TrackData(1, "car", [box(0, 1)]), name=video), tmp_path / "out.zip", {}, silent)
        with zipfile.ZipFile(tmp_path / "out.zip") as archive:
            assert {name.partition("/")[0] for name in archive.namelist()} == {sequence}
        (part,) = find("mot").read(tmp_path / "out.zip").parts
        assert sequence in part.names
