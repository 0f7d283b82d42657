"""Following masks, and the annotator who watches, on squares that can be reckoned by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from framewise.cli import app
from tests.tracking.evaluate.masks import OTHER, SQUARE, Knows, Stays, bitmap, write_clip
from tracking.catalog import ModelEntry
from tracking.evaluate.annotator import click_until, next_click
from tracking.evaluate.mask_scores import annotate, follow_masks, score_masks
from tracking.evaluate.masked_clips import MaskedClip, find_masked_clips
from tracking.segmenter import Click
from tracking.types import Box, Frame, Mask, Prediction, Prompt

HALF = Box(10, 10, 20, 30)
ENTRIES = (
    ModelEntry(
        "stays", "Stays", "For tests.", ("mask",), ("mask",), "tests.tracking.evaluate.masks:Stays", "Apache-2.0"
    ),
)


def clip(folder: Path, *frames: Mapping[int, Box] | None) -> MaskedClip:
    write_clip(folder / "clip", *frames)
    (found,) = find_masked_clips(folder).sequences
    return found


def test_j_is_the_mean_over_the_frames_between_the_first_and_the_last(tmp_path: Path) -> None:
    one = clip(tmp_path, {1: SQUARE}, {1: SQUARE}, {1: HALF}, {1: OTHER})
    scores = score_masks(Stays, Knows(SQUARE, HALF, OTHER), one)["clip"]
    assert scores.frames == 4
    assert scores.j == pytest.approx((1 + 0.5) / 2)
    assert scores.jf == pytest.approx((scores.j + scores.f) / 2)


def test_each_object_of_a_clip_is_told_of(tmp_path: Path) -> None:
    frames = [*[{1: SQUARE, 2: OTHER}] * 3, *[{1: SQUARE, 2: Box(5, 32, 15, 38)}] * 2]
    scores = score_masks(Stays, Knows(SQUARE, OTHER), clip(tmp_path, *frames))
    assert {name: round(one.j, 3) for name, one in scores.items()} == {"clip/1": 1, "clip/2": round(2 / 3, 3)}


def test_an_object_that_enters_later_is_followed_from_there(tmp_path: Path) -> None:
    one = clip(tmp_path, {1: SQUARE}, {1: SQUARE}, {1: SQUARE, 2: OTHER}, {1: SQUARE, 2: OTHER}, {1: SQUARE, 2: OTHER})
    found, _ = follow_masks(Stays(), one)
    assert (sorted(found[1]), sorted(found[2])) == ([1, 2, 3, 4], [3, 4])
    assert score_masks(Stays, Knows(SQUARE, OTHER), one)["clip/2"].frames == 3


def test_what_is_held_to_be_hidden_counts_as_not_there(tmp_path: Path) -> None:
    found, _ = follow_masks(Stays(lost_on=[1]), clip(tmp_path, *[{1: SQUARE}] * 3))
    assert [bool(found[1][number].any()) for number in (1, 2)] == [False, True]


def test_frames_without_a_mask_are_not_judged(tmp_path: Path) -> None:
    one = clip(tmp_path, {1: SQUARE}, None, {1: HALF}, None, {1: OTHER})
    assert score_masks(Stays, Knows(SQUARE, HALF, OTHER), one)["clip"].j == pytest.approx(0.5)
    assert one.note == "2 of 5 frames have no mask, and aren't judged."


def test_the_annotator_stops_where_a_mask_is_wrong_and_goes_on_from_there(tmp_path: Path) -> None:
    one = clip(tmp_path, {1: SQUARE}, {1: SQUARE}, {1: OTHER}, *[{1: OTHER}] * 17)
    undisturbed, _ = follow_masks(Stays(), one)
    work = annotate(Stays(), Knows(SQUARE, OTHER), one, undisturbed)[1]
    assert work.first_clicks == 1
    assert work.redone == {2: 17}  # it never joins what was there: all that follows is done again
    assert work.seconds == pytest.approx(1 + 1.5 + 20 / 10 + 1 + 2 * 1.5)


def test_a_correction_brings_the_clicks_that_made_its_mask(tmp_path: Path) -> None:
    given: list[Prompt] = []

    class Listening(Stays):
        def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
            given.extend(prompts)
            return super().correct(frame, prompts)

    one = clip(tmp_path, {1: SQUARE}, {1: SQUARE}, {1: OTHER})
    annotate(Listening(), Knows(SQUARE, OTHER), one, follow_masks(Stays(), one)[0])
    corrected = given[-1]
    assert corrected.clicked is not None
    assert 1 <= len(corrected.clicked.clicks) <= 3
    assert isinstance(corrected.shape, Mask)


def test_what_is_done_again_ends_where_it_joins_what_was_there(tmp_path: Path) -> None:
    # The tracker's answer is right but on one frame, where the truth is elsewhere for a moment.
    away = Box(35, 10, 55, 30)
    one = clip(tmp_path, {1: SQUARE}, {1: away}, *[{1: SQUARE}] * 18)
    undisturbed, _ = follow_masks(Stays(), one)
    work = annotate(Stays(), Knows(SQUARE, away), one, undisturbed)[1]
    assert work.redone == {1: 1, 2: 10}


def test_three_clicks_are_all_that_a_correction_gets(tmp_path: Path) -> None:
    one = clip(tmp_path, {1: SQUARE}, {1: OTHER}, {1: SQUARE})
    work = annotate(Stays(), Knows(SQUARE, OTHER, needs=9), one, follow_masks(Stays(), one)[0])[1]
    assert work.first_clicks == 9
    assert work.seconds == pytest.approx(1 + 9 * 1.5 + 3 / 10 + 2 * (1 + 3 * 1.5))


def test_what_is_gone_is_dropped_and_clicked_on_again_when_it_is_back(tmp_path: Path) -> None:
    one = clip(tmp_path, {1: SQUARE}, {}, {}, {1: SQUARE}, {1: SQUARE})
    work = annotate(Stays(), Knows(SQUARE), one, follow_masks(Stays(), one)[0])[1]
    assert list(work.redone) == [1, 3]


def test_nobody_corrects_what_fits(tmp_path: Path) -> None:
    scores = score_masks(Stays, Knows(SQUARE), clip(tmp_path, *[{1: SQUARE}] * 4))["clip"]
    assert (scores.corrections, scores.clicks, scores.seconds) == pytest.approx((0, 1, 2.9))
    assert math.isnan(scores.redone)


def test_a_click_goes_into_the_middle_of_the_largest_error() -> None:
    assert next_click(np.zeros((40, 60), np.bool_), bitmap(Box(10, 10, 31, 31))) == Click(20.5, 20.5, True)
    assert next_click(bitmap(SQUARE) | bitmap(Box(40, 0, 51, 11)), bitmap(SQUARE)) == Click(45.5, 5.5, False)


def test_the_best_of_several_answers_is_taken() -> None:
    truth = bitmap(SQUARE)
    segmenter = Knows(HALF)
    found = click_until(
        segmenter, segmenter.embed(np.zeros((40, 60, 3), np.uint8)), truth, truth & ~truth, goal=0.9, most=4
    )
    assert found.clicks == 4
    assert np.array_equal(found.bitmap, bitmap(HALF))


@pytest.mark.parametrize(("grey", "value", "objects"), [(True, 255, (255,)), (False, 255, ()), (False, 7, (7,))])
def test_255_is_the_object_in_grey_masks_and_void_in_ones_with_a_palette(
    tmp_path: Path, grey: bool, value: int, objects: tuple[int, ...]
) -> None:
    write_clip(tmp_path, *[{value: SQUARE}] * 3, grey=grey)
    found = find_masked_clips(tmp_path)
    assert tuple(number for one in found.sequences for number in one.objects) == objects
    assert [skipped.why for skipped in found.skipped] == ([] if objects else ["Its masks are all empty."])


def test_masks_are_measured_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", f"{__name__}:ENTRIES")
    data, out = tmp_path / "data", tmp_path / "out.json"
    write_clip(data, *[{1: SQUARE, 2: OTHER}] * 3, clip="480p/walk")
    write_clip(data, *[{1: SQUARE}] * 4, clip="480p/run")
    write_clip(data, *[{}] * 2, clip="480p/bare")
    asked = ["evaluate", str(data), "--shapes", "masks", "--model", "stays", "-o", str(out), "--frames", "3"]
    result = CliRunner(env={"COLUMNS": "80"}).invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "Skipped bare: Its masks are all empty." in result.stderr
    told = json.loads(out.read_text())
    assert {name: one["frames"] for name, one in told["stays"]["sequences"].items()} == {
        "run": 3,
        "walk/1": 3,
        "walk/2": 3,
    }
    assert (told["stays"]["mean"]["jf"], told["stays"]["missing"]) == (1, [])
    assert "walk/2" in result.stdout
    assert "Pixels count" not in result.stderr


def test_a_model_of_boxes_is_refused(tmp_path: Path) -> None:
    write_clip(tmp_path, *[{1: SQUARE}] * 3)
    result = CliRunner().invoke(app, ["evaluate", str(tmp_path), "--shapes", "masks", "--model", "framewise-cf"])
    assert result.exit_code == 1
    assert "Evaluation compares masks" in result.stderr
