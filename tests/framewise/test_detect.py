"""``framewise detect``: boxes of a video into a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.framewise.test_cli import framewise
from tests.media.clips import write_clip
from tests.tracking import fakes
from tracking.types import Frame

FRAMES = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", FRAMES)


@pytest.fixture(autouse=True)
def detectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_DETECTORS", "tests.tracking.fakes:DETECTORS")


def test_json_holds_classes_boxes_and_what_was_asked(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "boxes.json"
    said = framewise("detect", clip, "--model", "repeating", "--every", 4, "--first", 2, "--last", 11, "-o", out)
    assert said.exit_code == 0, said.output
    assert "3 of 3 frames: 3 car, 3 person" in said.output
    told = json.loads(out.read_text())
    assert told["asked"] == {"first": 2, "last": 10, "every": 4}
    assert told["complete"] is True
    assert told["classes"] == ["car", "person"]
    assert [each["frame"] for each in told["frames"]] == [2, 6, 10]
    assert told["frames"][0]["detections"][1] == {"class": "person", "confidence": 0.4, "box": [10, 20, 4.5, 10]}


def test_mot_counts_from_one_and_says_that_classes_are_left_out(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "det.txt"
    said = framewise("detect", clip, "--model", "repeating", "--last", 0, "-o", out)
    assert out.read_text().splitlines() == [
        "1,-1,61.00,51.00,10.00,10.00,0.8000,-1,-1,-1",
        "1,-1,11.00,21.00,4.50,10.00,0.4000,-1,-1,-1",
    ]
    assert "those of 2 boxes are left out" in said.output


def test_classes_and_settings_reach_the_detector(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "det.txt"
    framewise("detect", clip, "--model", "repeating", "--last", 0, "--classes", "person", "-o", out)
    assert len(out.read_text().splitlines()) == 1
    framewise("detect", clip, "--model", "repeating", "--last", 0, "--set", "confidence=0.9", "-o", out)
    assert out.read_text() == ""


def test_words_are_looked_for(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "boxes.json"
    typed = ("detect", clip, "--model", "naming", "--last", 1, "-o", out)
    said = framewise(*typed, "--words", " traffic  cone, person,Person")
    assert "2 traffic cone, 2 person" in said.output, said.output
    assert json.loads(out.read_text())["model"] == "naming"
    for words, why in ((",", "none came"), ("x" * 10_000, "one of 10,000 came"), ("a\0b", "letters or digits")):
        said = framewise(*typed, "--words", words)
        assert said.exit_code != 0
        assert why in said.output
    assert "give one" in framewise(*typed, "--words", "cone", "--classes", "car").output


def test_what_words_name_is_linked_and_followed(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"
    said = framewise("detect", clip, "--model", "naming", "--words", "cone,sign", "--tracker", "bytetrack", "-o", out)
    assert said.exit_code == 0, said.output
    assert sorted(track["label"] for track in json.loads(out.read_text())["tracks"]) == ["cone", "sign"]
    said = framewise("track", clip, "--find", "cone", "--detector", "naming", "--model", "framewise-cf", "-o", out)
    assert {track["label"] for track in json.loads(out.read_text())["tracks"]} == {"cone"}, said.output


def test_what_was_found_before_a_failure_is_kept(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "boxes.json"
    said = framewise("detect", clip, "--model", "repeating", "--set", "breaks=9", "-o", out)
    assert said.exit_code == 1
    assert "failed after 8 of" in said.output
    told = json.loads(out.read_text())
    assert len(told["frames"]) == 8
    assert (told["complete"], told["problem"]) == (False, "RuntimeError('out of memory')")


def test_ctrl_c_keeps_what_was_found(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(detector: fakes.Repeating, frames: list[Frame]) -> list[list[object]]:
        if frames[0].number >= 8:
            raise KeyboardInterrupt
        return [[] for _ in frames]

    monkeypatch.setattr(fakes.Repeating, "detect", interrupted)
    out = tmp_path / "boxes.json"
    said = framewise("detect", clip, "--model", "repeating", "-o", out)
    assert said.exit_code == 130
    assert f"interrupted: 8 of {FRAMES}" in said.output
    assert json.loads(out.read_text())["problem"] == "interrupted"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "nothing"], "'nothing' is none"),
        (["--model", "repeating", "--set", "speed=1"], "confidence=0.25"),
        (["--model", "repeating", "--set", "confidence=high"], "a number"),
        (["--model", "repeating", "--first", "900"], "--first comes before --last"),
        (["--model", "repeating", "--out", "boxes.xml"], "json"),
        (["--model", "repeating", "--set", "breaks=0"], "out of memory"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = framewise("detect", clip, *([] if "--out" in arguments else ["--out", "boxes.json"]), *arguments)
    assert told.exit_code == 1
    assert said in told.output
    assert not list(tmp_path.glob("boxes.*"))


def test_boxes_are_linked_into_tracks_that_can_be_imported(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"
    said = framewise("detect", clip, "--model", "repeating", "--tracker", "bytetrack", "--every", 2, "-o", out)
    assert said.exit_code == 0, said.output
    assert f"bytetrack linked 2 objects on {2 * FRAMES} of {2 * FRAMES} frames" in said.output
    tracks = json.loads(out.read_text())["tracks"]
    assert [(track["number"], track["label"], track["source"]) for track in tracks] == [
        (1, "car", "bytetrack"),
        (2, "person", "bytetrack"),
    ]
    assert [shape["frame"] for shape in tracks[0]["shapes"]] == list(range(FRAMES))


def test_linked_boxes_are_written_as_results_of_motchallenge(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "mot.txt"
    arguments = ("--model", "repeating", "--tracker", "ocsort", "--last", 1)
    framewise("detect", clip, *arguments, "--classes", "car", "-o", out)
    assert out.read_text().splitlines() == [
        "1,1,61.00,51.00,10.00,10.00,0.8000,-1,-1,-1",
        "2,1,61.00,51.00,10.00,10.00,0.8000,-1,-1,-1",
    ]
    said = framewise("detect", clip, *arguments, "--set", "confidence=0.3", "-o", out)
    assert "those of 2 tracks are left out" in said.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--tracker", "sort"), "one of: bytetrack"),
        (("--tracker", "bytetrack", "--classes", "zebra"), "zebra is none of them"),
        (("--tracker", "bytetrack", "--first", 50), "comes before --last"),
    ],
)
def test_what_cannot_be_linked_is_refused(clip: Path, tmp_path: Path, arguments: tuple[object, ...], why: str) -> None:
    said = framewise("detect", clip, "--model", "repeating", *arguments, "-o", tmp_path / "t.json")
    assert said.exit_code == 1
    assert why in " ".join(said.output.split())
    assert not list(tmp_path.iterdir())


def test_what_is_found_is_followed_beside_what_was_given(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"
    box = ("--box", "10,20,14.5,30@0", "--label", "somebody")
    said = framewise("track", clip, *box, "--find", "car", "--detector", "repeating", "--every", 99, "-o", out)
    assert said.exit_code == 0, said.output
    tracks = json.loads(out.read_text())["tracks"]
    assert [(track["label"], track["source"]) for track in tracks] == [
        ("somebody", "framewise-cf"),
        ("car", "framewise-cf"),
    ]
    assert [shape["frame"] for shape in tracks[1]["shapes"]] == list(range(FRAMES))
