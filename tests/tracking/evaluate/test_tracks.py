"""Associations judged on clips in the layout of MOTChallenge."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from framewise.cli import app
from tests.tracking.association.tiny_onnx import mean_colours
from tracking.association.appearance import Appearance
from tracking.evaluate import track_scores
from tracking.evaluate.joining import accepted
from tracking.evaluate.track_clips import Rows, TrackClip, find_track_clips
from tracking.evaluate.track_scores import compare, require_package
from tracking.evaluate.tracks import main, with_looks
from tracking.types import TrackingError

LENGTH = 20


def clip(
    folder: Path,
    *,
    truth: list[str] | None = None,
    detections: list[str] | None = None,
    info: str = f"[Sequence]\nframeRate=25\nseqLength={LENGTH}\n",
) -> Path:
    """Two objects that walk apart, both found on every frame."""
    walk = [(frame, track, 50 + 200 * track + 3 * frame) for frame in range(1, LENGTH + 1) for track in (1, 2)]
    truth = truth or [f"{frame},{track},{left},100,40,80,1,-1,-1,-1" for frame, track, left in walk]
    detections = detections or [f"{frame},-1,{left},100,40,80,0.9,-1,-1,-1" for frame, _, left in walk]
    for path, lines in ((folder / "gt/gt.txt", truth), (folder / "det/det.txt", detections)):
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(lines) + "\n")
    if info:
        (folder / "seqinfo.ini").write_text(info)
    return folder


def only(root: Path) -> TrackClip:
    (found,), skipped = find_track_clips(root)
    assert not skipped
    return found


def rows(*values: tuple[int, int, float]) -> Rows:
    """Boxes by frame, track and left edge."""
    frame, track, left = np.array(values, np.float64).reshape(-1, 3).T
    boxes = np.stack([left, np.full_like(left, 100), left + 40, np.full_like(left, 180)], axis=1)
    return Rows(frame.astype(np.intp), track.astype(np.intp), boxes)


def test_a_clip_is_read_with_its_rate_and_its_pixels_from_0(tmp_path: Path) -> None:
    found = only(clip(tmp_path / "walk"))
    assert (found.name, found.rate, found.length, found.note) == ("walk", 25, LENGTH, "")
    assert (int(found.truth.frame[0]), found.truth.boxes[0].tolist()) == (0, [252, 99, 292, 179])
    assert [tuple(one.box) for one in found.detections[0]] == [(252, 99, 292, 179), (452, 99, 492, 179)]
    assert found.shortened(5).length == 5 and len(found.shortened(5).truth) == 10


def test_both_layouts_are_found_by_name(tmp_path: Path) -> None:
    clip(tmp_path / "b" / "deep")
    flat = clip(tmp_path / "a")
    for name in ("gt", "det"):
        (flat / name / f"{name}.txt").rename(flat / f"{name}.txt")
    assert [found.name for found in find_track_clips(tmp_path)[0]] == ["a", "b/deep"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"truth": ["1,1,10,10,20"]}, "Line 1 of gt.txt is no frame,id,x,y,w,h"),
        ({"truth": ["1,1,10,10,nan,20,1"]}, "Line 1 of gt.txt"),
        ({"truth": ["0,1,10,10,20,20,1"]}, "Line 1 of gt.txt"),
        ({"truth": ["1,1,10,10,20,20,1", "1,1,30,10,20,20,1"]}, "An identity is twice on a frame"),
        ({"truth": ["1,1,10,10,20,20,0"]}, "nothing that counts"),
        ({"truth": ["21,1,10,10,20,20,1"]}, "speaks of frame 21; seqinfo.ini says that 20"),
        ({"detections": ["1,-1,a,10,20,20,1"]}, "Line 1 of det.txt"),
        ({"info": "frameRate=25"}, "seqinfo.ini can't be read"),
    ],
)
def test_what_cant_be_used_is_skipped_with_its_reason(tmp_path: Path, changes: dict[str, list[str]], told: str) -> None:
    clip(tmp_path / "walk", **changes)
    found, (skipped,) = find_track_clips(tmp_path)
    assert not found and told in skipped.why


def test_what_isnt_written_down_is_said(tmp_path: Path) -> None:
    found = only(clip(tmp_path / "walk", info="", detections=["1,-1,50,100,40,80,42.5", "1,-1,90,100,40,80,-3"]))
    assert (found.rate, found.length) == (30, LENGTH)
    assert "30 frames a second are taken" in found.note and "all count as 1" in found.note
    assert {one.confidence for one in found.detections[0]} == {1}


def test_scores_are_those_of_trackeval_itself(tmp_path: Path) -> None:
    """With classes, a distractor and lines that don't count, as of MOT16 on."""
    with redirect_stdout(StringIO()):
        from trackeval.datasets import MotChallenge2DBox
        from trackeval.metrics import CLEAR, HOTA, Identity
    random = np.random.default_rng(2)
    truth, told = [], []
    for frame in range(1, LENGTH + 1):
        for track, (kind, counts) in enumerate([(1, 1), (1, 1), (8, 1), (1, 0), (3, 1)], start=1):
            left = 100 * track + 5 * frame
            truth.append(f"{frame},{track},{left},100,40,80,{counts},{kind},1.0")
            number = track + 10 * (frame > 12)
            told.append(f"{frame},{number},{left + random.integers(-15, 15)},100,40,80,1,-1,-1,-1")
    found = only(clip(tmp_path / "gt" / "walk", truth=truth))
    results = tmp_path / "trackers" / "ours" / "data" / "walk.txt"
    results.parent.mkdir(parents=True)
    results.write_text("\n".join(told))
    dataset = MotChallenge2DBox(
        {
            "GT_FOLDER": str(tmp_path / "gt"),
            "TRACKERS_FOLDER": str(tmp_path / "trackers"),
            "SEQ_INFO": {"walk": LENGTH},
            "SKIP_SPLIT_FOL": True,
            "BENCHMARK": "MOT17",
            "PRINT_CONFIG": False,
        }
    )
    data = dataset.get_preprocessed_seq_data(dataset.get_raw_seq_data("ours", "walk"), "pedestrian")
    table = np.array([line.split(",") for line in told], np.float64)
    boxes = np.concatenate([table[:, 2:4] - 1, table[:, 2:4] - 1 + table[:, 4:6]], axis=1)
    ours = Rows(table[:, 0].astype(int) - 1, table[:, 1].astype(int), boxes)
    scores = compare(found.truth, ours, LENGTH, distractors=found.distractors)
    quiet = {"THRESHOLD": 0.5, "PRINT_CONFIG": False}
    clear, hota = CLEAR(quiet).eval_sequence(data), HOTA().eval_sequence(data)
    assert scores.hota == pytest.approx(hota["HOTA"].mean()) and 0 < scores.hota < 0.9
    assert scores.assa == pytest.approx(hota["AssA"].mean())
    assert scores.idf1 == pytest.approx(Identity(quiet).eval_sequence(data)["IDF1"])
    assert (scores.mota, scores.switches) == (pytest.approx(clear["MOTA"]), clear["IDSW"])
    assert scores.switches == 2


