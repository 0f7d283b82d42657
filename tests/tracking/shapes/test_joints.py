"""Single points of shapes that are made of points."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tracking.geometry import as_kind
from tracking.shapes.joints import agreement_without, unmoved, with_points
from tracking.shapes.values import (
    ABSENT,
    GEOMETRY_KINDS,
    OCCLUDED,
    VISIBLE,
    GeometryKind,
    Points,
    Polygon,
    Polyline,
    Shape,
    Skeleton,
)
from tracking.types import Box

XY = np.array([[0, 0], [100, 0], [100, 100], [0, 100]], np.float32)
KINDS = ("points", "skeleton", "polyline", "polygon")
by_kind = pytest.mark.parametrize("kind", KINDS)


def shape(kind: str, xy: np.ndarray = XY, seen: tuple[int, ...] = (VISIBLE,) * 4) -> Points | Polyline | Polygon:
    if kind in ("points", "skeleton"):
        return (Skeleton if kind == "skeleton" else Points)(xy, np.array(seen[: len(xy)], np.uint8))
    return (Polyline if kind == "polyline" else Polygon)(xy)


def off(*points: int, by: float = 20) -> np.ndarray:
    xy = XY.copy()
    xy[list(points)] += (by, 0)
    return xy


@by_kind
def test_points_that_were_moved_are_told_from_the_others(kind: str) -> None:
    assert unmoved(shape(kind), shape(kind, off(1, 3))) == [0, 2]
    assert unmoved(shape(kind), shape(kind, off(1, by=0.04))) == []


@by_kind
def test_a_vertex_more_or_less_leaves_none(kind: str) -> None:
    assert unmoved(shape(kind), shape(kind, XY[:3])) == unmoved(shape(kind, XY[:3]), shape(kind)) == []


@pytest.mark.parametrize("kind", [kind for kind in GEOMETRY_KINDS if kind not in KINDS])
def test_other_kinds_have_no_points(kind: GeometryKind) -> None:
    one: Shape = as_kind(kind, Box(0, 0, 10, 10))
    other: Shape = as_kind(kind, Box(5, 0, 15, 10))
    assert unmoved(one, other) == []
    assert with_points(one, other, [0]) is one


def test_a_joint_that_comes_or_goes_was_changed_and_one_that_is_hidden_was_not() -> None:
    before = shape("skeleton", seen=(VISIBLE, VISIBLE, ABSENT, ABSENT))
    after = shape("skeleton", off(3), seen=(ABSENT, OCCLUDED, VISIBLE, ABSENT))
    assert unmoved(before, after) == [1, 3]


@by_kind
def test_chosen_points_are_taken_from_another_shape(kind: str) -> None:
    mixed = with_points(shape(kind), shape(kind, off(0, 1, 2, 3), seen=(OCCLUDED,) * 4), [1, 2])
    assert type(mixed) is type(shape(kind))
    assert np.array_equal(mixed.xy, off(1, 2))  # type: ignore[union-attr]
    if isinstance(mixed, Points):
        assert mixed.seen.tolist() == [VISIBLE, OCCLUDED, OCCLUDED, VISIBLE]


@by_kind
def test_only_the_other_points_are_asked_whether_they_agree(kind: str) -> None:
    one, other = shape(kind), shape(kind, off(0, by=25))
    assert agreement_without(one, other, [1, 2, 3]) == pytest.approx((100 - 25) / (100 + 25))
    assert agreement_without(one, other, [0]) == 1
    assert agreement_without(one, shape(kind, XY[:3]), [0]) == 0
