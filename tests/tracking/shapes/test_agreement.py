"""One scale for all kinds: 1 for the same, 0 for nothing in common, and falling between."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from tests.tracking.geometry import as_kind
from tracking.shapes.agreement import agreement
from tracking.shapes.values import ABSENT, GEOMETRY_KINDS, VISIBLE, Box, GeometryKind, Mask, Polyline, Skeleton, moved

by_kind = pytest.mark.parametrize("kind", GEOMETRY_KINDS)
SQUARE = Box(100, 100, 200, 200)


@by_kind
def test_a_shape_agrees_with_itself(kind: GeometryKind) -> None:
    assert agreement(as_kind(kind, SQUARE), as_kind(kind, SQUARE)) == pytest.approx(1.0)


@by_kind
def test_it_agrees_the_less_the_farther_it_is(kind: GeometryKind) -> None:
    shape = as_kind(kind, SQUARE)
    scores = [agreement(shape, moved(shape, by, 0)) for by in (0, 2, 10, 40, 90)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


@by_kind
def test_places_and_areas_are_on_one_scale(kind: GeometryKind) -> None:
    shape = as_kind(kind, SQUARE)
    # A third of the side apart is an IoU of a half.
    assert agreement(shape, moved(shape, 100 / 3, 0)) == pytest.approx(0.5, abs=0.08)
    assert agreement(shape, moved(shape, 0, 1)) > 0.97


@by_kind
def test_what_is_elsewhere_has_nothing_in_common(kind: GeometryKind) -> None:
    shape = as_kind(kind, SQUARE)
    assert agreement(shape, moved(shape, 150, 0)) == 0.0


@by_kind
def test_it_is_the_same_both_ways_round(kind: GeometryKind) -> None:
    a, b = as_kind(kind, SQUARE), as_kind(kind, Box(110, 95, 215, 190))
    assert agreement(a, b) == pytest.approx(agreement(b, a))


@pytest.mark.parametrize(("one", "other"), [*permutations(GEOMETRY_KINDS, 2)])
def test_two_kinds_never_agree(one: GeometryKind, other: GeometryKind) -> None:
    assert agreement(as_kind(one, SQUARE), as_kind(other, SQUARE)) == 0.0


def test_a_joint_that_only_one_has_counts_nothing() -> None:
    xy = np.array([(0, 0), (0, 100), (100, 100), (100, 0)], np.float32)
    whole = Skeleton(xy, np.full(4, VISIBLE, np.uint8))
    part = Skeleton(xy, np.array([VISIBLE, VISIBLE, VISIBLE, ABSENT], np.uint8))
    assert agreement(whole, part) == pytest.approx(0.75)
    assert agreement(part, part) == 1.0


def test_a_line_drawn_from_its_other_end_is_the_same_line() -> None:
    xy = np.array([(0, 0), (50, 0), (50, 80)], np.float32)
    assert agreement(Polyline(xy), Polyline(xy[::-1].copy())) == pytest.approx(1.0)


@pytest.mark.parametrize(("dx", "dy"), [*product((-3, 0, 5), (-2, 4))])
def test_masks_are_compared_where_they_lie_whatever_their_windows(dx: int, dy: int) -> None:
    rng = np.random.default_rng(4)
    canvas = np.zeros((2, 40, 40), np.bool_)
    bitmaps = rng.random((2, 12, 15)) > 0.4
    places = ((10, 12), (10 + dx, 12 + dy))
    for layer, bitmap, (left, top) in zip(canvas, bitmaps, places, strict=True):
        layer[top : top + 12, left : left + 15] = bitmap
    expected = np.count_nonzero(canvas[0] & canvas[1]) / np.count_nonzero(canvas[0] | canvas[1])
    masks = [Mask(left, top, bitmap) for bitmap, (left, top) in zip(bitmaps, places, strict=True)]
    assert agreement(*masks) == pytest.approx(expected)
