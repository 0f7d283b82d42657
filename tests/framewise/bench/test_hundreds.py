"""The bench of many points, with few frames."""

from __future__ import annotations

import pytest

from framewise.bench import hundreds


def test_all_points_are_followed_as_one_object_and_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"POINTS": 12, "CASES": ((6, 1, 25.0), (12, 3, 12.0)), "WARM_UP": 0, "FRAMES": 1}.items():
        monkeypatch.setattr(hundreds, name, value)
    plain, *followed = hundreds.measure()
    assert [(figure.name, figure.unit) for figure in followed] == [
        ("6 points of 1 object", "fps"),
        ("12 points of 3 objects", "fps"),
        ("12 points of 3 objects, time of a frame against Lucas-Kanade", "times"),
    ]
    assert all(figure.value > 0 for figure in (plain, *followed))
