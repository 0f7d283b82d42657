"""What a mean owes to single clips."""

from __future__ import annotations

import math

import pytest

from tracking.evaluate.leave_one_out import lead, leave_one_out, of_model
from tracking.evaluate.scores import MEASURES, ModelScores, Scores

APART = {name: name for name in "abcd"}


def measured(model: str, **success: float) -> ModelScores:
    rest = {measure: 0.5 for measure in MEASURES if measure != "success"}
    return ModelScores(model, {name: Scores(10, success=value, **rest) for name, value in success.items()})


def test_the_mean_is_taken_again_without_each_clip() -> None:
    found = leave_one_out({"a": 0.0, "b": 0.5, "c": 1.0}, APART)
    assert (found.mean, found.lowest, found.highest) == (0.5, 0.25, 0.75)


def test_for_single_sequences_the_error_is_that_of_a_mean() -> None:
    # The standard deviation of 0, 0.5 and 1 is 0.5.
    assert leave_one_out({"a": 0.0, "b": 0.5, "c": 1.0}, APART).error == pytest.approx(0.5 / math.sqrt(3))


def test_objects_of_one_clip_are_left_out_together() -> None:
    clips = {"a": "street", "b": "street", "c": "pool", "d": "park"}
    found = leave_one_out({"a": 1.0, "b": 1.0, "c": 0.0, "d": 0.5}, clips)
    assert found.lowest == 0.25
    assert found.highest == pytest.approx(2.5 / 3)


def test_one_clip_has_no_spread_and_none_has_no_mean() -> None:
    alone = leave_one_out({"a": 0.5, "b": 0.7}, {"a": "street", "b": "street"})
    assert alone.mean == pytest.approx(0.6)
    assert all(math.isnan(value) for value in (alone.lowest, alone.highest, alone.error))
    assert math.isnan(leave_one_out({}, {}).mean)


def test_what_is_unknown_somewhere_is_reckoned_over_the_rest() -> None:
    assert leave_one_out({"a": 0.0, "b": math.nan, "c": 1.0}, APART).mean == 0.5


def test_every_measure_of_a_model_has_its_spread() -> None:
    found = of_model(measured("one", a=0.2, b=0.4), APART)
    assert (found["lowest"].success, found["highest"].success) == (0.2, 0.4)
    assert found["error"].corrections == 0


def test_a_lead_is_counted_sequence_by_sequence() -> None:
    ahead = lead(measured("one", a=0.9, b=0.2, c=0.5), measured("other", a=0.8, b=0.1, d=1.0), "success", APART)
    assert (ahead.more, ahead.shared) == (2, 2)
    assert ahead.difference.mean == pytest.approx(0.1)
    assert ahead.difference.error == pytest.approx(0)
