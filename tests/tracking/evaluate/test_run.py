"""``framewise evaluate`` as a person types it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from framewise.cli import INTERRUPTED, app
from tests.tracking.evaluate.clips import Still, labelled, otb_clip, write_pictures
from tracking.catalog import ModelEntry
from tracking.evaluate import scores
from tracking.types import Frame, Prediction, Prompt, TrackingError


class Fussy(Still):
    """Can't do the clip whose frames are brighter than 100, and fails in a way nobody foresaw."""

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        if frame.image.mean() > 100:
            raise RuntimeError("too bright")
        return super().start(frame, prompts)


class Tardy(Still):
    """Takes a while for each frame, and says so in the file that ``TARDY_LOG`` names."""

    def step(self, frame: Frame) -> list[Prediction]:
        with Path(os.environ["TARDY_LOG"]).open("a") as log:
            log.write(".")
        time.sleep(0.02)
        return super().step(frame)


def unloadable() -> Still:
    raise TrackingError("Its weights are of another network.")


def _entry(model: str, factory: str, **more: Any) -> ModelEntry:
    kinds: dict[str, Any] = {"prompts": ("box",), "outputs": ("box",), **more}
    factory = factory if ":" in factory else f"{__name__}:{factory}"
    return ModelEntry(model, model.title(), "For tests.", factory=factory, licence="Apache-2.0", **kinds)


ENTRIES = (
    _entry("still", "tests.tracking.evaluate.clips:Still"),
    _entry("fussy", "Fussy"),
    _entry("tardy", "Tardy"),
    _entry("unloadable", "unloadable"),
    _entry("pointing", "unloadable", prompts=("points",), outputs=("points",)),
)


