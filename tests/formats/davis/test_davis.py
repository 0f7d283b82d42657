"""DAVIS's pictures out and in, as the benchmark's own code reads them, those of others, and hostile ones."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.formats import find
from annotator.formats.base import FormatError, Report, TrackData
from tests.formats.files import read
from tests.formats.pictures import HEIGHT, WIDTH, archive, huge, layer, mask, picture, shown, square, whole
from tracking.shapes.chunks import Flag
from tracking.shapes.palette import palette


def written(folder: Path, *tracks: TrackData) -> tuple[Path, Report]:
    target = folder / "out.zip"
    return target, find("davis").write(layer(*tracks), target, {})


def test_pictures_are_read_as_the_benchmark_reads_them(tmp_path: Path) -> None:
    """``np.array(Image.open(file))`` of sorted files, one for every frame, gives the objects' numbers."""
    rows = [mask(1, 3, 4), mask(2, 5, 4)]
    target, _ = written(tmp_path, TrackData(2, "car", rows), TrackData(9, "car", [mask(2, 40, 30)]))
    with zipfile.ZipFile(target) as file:
        names = sorted(name for name in file.namelist() if name.endswith(".png"))
        images = [Image.open(io.BytesIO(file.read(name))) for name in names]
    assert names == [f"Annotations/street/{frame:05d}.png" for frame in range(6)]
    assert {image.mode for image in images} == {"P"}
    assert bytes(images[0].getpalette() or ()) == palette()
    maps = [np.array(image) for image in images]
    assert [np.unique(each).tolist() for each in maps] == [[0], [0, 2], [0, 2, 9], [0], [0], [0]]
    assert np.array_equal(maps[2] == 2, whole(rows[1]))


def test_trackeval_reads_what_is_written_and_finds_it_perfect(tmp_path: Path) -> None:
    from trackeval.datasets import DAVIS
    from trackeval.metrics import HOTA

    target, _ = written(
        tmp_path, TrackData(1, "car", [mask(f, 3 + f, 4) for f in range(6)]), TrackData(2, "car", [mask(1, 40, 30)])
    )
    for folder in ("gt", "results/ours/data"):
        with zipfile.ZipFile(target) as file:
            for name in file.namelist():
                if name.endswith(".png"):
                    path = tmp_path / folder / name.removeprefix("Annotations/")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(file.read(name))
    dataset = DAVIS(
        {"GT_FOLDER": str(tmp_path / "gt"), "TRACKERS_FOLDER": str(tmp_path / "results"), "PRINT_CONFIG": False}
    )
    raw = dataset.get_raw_seq_data("ours", "street")
    sequence = dataset.get_preprocessed_seq_data(raw, "general")
    assert (sequence["num_timesteps"], sequence["num_gt_ids"]) == (6, 2)
    assert HOTA().eval_sequence(sequence)["HOTA"].mean() == pytest.approx(1)


def test_numbers_beyond_the_palette_come_back_and_so_does_what_is_said_of_tracks(tmp_path: Path) -> None:
    track = TrackData(1234, "Fußgänger", [mask(0, 1, 1)], "#123456", "framewise-flow", "accepted")
    target, report = written(tmp_path, track, TrackData(1, "car", [mask(0, 30, 1)]))
    assert report.losses == {}
    found = {each.number: each for each in read("davis", target)[0].tracks}
    again = found[1234]
    assert (again.label, again.colour, again.source, again.verdict) == (
        "Fußgänger",
        "#123456",
        "framewise-flow",
        "accepted",
    )


