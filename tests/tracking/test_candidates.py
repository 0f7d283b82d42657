"""From a network's rows to boxes on a frame, and frames into canvases."""

from __future__ import annotations

import numpy as np
import pytest

from tracking.layers.candidates import Candidates, Choice, best_of_rows, separate
from tracking.layers.letterbox import Placement, enclosing, letterboxed


def candidates(*rows: tuple[float, float, float, float, float, int]) -> Candidates:
    told = np.array(rows, np.float32).reshape(-1, 6)
    return Candidates(told[:, :4], told[:, 4], told[:, 5].astype(np.intp))


@pytest.mark.parametrize("fit", ["corner", "centre", "stretch"])
@pytest.mark.parametrize("size", [(48, 96), (90, 70), (33, 33)])
def test_what_lies_in_a_canvas_is_found_where_it_was(fit: str, size: tuple[int, int]) -> None:
    image = np.zeros((60, 100, 3), np.uint8)
    image[18:42, 30:60] = 255
    canvas, placement = letterboxed(image, size, fit)  # type: ignore[arg-type]
    rows, columns = np.nonzero(canvas[..., 0] > 128)
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
    assert canvas.shape == (*size, 3)
    assert placement.in_picture(box)[0] == pytest.approx([30, 18, 60, 42], abs=3.1)  # a px of the smallest canvas


@pytest.mark.parametrize(
    ("frame", "longest", "multiple", "canvas"),
    [((720, 1280), 640, 32, (384, 640)), ((1280, 720), 640, 32, (640, 384)), ((100, 100), 1280, 64, (1280, 1280))],
)
def test_a_canvas_wastes_less_than_one_stride(
    frame: tuple[int, int], longest: int, multiple: int, canvas: tuple[int, int]
) -> None:
    assert enclosing(*frame, longest, multiple) == canvas


def test_a_frame_in_the_middle_has_as_much_free_on_both_sides() -> None:
    canvas, placement = letterboxed(np.zeros((360, 640, 3), np.uint8), (384, 640), "centre")
    assert (placement.left, placement.top, placement.across) == (0, 12, 1)
    assert (canvas[:12] == 114).all()
    assert (canvas[12:372] == 0).all()
    assert (canvas[372:] == 114).all()


def test_the_surer_box_of_a_class_stays_and_other_classes_are_left_alone() -> None:
    told = candidates((0, 0, 10, 10, 0.6, 0), (1, 0, 11, 10, 0.9, 0), (0, 0, 10, 10, 0.5, 1), (40, 0, 50, 10, 0.2, 0))
    assert separate(told, 0.45).tolist() == [1, 2, 3]
    assert separate(told, 1.0).tolist() == [1, 0, 2, 3]


def test_boxes_beside_the_frame_and_numbers_that_are_none_are_no_detections() -> None:
    told = candidates(
        (-20, -20, -5, -5, 0.9, 0),
        (0, 0, float("nan"), 9, 0.9, 0),
        (0, 0, float("inf"), 9, 0.8, 0),
        (-4, 2, 8, 6, 0.7, 1),
    )
    (found,) = Choice(("a", "b")).detections(told, Placement(20, 20, 2.0, 2.0))
    assert (found.label, found.box.x1, found.box.x2, found.box.y1, found.box.y2) == ("b", 0, 4, 1, 3)


def test_a_row_counts_for_its_likeliest_class() -> None:
    rows = np.array([[10, 10, 4, 2, 0.5, 0.2, 0.8], [10, 10, 4, 2, 0.1, 1.0, 0.0]], np.float32)
    found = best_of_rows(rows, 0.25, objectness=True)
    assert found.boxes.tolist() == [[8, 9, 12, 11]]
    assert found.classes.tolist() == [1]
    assert found.scores == pytest.approx([0.4])
    assert best_of_rows(rows[:, [0, 1, 2, 3, 5, 6]], 0.25, objectness=False).classes.tolist() == [1, 0]
