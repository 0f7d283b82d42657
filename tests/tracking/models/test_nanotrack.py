"""NanoTrack's reading of what its networks answer."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tracking.models.nanotrack.network import GRID, STRIDE, TEMPLATE_PX, Float
from tracking.models.nanotrack.tracker import NanoTracker, boxes_of_cells, change_penalty, context_side, crop
from tracking.types import Box, Frame, ObjectId, Prompt

GREY = (9.0, 9.0, 9.0)
MOVE = STRIDE * 60 / TEMPLATE_PX
"""A cell's width in px of the frame, for an object of 30 px, whose template shows 60."""


def test_the_middle_cell_speaks_of_the_middle_of_the_crop() -> None:
    distances = np.full((4, GRID, GRID), 10, np.float32)
    boxes = boxes_of_cells(distances)
    assert boxes[:, GRID // 2, GRID // 2].tolist() == [-10, -10, 10, 10]
    assert boxes[:, GRID // 2, GRID // 2 + 1].tolist() == [STRIDE - 10, -10, STRIDE + 10, 10]


def test_only_the_known_size_goes_without_penalty() -> None:
    penalty = change_penalty(np.array([20.0, 40.0, 10.0]), np.array([10.0, 20.0, 20.0]), Box(0, 0, 20, 10))
    assert penalty[0] == pytest.approx(1)
    assert penalty[1] < 1
    assert penalty[2] < 1


def test_a_template_shows_half_a_mean_side_around_the_box() -> None:
    assert context_side(Box(0, 0, 30, 30)) == pytest.approx(60)


def test_crops_are_filled_beyond_the_frame() -> None:
    image = np.full((40, 40, 3), 200, np.uint8)
    part = crop(image, Box(-10, -10, 10, 10), 40, 40, GREY)
    assert part[:20].max() == part[:, :20].max() == 9
    assert part[20:, 20:].min() == 200


def test_a_crop_far_beyond_the_frame_is_all_fill() -> None:
    image = np.full((40, 40, 3), 200, np.uint8)
    assert (crop(image, Box(500, 500, 520, 520), 30, 60, GREY) == 9).all()


class Pointing:
    """Sees the object, of the template's size, one cell to the right of the middle."""

    def encode_template(self, crop: NDArray[np.uint8]) -> Float:
        return np.zeros((1, 48, 8, 8), np.float32)

    def compare(self, template: Float, crop: NDArray[np.uint8]) -> tuple[Float, Float]:
        logits = np.stack([np.full((GRID, GRID), 9, np.float32), np.full((GRID, GRID), -9, np.float32)])
        logits[:, GRID // 2, GRID // 2 + 1] = -9, 9
        return logits, np.full((4, GRID, GRID), TEMPLATE_PX / 4, np.float32)


def test_it_moves_to_the_cell_that_answers_loudest() -> None:
    tracker = NanoTracker(Pointing(), threshold=0.3)
    blank = np.zeros((120, 160, 3), np.uint8)
    tracker.start(Frame(0, blank), [Prompt(ObjectId("a"), Box(50, 40, 80, 70))])
    (found,) = tracker.step(Frame(1, blank))
    assert found.shape == pytest.approx(Box(50, 40, 80, 70)._replace(x1=50 + MOVE, x2=80 + MOVE), abs=0.1)
    assert found.visible