def test_more_objects_than_the_palette_has_are_counted(tmp_path: Path) -> None:
    tracks = [TrackData(number, "car", [mask(0, number % 64, number // 64, 1, 1)]) for number in range(1, 301)]
    target, report = written(tmp_path, *tracks)
    assert report.losses == {"tracks beyond 254 objects are left out": 46}
    assert sorted(track.number for track in read("davis", target)[0].tracks) == list(range(1, 255))


def test_of_masks_that_overlap_the_higher_number_is_in_front_and_the_rest_is_counted(tmp_path: Path) -> None:
    back, front, hidden = mask(0, 0, 0, 10, 10), mask(0, 5, 5, 10, 10), mask(0, 6, 6, 2, 2)
    target, report = written(
        tmp_path, TrackData(7, "car", [front]), TrackData(3, "car", [back]), TrackData(4, "car", [hidden])
    )
    assert report.losses == {
        "masks are cut where one of a track with a higher number covers them": 2,
        "masks without a pixel are left out": 1,
    }
    found = {track.number: shown(track)[0] for track in read("davis", target)[0].tracks}
    assert sorted(found) == [3, 7]
    assert np.array_equal(found[7], whole(front))
    assert np.array_equal(found[3], whole(back) & ~whole(front))


def test_every_folder_is_a_video_by_its_name(tmp_path: Path) -> None:
    source = archive(
        tmp_path,
        {
            "DAVIS/Annotations/480p/bear/00000.png": picture(square(1)),
            "DAVIS/Annotations/480p/street/00000.png": picture(square(3)),
            "DAVIS/JPEGImages/480p/street/00000.jpg": b"",
        },
    )
    found, report = read("davis", source)
    assert [(track.number, track.label) for track in found.tracks] == [(3, "object")]
    assert (found.video.width, found.video.height) == (WIDTH, HEIGHT)
    assert report.losses == {
        "files of the archive were not read (DAVIS/JPEGImages/480p/street/00000.jpg)": 1,
        "tracks of another video (bear) were left out": 1,
    }


def test_frames_without_a_picture_leave_masks_as_they_are(tmp_path: Path) -> None:
    """YouTube-VOS has pictures of every fifth frame."""
    names = [f"Annotations/street/{frame:05d}.png" for frame in (0, 5, 10, 15)]
    maps = [square(1), square(1, 7), square(0), square(1, 9)]
    source = archive(tmp_path, {name: picture(each) for name, each in zip(names, maps, strict=True)})
    found, report = read("davis", source)
    (track,) = found.tracks
    assert [(row.frame, bool(row.flags & Flag.OUTSIDE)) for row in track.rows] == [
        (0, False), (5, False), (10, True), (15, False)
    ]  # fmt: skip
    assert report.notes == ["There are pictures of 4 frames, from 0 to 15: between them masks stay."]


@pytest.mark.parametrize("mode", ["L", "1"])
def test_pictures_of_black_and_white_have_one_object(mode: str, tmp_path: Path) -> None:
    """As DAVIS 2016 has them."""
    source = archive(tmp_path, {"bear/00000.png": picture(square(255), mode)})
    (track,) = read("davis", source)[0].tracks
    assert track.number == 1
    assert np.array_equal(shown(track)[0], square(255) > 0)


def test_what_shall_not_be_judged_is_left_out_and_counted(tmp_path: Path) -> None:
    values = square(2) + square(255, 30)
    found, report = read("davis", archive(tmp_path, {"bear/00000.png": picture(values)}))
    assert [track.number for track in found.tracks] == [2]
    assert report.losses == {"areas that shall not be judged (index 255) were left out": 1}


HOSTILE = {
    "a picture that says it is huge": ({"a/0.png": huge(60_000, 60_000)}, "at most 67,108,864 px"),
    "a picture without a size": ({"a/0.png": huge(0, 5)}, "at most"),
    "less than a head": ({"a/0.png": b"\x89PNG\r\n\x1a\n"}, "no PNG that can be read"),
    "another file": ({"a/0.png": b"GIF89a" + bytes(100)}, "no PNG that can be read"),
    "half a picture": ({"a/0.png": picture(square(1))[:-40]}, "no PNG that can be read"),
    "data that end": ({"a/0.png": huge(4000, 4000)}, "no PNG that can be read"),
    "colours": ({"a/0.png": picture(square(1), "RGB")}, "this one is of the kind RGB"),
    "sixteen bits": ({"a/0.png": picture(square(1001), "I;16")}, "8 bits"),
    "another size": (
        {"a/0.png": picture(square(1)), "a/1.png": picture(square(1)[:9])}, "first one has 64 x 48 px, this one 64 x 9"
    ),
    "a frame twice": ({"a/0.png": picture(square(1)), "a/000.png": picture(square(1))}, "A frame has one picture"),
    "no pictures": ({"a/b.txt": b"1"}, "no numbered PNGs"),
    "a list that isn't one": (
        {"a/0.png": picture(square(1)), "framewise.json": b'{"format": "davis", "video": 3}'},
        "framewise.json is not as",
    ),
    "a list of another format": (
        {
            "a/0.png": picture(square(1)),
            "framewise.json": b'{"format":"mots","video":{"name":"","width":1,"height":1,"frames":1,"fps":1}}',
        },
        "exported as 'mots'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_in_words(name: str, tmp_path: Path) -> None:
    members, says = HOSTILE[name]
    with pytest.raises(FormatError, match=says):
        read("davis", archive(tmp_path, members))


def test_pictures_have_a_bound_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.formats.davis.read.PictureReader.__init__.__defaults__", (5000,))
    source = archive(tmp_path, {"a/0.png": picture(square(1)), "a/1.png": picture(square(2))})
    with pytest.raises(FormatError, match="px together"):
        read("davis", source)


def test_a_folder_that_is_no_archive_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture(square(1)))
    with pytest.raises(FormatError, match="Put the folder in a zip"):
        read("davis", tmp_path / "a.png")
