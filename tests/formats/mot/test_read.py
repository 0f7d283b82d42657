"""MOTChallenge text as people's tools write it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from annotator.formats import find
from annotator.formats.base import Dataset, FormatError, Report, TrackData
from annotator.formats.videos import part_of
from tracking.shapes.chunks import Flag

INFO = "[Sequence]\nname={}\nimDir=img1\nframeRate=10\nseqLength=100\nimWidth=320\nimHeight=240\nimExt=.jpg\n"
PIXELS = "Pixels were read as counted from 1, as MOTChallenge counts them."
COUNTED = {
    what: f"The file counts {what} from 0, where MOTChallenge counts from 1."
    for what in ("frames", "ids of tracks", "classes")
}
UNCONSIDERED = "lines marked 'not considered' (0) were left out"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def text(content: str | bytes, folder: Path) -> tuple[Dataset, Report]:
    """A file of lines by itself."""
    source = folder / "file"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    part = part_of(find("mot").read(source), "clip.mp4")
    return part.dataset, part.report


def archive(members: dict[str, str], folder: Path, video: str = "clip.mp4") -> tuple[Dataset, Report]:
    source = folder / "file.zip"
    with zipfile.ZipFile(source, "w") as target:
        for path, content in members.items():
            target.writestr(path, content)
    part = part_of(find("mot").read(source), video)
    return part.dataset, part.report


def shown(dataset: Dataset) -> dict[int, list[tuple[int, int, float]]]:
    """By number: frame, flags and left edge of each row."""
    return {
        track.number: [(row.frame, int(row.flags), round(row.bounds[0], 3)) for row in track.rows]
        for track in dataset.tracks
    }


def only(dataset: Dataset) -> TrackData:
    (track,) = dataset.tracks
    return track


class TestWhatALineSays:
    def test_results_are_predictions_with_their_confidence(self, folder: Path) -> None:
        dataset, report = text("1,5,11,21,30,40,0.75,-1,-1,-1\n2,5,11,21,30,40,0,-1,-1,-1\n", folder)
        rows = only(dataset).rows
        assert [(row.flags, row.confidence, row.bounds) for row in rows] == [
            (Flag.PREDICTED, 0.75, (10, 20, 40, 60)),
            (Flag.PREDICTED, 0.0, (10, 20, 40, 60)),
        ]
        assert (report.losses, report.notes) == ({}, [PIXELS])

    def test_ten_columns_of_zeros_and_ones_are_ground_truth(self, folder: Path) -> None:
        lines = "1,1,11,20,30,40,1,-1,-1,-1\n2,1,13,20,30,40,1,-1,-1,-1\n3,1,15,20,30,40,0,-1,-1,-1\n"
        dataset, report = text(lines, folder)
        assert shown(dataset) == {1: [(0, 1, 10), (1, 1, 12)]}
        assert report.losses == {UNCONSIDERED: 1}

    def test_a_confidence_of_minus_one_is_none(self, folder: Path) -> None:
        dataset, report = text("1,1,11,20,30,40,-1,-1,-1,-1\n", folder)
        assert [(row.flags, row.confidence) for row in only(dataset).rows] == [(Flag.PREDICTED, 1.0)]
        assert report.losses == {"lines without a confidence got the full one": 1}

    def test_scores_beyond_one_are_cut_and_told(self, folder: Path) -> None:
        dataset, report = text("1,1,11,20,30,40,45.2,-1,-1,-1\n2,1,11,20,30,40,-3,-1,-1,-1\n", folder)
        assert [row.confidence for row in only(dataset).rows] == [1, 0]
        assert report.losses == {"confidences beyond 0 to 1 were cut": 2}

    def test_nine_columns_with_a_confidence_are_results_with_classes(self, folder: Path) -> None:
        dataset, _ = text("1,1,11,20,30,40,0.9,3,1\n", folder)
        assert (only(dataset).label, only(dataset).rows[0].confidence) == ("car", 0.9)

    def test_six_columns_are_enough(self, folder: Path) -> None:
        assert shown(text("1,1,11,20,30,40\n", folder)[0]) == {1: [(0, 1, 10)]}

    def test_visibility_says_what_is_occluded_and_its_degrees_are_told(self, folder: Path) -> None:
        lines = "".join(f"{frame},1,11,20,30,40,1,1,{seen}\n" for frame, seen in enumerate((1, 0.5, 0.3, 0.8, -1), 1))
        dataset, report = text(lines, folder)
        assert [bool(row.flags & Flag.OCCLUDED) for row in only(dataset).rows] == [False, True, True, False, False]
        assert report.losses == {"degrees of visibility became occluded (up to 0.5) or not": 2}

    def test_places_in_the_world_are_told(self, folder: Path) -> None:
        _, report = text("1,1,11,20,30,40,0.5,-1,-1,-1\n2,1,11,20,30,40,0.5,3.2,4.1,0\n", folder)
        assert report.losses == {"places in the world (x, y, z) have no place here": 1}

    def test_what_stands_behind_the_tenth_column_is_told(self, folder: Path) -> None:
        _, report = text("1,1,11,20,30,40,0.5,-1,-1,-1,7,8\n", folder)
        assert report.losses == {"columns behind the tenth have no meaning here": 1}

    def test_numbers_may_be_written_in_any_way(self, folder: Path) -> None:
        dataset, _ = text("1.0,3.0,1.1e+01,2.1E1,3.05e1,40,0.87,-1,-1,-1\n", folder)
        assert only(dataset).rows[0].bounds == (10, 20, 40.5, 60)

    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbf1, 1, 11, 21, 30, 40, 1, 1, 1\r\n\r\n2, 1, 12, 21, 30, 40, 1, 1, 1\r\n",
            b"1;1;11;21;30;40;1;1;1\n2;1;12;21;30;40;1;1;1",
            b"1 1 11 21 30 40 1 1 1\r2\t1  12 21 30 40 1 1 1\r",
            b"1,1,11,21,30,40,1,1,1,\n2,1,12,21,30,40,1,1,1,\n",
        ],
    )
    def test_lines_are_taken_as_they_are_commonly_written(self, content: bytes, folder: Path) -> None:
        assert shown(text(content, folder)[0]) == {1: [(0, 1, 10), (1, 1, 11)]}

    def test_headings_and_comments_are_passed_over_and_told(self, folder: Path) -> None:
        dataset, report = text("frame,id,left,top,width,height,conf\n# by hand\n1,1,11,21,30,40,1\n", folder)
        assert shown(dataset) == {1: [(0, 1, 10)]}
        assert report.losses == {"headings of columns were passed over": 1, "comments have no place here": 1}


class TestCounting:
    def test_a_frame_0_tells_that_frames_count_from_0(self, folder: Path) -> None:
        dataset, report = text("0,1,11,20,30,40\n1,1,12,20,30,40\n", folder)
        assert shown(dataset) == {1: [(0, 1, 10), (1, 1, 11)]}
        assert report.notes == [COUNTED["frames"], PIXELS]

    def test_an_id_0_tells_that_tracks_do(self, folder: Path) -> None:
        dataset, report = text("1,0,11,20,30,40\n1,4,12,20,30,40\n", folder)
        assert list(shown(dataset)) == [1, 5]
        assert report.notes == [COUNTED["ids of tracks"], PIXELS]

    def test_a_class_0_tells_that_classes_do_where_the_labels_say_how_many_there_are(self, folder: Path) -> None:
        members = {"gt/gt.txt": "1,1,11,20,30,40,1,0,1\n1,2,11,20,30,40,1,1,1\n", "gt/labels.txt": "cat\ndog\n"}
        dataset, report = archive(members, folder)
        assert [track.label for track in dataset.tracks] == ["cat", "dog"]
        assert report.notes == [COUNTED["classes"]]

    def test_gaps_begin_with_an_outside_row(self, folder: Path) -> None:
        dataset, _ = text("1,1,11,20,30,40\n9,1,19,20,30,40\n", folder)
        assert shown(dataset) == {1: [(0, 1, 10), (1, 5, 10), (8, 1, 18)]}


class TestTracks:
    def test_detections_belong_to_no_track_and_are_counted(self, folder: Path) -> None:
        dataset, report = text("1,-1,11,20,30,40,0.5,-1,-1,-1\n1,2,11,20,30,40,0.5,-1,-1,-1\n", folder)
        assert list(shown(dataset)) == [2]
        assert report.losses == {"detections that belong to no track (id -1) were left out": 1}

    def test_an_id_of_two_classes_on_a_frame_is_two_tracks(self, folder: Path) -> None:
        lines = "1,1,11,20,30,40,1,1,1\n1,1,101,20,30,40,1,3,1\n2,1,13,20,30,40,1,1,1\n1,7,1,1,5,5,1,1,1\n"
        dataset, report = text(lines, folder)
        assert [(track.number, track.label) for track in dataset.tracks] == [
            (1, "pedestrian"),
            (8, "car"),
            (7, "pedestrian"),
        ]
        assert report.losses == {"tracks got a new number: another class has theirs": 1}

    def test_a_track_whose_class_changes_has_that_of_most_of_its_lines(self, folder: Path) -> None:
        lines = "".join(f"{frame},1,11,20,30,40,1,{name},1\n" for frame, name in enumerate((1, 3, 3), start=1))
        dataset, report = text(lines, folder)
        assert only(dataset).label == "car"
        assert report.losses == {"lines say another class than most of their track's": 1}

    def test_a_line_that_stands_there_twice_is_taken_once(self, folder: Path) -> None:
        dataset, report = text("1,1,11,20,30,40\n1,1,11,20,30,40\n", folder)
        assert shown(dataset) == {1: [(0, 1, 10)]}
        assert report.losses == {"lines that stand in the file twice were taken once": 1}

    def test_lines_without_a_class_are_told(self, folder: Path) -> None:
        dataset, report = text("1,1,11,20,30,40,1,-1,1\n", folder)
        assert only(dataset).label == "pedestrian"
        assert report.losses == {"lines without a class became pedestrian": 1}


class TestBadLines:
    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("-1,1,1,1,5,5", "whole numbers from 1"),
            ("1.5,1,1,1,5,5", "whole numbers from 1; 1.5 came"),
            ("1,-7,1,1,5,5", "or -1 for none; -7 came"),
            ("1,2.5,1,1,5,5", "whole number from 1, or -1 for none; 2.5 came"),
            ("1,1,1,1,nan,5", "finite"),
            ("1,1,1,1,1e300,5", "sensible size"),
            ("1,1,1,1", "this one has 4 columns"),
            ("1,1,x,1,5,5", "numbers separated by commas"),
            ("1,1,1,1,-5,40", "width and a height from 0; -5 x 40 came"),
            ("1,1,1999999,1,5,5", "Coordinates lie within"),
            ("1,1,1,1,5,5,1,99,1", "Classes count from 1 to 13 here; 99 came"),
            ("1,1,1,1,5,5,1,1.5,1", "1.5 came"),
            ("9,9,2,2,5,5,1,1,1", "another one of track 9 on frame 9"),
        ],
    )
    def test_each_is_named_and_the_others_are_read(self, line: str, says: str, folder: Path) -> None:
        dataset, report = text(f"9,9,1,1,5,5,1,1,1\n\n{line}\n", folder)
        ((where, why),) = report.unreadable.first
        assert (where, says in why) == ("line 3", True), why
        assert list(shown(dataset)) == [9]

    def test_a_file_without_a_line_of_numbers_is_refused(self, folder: Path) -> None:
        _, report = text("frame,id,left,top,width,height\n", folder)
        with pytest.raises(FormatError, match="line 1: A file has lines of numbers"):
            report.refuse_unreadable()

    def test_text_that_is_no_text_is_refused(self, folder: Path) -> None:
        with pytest.raises(FormatError, match="UTF-8"):
            text("1,1,1,1,5,5".encode("utf-16"), folder)


class TestArchives:
    truth = "1,1,11,20,30,40,1,1,1\n"

    def test_ground_truth_of_ten_columns_is_truth(self, folder: Path) -> None:
        lines = "1,1,11,20,30,40,1,-1,-1,-1\n2,1,13,20,30,40,0,-1,-1,-1\n"
        dataset, report = archive({"TUD/gt/gt.txt": lines, "TUD/seqinfo.ini": INFO.format("TUD")}, folder)
        assert shown(dataset) == {1: [(0, 1, 10)]}
        assert (dataset.video.name, dataset.video.width, report.losses) == ("TUD", 320, {UNCONSIDERED: 1})

    def test_results_that_are_all_sure_are_results_by_their_place(self, folder: Path) -> None:
        dataset, _ = archive({"data/TUD.txt": "1,1,11,20,30,40,1,-1,-1,-1\n"}, folder)
        assert shown(dataset) == {1: [(0, 2, 10)]}

    def test_several_sequences_are_told_apart_by_name(self, folder: Path) -> None:
        members = {
            "train/MOT17-02/gt/gt.txt": self.truth,
            "train/MOT17-02/seqinfo.ini": INFO.format("MOT17-02"),
            "train/MOT17-04/gt/gt.txt": "1,3,41,20,30,40,1,1,1\n",
            "train/MOT17-04/seqinfo.ini": INFO.format("MOT17-04"),
            "train/MOT17-04/det/det.txt": "1,-1,1,1,5,5,0.5,-1,-1,-1\n",
            "train/MOT17-04/img1/000001.jpg": "",
            "seqmaps/train.txt": "name\nMOT17-02\nMOT17-04\n",
        }
        dataset, report = archive(members, folder, "MOT17-04.mp4")
        assert shown(dataset) == {3: [(0, 1, 40)]}
        assert report.losses == {
            "files of the archive were not read (train/MOT17-04/det/det.txt, …)": 3,
            "tracks of another video (MOT17-02) were left out": 1,
        }

    def test_a_name_that_no_sequence_has_is_refused_with_theirs(self, folder: Path) -> None:
        members = {"data/MOT17-02.txt": self.truth, "data/MOT17-04.txt": self.truth}
        with pytest.raises(FormatError, match=r"MOT17-02, MOT17-04; none of them is called clip\.mp4"):
            archive(members, folder)

    def test_each_sequence_has_its_own_labels_and_pixels(self, folder: Path) -> None:
        members = {
            "a/gt/gt.txt": self.truth,
            "a/gt/labels.txt": "cat\n",
            "b/gt/gt.txt": self.truth,
            "b/seqinfo.ini": INFO.format("b"),
        }
        assert (only(archive(members, folder, "a")[0]).label, shown(archive(members, folder, "a")[0])[1][0][2]) == (
            "cat",
            11,
        )
        assert (only(archive(members, folder, "b")[0]).label, shown(archive(members, folder, "b")[0])[1][0][2]) == (
            "pedestrian",
            10,
        )

    def test_an_empty_line_among_labels_keeps_the_numbers_of_the_others(self, folder: Path) -> None:
        members = {"gt/gt.txt": "1,1,11,20,30,40,1,3,1\n", "gt/labels.txt": "cat\r\n\r\ndog\r\n"}
        assert only(archive(members, folder)[0]).label == "dog"

    @pytest.mark.parametrize(
        ("info", "says"),
        [
            ("name=TUD\n", "It was passed over. File contains no section headers."),
            ("[Sequence]\nimWidth=wide\n", "imWidth is a number; 'wide' came, and was passed over."),
            ("[Sequence]\nseqLength=nan\n", "seqLength is a number; 'nan' came, and was passed over."),
        ],
    )
    def test_a_seqinfo_that_cannot_be_read_is_told_and_the_lines_are_taken(
        self, info: str, says: str, folder: Path
    ) -> None:
        dataset, report = archive({"TUD/gt/gt.txt": self.truth, "TUD/seqinfo.ini": info}, folder)
        assert (len(list(dataset.tracks)), report.notes) == (1, [f"TUD/seqinfo.ini: {says}"])

    def test_sizes_may_be_written_with_a_point(self, folder: Path) -> None:
        info = INFO.format("TUD").replace("imWidth=320", "imWidth=320.0")
        dataset, report = archive({"TUD/gt/gt.txt": self.truth, "TUD/seqinfo.ini": info}, folder)
        assert (dataset.video.width, report.notes) == (320, [])

    def test_lines_behind_the_length_that_seqinfo_tells_are_told(self, folder: Path) -> None:
        members = {"TUD/gt/gt.txt": "100,1,11,20,30,40,1,1,1\n101,1,11,20,30,40,1,1,1\n"}
        _, report = archive(members | {"TUD/seqinfo.ini": INFO.format("TUD")}, folder)
        assert report.notes == ["seqinfo.ini says that there are 100 frames; 1 lines are of later ones."]

    def test_folders_may_be_written_with_backslashes(self, folder: Path) -> None:
        dataset, _ = archive({"TUD\\gt\\gt.txt": self.truth, "TUD\\seqinfo.ini": INFO.format("TUD")}, folder)
        assert dataset.video.frame_count == 100

    def test_what_a_mac_adds_is_no_file(self, folder: Path) -> None:
        dataset, report = archive({"a/gt/gt.txt": self.truth, "__MACOSX/a/gt/._gt.txt": "x"}, folder)
        assert (len(list(dataset.tracks)), report.losses) == (1, {})

    def test_one_without_lines_is_refused(self, folder: Path) -> None:
        with pytest.raises(FormatError, match=r"holds gt/gt\.txt"):
            archive({"readme.txt": "hello"}, folder)
