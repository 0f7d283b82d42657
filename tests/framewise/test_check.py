"""``framewise check``: what it finds in a file, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from annotator.formats.base import Dataset, LabelInfo, TrackData, VideoInfo
from annotator.formats.mot import Mot
from annotator.formats.native import Native
from annotator.formats.rows import Rows
from framewise.cli import app
from tests.tracking.review.layers import boxes, walk

VIDEO = VideoInfo("street.mp4", 640, 360, 100, 25)


def wrote(tmp_path: Path, *tracks: Rows, format: type[Native | Mot] = Native) -> Path:
    data = [TrackData(number, "car", rows) for number, rows in enumerate(tracks, start=1)]
    target = tmp_path / "tracks"
    format().write(Dataset(VIDEO, [LabelInfo("car")], data, len(data)), target, {})
    return target


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["check", *map(str, arguments)])


@pytest.fixture
def jumping(tmp_path: Path) -> Path:
    way = walk()
    way[30:] += 90
    return wrote(tmp_path, boxes(way))


def test_a_sound_file_ends_well(tmp_path: Path) -> None:
    result = run(wrote(tmp_path, boxes(walk())))
    assert result.exit_code == 0, result.output
    assert "Nothing was found." in result.output


def test_a_finding_is_told_with_its_place_and_ends_with_status_1(jumping: Path) -> None:
    result = run(jumping)
    assert result.exit_code == 1
    assert "warning jump: car 1, frames 29..30: It moves by" in result.output


def test_how_bad_it_must_be_is_chosen(jumping: Path) -> None:
    assert run(jumping, "--fail-on", "error").exit_code == 0
    assert run(jumping, "--fail-on", "terrible").exit_code == 2


def test_programs_read_json(jumping: Path) -> None:
    (video,) = json.loads(run(jumping, "--json").stdout)["videos"]
    (finding,) = video["findings"]
    assert (video["video"], finding["rule"], finding["first"], finding["last"]) == ("street.mp4", "jump", 29, 30)


def test_other_formats_are_checked_too(tmp_path: Path) -> None:
    result = run(wrote(tmp_path, boxes(walk()), boxes(walk() + 0.5), format=Mot), "--format", "mot")
    assert result.exit_code == 1
    assert "error duplicate" in result.output


def test_what_can_not_be_read_ends_with_status_2(tmp_path: Path) -> None:
    alien = tmp_path / "alien.json"
    alien.write_text("[]")
    assert run(alien).exit_code == 2


def test_rows_that_can_not_be_taken_are_findings(jumping: Path) -> None:
    text = json.loads(jumping.read_text())
    text["tracks"][0]["shapes"][3]["frame"] = -4
    jumping.write_text(json.dumps(text))
    result = run(jumping, "--fail-on", "error")
    assert result.exit_code == 1
    assert "error unreadable: track 1, shape 4: frame" in result.output
