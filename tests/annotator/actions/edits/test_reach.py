"""What an annotator may say of tracks that others' frames show too."""

from __future__ import annotations

from typing import Any

import pytest

from annotator.actions.edits.reach import Steps, kept_outside, value_at

MINE = [(10, 19), (30, 39)]
LAST = 49


@pytest.mark.parametrize(
    ("former", "wanted", "kept"),
    [
        # A value set in one's own frames ends with them.
        ([], [(15, True)], [(15, True), (20, None)]),
        ([(0, "a")], [(0, "a"), (15, "b")], [(0, "a"), (15, "b"), (20, "a")]),
        ([(0, "a")], [(0, "a"), (15, "b"), (17, "a")], [(0, "a"), (15, "b"), (17, "a")]),
        ([(0, "a"), (25, "c")], [(0, "a"), (15, "b"), (25, "c")], [(0, "a"), (15, "b"), (20, "a"), (25, "c")]),
        ([(0, "a"), (20, "c")], [(0, "a"), (15, "b"), (20, "c")], [(0, "a"), (15, "b"), (20, "c")]),
        # So does one that is taken away.
        ([(15, True)], [], [(20, True)]),
        ([(15, 1), (35, 2)], [(35, 3)], [(20, 1), (35, 3), (40, 2)]),
        # Both are taken back by their inverse.
        ([(15, True), (20, None)], [], []),
        ([(20, True)], [(15, True)], [(15, True)]),
        # What lies outside stays as it is.
        ([(5, "a")], [(6, "a")], None),
        ([(5, "a")], [], None),
        ([], [(45, "a")], None),
        ([(45, "a")], [(45, "b")], None),
    ],
)
def test_values_change_in_ones_own_frames_alone(former: Steps, wanted: Steps, kept: Steps | None) -> None:
    assert kept_outside(former, wanted, MINE, LAST) == kept
    if kept is not None:
        outside = [frame for frame in range(LAST + 1) if not any(first <= frame <= last for first, last in MINE)]
        assert [value_at(kept, frame) for frame in outside] == [value_at(former, frame) for frame in outside]


def test_frames_that_lie_side_by_side_are_one_stretch() -> None:
    steps: list[tuple[int, Any]] = [(5, True)]
    assert kept_outside([], steps, [(0, 9), (10, 49)], LAST) == steps