def test_a_number_that_changes_costs_association_alone() -> None:
    truth = rows(*((frame, 1, 5.0 * frame) for frame in range(10)))
    told = rows(*((frame, 1 if frame < 5 else 2, 5.0 * frame) for frame in range(10)))
    scores = compare(truth, told, 10)
    assert (scores.deta, scores.assa, scores.switches, scores.mota) == (1, 0.5, 1, pytest.approx(0.9))


def test_nothing_told_is_worth_nothing() -> None:
    scores = compare(rows((0, 1, 5.0)), rows(), 1)
    assert (scores.hota, scores.idf1, scores.mota, scores.switches) == (0, 0, 0, 0)


def test_without_trackeval_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_scores, "find_spec", lambda name: None)
    with pytest.raises(TrackingError, match="pip install --no-deps trackeval"):
        require_package()


def test_the_command_tells_every_association_and_writes_the_same(tmp_path: Path) -> None:
    clip(tmp_path / "data" / "walk")
    clip(tmp_path / "data" / "broken", truth=["x"])
    out = tmp_path / "scores.json"
    asked = ["evaluate", str(tmp_path / "data"), "--shapes", "tracks", "--out", str(out)]
    told = CliRunner().invoke(app, [*asked, "--association", "bytetrack", "--association", "deepsort"])
    assert told.exit_code == 0, told.output
    assert "Skipped broken: Line 1 of gt.txt" in told.output
    scores = json.loads(out.read_text())
    assert scores["evaluation"]["complete"] and set(scores) == {"bytetrack", "deepsort", "evaluation"}
    assert scores["bytetrack"]["clips"]["walk"]["hota"] > 0.9
    assert scores["bytetrack"]["mean"]["switches"] == 0
    assert f"{scores['bytetrack']['mean']['hota']:.3f}" in told.output


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (["--shapes", "tracks", "--association", "sort"], "'sort' came"),
        (["--shapes", "tracks", "--model", "framewise-cf"], "--association"),
        (["--association", "bytetrack"], "--association"),
    ],
)
def test_what_doesnt_go_together_is_refused(tmp_path: Path, asked: list[str], problem: str) -> None:
    clip(tmp_path / "walk")
    told = CliRunner().invoke(app, ["evaluate", str(tmp_path), *asked])
    assert told.exit_code != 0 and problem in told.output


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="none was found"):
        main([], tmp_path)


def test_looks_are_taken_from_the_pictures(tmp_path: Path) -> None:
    folder = clip(tmp_path / "data" / "walk")
    (folder / "img1").mkdir()
    for number in range(1, LENGTH + 1):
        cv2.imwrite(str(folder / "img1" / f"{number:06}.jpg"), np.full((200, 600, 3), 200, np.uint8))
    network = tmp_path / "colours.onnx"
    network.write_bytes(mean_colours(("n", 3, 8, 4)))
    seen = with_looks(only(tmp_path / "data"), Appearance(network))
    assert all(one.appearance is not None for detections in seen.detections for one in detections)
    evaluation = main(["deepsort"], tmp_path / "data", looks=network)
    assert evaluation.complete and evaluation.results[0].clips["walk"].assa > 0.8


def test_what_accepting_proposed_joins_changes_is_measured_beside_the_run(tmp_path: Path) -> None:
    walk = [(frame, 100 + 2 * frame) for frame in range(1, 81)]
    clip(
        tmp_path / "lost",
        truth=[f"{frame},1,{left},100,40,80,1,-1,-1,-1" for frame, left in walk],
        detections=[f"{frame},-1,{left},100,40,80,0.9,-1,-1,-1" for frame, left in walk if not 25 <= frame <= 65],
        info="[Sequence]\nframeRate=25\nseqLength=80\n",
    )
    evaluation = main(["bytetrack"], tmp_path, join=0.3)
    live, joined = (result.clips["lost"] for result in evaluation.results)
    assert [result.association for result in evaluation.results] == ["bytetrack", "bytetrack, joined"]
    assert (live.switches, joined.switches) == (1, 0)
    assert joined.idf1 > 0.95 > live.idf1
    with_swaps = accepted(rows(*((frame, 1, 9.0) for frame in range(30))), only(tmp_path / "lost"), 0.3)
    assert with_swaps[1] == () and len(with_swaps[0]) == 30