@pytest.fixture(autouse=True)
def extra_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", f"{__name__}:ENTRIES")
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path / "no-weights"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    otb_clip(tmp_path / "data" / "walk", 5)
    otb_clip(tmp_path / "data" / "run", 4)
    return tmp_path / "data"


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["evaluate", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_it_tells_and_writes_the_figures_of_each_model(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"

    code, table, said = run(data, "--model", "still", "--model", "csrt", "--out", out)

    assert code == 0, said
    figures = json.loads(out.read_text())
    assert list(figures) == ["still", "csrt", "evaluation"]
    assert figures["still"]["mean"]["success"] > 0.9
    assert figures["still"]["pooled"]["frames"] == 9
    assert (figures["still"]["mean"]["ghosts"], figures["still"]["failed"], figures["still"]["missing"]) == (
        None,
        {},
        [],
    )
    assert figures["evaluation"] == {
        "complete": True,
        "pixels_from": {"run": 1, "walk": 1},
        "notes": {},
        "skipped": {},
    }
    assert all(word in table for word in ("still", "csrt", "walk", "mean", "deviation", "over all", "fps"))
    assert figures["still"]["left_out"]["lowest"]["success"] <= figures["still"]["mean"]["success"]
    assert figures["still"]["leads"] == {}
    assert (figures["csrt"]["leads"]["success"]["over"], figures["csrt"]["leads"]["success"]["of"]) == ("still", 2)
    told, _, explained = table.partition("lowest, highest:")
    assert all(word in told for word in ("lowest", "highest", "error"))
    assert re.search(
        r"csrt against still, success: [+-]\d\.\d{3} \(error \d\.\d{3}; .*, more on \d of 2 seq", explained
    )
    assert max(map(len, told.splitlines())) <= 80
    assert "Pixels count from 1: 2 sequences (run, walk)." in said
    assert "100%" in said


def test_prompts_that_others_would_draw_are_measured_and_their_spread_is_told(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    code, table, said = run(data, "--model", "still", "--prompts", 8, "--out", out)
    assert code == 0, said
    figures = json.loads(out.read_text())["still"]
    (labelled, *others), mean = figures["prompts"], figures["mean"]["success"]
    assert labelled["success"] > min(one["success"] for one in others) > 0.8
    assert mean == pytest.approx(np.mean([one["success"] for one in figures["prompts"]]), abs=1e-4)
    assert 0 < figures["redrawn"]["success"] < 0.1
    assert all(word in table for word in ("prompt 1", "prompt 2", "prompt 8", "redrawn"))
    assert "Each object is prompted 8 times" in said
    assert "100%" in said
    _, _, again = run(data, "--model", "still", "--prompts", 8, "--out", tmp_path / "again.json")
    assert (
        json.loads((tmp_path / "again.json").read_text())["still"]["redrawn"]["success"]
        == (figures["redrawn"]["success"])
    ), again


def test_one_prompt_has_no_spread(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    code, table, _ = run(data, "--model", "still", "--out", out)
    assert (code, "redrawn" in table, "prompts" in json.loads(out.read_text())["still"]) == (0, False, False)


def test_only_boxes_are_redrawn(data: Path) -> None:
    code, _, said = run(data, "--shapes", "masks", "--prompts", 3)
    assert (code, "--prompts redraws boxes" in said) == (2, True)


def test_without_a_model_it_measures_the_default_one(data: Path, tmp_path: Path) -> None:
    code, table, _ = run(data, "--only", "walk")
    assert (code, "framewise-cf" in table, "run" in table) == (0, True, False)


def test_a_quick_look_measures_the_first_frames(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    code, _, said = run(data, "--model", "still", "--frames", "4", "--out", out)
    assert (code, "the first 4 frames at most" in said) == (0, True)
    measured = json.loads(out.read_text())["still"]["sequences"]
    assert {name: scores["frames"] for name, scores in measured.items()} == {"run": 4, "walk": 4}
    assert run(data, "--frames", "1")[0] == 2


def test_the_pixel_origin_is_a_switch(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    code, _, said = run(data, "--model", "still", "--pixels-from", "0", "-o", out)
    assert (code, "Pixels count from 0: 2 sequences" in said) == (0, True)
    assert json.loads(out.read_text())["evaluation"]["pixels_from"] == {"run": 0, "walk": 0}
    assert run(data, "--pixels-from", "2")[0] == 2


def test_all_models_are_checked_before_any_is_measured(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "score", lambda *_: pytest.fail("it began"))
    out = tmp_path / "out.json"
    models = ["still", "transt", "unloadable", "nothing", "pointing"]

    code, _, said = run(data, *(part for model in models for part in ("--model", model)), "--out", out)

    assert code == 1
    assert "still:" not in said
    assert re.search(r"transt: It needs transt\.pth, not in \S+no-weights \(see: framewise weights list\)", said)
    assert "unloadable: Its weights are of another network." in said
    assert "nothing: A run needs a model of the catalogue; 'nothing' is none of them." in said
    assert "pointing: Evaluation compares boxes" in said
    assert not out.exists()


def test_what_is_skipped_is_said(data: Path, tmp_path: Path) -> None:
    write_pictures(data / "diving" / "img", 4)
    labelled(data / "diving", *["11,11,20,20"] * 3)
    labelled(data / "bare", "1,2,3,4")
    out = tmp_path / "out.json"

    code, _, said = run(data, "--model", "still", "-o", out)

    assert code == 0
    assert "diving: Labels frames 0..2 of 4; the others are left out." in said
    assert "Skipped bare: Neither pictures nor a video lie beside groundtruth.txt." in said
    told = json.loads(out.read_text())["evaluation"]
    assert list(told["skipped"]) == ["bare"]
    assert list(told["notes"]) == ["diving"]


def test_a_model_that_fails_on_a_clip_goes_on_with_the_next(data: Path, tmp_path: Path) -> None:
    for path in (data / "run" / "img").iterdir():
        cv2.imwrite(str(path), np.full((100, 100, 3), 200, np.uint8))
    out = tmp_path / "out.json"

    code, table, said = run(data, "--model", "fussy", "--model", "still", "--out", out)

    assert code == 1
    assert "fussy failed on run: RuntimeError: too bright" in said
    assert "fussy: 1 of 2 sequences" in table
    figures = json.loads(out.read_text())
    assert (figures["fussy"]["failed"], list(figures["fussy"]["sequences"])) == (
        {"run": "RuntimeError: too bright"},
        ["walk"],
    )
    assert len(figures["still"]["sequences"]) == 2
    assert figures["evaluation"]["complete"] is False


def test_nothing_that_can_be_used_says_why(tmp_path: Path) -> None:
    labelled(tmp_path / "bare", "1,2,3,4")
    code, _, said = run(tmp_path, "--model", "still")
    assert (code, "Skipped bare:" in said, "can be used" in said) == (1, True, True)


def test_a_part_that_is_nowhere_is_said(data: Path) -> None:
    code, _, said = run(data, "--only", "swim")
    assert (code, "'swim'" in said) == (1, True)


def test_scores_that_can_not_be_written_are_noticed_first(data: Path, tmp_path: Path) -> None:
    code, _, said = run(data, "--model", "still", "--out", tmp_path / "nowhere" / "out.json")
    assert (code, "a folder that exists" in said) == (1, True)


def test_ctrl_c_keeps_what_was_measured_and_names_what_was_not(data: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "out.json", tmp_path / "log"
    otb_clip(data / "swim", 400)
    command = [sys.executable, "-m", "framewise", "evaluate", data, "--model", "tardy", "--model", "still", "-o", out]
    process = subprocess.Popen(
        command,
        env={**os.environ, "TARDY_LOG": str(log), "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may ignore Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (one call, no thread)
    )
    short = scores.PASSES * (4 + 5 - 2)
    while not log.exists() or len(log.read_text()) < short + 10:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    # What was measured is on the disk while the rest goes on.
    assert list(json.loads(out.read_text())["tardy"]["sequences"]) == ["run", "swim", "walk"][:1]
    process.send_signal(signal.SIGINT)
    table, said = process.communicate(timeout=60)

    assert process.returncode == INTERRUPTED, said
    assert "tardy: 1 of 3 sequences" in table
    assert "Interrupted." in said
    assert "tardy was not measured on 2 sequences (swim, walk)." in said
    assert "still was not measured on 3 sequences (run, swim, walk)." in said
    figures = json.loads(out.read_text())
    assert (list(figures["tardy"]["sequences"]), figures["tardy"]["missing"]) == (["run"], ["swim", "walk"])
    assert (figures["still"]["mean"]["success"], figures["evaluation"]["complete"]) == (None, False)
