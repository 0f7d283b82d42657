"""Shapes that interpolate by more than their bounds, through the formats that can hold them."""

from __future__ import annotations

from math import pi
from pathlib import Path

import numpy as np
import pytest

from annotator.formats import find, geometry
from annotator.formats.base import Dataset, LabelInfo, TrackData, VideoInfo
from tests.formats.files import read
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import expand

SQUARE = [[10.0, 10.0], [50.0, 10.0], [50.0, 50.0], [10.0, 50.0]]
HOUSE = [[90.0, 30.0], [110.0, 10.0], [130.0, 30.0], [130.0, 70.0], [90.0, 70.0]]


def outline(kind: Kind, frame: int, vertices: list[list[float]]) -> Row:
    return geometry.vertex_row(kind, frame, Flag.KEYFRAME, 1.0, vertices)


def rotated(frame: int, angle: float) -> Row:
    return geometry.rotated_row(frame, Flag.KEYFRAME, 1.0, (100.0, 80.0, 60.0, 20.0, angle))


def points(frame: int, places: list[list[float]]) -> Row:
    return geometry.point_row(Kind.POINTS, frame, Flag.KEYFRAME, 1.0, [(x, y) for x, y in places], [2] * len(places))


TRACKS = {
    "polygon": [outline(Kind.POLYGON, 0, SQUARE), outline(Kind.POLYGON, 8, HOUSE)],
    "polyline": [outline(Kind.POLYLINE, 0, SQUARE[:3]), outline(Kind.POLYLINE, 8, HOUSE)],
    "points": [points(0, SQUARE), points(8, HOUSE[:4])],
    "rotated box": [rotated(0, pi - 0.1), rotated(8, 0.2 - pi)],
}


def again(format_id: str, rows: list[Row], folder: Path) -> list[Row]:
    """The rows after they were written and read."""
    labels = (LabelInfo("thing", "#ff0000"),)
    data = Dataset(VideoInfo("a.mp4", 640, 360, 9, 25.0), labels, (TrackData(1, "thing", rows),), 1)
    find(format_id).write(data, folder / "out", {})
    found, _ = read(format_id, folder / "out")
    ((track),) = found.tracks
    return list(track.rows)


@pytest.mark.parametrize("format_id", ["framewise", "cvat"])
@pytest.mark.parametrize("kind", TRACKS)
def test_keyframes_alone_are_written_and_move_as_before_when_read(format_id: str, kind: str, tmp_path: Path) -> None:
    rows = TRACKS[kind]
    read = again(format_id, rows, tmp_path)
    assert [row.frame for row in read] == [0, 8]
    for before, after in zip(expand(rows), expand(read), strict=True):
        assert (before.frame, before.kind, len(before.payload)) == (after.frame, after.kind, len(after.payload))
        assert np.frombuffer(after.payload[:20], "<f4") == pytest.approx(
            np.frombuffer(before.payload[:20], "<f4"), abs=0.02
        )
        assert after.bounds == pytest.approx(before.bounds, abs=0.02)
