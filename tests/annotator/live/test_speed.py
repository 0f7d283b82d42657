"""How fast a run gets on: frames that it tells again don't count."""

from __future__ import annotations

from typing import cast
from uuid import uuid4

import pytest

from annotator.live.hub import Room
from annotator.live.writer import LiveRun
from tests.annotator.worlds import predicted
from tracking.protocol import Leg, RunPrompt
from tracking.shapes.chunks import Table, tables_of


def table(first: int, last: int) -> Table:
    (found,) = tables_of([predicted(frame) for frame in range(first, last + 1)])
    return found


@pytest.mark.parametrize(
    ("way", "frames"),
    [("forward", [(1, 15), (8, 23), (24, 24)]), ("backward", [(85, 99), (77, 92), (76, 76)])],
)
def test_frames_that_are_told_again_do_not_count(way, frames: list[tuple[int, int]]) -> None:
    run = LiveRun(uuid4(), cast(Room, None), 0.0)
    leg = Leg(prompt=RunPrompt.of("a", predicted(0)), direction=way, last=99)
    again = Leg(prompt=RunPrompt.of("a", predicted(0), epoch=1), direction=way, last=99)
    assert [run.fresh(leg, table(*span)) for span in frames] == [15, 8, 1]
    assert run.fresh(again, table(*frames[0])) == 15
