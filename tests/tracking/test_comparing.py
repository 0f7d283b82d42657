"""Where two sets of tracks differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from tracking.comparing import Difference, Tracks, differences, scores, shown
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import expand

FRAMES = 10
Part = tuple[int, int, float, Iterable[int]]


def tracks(*parts: Part) -> Tracks:
    """Of (number, label, left, frames): boxes of 100 x 100 px that stand still."""
    made = []
    for number, label, left, frames in parts:
        at = np.array(list(frames), np.intp)
        made.append((number, label, at, np.tile([left, 0.0, left + 100, 100], (len(at), 1))))
    return Tracks.joined(made)


def found(reference: Tracks, compared: Tracks) -> list[tuple[object, ...]]:
    return [told(each) for each in differences(reference, compared, FRAMES).found]


def told(each: Difference) -> tuple[object, ...]:
    return (each.kind, each.first, each.last, each.reference, each.compared)


ALL = range(FRAMES)


def test_the_same_tracks_dont_differ_whatever_their_numbers() -> None:
    one = tracks((0, 1, 0, ALL), (1, 1, 300, ALL))
    other = tracks((5, 1, 300, ALL), (9, 1, 0, ALL))
    assert found(one, other) == []
    assert scores(one, other, FRAMES) == {"hota": 1, "deta": 1, "assa": 1, "idf1": 1, "mota": 1, "switches": 0}


DIFFERENT: dict[str, tuple[Sequence[Part], Sequence[Part], list[tuple[object, ...]]]] = {
    "missed": ([(0, 1, 0, ALL)], [(0, 1, 0, [0, 1, 2, 6, 7, 8, 9])], [("missed", 3, 5, 0, -1)]),
    "missed twice": (
        [(0, 1, 0, ALL)],
        [(0, 1, 0, [1, 2, 3, 4, 8, 9])],
        [("missed", 0, 0, 0, -1), ("missed", 5, 7, 0, -1)],
    ),
    "extra": ([], [(4, 1, 0, [2, 3])], [("extra", 2, 3, -1, 4)]),
    "badly placed": ([(0, 1, 0, ALL)], [(0, 1, 60, ALL)], [("overlap", 0, 9, 0, 0)]),
    "too far to be one": ([(0, 1, 0, [1])], [(0, 1, 90, [1])], [("missed", 1, 1, 0, -1), ("extra", 1, 1, -1, 0)]),
    "another label": ([(0, 1, 0, ALL)], [(0, 2, 0, ALL)], [("label", 0, 9, 0, 0)]),
    "another identity": ([(0, 1, 0, ALL)], [(3, 1, 0, range(4)), (7, 1, 0, range(4, 10))], [("switch", 4, 4, 0, 7)]),
    "another identity behind a gap": (
        [(0, 1, 0, ALL)],
        [(3, 1, 0, range(4)), (7, 1, 0, range(6, 10))],
        [("missed", 4, 5, 0, -1), ("switch", 6, 6, 0, 7)],
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_each_difference_is_one_stretch(case: str) -> None:
    reference, compared, expected = DIFFERENT[case]
    assert found(tracks(*reference), tracks(*compared)) == expected


def test_who_belonged_together_stays_together_while_that_can_be() -> None:
    """On frames 5 to 9 the other one lies a little better; CLEAR MOT keeps the pair all the same."""
    one = tracks((0, 1, 0, ALL))
    other = tracks((0, 1, 20, ALL), (1, 1, 5, range(5, 10)))
    assert found(one, other) == [("extra", 5, 9, -1, 1)]


def test_switches_are_as_many_as_trackeval_counts() -> None:
    dice = np.random.default_rng(5)
    for _ in range(20):
        one = tracks(*((number, 1, 150 * number, ALL) for number in range(4)))
        owner = dice.permuted(np.tile(np.arange(4), (FRAMES, 1)), axis=1)
        other = tracks(*((n, 1, 150 * at, np.flatnonzero(owner[:, at] == n)) for n in range(4) for at in range(4)))
        switches = sum(kind == "switch" for kind, *_ in found(one, other))
        assert switches == scores(one, other, FRAMES)["switches"]


def test_the_chart_and_the_counts_hold_every_box_that_differs() -> None:
    told_of: list[float] = []
    result = differences(
        tracks((0, 1, 0, ALL), (1, 1, 300, ALL)), tracks((0, 1, 0, range(5))), FRAMES, parts=5, watch=told_of.append
    )
    assert result.frames == {"missed": 15, "extra": 0, "switch": 0, "overlap": 0, "label": 0}
    assert result.chart["missed"] == [2, 2, 3, 4, 4]
    assert told_of == [0.0]


def test_without_a_reference_there_are_no_scores() -> None:
    assert set(scores(tracks(), tracks((0, 1, 0, ALL)), FRAMES).values()) == {None}
    assert scores(tracks((0, 1, 0, ALL)), tracks(), FRAMES)["hota"] == 0


def rows(*each: tuple[int, Kind, Flag, float]) -> tuple[list[int], list[float]]:
    """The frames on which a track of (frame, kind, flags, left) shows, and where."""
    frames, boxes = shown(
        np.array([frame for frame, _, _, _ in each], np.intp),
        np.array([kind for _, kind, _, _ in each], np.uint8),
        np.array([flags for _, _, flags, _ in each], np.uint8),
        np.array([[left, 0, left + 9, 9] for _, _, _, left in each], np.float64).reshape(-1, 4),
    )
    return frames.tolist(), boxes[:, 0].tolist()


def test_boxes_move_between_their_rows_and_are_gone_where_they_are_outside() -> None:
    key, out = Flag.KEYFRAME, Flag.KEYFRAME | Flag.OUTSIDE
    moved = rows((2, Kind.BOX, key, 0), (6, Kind.BOX, key, 40), (8, Kind.BOX, out, 90), (11, Kind.BOX, key, 50))
    assert moved == ([2, 3, 4, 5, 6, 7, 11], [0, 10, 20, 30, 40, 40, 50])
    assert rows((0, Kind.MASK, key, 0), (2, Kind.MASK, key, 40)) == ([0, 1, 2], [0, 0, 40])
    assert rows((0, Kind.BOX, key, 0), (2, Kind.MASK, key, 40)) == ([0, 1, 2], [0, 0, 40])
    assert rows() == ([], [])


def test_boxes_are_where_the_editor_shows_them() -> None:
    dice = np.random.default_rng(7)
    for _ in range(30):
        frames = np.sort(dice.choice(40, dice.integers(1, 8), replace=False))
        flags = [Flag.KEYFRAME | (Flag.OUTSIDE if dice.random() < 0.3 else Flag(0)) for _ in frames]
        stored = [
            Row(int(frame), Kind.BOX, flag, 1.0, (float(left), 0.0, float(left) + 9, 9.0))
            for frame, flag, left in zip(frames, flags, dice.integers(0, 500, len(frames)), strict=True)
        ]
        expected = [(row.frame, row.bounds) for row in expand(stored)]
        at, boxes = shown(
            np.array([row.frame for row in stored], np.intp),
            np.array([row.kind for row in stored], np.uint8),
            np.array([row.flags for row in stored], np.uint8),
            np.array([row.bounds for row in stored], np.float64),
        )
        assert at.tolist() == [frame for frame, _ in expected]
        np.testing.assert_allclose(boxes, np.array([bounds for _, bounds in expected]).reshape(-1, 4), atol=1e-4)
