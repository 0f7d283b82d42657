"""``framewise join``: tracklets in a file become tracks, in both of its layouts, and what was joined is listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from annotator.formats.base import Dataset, LabelInfo, TrackData, VideoInfo
from annotator.formats.native import Native
from framewise.cli import app
from tests.e2e.clips import FPS, HEIGHT, WIDTH, moving_things
from tracking.shapes.chunks import Flag, Kind, Row

GAP = range(20, 26)


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["join", *map(str, arguments)])
    return result.exit_code, result.output + result.stderr


def moving(number: int, first: int, last: int, *, top: float = 100) -> TrackData:
    """A car that moves by 4 px a frame, as a model found it."""
    rows = [
        Row(frame, Kind.BOX, Flag.PREDICTED, 0.9, (4 * frame, top, 4 * frame + 60, top + 40))
        for frame in range(first, last + 1)
    ]
    end = Row(last + 1, Kind.BOX, Flag.OUTSIDE | Flag.PREDICTED, 0.9, rows[-1].bounds)
    return TrackData(number, "car", [*rows, end])


@pytest.fixture
def lost_and_found(tmp_path: Path) -> Path:
    """One car as tracks 1 and 3, lost in between, and another one far below."""
    tracks = [moving(1, 0, GAP.start - 1), moving(2, 0, 60, top=500), moving(3, GAP.stop, 60)]
    file = tmp_path / "tracks.json"
    Native().write(Dataset(VideoInfo("v", 1280, 720, 100, 25.0), [LabelInfo("car")], tracks, 3), file, {})
    return file


def test_what_was_lost_and_found_again_is_one_track_and_the_join_is_listed(lost_and_found: Path) -> None:
    out = lost_and_found.with_name("joined.json")
    code, said = run(lost_and_found, "-o", out)
    assert code == 0, said
    assert "Track 1 goes on as 3 behind frame 19" in said
    assert "1 join: 3 tracks became 2." in said
    one, other = json.loads(out.read_text())["tracks"]
    assert [one["number"], other["number"]] == [1, 2]
    frames = [shape["frame"] for shape in one["shapes"] if not shape["outside"]]
    assert frames == [frame for frame in range(61) if frame not in GAP]
    # Nothing says that it is gone in between: there it is interpolated.
    assert all(shape["frame"] > 60 for shape in one["shapes"] if shape["outside"])


def test_lines_of_motchallenge_come_out_as_such_with_the_gap_filled(lost_and_found: Path) -> None:
    lines, out = lost_and_found.with_name("mot.txt"), lost_and_found.with_name("joined.txt")
    assert run(lost_and_found, "-o", lines, "--sure", 1)[0] == 0
    code, said = run(lines, "-o", out, "--rate", 25)
    assert code == 0, said
    found = [[float(value) for value in line.split(",")] for line in out.read_text().splitlines()]
    joined = {int(frame) - 1: left - 1 for frame, number, left, *_ in found if number == 1}
    assert joined == pytest.approx({frame: 4.0 * frame for frame in range(61)}, abs=0.01)
    assert {number for _, number, *_ in found} == {1, 2}


def test_what_can_not_be_read_or_written_is_said_and_nothing_is_written(lost_and_found: Path) -> None:
    out = lost_and_found.with_name("joined.csv")
    code, said = run(lost_and_found, "-o", out)
    assert (code, out.exists()) == (1, False)
    assert "joined.csv came" in said
    broken = lost_and_found.with_name("broken.json")
    broken.write_text("{")
    code, said = run(broken, "-o", lost_and_found.with_name("out.json"))
    assert code == 1 and "no Framewise JSON" in said


def test_the_video_says_what_lines_of_motchallenge_do_not(lost_and_found: Path) -> None:
    lines, out, video = (lost_and_found.with_name(name) for name in ("lines.txt", "out.json", "street.mp4"))
    assert run(lost_and_found, "-o", lines)[0] == 0
    moving_things(video, 61)
    code, said = run(lines, "--video", video, "-o", out)
    assert code == 0, said
    told = json.loads(out.read_text())["video"]
    assert told == {"name": "street.mp4", "width": WIDTH, "height": HEIGHT, "frame_count": 61, "fps": FPS}
