"""Every kind of geometry: as a value, as a row, and what is asked of all of them alike."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from tests.tracking.geometry import as_kind
from tracking.shapes.chunks import Flag, Kind, Table
from tracking.shapes.payloads import payload_of, row_of, shape_of, single
from tracking.shapes.values import (
    ABSENT,
    GEOMETRY_KINDS,
    VISIBLE,
    Box,
    GeometryKind,
    Mask,
    Points,
    Polygon,
    RotatedBox,
    bounds_of,
    is_empty,
    is_finite,
    kind_name,
    kind_of,
    moved,
    share_inside,
)

by_kind = pytest.mark.parametrize("kind", GEOMETRY_KINDS)
BOX = Box(10, 20, 50, 80)


@by_kind
def test_a_row_brings_its_shape_back(kind: GeometryKind) -> None:
    shape = as_kind(kind, BOX)
    row = row_of(shape, 700, Flag.PREDICTED, 0.5)
    packed = Table.unpack(single(row).pack())
    back = shape_of(packed.row(0))
    assert kind_name(row.kind) == kind
    assert type(back) is type(shape)
    assert payload_of(back) == payload_of(shape)
    assert bounds_of(back) == pytest.approx(bounds_of(shape), abs=1e-4)


@by_kind
def test_its_bounds_are_the_box_it_fills(kind: GeometryKind) -> None:
    assert bounds_of(as_kind(kind, BOX)) == pytest.approx(BOX, abs=1e-4)


@by_kind
def test_it_moves(kind: GeometryKind) -> None:
    shape = moved(as_kind(kind, BOX), 3, -4)
    assert kind_name(kind_of(shape)) == kind
    assert bounds_of(shape) == pytest.approx((13, 16, 53, 76), abs=1e-4)


@by_kind
@pytest.mark.parametrize(
    ("by", "expected"),
    [((0, 0), 1.0), ((-30, 0), 0.5), ((-60, 0), 0.0), ((640, 0), 0.0)],
    ids=["inside", "half", "left", "far"],
)
def test_it_knows_how_much_of_it_is_in_the_frame(kind: GeometryKind, by: tuple[float, float], expected: float) -> None:
    inside = share_inside(moved(as_kind(kind, BOX), *by), 640, 360)
    assert inside == pytest.approx(expected, abs=0.31 if kind == "polyline" and expected == 0.5 else 1e-6)


@by_kind
def test_it_is_neither_empty_nor_endless(kind: GeometryKind) -> None:
    assert not is_empty(as_kind(kind, BOX))
    assert is_finite(as_kind(kind, BOX))


@pytest.mark.parametrize(
    "shape",
    [
        Box(4, 4, 4, 9),
        RotatedBox(4, 4, 0, 3, 0),
        Points(np.zeros((2, 2), np.float32), np.full(2, ABSENT, np.uint8)),
        Mask(3, 3, np.zeros((4, 4), np.bool_)),
        Polygon(np.full((3, 2), 7, np.float32)),
    ],
)
def test_emptiness_is_seen(shape: Box | RotatedBox | Points | Mask | Polygon) -> None:
    assert is_empty(shape)
    assert share_inside(shape, 100, 100) == 0.0


def test_a_tag_is_no_shape() -> None:
    with pytest.raises(ValueError, match="tag"):
        kind_name(Kind.TAG)


def test_bounds_leave_absent_joints_out() -> None:
    points = Points(np.array([(1, 2), (500, 500), (7, 9)], np.float32), np.array([VISIBLE, ABSENT, VISIBLE], np.uint8))
    assert bounds_of(points) == (1, 2, 7, 9)


def test_an_outline_that_crosses_itself_has_an_area_inside() -> None:
    bow = Polygon(np.array([(0, 0), (10, 10), (10, 0), (0, 10)], np.float32))
    assert share_inside(bow, 10, 10) == pytest.approx(1.0)
    assert 0 < share_inside(bow, 5, 10) < 1


def test_a_turned_box_is_bounded_by_its_corners() -> None:
    turned = RotatedBox(50, 40, 20, 10, pi / 6)
    x, y = turned.corners.T
    assert bounds_of(turned) == pytest.approx((x.min(), y.min(), x.max(), y.max()))
