"""Frames split into ranges, and tracks joined over the seams."""

from __future__ import annotations

import pytest

from tracking.ranges import LONGEST, OVERLAP, SHORTEST, Seam, Trace, join, ranges, told
from tracking.types import Box


@pytest.mark.parametrize("every", [1, 2, 7, 25])
@pytest.mark.parametrize("ways", [2, 3, 8])
@pytest.mark.parametrize(("first", "last"), [(0, 239), (13, 1012), (5, 9999)])
def test_every_frame_is_one_ranges_own_and_every_range_looks_where_the_whole_would(
    first: int, last: int, ways: int, every: int
) -> None:
    parts = ranges(first, last, every=every, ways=ways)
    assert len(parts) > 1
    assert [at for part in parts for at in range(part.first, part.last + 1)] == list(range(first, last + 1))
    assert parts[0].begin == first
    for part in parts[1:]:
        assert (part.begin - first) % every == (part.first - first) % every == 0
        assert part.begin == first or part.first - part.begin >= max(OVERLAP, every)
        assert part.last - part.first + 1 <= LONGEST + every + SHORTEST


@pytest.mark.parametrize(("count", "ways"), [(1, 2), (2 * SHORTEST - 1, 4), (5000, 1)])
def test_what_is_short_or_has_one_worker_stays_whole(count: int, ways: int) -> None:
    (part,) = ranges(10, 10 + count - 1, ways=ways)
    assert (part.begin, part.first, part.last) == (10, 10, 10 + count - 1)


def trace(x: float, frames: range, *, kind: str = "car", pace: float = 0.0) -> Trace:
    return Trace(kind, {at: Box(x + pace * at, 10, x + pace * at + 20, 30) for at in frames})


def test_tracks_that_lie_on_each_other_are_one() -> None:
    earlier = {"a": trace(0, range(100), pace=1), "b": trace(200, range(50, 100))}
    later = {"x": trace(201, range(76, 200)), "y": trace(2, range(76, 200), pace=1), "z": trace(400, range(120, 200))}
    assert join(earlier, later, frame=100) == Seam(100, {"y": "a", "x": "b"})


def test_the_assignment_as_a_whole_decides() -> None:
    """Each by itself would take "a": it lies nearest to both."""
    earlier = {"a": trace(0, range(100)), "b": trace(6, range(100))}
    later = {"x": trace(1, range(80, 150)), "y": trace(-6, range(80, 150))}
    assert join(earlier, later, frame=100).joined == {"y": "a", "x": "b"}


def test_tracks_that_agree_for_long_go_before_one_that_only_touches_which_is_counted() -> None:
    earlier = {"a": trace(0, range(100))}
    later = {"short": trace(0, range(98, 150)), "long": trace(2, range(80, 150))}
    assert join(earlier, later, frame=100) == Seam(100, {"long": "a"}, {"short"})


def test_what_had_ended_is_not_gone_on_with_and_what_shows_it_is_counted() -> None:
    earlier = {"a": trace(0, range(90))}
    later = {"x": trace(0, range(80, 150))}
    assert join(earlier, later, over=["a"], frame=100) == Seam(100, {}, {"x"}, 0)


def test_another_kind_or_another_place_is_not_the_same() -> None:
    earlier = {"a": trace(0, range(100)), "b": trace(300, range(100))}
    later = {"x": trace(0, range(80, 150), kind="person"), "y": trace(315, range(80, 150))}
    assert join(earlier, later, frame=100) == Seam(100, ended=2)


def test_what_comes_into_sight_behind_the_seam_is_new() -> None:
    assert join({"a": trace(0, range(100))}, {"x": trace(0, range(100, 150))}, frame=100) == Seam(100, ended=1)
    assert join({}, {}, frame=100) == Seam(100)


def test_what_could_not_be_joined_is_told_with_where() -> None:
    whole, cut, ended = told(3, [Seam(100, {"x": "a"}), Seam(200, {"y": "b", "z": "c"}, {"v", "w"}, 4)])
    assert "3 parts" in whole and "3 objects went on over the 2 seams" in whole
    assert "2 objects" in cut and "2 at frame 200" in cut and "frame 100" not in cut
    assert "4 objects hidden or gone" in ended
    assert len(list(told(2, [Seam(100)]))) == 1
