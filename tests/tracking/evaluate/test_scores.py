"""Measures and the simulated annotator, on boxes small enough to reckon by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from tests.tracking.evaluate.clips import BOX, FAR, HALF, Clip, Still, clip
from tracking.evaluate import metrics
from tracking.evaluate.redrawing import OFF, drawing
from tracking.evaluate.scores import (
    PASSES,
    ModelScores,
    Scores,
    count_corrections,
    count_failures,
    follow,
    score,
)
from tracking.types import Box, Frame, Prediction, Prompt, TrackingError


def test_success_counts_the_thresholds_that_are_exceeded() -> None:
    assert metrics.success_auc([BOX], [BOX]) == pytest.approx(20 / 21)  # IoU 1 doesn't exceed 1
    assert metrics.success_auc([HALF], [BOX]) == pytest.approx(10 / 21)
    assert metrics.success_auc([FAR], [BOX]) == 0


def test_precision_is_the_share_of_near_centres() -> None:
    assert metrics.precision([HALF, FAR, BOX], [BOX, BOX, BOX]) == pytest.approx(2 / 3)


def test_normalised_precision_measures_in_sides_of_the_box() -> None:
    moved = Box(15, 10, 35, 30)  # a quarter of the width away
    assert metrics.normalised_precision([moved], [BOX]) == pytest.approx(26 / 51)


def test_frames_without_the_object_count_for_ghosts_alone() -> None:
    found, truth = [BOX, FAR, None], [BOX, None, None]
    assert metrics.success_auc(found, truth) == metrics.success_auc([BOX], [BOX])
    assert metrics.ghosts(found, truth) == 0.5
    assert math.isnan(metrics.ghosts([BOX], [BOX]))


def test_the_annotator_corrects_once_and_is_left_alone_while_the_box_fits() -> None:
    assert count_corrections(Still(), clip(BOX, BOX, FAR, FAR, BOX)) == 2


def test_the_annotator_adds_a_box_that_was_given_up() -> None:
    assert count_corrections(Still(lost_from=2), clip(BOX, BOX, BOX, BOX)) == 2


def test_the_annotator_leaves_frames_without_the_object() -> None:
    assert count_corrections(Still(), clip(BOX, None, None, BOX)) == 0


def test_a_redrawn_box_is_a_little_off_on_each_frame_otherwise_and_always_alike() -> None:
    draw = drawing("clip", 2)
    drawn = [draw(frame, Box(10, 20, 110, 60)) for frame in range(50)]
    off = np.abs(np.array(drawn) - [10, 20, 110, 60]) / [100, 40, 100, 40]
    assert 0.015 < off.max() <= OFF
    assert len(set(drawn)) == 50
    assert drawing("clip", 2)(3, Box(10, 20, 110, 60)) == drawn[3]
    assert drawing("clip", 1)(3, Box(10, 20, 110, 60)) != drawn[3]
    assert drawing("clip", 0)(3, BOX) == BOX


def test_corrections_and_restarts_are_redrawn_too() -> None:
    given: list[Box] = []

    class Listening(Still):
        def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
            given.append(prompts[0].shape)  # type: ignore[arg-type]
            return super().correct(frame, prompts)

    draw = drawing("clip", 1)
    count_corrections(Listening(), clip(BOX, BOX, FAR), draw=draw)
    count_failures(Listening, clip(BOX, FAR, *[BOX] * 5), draw=draw)
    assert given == [draw(0, BOX), draw(2, FAR), draw(0, BOX), draw(6, BOX)]


def test_several_prompts_count_once_by_their_mean() -> None:
    one, other = (Scores(10, value, 0.5, 0.5, math.nan, 0, value * 10, 20) for value in (0.6, 0.8))
    result = ModelScores("still")
    result.take("clip", [one, other])
    assert (result.mean.frames, result.mean.success, result.mean.corrections) == pytest.approx((10, 0.7, 7))  # type: ignore[attr-defined]
    assert [each.success for each in result.prompts] == [0.6, 0.8]  # type: ignore[attr-defined]
    assert result.redrawn.success == pytest.approx(math.sqrt(0.02))  # type: ignore[attr-defined]
    assert math.isnan(result.redrawn.ghosts)  # type: ignore[attr-defined]


def test_a_failure_skips_five_frames() -> None:
    truth = [BOX, FAR, *[BOX] * 4, FAR, FAR, BOX]
    assert count_failures(Still, clip(*truth)) == 2


def test_following_begins_where_the_object_appears() -> None:
    predictions, _ = follow(Still(), clip(None, BOX, BOX))
    assert [prediction.frame for prediction in predictions] == [1, 2]


def scores(corrections: float, frames: int = 100, ghosts: float = math.nan) -> Scores:
    return Scores(frames, 0.5, 0.5, 0.5, ghosts, 0.0, corrections, 10.0)


def test_means_leave_out_what_could_not_be_measured() -> None:
    clips = [Clip("always", (), 0, (BOX, BOX)), Clip("leaves", (), 0, (BOX, None))]
    result = ModelScores("still", {one.name: score(Still, one) for one in clips})
    assert math.isnan(result.sequences["always"].ghosts)
    assert result.mean.ghosts == 1


def test_the_mean_counts_each_sequence_once_and_the_pool_each_frame() -> None:
    result = ModelScores("one", {"short": scores(10.0, frames=10), "long": scores(1.0, frames=190)})
    assert result.mean.corrections == 5.5
    assert result.pooled.corrections == pytest.approx(100 * (1 + 1.9) / 200)
    assert (result.pooled.frames, math.isnan(result.pooled.success)) == (200, True)


def test_the_spread_is_the_deviation_of_a_sample() -> None:
    counted = enumerate((2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0))
    result = ModelScores("one", {str(number): scores(count) for number, count in counted})
    assert result.spread.corrections == pytest.approx(math.sqrt(32 / 7))
    assert math.isnan(ModelScores("one", {"a": scores(2.0)}).spread.corrections)


def test_nothing_measured_is_nan_and_no_error() -> None:
    nothing = ModelScores("one")
    assert all(math.isnan(found.corrections) for found in (nothing.mean, nothing.spread, nothing.pooled))


def test_every_frame_of_every_pass_ticks() -> None:
    ticks: list[None] = []
    one = clip(None, BOX, FAR, BOX)
    score(Still, one, lambda: ticks.append(None))
    assert len(ticks) == PASSES * one.length


def test_a_clip_that_ends_before_its_labels_is_said_to_be() -> None:
    class Short(Clip):
        def frames(self):  # type: ignore[no-untyped-def]
            return list(super().frames())[:2]

    with pytest.raises(TrackingError, match="after 2 of 3"):
        score(Still, Short("short", (), 0, (BOX, BOX, BOX)))


def test_a_tracker_that_leaves_out_a_frame_is_said_to() -> None:
    class Silent(Still):
        def step(self, frame: Frame) -> list[Prediction]:
            return [] if frame.number == 1 else super().step(frame)

    with pytest.raises(TrackingError, match="of frame 1"):
        follow(Silent(), clip(BOX, BOX, BOX))
