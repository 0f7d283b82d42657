"""Signs that a row is wrong: what is unusual weighs, what is a little so isn't told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from annotator.formats.rows import Rows
from tests.tracking.review.layers import FACTS, boxes, flagged, track, walk
from tracking.review.layer import Track
from tracking.review.queue import spans_of
from tracking.review.signs import NOBODY_SAW, Parts, chance_of, signs_of
from tracking.shapes.chunks import Flag

GROWN = "Its size or shape is far from what it began with, or was corrected to."
ASTRAY = "It is marked as doubtful soon after it began or was corrected."


def drawn(rows: Rows, *frames: int) -> Rows:
    for frame in frames:
        rows = flagged(rows, Flag.KEYFRAME, at=slice(frame, frame + 1))
    return rows


def chances(rows: Rows) -> list[float]:
    one = track(rows)
    return [float(chance) for chance in chance_of(list(signs_of(one, FACTS)), len(one))]


def reasons(rows: Rows) -> set[str]:
    return {reason for item in spans_of(track(rows), FACTS) for reason in item.reasons}


@pytest.mark.parametrize(("times", "told"), [(1.1, False), (2.0, True)])
def test_a_shape_that_is_far_from_what_a_person_drew_is_told(times: float, told: bool) -> None:
    side = np.where(np.arange(100) < 50, 40.0, 40.0 * times)
    assert (GROWN in reasons(drawn(boxes(walk(100), side=side), 0))) == told


def test_what_a_person_draws_is_what_comes_after_it_is_compared_with() -> None:
    side = np.where(np.arange(100) < 50, 40.0, 80.0)
    before, after = chances(drawn(boxes(walk(100), side=side), 0)), chances(drawn(boxes(walk(100), side=side), 0, 50))
    assert (before[70] > 0.2, after[70] < 0.1) == (True, True)


def test_a_way_back_that_does_not_lead_to_where_it_began_makes_all_of_it_less_sure() -> None:
    rows = drawn(boxes(walk(100)), 0)
    astray = flagged(rows, Flag.PREDICTED | Flag.DOUBTFUL, at=slice(1, 21))
    assert chances(astray)[80] > chances(rows)[80]
    assert ASTRAY in reasons(astray)


def test_a_mean_ahead_ends_where_a_person_drew_next() -> None:
    parts = Parts.of(track(drawn(boxes(walk(6)), 0, 3)))
    ahead = parts.mean_ahead(np.array([0, 0, 3, 6, 0, 0], np.float32))
    assert ahead.tolist() == [1, 1.5, 3, 2, 0, 0]
    assert parts.since(np.array([1, 4])).tolist() == [0, 1, 1, 0, 1, 1]


MEET = "The results of two runs meet here, and don't fit together."


def two_runs(apart: float, *, by: float = 2.0) -> Track:
    """A track of 100 frames of which one run made the first half, and another the second, ``apart`` px beside it."""
    way = walk(100, by=by)
    way[50:] += (0, apart)
    return replace(track(drawn(boxes(way), 0)), runs=np.repeat([1, 2], 50).astype(np.int32))


@pytest.mark.parametrize(("apart", "told"), [(0.0, False), (30.0, True), (300.0, True)])
def test_two_runs_that_do_not_fit_together_where_they_meet_are_told(apart: float, told: bool) -> None:
    spans = [item for item in spans_of(two_runs(apart), FACTS) if MEET in item.reasons]
    assert bool(spans) == told
    # Half a second on both sides.
    assert all(item.first <= 62 and item.last >= 37 for item in spans)


def test_what_is_always_that_quick_fits_together() -> None:
    """From frame to frame it moves by more than half of itself, also where one run made all of it."""
    quick = two_runs(0.0, by=25.0)
    assert not any(MEET in item.reasons for item in spans_of(quick, FACTS))


def test_where_nobody_knows_of_runs_none_meet() -> None:
    apart = two_runs(300.0)
    for runs in (None, np.zeros(100, np.int32), np.repeat([0, 2], 50).astype(np.int32)):
        assert not any(MEET in item.reasons for item in spans_of(replace(apart, runs=runs), FACTS))


def test_what_nobody_saw_comes_before_what_somebody_did() -> None:
    one = track(drawn(boxes(walk(100)), 0))
    unseen = np.arange(100) >= 50
    seen, new = sorted(spans_of(replace(one, unseen=unseen), FACTS), key=lambda item: item.first)
    assert [(seen.first, seen.last, seen.reasons), (new.first, new.last, new.reasons)] == [
        (1, 49, ()),
        (50, 99, (NOBODY_SAW, "It begins or ends inside the picture.")),
    ]
    assert new.chance > seen.chance
