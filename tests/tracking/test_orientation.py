"""Each display matrix leads to the pictures that its file means, and one that means nothing to none."""

from __future__ import annotations

import numpy as np
import pytest

from tests.media.clips import ORIENTATIONS, number_in, picture
from tracking.orientation import Orientation

ONE = 1 << 16


def display_matrix(a: int, b: int, c: int, d: int, *, one: int = ONE) -> list[int]:
    return [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30]


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_a_stored_picture_is_brought_upright(name: str) -> None:
    matrix, store = ORIENTATIONS[name]
    shown = picture(0b1000110101)
    orientation = Orientation.of_matrix(display_matrix(*matrix))
    assert np.array_equal(orientation.upright(np.ascontiguousarray(store(shown))), shown)
    assert orientation.swaps_sides == (store(shown).shape != shown.shape)


def test_the_eight_orientations_differ() -> None:
    found = {Orientation.of_matrix(display_matrix(*matrix)) for matrix, _ in ORIENTATIONS.values()}
    assert len(found) == 8


@pytest.mark.parametrize("matrix", [(0, 0, 0, 0), (1, 1, 1, 1), (1, 0, 0, 0)])
def test_a_matrix_that_would_leave_no_picture_asks_for_nothing(matrix: tuple[int, int, int, int]) -> None:
    assert Orientation.of_matrix(display_matrix(*matrix)).is_upright


def test_a_scaled_or_oblique_matrix_is_rounded() -> None:
    assert Orientation.of_matrix(display_matrix(0, 3, -2, 0)) == Orientation(turns=3)
    assert Orientation.of_matrix(display_matrix(-10, 2, 2, 11, one=1000)) == Orientation(mirrored=True)


def test_pictures_are_contiguous_for_what_reads_them_as_bytes() -> None:
    for turns in range(4):
        for mirrored in (False, True):
            assert Orientation(turns, mirrored).upright(picture(5)).flags.c_contiguous


def test_an_upright_picture_stays_as_it_is() -> None:
    assert number_in(Orientation().upright(picture(77))) == 77
