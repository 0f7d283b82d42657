"""Work on all cores."""

from __future__ import annotations

import threading
from threading import Barrier

import pytest

from tracking.layers.cores import Cores, usable


def test_answers_come_in_the_order_of_the_questions() -> None:
    assert Cores(3).map(lambda number: number * number, range(20)) == [number * number for number in range(20)]


def test_two_cores_work_at_the_same_time() -> None:
    together = Barrier(2)
    # Each waits for the other: one after the other they would never end.
    assert sorted(Cores(2).map(lambda _: together.wait(timeout=30), (1, 2))) == [0, 1]


def test_one_piece_of_work_or_one_core_needs_no_thread() -> None:
    here = threading.current_thread()
    assert Cores(4).map(lambda _: threading.current_thread(), [1]) == [here]
    assert Cores(1).map(lambda _: threading.current_thread(), [1, 2]) == [here, here]


def test_an_error_comes_after_the_other_pieces_have_ended() -> None:
    done = []

    def work(number: int) -> None:
        if number == 0:
            raise ValueError("zero")
        done.append(number)

    with pytest.raises(ValueError, match="zero"):
        Cores(2).map(work, range(8))
    assert sorted(done) == list(range(1, 8))


def test_there_is_at_least_one_core() -> None:
    assert usable() >= 1
