"""Shapes taken apart into points, and put together again where the points went."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracking.geometry import as_kind
from tracking.shapes.agreement import agreement
from tracking.shapes.anchors import anchored, similarity
from tracking.shapes.values import ABSENT, OCCLUDED, VISIBLE, Box, Points, Polygon, RotatedBox, Shape, Skeleton

KINDS = ("points", "skeleton", "polyline", "polygon", "rotated_box")
BOX = Box(40, 30, 140, 90)


def turned(xy: np.ndarray, angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    """Clockwise on the screen about (0, 0), then scaled and moved."""
    x, y = xy[:, 0], xy[:, 1]
    return scale * np.stack([x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)], axis=1) + shift


def places_of(shape: Shape) -> np.ndarray:
    return shape.corners if isinstance(shape, RotatedBox) else shape.xy  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(angle=st.floats(-pi, pi), scale=st.floats(0.3, 3), shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
def test_a_shape_goes_where_its_points_go(kind: str, angle: float, scale: float, shift: tuple[float, float]) -> None:
    shape = as_kind(kind, BOX)  # type: ignore[arg-type]
    parts = anchored(shape)
    placed = parts.place(turned(parts.start, angle, scale, shift), np.ones(len(parts.start), bool))
    assert type(placed) is type(shape)
    assert np.allclose(places_of(placed), turned(places_of(shape), angle, scale, shift), atol=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_points_that_stay_leave_the_shape_as_it_is(kind: str) -> None:
    shape = as_kind(kind, BOX)  # type: ignore[arg-type]
    parts = anchored(shape)
    assert agreement(parts.place(parts.start, np.ones(len(parts.start), bool)), shape) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("kind", ["polygon", "rotated_box"])
def test_an_area_keeps_its_shape_though_a_third_of_its_points_go_astray(kind: str) -> None:
    shape = as_kind(kind, BOX)  # type: ignore[arg-type]
    parts = anchored(shape)
    now = parts.start + np.array([10, 5])
    astray = np.arange(len(now)) % 3 == 0
    now[astray] += (60, -40)
    expected = places_of(shape) + np.array([10, 5])
    assert np.allclose(places_of(parts.place(now, ~astray)), expected, atol=0.1)
    if kind == "rotated_box":  # even where nobody noticed
        assert np.allclose(places_of(parts.place(now, np.ones(len(now), bool))), expected, atol=0.1)


def test_points_inside_of_an_area_are_followed_not_its_border() -> None:
    parts = anchored(Polygon(np.array([(0, 0), (100, 0), (100, 60), (0, 60)], np.float32)))
    assert len(parts.start) > 4
    assert (parts.start.min(axis=0) > (4, 4)).all() and (parts.start.max(axis=0) < (96, 56)).all()


def test_an_area_too_thin_for_inner_points_is_followed_by_its_vertices() -> None:
    thin = Polygon(np.array([(0, 0), (100, 0), (100, 0.01)], np.float32))
    assert np.array_equal(anchored(thin).start, thin.xy)


def test_absent_joints_stay_absent_and_hidden_ones_are_occluded() -> None:
    xy = np.array([(10, 10), (20, 20), (30, 30)], np.float32)
    parts = anchored(Skeleton(xy, np.array([VISIBLE, ABSENT, OCCLUDED], np.uint8)))
    assert len(parts.start) == 2
    placed = parts.place(parts.start + 5, np.array([False, True]))
    assert isinstance(placed, Skeleton)
    assert placed.seen.tolist() == [OCCLUDED, ABSENT, VISIBLE]
    assert placed.xy.tolist() == [[15, 15], [20, 20], [35, 35]]


def test_a_shape_is_hidden_with_its_points() -> None:
    joints = anchored(Points(np.zeros((4, 2), np.float32), np.full(4, VISIBLE, np.uint8)))
    assert joints.visible(np.array([True, False, False, False]))
    assert not joints.visible(np.zeros(4, bool))
    area = anchored(as_kind("rotated_box", BOX))
    few = np.zeros(len(area.start), bool)
    few[:2] = True
    assert area.visible(~few)
    assert not area.visible(few)


@pytest.mark.parametrize("kind", ["box", "mask"])
def test_what_is_not_made_of_points_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="made of them"):
        anchored(as_kind(kind, BOX))  # type: ignore[arg-type]


def test_a_single_point_tells_a_shift_only() -> None:
    fit = similarity(np.array([[5.0, 5.0]]), np.array([[7.0, 4.0]]))
    assert (fit.scale, fit.angle) == (1.0, 0.0)
    assert fit(np.array([[0.0, 0.0]])).tolist() == [[2.0, -1.0]]
