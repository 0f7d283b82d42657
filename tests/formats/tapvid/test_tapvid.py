"""TAP-Vid's pickles out and in, those of others, and those that want more than to be read."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotator.formats import find, geometry
from annotator.formats.base import Dataset, FormatError, LabelInfo, Report, TrackData, VideoInfo
from tests.formats.files import read
from tracking.evaluate.point_metrics import queries
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.skeletons import Joint, Skeleton

PAIR = Skeleton(joints=(Joint(name="a", x=0, y=0), Joint(name="b", x=1, y=1)), edges=((0, 1),))
VIDEO = VideoInfo("walk.mp4", 640, 360, 12, 25.0)
LABELS = (LabelInfo("person", "#ff0000", (), PAIR), LabelInfo("spot", "#00ff00"))


def points(frame: int, kind: Kind, *given: tuple[float, float, int], flags: Flag = Flag.KEYFRAME) -> Row:
    return geometry.point_row(kind, frame, flags, 1.0, [(x, y) for x, y, _ in given], [state for *_, state in given])


def tracks() -> tuple[TrackData, TrackData]:
    walker = [
        points(2, Kind.SKELETON, (10.1, 20.3, 2), (30, 40, 1)),
        points(3, Kind.SKELETON, (11.7, 20.3, 2), (0, 0, 0)),
        points(4, Kind.SKELETON, (11.7, 20.3, 2), (0, 0, 0), flags=Flag.KEYFRAME | Flag.OUTSIDE),
        points(8, Kind.SKELETON, (700.5, -3.25, 1), (5, 5, 2)),
    ]
    return (
        TrackData(3, "person", walker, "#123456", "framewise-flow", "accepted"),
        TrackData(9, "spot", [points(11, Kind.POINTS, (1.5, 2.5, 2))]),
    )


def written(folder: Path, *given: TrackData) -> tuple[Path, Report]:
    target = folder / "out.pkl"
    return target, find("tapvid").write(Dataset(VIDEO, LABELS, given, len(given)), target, {})


def test_points_and_skeletons_come_back_as_they_were(tmp_path: Path) -> None:
    target, report = written(tmp_path, *tracks())
    assert (report.losses, report.tracks, report.shapes) == ({}, 2, 4)
    found, _ = read("tapvid", target)
    assert (found.video, tuple(found.labels)) == (VIDEO, LABELS)
    for before, after in zip(tracks(), found.tracks, strict=True):
        assert [(row.frame, row.kind, row.flags & Flag.OUTSIDE) for row in after.rows] == [
            (row.frame, row.kind, row.flags & Flag.OUTSIDE) for row in before.rows
        ]
        assert [row.payload for row in after.rows if not row.flags & Flag.OUTSIDE] == [
            row.payload for row in before.rows if not row.flags & Flag.OUTSIDE
        ]
        for name in ("number", "label", "colour", "source", "verdict"):
            assert getattr(after, name) == getattr(before, name)


def test_the_file_is_what_readers_of_tap_vid_expect(tmp_path: Path) -> None:
    target, report = written(tmp_path, *tracks())
    clip = pickle.loads(target.read_bytes())["walk.mp4"]  # noqa: S301 (we wrote it)
    assert (clip["points"].shape, clip["occluded"].shape, clip["occluded"].dtype) == ((3, 12, 2), (3, 12), np.bool_)
    assert clip["points"][0, 2] * (640, 360) == pytest.approx([10.1, 20.3], abs=1e-5)
    assert queries(clip["occluded"], "first") == [(0, 2), (1, 8), (2, 11)]
    assert [note for note in report.notes if "Pictures" in note]


def test_what_is_no_point_is_left_out_and_told(tmp_path: Path) -> None:
    box = TrackData(5, "spot", [Row(0, Kind.BOX, Flag.KEYFRAME, 1.0, (1, 2, 3, 4))])
    _, report = written(tmp_path, box, *tracks())
    assert report.tracks == 2
    assert report.losses == {"shapes that aren't points or skeletons are left out": 1}


def test_gaps_that_do_not_come_back_are_told(tmp_path: Path) -> None:
    gap = Flag.KEYFRAME | Flag.OUTSIDE
    rows = [points(frame, Kind.POINTS, (1, 1, 2), flags=gap if frame != 5 else Flag.KEYFRAME) for frame in (0, 5)]
    _, report = written(tmp_path, TrackData(1, "spot", rows))
    assert [count for what, count in report.losses.items() if "gaps before" in what] == [1]


def test_progress_can_cancel(tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def cancel(done: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        find("tapvid").write(Dataset(VIDEO, LABELS, tracks(), 2), tmp_path / "out", {}, cancel)


def clip(**changes: Any) -> dict[str, Any]:
    """As the authors write it: one point that shows, is hidden at a place, and hidden at none."""
    return {
        "video": np.zeros((3, 90, 160, 3), np.uint8),
        "points": np.array([[[0.5, 0.5], [0.25, 0.5], [0, 0]]], np.float32),
        "occluded": np.array([[False, True, True]]),
        **changes,
    }


def taken(value: object, folder: Path) -> Dataset:
    (folder / "in.pkl").write_bytes(pickle.dumps(value))
    return read("tapvid", folder / "in.pkl", "goat.mp4")[0]


@pytest.mark.parametrize("value", [{"goat": clip()}, [clip()], clip()], ids=["dictionary", "list", "one"])
def test_files_of_the_authors_become_a_track_for_each_point(value: object, tmp_path: Path) -> None:
    found = taken(value, tmp_path)
    (track,) = found.tracks
    assert (found.video.width, found.video.height, track.label) == (160, 90, "point")
    assert [(row.frame, geometry.vertices(row)[0].tolist(), geometry.visibilities(row)) for row in track.rows] == [
        (0, [80, 45], [2]),
        (1, [40, 45], [1]),
    ]


def test_pictures_that_are_encoded_tell_their_size(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (160, 90)).save(stream, "JPEG")
    found = taken([clip(video=[stream.getvalue()] * 3)], tmp_path)
    assert (found.video.width, found.video.height) == (160, 90)


def test_an_archive_of_pickles_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name in ("goat", "cow"):
            archive.writestr(f"{name}.pkl", pickle.dumps({name: clip()}))
    reading = find("tapvid").read(tmp_path / "in.zip")
    assert [part.names for part in reading.parts] == [("goat",), ("cow",)]


class Hostile:
    def __reduce__(self) -> Any:
        return os.system, ("touch harmed",)


TRACK = {"number": 1, "label": "spot", "kind": "points", "points": 1}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (Hostile(), "Don't use this file"),
        ({"goat": clip(more=Hostile())}, "Don't use this file"),
        ({"goat": clip(points=np.array([[[Hostile()] * 2] * 3]))}, "Don't use this file"),
        ({"goat": {"points": np.zeros((1, 3, 2))}}, "points and occluded are needed"),
        ({"goat": clip(points=np.zeros((1, 3)))}, "x and y by point and frame"),
        ({"goat": clip(occluded=np.zeros((1, 4), bool))}, "not of the points' shape"),
        ({"goat": clip(points=np.full((1, 3, 2), 1e9))}, "within ±1,000,000"),
        ({"goat": clip(points=np.full((1, 3, 2), np.inf))}, "within ±1,000,000"),
        ({"goat": clip(video=[b"jpeg"])}, "first picture of goat can't be read"),
        ({"goat": clip(video=None)}, "neither the pictures"),
        ({"goat": clip(size=(10**9, 1))}, "sides of 1 to"),
        ({"goat": clip(tracks=[TRACK, TRACK])}, "its tracks have 2 points, it has 1"),
        ({"goat": clip(tracks=[TRACK | {"kind": "box"}])}, "kind"),
        ("goat", "neither a dictionary"),
    ],
)
def test_what_can_not_be_taken_is_refused_in_words(
    value: object, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FormatError, match=says):
        taken(value, tmp_path)
    assert not (tmp_path / "harmed").exists()


def test_more_places_than_fit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.formats.tapvid.write.MOST_PLACES", 30)
    with pytest.raises(FormatError, match="at most 30 here; 3 points on 12 frames"):
        written(tmp_path, *tracks())
