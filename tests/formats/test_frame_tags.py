"""Frame tags through the formats: one holds them, the others say that they can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotator.formats import find
from annotator.formats.base import Dataset, LabelInfo, TrackData, VideoInfo
from tests.formats.files import read
from tracking.shapes.chunks import Flag, Kind, Row

NOWHERE = (0.0, 0.0, 0.0, 0.0)
RAIN = [Row(3, Kind.TAG, Flag.KEYFRAME, 1.0, NOWHERE), Row(9, Kind.TAG, Flag.KEYFRAME | Flag.OUTSIDE, 1.0, NOWHERE)]
CAR = [Row(0, Kind.BOX, Flag.KEYFRAME, 1.0, (1.0, 2.0, 3.0, 4.0))]


def dataset() -> Dataset:
    labels = (LabelInfo("rain", "#0000ff"), LabelInfo("car", "#00ff00"))
    return Dataset(
        VideoInfo("a.mp4", 640, 360, 20, 25.0), labels, (TrackData(1, "rain", RAIN), TrackData(2, "car", CAR)), 2
    )


def test_our_own_format_keeps_them(tmp_path: Path) -> None:
    find("framewise").write(dataset(), tmp_path / "out", {})
    found, _ = read("framewise", tmp_path / "out")
    assert [list(track.rows) for track in found.tracks] == [RAIN, CAR]


@pytest.mark.parametrize("format_id", ["cvat", "mot", "coco"])
def test_others_leave_them_out_and_say_so(format_id: str, tmp_path: Path) -> None:
    report = find(format_id).write(dataset(), tmp_path / "out", {})
    assert [loss for loss in report.losses if "frame tags" in loss]
    found, _ = read(format_id, tmp_path / "out")
    assert [track.number for track in found.tracks] == [2]
