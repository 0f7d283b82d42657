"""MOTS out and in, as the tools that own it read it, those of others, and hostile ones."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as pycocotools

from annotator.formats import find
from annotator.formats.base import Dataset, FormatError, LabelInfo, Report, TrackData
from annotator.formats.mots.limits import ids
from tests.formats.files import read
from tests.formats.pictures import HEIGHT, VIDEO, WIDTH, archive, huge, layer, mask, picture, shown, square, whole
from tracking.shapes.chunks import Flag

KITTI = {"numbering": "kitti"}


def written(folder: Path, *tracks: TrackData, **options: str) -> tuple[zipfile.ZipFile, Report]:
    target = folder / "out.zip"
    report = find("mots").write(layer(*tracks), target, options)
    return zipfile.ZipFile(target), report


def line(frame: int, value: int, class_: int = 2, **more: Any) -> str:
    told = pycocotools.encode(np.asfortranarray(more.get("bitmap", square(1) > 0).astype(np.uint8)))
    size = more.get("size", told["size"])
    return f"{frame} {value} {class_} {size[0]} {size[1]} {told['counts'].decode()}\n"


def taken(text: str, folder: Path) -> Any:
    (folder / "in.txt").write_text(text)
    return read("mots", folder / "in.txt")


def test_lines_are_read_as_mots_tools_reads_them(tmp_path: Path) -> None:
    """Six fields, run lengths that pycocotools decodes, and no two masks of a frame that meet."""
    back, front = mask(1, 3, 4), mask(1, 8, 8)
    file, _ = written(
        tmp_path, TrackData(3, "car", [back]), TrackData(7, "car", [front]), TrackData(9, "Fußgänger", [mask(5, 1, 1)])
    )
    assert "street/seqinfo.ini" in file.namelist()
    fields = [each.split(" ") for each in file.read("street/gt/gt.txt").decode().splitlines()]
    assert [each[:5] for each in fields] == [
        ["2", "1003", "1", "48", "64"],
        ["2", "1007", "1", "48", "64"],
        ["6", "3009", "3", "48", "64"],
    ]
    decoded = [pycocotools.decode({"size": [48, 64], "counts": each[5].encode()}).astype(bool) for each in fields]
    assert np.array_equal(decoded[1], whole(front))
    assert np.array_equal(decoded[0], whole(back) & ~whole(front))


def test_pictures_are_read_as_mots_tools_reads_them(tmp_path: Path) -> None:
    """``np.array(Image.open(file))`` gives 1000 times the class and a number."""
    file, _ = written(tmp_path, TrackData(3, "car", [mask(1, 3, 4)]), contents="pictures", **KITTI)
    names = [name for name in file.namelist() if name.endswith(".png")]
    assert names == [f"instances/street/{frame:06d}.png" for frame in range(6)]
    maps = [np.array(Image.open(io.BytesIO(file.read(name)))) for name in names]
    assert {each.dtype for each in maps} == {np.dtype(np.uint16)}
    assert [np.unique(each).tolist() for each in maps] == [[0], [0, 1003], [0], [0], [0], [0]]


def test_trackeval_reads_what_is_written_and_finds_it_perfect(tmp_path: Path) -> None:
    from trackeval.datasets import MOTSChallenge
    from trackeval.metrics import HOTA

    rows = [mask(frame, 3 + frame, 4) for frame in range(6)]
    tracks = (TrackData(1, "pedestrian", rows), TrackData(2, "pedestrian", rows[:2]))
    target = tmp_path / "out.zip"
    find("mots").write(Dataset(VIDEO, (LabelInfo("pedestrian"),), tracks, 2), target, {})
    with zipfile.ZipFile(target) as file:
        file.extractall(tmp_path / "gt")
        (tmp_path / "results/ours/data").mkdir(parents=True)
        (tmp_path / "results/ours/data/street.txt").write_bytes(file.read("street/gt/gt.txt"))
    dataset = MOTSChallenge(
        {
            "GT_FOLDER": str(tmp_path / "gt"),
            "TRACKERS_FOLDER": str(tmp_path / "results"),
            "SEQ_INFO": {"street": None},
            "SKIP_SPLIT_FOL": True,
            "PRINT_CONFIG": False,
        }
    )
    raw = dataset.get_raw_seq_data("ours", "street")
    sequence = dataset.get_preprocessed_seq_data(raw, "pedestrian")
    assert (sequence["num_timesteps"], sequence["num_gt_ids"]) == (6, 2)
    assert HOTA().eval_sequence(sequence)["HOTA"].mean() == pytest.approx(1)


@pytest.mark.parametrize("options", [{}, KITTI, {"contents": "pictures"}], ids=str)
def test_what_has_no_place_in_lines_comes_back(options: dict[str, str], tmp_path: Path) -> None:
    track = TrackData(123_456, "Fußgänger", [mask(1, 1, 1)], "#123456", "framewise-flow", "accepted")
    _, report = written(tmp_path, track, **options)
    (again,) = read("mots", tmp_path / "out.zip")[0].tracks
    assert report.losses == {}
    assert find("mots").read(tmp_path / "out.zip").report.losses == {}
    assert [row.frame for row in again.rows] == [1]
    assert (again.number, again.label, again.colour, again.source, again.verdict) == (
        123_456, "Fußgänger", "#123456", "framewise-flow", "accepted"
    )  # fmt: skip


def test_ids_keep_their_number_where_they_can_and_end_where_a_pixel_does() -> None:
    rows = [mask(0, 1, 1)]
    tracks = [TrackData(number, "car", rows) for number in (7, 1007, 1009, 5000)] + [TrackData(8, "a", rows)]
    assert ids(tracks) == {7: 1007, 1007: 1001, 1009: 1009, 5000: 1002, 8: 3008}
    many = [TrackData(number, "car", rows) for number in range(1, 1200)]
    assert sorted(ids(many).values()) == list(range(1001, 2000))
    labels = [TrackData(number, f"label {number:03}", rows) for number in range(1, 80)]
    assert max(ids(labels).values()) <= 65_535
    assert not any(value // 1000 == 10 for value in ids(labels).values())


@pytest.mark.parametrize(("first", "told"), [(0, "from 0, as KITTI"), (1, "from 1, as MOTSChallenge")])
def test_lines_of_others_say_by_a_zero_from_where_they_count(first: int, told: str, tmp_path: Path) -> None:
    text = line(first, 2001) + line(first + 1, 2001) + line(first + 3, 2001) + line(first, 1001, 1)
    found, report = taken(text, tmp_path)
    car, walker = found.tracks
    assert (car.number, car.label, walker.number, walker.label) == (1001, "car", 2001, "pedestrian")
    assert [(row.frame, bool(row.flags & Flag.OUTSIDE)) for row in walker.rows] == [
        (0, False), (1, False), (2, True), (3, False)
    ]  # fmt: skip
    assert np.array_equal(shown(walker)[0], square(1) > 0)
    assert (found.video.width, found.video.height) == (WIDTH, HEIGHT)
    assert told in report.notes[0]


def test_what_shall_not_be_judged_and_what_is_empty_is_counted(tmp_path: Path) -> None:
    text = line(1, 2001) + line(1, 10_000, 10) + line(2, 2001, bitmap=square(0) > 0)
    found, report = taken(text, tmp_path)
    assert [track.number for track in found.tracks] == [2001]
    assert report.losses == {
        "areas that shall not be judged (class 10) were left out": 1,
        "masks without a pixel were left out": 1,
    }


def test_pictures_of_others_are_read_by_their_folder(tmp_path: Path) -> None:
    values = square(1005) + square(2005, 30) + square(10_000, 45)
    members = {
        "instances/bear/000001.png": picture(square(1001), "I;16"),
        "instances/street/000001.png": picture(values, "I;16"),
        "instances/street/000002.png": picture(square(1005, 9), "I;16"),
    }
    found, report = read("mots", archive(tmp_path, members))
    assert [(track.number, track.label, [row.frame for row in track.rows]) for track in found.tracks] == [
        (1005, "car", [0, 1]),
        (2005, "pedestrian", [0]),
    ]
    assert report.notes == ["The names of the pictures count frames from 1."]
    assert report.losses["areas that shall not be judged (class 10) were left out"] == 1


LINES = {
    "too few fields": ("1 2001 2 48 64\n", "6 fields"),
    "words": ("1 2001 car 48 64 abc\n", "whole numbers"),
    "a huge number": (line(2**40, 2001), "whole numbers"),
    "runs that don't fill the picture": (f"1 2001 2 {HEIGHT} {WIDTH} 11\n", "add up to their image"),
    "runs of other signs": (f"1 2001 2 {HEIGHT} {WIDTH} ~~~\n", "characters from 0 to o"),
    "a huge picture": ("1 2001 2 1000000 1000000 0\n", "size .height, width."),
    "another size": (line(1, 2001) + line(2, 2001, size=(64, 48)), "first 64 x 48 px; this one has 48 x 64"),
    "twice on a frame": (line(1, 2001) * 2, "another on frame 1"),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_that_can_not_be_are_named(name: str, tmp_path: Path) -> None:
    text, says = LINES[name]
    with pytest.raises(FormatError, match=says):
        taken(text, tmp_path)


ARCHIVES = {
    "eight bits": ({"a/000001.png": picture(square(1))}, "PNG of 16 bits"),
    "no class": ({"a/000001.png": picture(square(5), "I;16")}, "1000 times the class"),
    "a picture that says it is huge": ({"a/000001.png": huge(60_000, 60_000)}, "at most 67,108,864 px"),
    "neither": ({"readme.txt": b"hello there"}, "neither lines of masks"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_hostile_archives_are_refused_in_words(name: str, tmp_path: Path) -> None:
    members, says = ARCHIVES[name]
    with pytest.raises(FormatError, match=says):
        read("mots", archive(tmp_path, members))


def test_a_line_without_an_end_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.formats.mots.read.LONGEST_LINE", 50)
    with pytest.raises(FormatError, match="one goes on"):
        taken("1" * 60, tmp_path)
