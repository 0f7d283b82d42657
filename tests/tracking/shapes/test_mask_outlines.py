"""Outlines of masks, and the boxes and polygons around them."""

from __future__ import annotations

from math import pi

import cv2
import numpy as np
import pytest
import shapely

from tracking.shapes.mask_outlines import (
    MOST_VERTICES,
    TURNABLE_PX,
    Loss,
    box_around,
    outlines_of,
    polygon_around,
    rotated_box_around,
)
from tracking.shapes.values import Box, Mask

YY, XX = np.mgrid[:200, :240] + 0.5


def turned(x: float, y: float, width: float, height: float, angle: float) -> Mask:
    """A turned box as pixels."""
    dx, dy = XX - x, YY - y
    along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
    return Mask(0, 0, (np.abs(along) < width / 2) & (np.abs(across) < height / 2))


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return (XX - x) ** 2 + (YY - y) ** 2 < radius**2


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_outlines_enclose_the_pieces_and_holes_that_opencv_counts(share: float) -> None:
    rng = np.random.default_rng(3)
    for height, width in rng.integers(1, 10, (60, 2)).tolist():
        bitmap = rng.random((height, width)) < share
        found = outlines_of(Mask(5, 7, bitmap))
        around = np.pad(~bitmap, 1, constant_values=True).astype(np.uint8)
        assert len(found.pieces) == cv2.connectedComponents(bitmap.astype(np.uint8), connectivity=8)[0] - 1
        assert len(found.holes) == cv2.connectedComponents(around, connectivity=4)[0] - 2
        assert found.areas.sum() - found.holes.sum() == bitmap.sum()


def test_an_outline_goes_along_the_edges_of_pixels_from_corner_to_corner() -> None:
    ell = Mask(10, 20, np.array([[1, 0], [1, 1]], np.bool_))
    (outline,) = outlines_of(ell).pieces
    corners = {(10, 20), (11, 20), (11, 21), (12, 21), (12, 22), (10, 22)}
    assert {tuple(corner) for corner in outline.tolist()} == corners
    assert shapely.Polygon(outline).area == 3


def test_a_mask_without_a_pixel_has_no_outline() -> None:
    assert outlines_of(Mask(3, 4, np.zeros((5, 5), np.bool_))).pieces == ()


def test_a_box_reaches_out_for_parts_but_not_for_specks() -> None:
    bitmap = np.zeros((60, 100), np.bool_)
    bitmap[10:40, 10:40] = True
    bitmap[20:30, 50:60] = True  # behind a pole
    bitmap[55, 95] = True
    box, loss = box_around(Mask(100, 0, bitmap))
    assert box == Box(110, 10, 160, 40)
    assert (loss.pieces, loss.holes, loss.share) == (1, 0, pytest.approx(1 / 1001))
    assert not box_around(Mask(100, 0, bitmap[:50]))[1]


@pytest.mark.parametrize("angle", [-1.2, -0.4, 0.0, 0.7, 1.3])
def test_a_turned_box_lies_as_the_object_does(angle: float) -> None:
    box, _ = rotated_box_around(turned(120, 100, 110, 40, angle), near=angle + 0.3)
    assert (box.x, box.y) == pytest.approx((120, 100), abs=0.6)
    assert (box.width, box.height) == pytest.approx((110, 40), abs=3.5)
    assert box.angle == pytest.approx(angle, abs=0.03)


def test_its_angle_goes_on_through_whole_turns() -> None:
    near = 0.0
    for degrees in range(0, 760, 8):
        near = rotated_box_around(turned(120, 100, 110, 40, np.radians(degrees)), near)[0].angle
        assert near == pytest.approx(np.radians(degrees), abs=0.05)


def test_what_is_round_does_not_turn_it() -> None:
    angles = [rotated_box_around(Mask(0, 0, disc(100 + 0.3 * step, 90, 50)), near=0.4)[0].angle for step in range(5)]
    assert angles == [0.4] * 5


def test_it_is_about_as_small_as_the_least_one() -> None:
    mask = Mask(0, 0, disc(80, 80, 40) | turned(120, 100, 150, 30, 0.6).bitmap)
    box, _ = rotated_box_around(mask, near=pi / 5)
    (outline,) = outlines_of(mask).pieces
    least = shapely.minimum_rotated_rectangle(shapely.Polygon(outline))
    most = shapely.area(shapely.buffer(least, TURNABLE_PX, join_style="mitre"))
    assert least.area - 1e-6 <= box.width * box.height <= most


def test_a_polygon_is_the_outline_of_the_largest_piece_and_says_what_it_leaves_out() -> None:
    bitmap = disc(80, 80, 60) & ~disc(90, 80, 15) | disc(200, 160, 20)
    polygon, loss = polygon_around(Mask(0, 0, bitmap))
    outline = shapely.Polygon(polygon.xy)
    assert outline.is_valid
    assert outline.symmetric_difference(shapely.Point(80, 80).buffer(60)).area < 0.03 * outline.area
    lost = (disc(200, 160, 20).sum() + disc(90, 80, 15).sum()) / bitmap.sum()
    assert (loss.pieces, loss.holes, loss.share) == (1, 1, pytest.approx(lost))


def test_a_polygon_has_few_vertices_however_ragged_a_mask_is() -> None:
    teeth = disc(120, 100, 90) & ((XX * 7).astype(int) % 5 > 1) | disc(120, 100, 60)
    assert 3 <= len(polygon_around(Mask(0, 0, teeth))[0].xy) <= MOST_VERTICES


@pytest.mark.parametrize("bitmap", [[[1]], [[1, 1]], [[1, 0], [0, 1]], [[0, 1, 0], [1, 0, 1], [0, 1, 0]]])
def test_tiny_masks_have_shapes_too(bitmap: list[list[int]]) -> None:
    mask = Mask(3, 4, np.array(bitmap, np.bool_))
    height, width = mask.bitmap.shape
    polygon, _ = polygon_around(mask)
    assert len(polygon.xy) >= 3
    assert shapely.Polygon(polygon.xy).bounds == (3, 4, 3 + width, 4 + height)
    assert box_around(mask) == (Box(3, 4, 3 + width, 4 + height), Loss())
    assert min(rotated_box_around(mask)[0][2:4]) > 0
