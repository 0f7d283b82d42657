"""What looks unlike what was drawn is told, wherever a picture can be read; where none can, nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from annotator.formats.rows import Rows
from tests.tracking.review.layers import FACTS, boxes, flagged, track
from tracking.association import unlike as module
from tracking.association.unlike import unlike
from tracking.frames import MediaError
from tracking.review.queue import spans_of
from tracking.shapes.chunks import Flag
from tracking.types import Frame

RED, BLUE = (200, 30, 30), (30, 30, 200)


class Pictures:
    """A red thing up to ``until``, from then on a blue one, everywhere in the picture."""

    def __init__(self, until: int, damaged: int = -1) -> None:
        self.until, self.damaged, self.read_ones = until, damaged, list[int]()

    def read(self, frame: int) -> Frame:
        self.read_ones.append(frame)
        if frame == self.damaged:
            raise MediaError("Frame can't be decoded.")
        image = np.zeros((360, 640, 3), np.uint8)
        image[:] = RED if frame < self.until else BLUE
        return Frame(frame, image)


def still(count: int = 40) -> Rows:
    rows = boxes(np.full((count, 2), 200.0) + np.random.default_rng(0).normal(0, 1, (count, 2)))
    return flagged(rows, Flag.KEYFRAME, at=slice(0, 1))


def test_from_where_it_looks_like_something_else_it_is_unlike_and_comes_first() -> None:
    one = track(still())
    values = unlike([one], Pictures(until=25), most_s=60).values["1"]
    assert values[:25].max() < 0.05
    assert values[25:].min() > 0.5
    likeliest = max(spans_of(one, FACTS, values), key=lambda item: item.wrong)
    assert (likeliest.first in range(23, 29), likeliest.reasons[0]) == (True, "It looks unlike what was drawn.")
    plain = [reason for item in spans_of(one, FACTS) for reason in item.reasons]
    assert "It looks unlike what was drawn." not in plain


def test_what_a_person_drew_anew_is_what_is_compared_with() -> None:
    rows = flagged(still(), Flag.KEYFRAME, at=slice(25, 26))
    assert unlike([track(rows)], Pictures(until=25), most_s=60).values["1"].max() < 0.05


def test_of_many_shapes_only_some_frames_are_read_and_the_rest_is_between(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = Pictures(until=25)
    monkeypatch.setattr(module, "MOST_LOOKS", 10)
    found = unlike([track(still())], pictures, most_s=60)
    assert pictures.read_ones == list(range(0, 40, 4))
    assert (found.wanted, found.looked_at) == (10, 10)
    assert 0.1 < found.values["1"][26] < found.values["1"][28]


def test_a_frame_that_cannot_be_read_is_told_and_the_others_count() -> None:
    found = unlike([track(still())], Pictures(until=25, damaged=30), most_s=60)
    assert (found.wanted, found.looked_at, found.problem) == (40, 39, "Frame can't be decoded.")
    assert found.values["1"][30] > 0.5


def test_what_a_person_drew_alone_is_not_looked_at() -> None:
    drawn = flagged(still(), Flag.KEYFRAME, at=slice(None))
    pictures = Pictures(until=25)
    assert (unlike([track(drawn)], pictures, most_s=60).values, pictures.read_ones) == ({}, [])


def test_without_time_nothing_is_known_and_that_is_told() -> None:
    found = unlike([track(still())], Pictures(until=25), most_s=-1)
    assert (found.values["1"].max(), "longer than" in found.problem) == (0, True)
