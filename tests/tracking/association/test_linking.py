"""Which tracks of a run are proposed to be one object."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tracking.association import linking
from tracking.association.linking import Tracklet, chained, propose
from tracking.types import Box

RATE = 10.0
A, B = (1.0, 0.0), (0.0, 1.0)


def walk(
    track: int,
    frames: range,
    *,
    start: float = 0,
    speed: float = 5,
    height: float = 80,
    label: str = "person",
    look: Sequence[float] | None = None,
) -> Tracklet:
    """Along a line: at ``start`` on frame 0, whenever it is seen."""
    left = start + speed * np.array(frames)
    boxes = np.stack([left, np.full_like(left, 100), left + 40, np.full_like(left, 100 + height)], axis=1)
    return Tracklet(track, label, np.array(frames), boxes, None if look is None else np.array(look, np.float32))


def pairs(tracklets: Sequence[Tracklet], **options: float) -> list[tuple[int, int]]:
    return [(join.earlier, join.later) for join in propose(tracklets, RATE, **options)]


def test_a_track_that_goes_on_after_a_gap_is_proposed_with_both_ends() -> None:
    (join,) = propose([walk(1, range(20)), walk(2, range(30, 50))], RATE)
    assert (join.earlier, join.later, join.gap) == (1, 2, 10)
    assert 0.6 < join.sure < 1 and join.rival is None and join.unlike is None
    assert join.ends == ((19, Box(95, 100, 135, 180)), (30, Box(150, 100, 190, 180)))


def test_each_is_continued_by_its_own() -> None:
    tracks = [
        walk(1, range(20)),
        walk(2, range(20), start=500, speed=-3),
        walk(3, range(30, 50), start=510, speed=-3),
        walk(4, range(30, 50)),
        walk(5, range(60, 80)),
    ]
    assert sorted(pairs(tracks, least=0.3)) == [(1, 4), (2, 3), (4, 5)]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(walk(2, range(30, 50), start=600), id="somewhere else"),
        pytest.param(walk(2, range(90, 99)), id="much later"),
        pytest.param(walk(2, range(19, 40)), id="while the other is still there"),
        pytest.param(walk(2, range(30, 50), label="car"), id="of another label"),
        pytest.param(walk(2, range(30, 50), height=330), id="of another size"),
        pytest.param(walk(2, range(30, 50), look=B), id="of another look"),
    ],
)
def test_what_isnt_the_same_object_is_not_proposed(later: Tracklet) -> None:
    assert pairs([walk(1, range(20), look=A), later]) == []


def test_of_two_that_fit_as_well_neither_is_sure_and_each_names_the_other() -> None:
    alone = propose([walk(1, range(20)), walk(2, range(30, 50))], RATE)[0].sure
    tracks = [walk(1, range(20)), walk(2, range(30, 50)), walk(3, range(30, 50), start=1)]
    assert pairs(tracks) == []
    (join,) = propose(tracks, RATE, least=0.2)
    assert join.sure < 0.5 < alone
    assert join.rival is not None and {join.later, join.rival[0]} == {2, 3}


def test_looks_choose_between_two_that_could_be_it_and_motion_where_they_are_missing() -> None:
    one = walk(1, range(20), look=A)
    near, far = walk(2, range(30, 50), start=2, look=B), walk(3, range(30, 50), start=15, look=A)
    assert pairs([one, near, far]) == [(1, 3)]
    assert pairs([walk(1, range(20)), near, far], least=0.3) == [(1, 2)]


def test_who_stood_still_meanwhile_is_found_too() -> None:
    stood = walk(3, range(39, 59), start=-100, speed=5)
    assert pairs([walk(1, range(20)), stood], least=0.1) == [(1, 3)]


def test_tracks_of_a_single_frame_and_no_tracks_are_no_problem() -> None:
    assert pairs([]) == pairs([walk(1, range(1))]) == []
    assert pairs([walk(1, range(1)), walk(2, range(2, 3))]) == [(1, 2)]


def test_a_longer_absence_can_be_allowed() -> None:
    tracks = [walk(1, range(20), speed=0), walk(2, range(90, 99), speed=0)]
    assert pairs(tracks, longest=5.0) == [] and pairs(tracks, longest=8.0, least=0.3) == [(1, 2)]


def test_only_the_ends_of_a_track_are_looked_at() -> None:
    whole, later = walk(1, range(1000)), walk(2, range(1010, 1100))
    ends = np.r_[:64, 936:1000]
    cut = Tracklet(1, "person", whole.frames[ends], whole.boxes[ends])
    assert propose([cut, later], RATE) == propose([whole, later], RATE) != []


def test_thousands_of_tracks_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = [walk(number, range(30 * number, 30 * number + 20)) for number in range(7)]
    whole = propose(tracks, RATE)
    monkeypatch.setattr(linking, "AT_ONCE", 2)
    assert propose(tracks, RATE) == whole and len(whole) == 6


def test_joined_tracks_move_in_a_straight_line_between_their_parts() -> None:
    one, other, last = walk(1, range(3)), walk(2, range(5, 7), start=10), walk(3, range(9, 10))
    whole, alone = chained([one, walk(4, range(2)), other, last], {1: 2, 2: 3})
    assert (whole.track, whole.frames.tolist(), alone.track) == (1, list(range(10)), 4)
    assert whole.boxes[2:6, 0] == pytest.approx([10, 10 + 25 / 3, 10 + 50 / 3, 35])
