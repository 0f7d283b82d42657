"""What counts as active time, and what a change counts for: on hand-made moments and shapes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from annotator.actions.analytics.measures import (
    Moment,
    Stretch,
    active_time,
    bounds_of,
    by_quarter,
    day_in,
    per_hour,
    per_hundred,
    reshaped,
    share,
)
from tests.annotator.worlds import keyframe, predicted
from tracking.shapes.chunks import Row, Table, tables_of

MINUTE = 60.0
A, B = UUID(int=1), UUID(int=2)


def active(moments: list[tuple[float, str]], *stays: tuple[float, float, str]) -> list[tuple[float, float, str]]:
    """In minutes."""
    found = active_time(
        [Moment(at * MINUTE, place) for at, place in moments],
        [Stretch(begin * MINUTE, end * MINUTE, place) for begin, end, place in stays],
    )
    return [(each.begin / MINUTE, each.end / MINUTE, each.place) for each in found]


def test_nothing_is_no_time_and_a_lone_change_takes_none() -> None:
    assert active([]) == active([(3, "a")]) == []


def test_the_time_before_a_change_belongs_to_what_it_changed() -> None:
    assert active([(0, "a"), (2, "b"), (3, "a")]) == [(0, 2, "b"), (2, 3, "a")]


@pytest.mark.parametrize(("pause", "counted"), [(5.0, 5.0), (5.01, 0.0)])
def test_a_pause_counts_up_to_five_minutes_and_a_longer_one_not_at_all(pause: float, counted: float) -> None:
    found = active([(0, "a"), (pause, "a")])
    assert sum(end - begin for begin, end, _ in found) == pytest.approx(counted)


def test_moving_through_a_video_counts_without_any_change() -> None:
    assert active([], (0, 30, "a")) == [(0, 30, "a")]


def test_two_pages_at_once_count_once() -> None:
    found = active([], (0, 10, "a"), (4, 12, "b"))
    assert found == [(0, 4, "a"), (4, 12, "b")]


def test_of_a_long_look_only_the_last_five_minutes_belong_to_the_change() -> None:
    assert active([(20, "car")], (0, 22, "video")) == [(0, 15, "video"), (15, 20, "car"), (20, 22, "video")]


def test_a_stay_bridges_what_would_be_a_pause_between_changes() -> None:
    found = active([(0, "a"), (12, "a")], (3, 9, "a"))
    assert sum(end - begin for begin, end, _ in found) == 12


def test_a_sitting_after_a_pause_begins_anew() -> None:
    assert active([(0, "a"), (1, "a"), (60, "a"), (62, "a")]) == [(0, 1, "a"), (60, 62, "a")]


def test_the_order_in_which_moments_come_changes_nothing() -> None:
    moments = [(4, "a"), (0, "b"), (2, "c")]
    assert active(moments, (1, 3, "d")) == active(moments[::-1], (1, 3, "d"))


def test_time_over_midnight_is_parted_there() -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
    parts = list(by_quarter(midnight - 90, midnight + 30))
    assert parts == [(midnight - 900, 90), (midnight, 30)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Chatham"])
def test_a_quarter_of_an_hour_lies_within_one_day_everywhere(zone: str) -> None:
    begin, end = bounds_of(date(2026, 3, 8), date(2026, 3, 8), ZoneInfo(zone))
    assert begin is not None and end is not None
    assert begin.timestamp() % 900 == end.timestamp() % 900 == 0


def test_a_day_is_that_of_the_clock_on_the_wall_there() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert [day_in(ZoneInfo(zone), late).day for zone in ("UTC", "Asia/Kolkata", "America/New_York")] == [1, 2, 1]


def test_the_day_on_which_clocks_go_forward_has_23_hours() -> None:
    begin, end = bounds_of(date(2026, 3, 29), date(2026, 3, 29), ZoneInfo("Europe/Paris"))
    assert begin is not None and end is not None
    assert (end - begin).total_seconds() == 23 * 3600


# ---------------------------------------------------------------- shapes


def rows(track: UUID, *given: Row) -> list[tuple[UUID, Table]]:
    return [(track, table) for table in tables_of(given)]


def test_a_keyframe_where_nothing_was_is_set_by_hand_and_corrects_nothing() -> None:
    found = reshaped([], rows(A, keyframe(3)))
    assert (found[A].by_hand, found[A].corrected) == ([3], [])


def test_a_keyframe_elsewhere_than_the_prediction_corrects_it() -> None:
    found = reshaped(rows(A, predicted(3, 10)), rows(A, keyframe(3, 50)))
    assert (found[A].by_hand, found[A].corrected) == ([3], [3])


def test_a_prediction_that_becomes_a_keyframe_as_it_is_was_confirmed() -> None:
    assert reshaped(rows(A, predicted(3)), rows(A, keyframe(3))) == {}


def test_predictions_that_are_removed_are_corrected() -> None:
    found = reshaped(rows(A, predicted(3), predicted(4), keyframe(5)), [])
    assert (found[A].by_hand, found[A].corrected) == ([], [3, 4])


def test_shapes_that_move_to_another_track_are_nobodys_work() -> None:
    assert reshaped(rows(A, keyframe(3), predicted(4)), rows(B, keyframe(3), predicted(4))) == {}


def test_a_shape_that_leaves_the_picture_was_changed() -> None:
    found = reshaped(rows(A, keyframe(3)), rows(A, keyframe(3, outside=True)))
    assert found[A].by_hand == [3]


# ---------------------------------------------------------------- rates


def test_rates_without_anything_to_divide_by_are_not_known() -> None:
    assert (per_hour(3, 0), per_hundred(2, 0), share(0, 0)) == (None, None, None)
    assert (per_hour(3, 1800), per_hundred(2, 400), share(1, 3)) == (6, 0.5, 0.25)
