"""Tracks of several people, merged by vote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from annotator.formats.rows import Rows
from tracking.comparing import Tracks, shown
from tracking.consensus import LEFT, Vote, Voted, objects_of, vote
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import shape_at
from tracking.shapes.payloads import row_of
from tracking.shapes.values import Mask

KEY, GUESS, GONE = Flag.KEYFRAME, Flag.PREDICTED, Flag.KEYFRAME | Flag.OUTSIDE


def box(frame: int, left: float, flags: Flag = KEY) -> Row:
    return Row(frame, Kind.BOX, flags, 1.0, (left, 20, left + 40, 60))


def still(first: int, last: int, left: float = 100) -> list[Row]:
    return [box(first, left), box(last, left)]


def voter(person: int, rows: Sequence[Row]) -> Vote:
    stored = Rows.of(rows)
    return Vote(person, stored, *shown(stored.frames, stored.kinds, stored.flags, stored.bounds.astype(float)))


def people(*each: Sequence[Sequence[Row]]) -> list[Tracks]:
    """Of each person their tracks."""
    return [
        Tracks.joined(
            [(at, 0, found.frames, found.boxes) for at, rows in enumerate(tracks) if (found := voter(0, rows))]
        )
        for tracks in each
    ]


def polled(
    *each: Sequence[Row], need: int = 2, least: float = 0.5, decided: Sequence[tuple[int, int, int]] = ()
) -> Voted:
    votes = [voter(person, rows) for person, rows in enumerate(each)]
    return vote(votes, first=0, last=99, need=need, least=least, decided=decided)


def lefts(voted: Voted) -> dict[int, float]:
    """Where the object is on each frame that shows it."""
    found = {frame: shape_at(voted.rows, frame) for frame in range(100)}
    return {frame: row.bounds[0] for frame, row in found.items() if row is not None}


# ------------------------------------------------------------------ which tracks are one object


def test_what_all_have_is_one_object_and_what_one_has_is_another() -> None:
    alike = still(0, 49)
    found = objects_of(people([alike], [still(0, 9, 500), alike], [still(5, 49, 104)]), 50)
    assert [dict(each.tracks) for each in found] == [{0: 0, 1: 1, 2: 0}, {1: 0}]
    assert found[0].agreement == pytest.approx((1 + 2 * 45 / 50 * 36 / 44) / 3)


def test_of_two_tracks_of_one_person_the_better_one_is_the_object() -> None:
    found = objects_of(people([still(0, 49)], [still(0, 19), still(20, 49)]), 50)
    assert [dict(each.tracks) for each in found] == [{0: 0, 1: 1}, {1: 0}]


def test_objects_that_meet_for_a_moment_stay_two() -> None:
    crossing = [box(0, 100), box(40, 100), box(44, 700), box(49, 700)]
    found = objects_of(people([still(0, 49)], [crossing[2:]]), 50)
    assert [dict(each.tracks) for each in found] == [{0: 0}, {1: 0}]


def test_no_chain_of_likeness_brings_two_tracks_of_one_person_together() -> None:
    # 0's first is like 1's, which is like 2's, which is like 0's second.
    found = objects_of(people([still(0, 49, 100), still(0, 49, 130)], [still(0, 49, 110)], [still(0, 49, 120)]), 50)
    assert all(len(each.tracks) <= 3 for each in found)
    assert sum(len(each.tracks) for each in found) == 4


def test_nobody_has_anything() -> None:
    assert objects_of(people([], []), 50) == []


# ------------------------------------------------------------------ what it looks like


def test_boxes_are_the_median_of_each_corner() -> None:
    voted = polled(still(0, 49, 100), still(0, 49, 102), still(0, 49, 110))
    assert [row.frame for row in voted.rows] == [0, 49]
    assert set(lefts(voted).values()) == {102}
    assert (voted.frames, voted.outvoted, voted.disputes) == (50, 0, [])


def test_it_is_there_where_enough_show_it() -> None:
    gap = [box(0, 100), box(20, 100, GONE), box(30, 100), box(49, 100)]
    voted = polled(gap, [box(5, 100), box(22, 100, GONE), box(28, 100), box(45, 100)], still(0, 10))
    assert list(lefts(voted)) == [*range(20), *range(30, 46)]
    assert (voted.frames, voted.outvoted) == (36, 8)
    assert [row.frame for row in voted.rows if row.flags & Flag.OUTSIDE] == [20]


def test_between_its_rows_no_corner_is_far_from_the_median() -> None:
    # The median of two that cross, one that bends, and one that stands has corners where nobody has a row.
    bent = [box(0, 0), box(40, 80), box(80, 0)]
    straight = [box(0, 80), box(80, 0)]
    steady = [box(0, 30), box(80, 30)]
    voted = polled(bent, straight, steady, least=0)
    for frame, left in lefts(voted).items():
        expected = np.median([shape_at(rows, frame).bounds[0] for rows in (bent, straight, steady)])  # type: ignore[union-attr]
        assert left == pytest.approx(expected, abs=0.5)
    assert len(voted.rows) < 20


def test_frames_on_which_shapes_disagree_are_disputed_and_decided() -> None:
    astray = [box(0, 100), box(19, 100), box(20, 160), box(29, 160), box(30, 100), box(49, 100)]
    voted = polled(still(0, 49), astray)
    assert [(each.first, each.last) for each in voted.disputes] == [(20, 29)]
    assert 0 < voted.disputes[0].least < 0.5
    assert set(lefts(voted).values()) == {100, 130}
    assert set(lefts(polled(still(0, 49), astray, decided=[(20, 29, 1)])).values()) == {100, 160}
    left = polled(still(0, 49), astray, decided=[(20, 29, LEFT)])
    assert (list(lefts(left)), left.disputes, left.frames) == ([*range(20), *range(30, 50)], [], 40)


def test_a_row_is_predicted_where_all_have_predictions_and_hidden_where_most_say_so() -> None:
    tracked = [box(frame, 100, GUESS | Flag.OCCLUDED) for frame in range(10)]
    corrected = [box(frame, 100, (KEY if frame == 4 else GUESS) | Flag.OCCLUDED) for frame in range(10)]
    flags = [row.flags for row in polled(tracked, corrected, tracked[:6]).rows]
    assert flags == [(KEY if frame == 4 else GUESS) | Flag.OCCLUDED for frame in range(10)]


def test_frames_outside_of_the_range_dont_count() -> None:
    votes = [voter(person, still(0, 99)) for person in range(2)]
    voted = vote(votes, first=30, last=39, need=2, least=0.5)
    assert ([row.frame for row in voted.rows], voted.frames) == ([30, 39], 10)


def mask(frame: int, left: int) -> Row:
    return row_of(Mask(left, 10, np.ones((10, 10), np.bool_)), frame, KEY, 1.0)


def test_of_masks_the_one_that_agrees_most_with_the_others_is_taken() -> None:
    voted = polled([mask(0, 10), mask(5, 10)], [mask(0, 11), mask(5, 40)], [mask(0, 12), mask(5, 12)], least=0.7)
    assert [(row.frame, row.kind, row.bounds[0]) for row in voted.rows] == [(0, Kind.MASK, 11), (5, Kind.MASK, 10)]
    assert [(each.first, each.last, each.least) for each in voted.disputes] == [(5, 5, 0.0)]


def test_of_two_kinds_that_of_most_is_taken_and_they_are_in_conflict() -> None:
    voted = polled([mask(0, 10)], [mask(0, 10)], [box(0, 10)])
    assert ([row.kind for row in voted.rows], [each.least for each in voted.disputes]) == ([Kind.MASK], [0.0])
