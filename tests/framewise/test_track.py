"""``framewise track`` as a person types it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from annotator.formats.native import Native
from framewise.cli import INTERRUPTED, app
from framewise.prompts import GRAMMARS, Grammar, parse
from tests.media.clips import write_clip
from tracking.shapes.chunks import Row
from tracking.shapes.payloads import shape_of
from tracking.shapes.values import bounds_of, kind_name
from tracking.types import TrackingError

EXTRA = "tests.tracking.fakes:ENTRIES"


@pytest.fixture(autouse=True)
def extra_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", EXTRA)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(12):
        Image.fromarray(np.full((41, 61, 3), 20 * number, np.uint8)).save(folder / f"{number:03}.png")
    return folder


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["track", *map(str, arguments)])
    return result.exit_code, result.output + result.stderr


def tracks(out: Path) -> list[dict[str, Any]]:
    return json.loads(out.read_text())["tracks"]  # type: ignore[no-any-return]


def test_it_writes_every_object_frame_by_frame(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"
    boxes = ["--box", "5,5,15,20@2", "--box", "10,10,20,20@0"]

    code, said = run(images, *boxes, "--model", "drifting", "--last", 4, "--label", "car", "--out", out)

    assert code == 0, said
    first, second = tracks(out)
    assert (first["number"], first["label"], first["source"]) == (1, "car", "drifting")
    assert first["shapes"] == [
        {"frame": 2, "box": [5.0, 5.0, 15.0, 20.0], "confidence": 1.0, "keyframe": True, "outside": False},
        {"frame": 3, "box": [6.0, 5.0, 16.0, 20.0], "confidence": 0.9, "keyframe": False, "outside": False},
        {"frame": 4, "box": [7.0, 5.0, 17.0, 20.0], "confidence": 0.9, "keyframe": False, "outside": False},
    ]
    assert [shape["frame"] for shape in second["shapes"]] == [0, 1, 2, 3, 4]


def test_it_goes_both_ways(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"

    code, said = run(
        images, "--box", "5,5,15,20@5", "--model", "drifting", "--direction", "both", "--first", 3, "-o", out
    )

    assert code == 0, said
    assert [shape["frame"] for shape in tracks(out)[0]["shapes"]] == list(range(3, 12))


def test_a_setting_reaches_the_model(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"

    code, said = run(images, "--box", "5,5,15,20@0", "--model", "drifting", "--set", "by=3", "--last", 1, "-o", out)

    assert code == 0, said
    assert tracks(out)[0]["shapes"][1]["box"] == [8.0, 5.0, 18.0, 20.0]


def account(out: Path) -> dict[str, Any]:
    return json.loads(out.read_text())["tracking"]  # type: ignore[no-any-return]


def test_an_object_that_left_is_marked_outside_and_it_is_said(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"
    code, said = run(images, "--box", "40,5,50,20@0", "--model", "drifting", "--set", "by=10", "-o", out)

    assert code == 0
    assert [(shape["frame"], shape["outside"]) for shape in tracks(out)[0]["shapes"]][-2:] == [(1, False), (2, True)]
    assert "Object 1: 2 of 12 frames. It left the frame on frame 2." in said
    assert "drifting followed 1 object on 2 of 12 frames." in said
    assert "12/12" not in said
    leg = {"direction": "forward", "first": 0, "last": 11, "until": 1, "end": "left the frame"}
    track = {"number": 1, "frames": 2, "asked": 12, "lost": 0, "legs": [leg]}
    assert account(out) == {"model": "drifting", "end": "reached", "tracks": [track]}


def test_an_object_that_is_lost_at_the_border_is_said_to_be(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"
    code, said = run(images, "--box", "0,5,10,20@0", "--model", "losing", "-o", out)

    assert code == 0
    assert (
        "Object 1: 7 of 12 frames. It was lost at the border of the frame, and counts as gone from frame 7 on; it "
        "counts as lost or hidden on 4 of them, the first is frame 3." in said
    )
    (track,) = account(out)["tracks"]
    assert (track["frames"], track["lost"], track["legs"][0]["end"]) == (7, 4, "lost at the border")


def test_frames_on_which_an_object_is_lost_are_counted(images: Path, tmp_path: Path) -> None:
    code, said = run(images, "--box", "20,5,40,20@0", "--model", "losing", "-o", tmp_path / "tracks.json")

    assert code == 0
    assert "Object 1: 12 of 12 frames. It counts as lost or hidden on 9 of them, the first is frame 3." in said


def test_an_object_that_was_followed_to_its_end_needs_no_words(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"
    code, said = run(images, "--box", "5,5,15,20@3", "--model", "windowed", "--direction", "both", "-o", out)

    assert (code, "Object 1" in said) == (0, False)
    assert "windowed followed 1 object on 12 of 12 frames." in said
    (track,) = account(out)["tracks"]
    assert [(leg["until"], leg["end"]) for leg in track["legs"]] == [(11, "reached"), (0, "reached")]


def test_a_box_that_can_not_be_followed_costs_only_its_own_object(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "tracks.json"
    boxes = ["--box", "5,5,15,20@0", "--box", "100,5,150,20@2"]
    code, said = run(images, *boxes, "-o", out)

    assert code == 1
    assert "Object 2: 1 of 10 frames. It failed on frame 2: A box must touch the frame" in said
    assert len(tracks(out)[0]["shapes"]) == 12
    assert account(out)["end"] == "failed"


def test_it_renders_what_it_found_on_all_frames(images: Path, tmp_path: Path) -> None:
    rendered = tmp_path / "seen.mp4"
    options = ["--model", "drifting", "--set", "by=10", "--last", 9, "--out", tmp_path / "t.json", "--render", rendered]

    code, said = run(images, "--box", "30,5,45,20@2", *options)

    assert code == 0, said
    with av.open(str(rendered)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [picture.shape for picture in pictures] == [(40, 60, 3)] * 12
    drawn = [frame for frame, picture in enumerate(pictures) if np.ptp(picture.astype(int)) > 60]
    assert drawn == [2, 3, 4]
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("option", ["--out", "--render"])
def test_nothing_is_tracked_for_a_file_that_can_not_be_written(images: Path, tmp_path: Path, option: str) -> None:
    target = tmp_path / "nowhere" / "file"
    out = [] if option == "--out" else ["--out", tmp_path / "t.json"]

    code, said = run(images, "--box", "5,5,15,20@2", "--model", "broken", *out, option, target)

    assert (code, f"{option} needs a folder" in said) == (1, True)
    assert not (tmp_path / "t.json").exists()


def test_the_video_is_not_replaced_by_its_copy(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", 3)
    before = clip.read_bytes()

    for options in (["--out", tmp_path / "t.json", "--render", clip], ["--out", clip]):
        code, said = run(clip, "--box", "5,5,15,20@0", *options)
        assert (code, "replace the video itself" in said) == (1, True)

    assert clip.read_bytes() == before


def test_its_results_are_read_back(images: Path, tmp_path: Path) -> None:
    from annotator.formats.native import Native

    out = tmp_path / "tracks.json"
    run(images, "--box", "5,5,15,20@2", "--model", "drifting", "--out", out)

    (part,) = Native().read(out).parts
    dataset, report = part.dataset, part.report
    assert (dataset.video.width, dataset.video.frame_count, report.tracks, report.shapes) == (61, 12, 1, 10)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--box", "1,2,3@0"], "x1,y1,x2,y2@FRAME"),
        (["--box", "9,9,3,3@0"], "x1 < x2"),
        (["--box", "1,2,3,4@99"], "frames 0..11"),
        (["--box", "1,2,3,4@5", "--last", "3"], "--first and --last"),
        (["--box", "1,2,3,4@0", "--model", "nothing"], "'nothing' is none of them"),
        (["--box", "1,2,3,4@0", "--set", "speed=3"], "by=1.0"),
        (["--box", "1,2,3,4@0", "--set", "by=fast"], "takes a number"),
        (["--box", "1,2,3,4@0", "--direction", "up"], "forward, backward or both"),
    ],
)
def test_a_mistake_is_explained(images: Path, tmp_path: Path, arguments: list[str], says: str) -> None:
    out = tmp_path / "t.json"

    code, said = run(images, "--model", "drifting", *arguments, "--out", out)

    assert code == 1
    assert says in said
    assert not out.exists()


def test_a_model_that_raises_costs_only_what_comes_after(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.json"

    code, said = run(images, "--model", "broken", "--box", "1,2,13,14@0", "--out", out)

    assert code == 1
    assert "Object 1: 3 of 12 frames. It failed after frame 2: RuntimeError('out of luck')." in said
    assert account(out)["end"] == "failed"
    assert [shape["frame"] for shape in tracks(out)[0]["shapes"]] == [0, 1, 2]


@pytest.mark.parametrize("text", ["", "@", "1,2,3,4", "1,2,3,4@x", "a,b,c,d@0", "1,2,3,nan@0", "1,2,3,4@-1"])
def test_a_box_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TrackingError, match="A box is written"):
        parse("box", text)


def test_ctrl_c_keeps_what_was_found(images: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "tracks.json", tmp_path / "log"
    for number in range(12, 400):
        (images / f"{number:03}.png").symlink_to(images / "000.png")
    process = subprocess.Popen(
        [sys.executable, "-m", "framewise", "track", images, "--box", "5,5,15,20@0", "--model", "slow", "-o", out],
        env={**os.environ, "FRAMEWISE_EXTRA_TRACKERS": EXTRA, "SLOW_TRACKER_LOG": str(log)},
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may ignore Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (one call, no thread)
    )
    while not log.exists() or len(log.read_text().splitlines()) < 5:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == INTERRUPTED, said
    assert 4 <= len(tracks(out)[0]["shapes"]) < 400
    assert f"Object 1: {account(out)['tracks'][0]['frames']} of 400 frames. It was interrupted after frame" in said
    assert account(out)["end"] == "interrupted"


def test_it_needs_no_django(images: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom framewise.cli import app\nimport framewise.agent\n"
        "result = CliRunner().invoke(app, sys.argv[1:])\n"
        "print(result.exit_code, 'django' in sys.modules, 'torch' in sys.modules)"
    )
    arguments = ["track", images, "--box", "5,5,15,20@0", "--model", "drifting", "-o", tmp_path / "t.json"]
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert done.stdout.strip() == "0 False False", done.stderr


# ---------------------------------------------------------------- every kind of geometry

TYPED = {
    "box": "5,5,15,20",
    "rotated_box": "20,20,12,8,30",
    "polygon": "5,5;20,6;12,18",
    "polyline": "5,5;20,6;12,18",
    "points": "5,5;20,6",
    "skeleton": "5,5;20,6;12,18",
}


def typed(kind: str, folder: Path) -> str:
    if kind != "mask":
        return TYPED[kind]
    pixels = np.zeros((41, 61), np.uint8)
    pixels[10:20, 8:30] = 255
    Image.fromarray(pixels).save(folder / "mask.png")
    return str(folder / "mask.png")


def rows_in(out: Path) -> list[list[Row]]:
    """The rows of each track."""
    return [list(track.rows) for part in Native().read(out).parts for track in part.dataset.tracks]


by_grammar = pytest.mark.parametrize("grammar", GRAMMARS, ids=[grammar.kind for grammar in GRAMMARS])


@by_grammar
def test_it_follows_every_kind_of_geometry(images: Path, tmp_path: Path, grammar: Grammar) -> None:
    out, seen = tmp_path / "t.json", tmp_path / "seen.mp4"
    prompt = f"{typed(grammar.kind, tmp_path)}@2"

    code, said = run(images, grammar.option, prompt, "--model", "anything", "--out", out, "--render", seen)

    assert code == 0, said
    rows = rows_in(out)[0]
    assert {kind_name(row.kind) for row in rows} == {grammar.kind}
    assert [row.frame for row in rows] == list(range(2, 12))
    first = bounds_of(shape_of(rows[0]))
    assert [row.bounds[0] for row in rows] == pytest.approx([first.x1 + at for at in range(10)], abs=1e-3)
    with av.open(str(seen)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12


def test_several_kinds_are_followed_at_once(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.json"
    given = ["--box", "5,5,15,20@0", "--polygon", "5,5;20,6;12,18@0", "--points", "30,30@0"]
    code, said = run(images, *given, "--model", "anything", "--out", out)
    assert code == 0, said
    assert [kind_name(rows[0].kind) for rows in rows_in(out)] == ["box", "polygon", "points"]


def test_without_a_model_the_kind_decides(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.json"
    assert run(images, "--polygon", "5,5;20,6;12,18@0", "--out", out)[0] == 0
    assert tracks(out)[0]["source"] == "framewise-flow"


def test_a_model_that_does_not_follow_the_kind_is_refused(images: Path, tmp_path: Path) -> None:
    code, said = run(images, "--points", "30,30@0", "--model", "drifting", "--out", tmp_path / "t.json")
    assert (code, "follows box; a points came" in said) == (1, True)


def test_nothing_to_follow_is_refused(images: Path, tmp_path: Path) -> None:
    code, said = run(images, "--model", "drifting", "--out", tmp_path / "t.json")
    assert (code, "Give one by --box, --rotated-box" in said) == (1, True)


@by_grammar
@pytest.mark.parametrize("text", ["", "@0", "nonsense@0", "1@0", "1,2,3,nan@0", ";;@0", "1,2,3@x"])
def test_what_is_no_shape_is_refused_with_how_it_is_written(grammar: Grammar, text: str) -> None:
    with pytest.raises(TrackingError, match=re.escape(grammar.metavar)):
        parse(grammar.kind, text)


def test_an_empty_mask_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "black.png")
    with pytest.raises(TrackingError, match="aren't black; this one has none"):
        parse("mask", f"{tmp_path / 'black.png'}@0")


@pytest.mark.parametrize("keep_as", ["box", "rotated-box", "polygon"])
def test_objects_followed_as_masks_are_written_as_the_shape_around_them(
    images: Path, tmp_path: Path, keep_as: str
) -> None:
    out, kind = tmp_path / "tracks.json", keep_as.replace("-", "_")
    given = ["--polygon", "5,5;15,5;15,20;5,20@0", "--box", "20,10,30,20@0"]

    code, said = run(images, *given, "--model", "masking", "--keep-as", keep_as, "--last", 3, "-o", out)

    assert code == 0, said
    for track in tracks(out):
        assert [kind in shape for shape in track["shapes"]] == [True] * 4
    # A box on pictures without anything in them: all of it is followed, and that is said.
    assert "On frame 0 nothing was found that fills a box" in said
    if kind == "box":
        boxes = [shape["box"] for shape in tracks(out)[0]["shapes"]]
        assert boxes == [[20.0 + frame, 10.0, 30.0 + frame, 20.0] for frame in range(4)]
