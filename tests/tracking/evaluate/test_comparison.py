"""OpenCV's CSRT goes through the same code, and isn't offered to anybody."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.tracking.test_trackers import frame, place
from tracking import catalog
from tracking.evaluate import comparison
from tracking.evaluate.comparison import COMPARISONS
from tracking.shapes.values import VISIBLE
from tracking.types import Box, Frame, ObjectId, Points, Prompt, TrackingError, iou

A, B = ObjectId("a"), ObjectId("b")


def test_csrt_follows_a_moving_object() -> None:
    tracker = comparison.create("csrt")
    tracker.start(frame(0), [Prompt(A, place(0))])
    overlaps = []
    for number in range(1, 8):
        (found,) = tracker.step(frame(number))
        assert isinstance(found.shape, Box)
        overlaps.append(iou(found.shape, place(number)))
    assert min(overlaps) > 0.5


def test_csrt_goes_on_from_a_correction_and_drops_objects() -> None:
    tracker = comparison.create("csrt")
    tracker.start(frame(0), [Prompt(A, place(0)), Prompt(B, Box(2, 2, 30, 30))])
    tracker.correct(frame(1), [Prompt(B, place(1))])
    tracker.drop([A])
    (found,) = tracker.step(frame(2))
    assert isinstance(found.shape, Box)
    assert (found.object, iou(found.shape, place(2)) > 0.5) == (B, True)


def test_csrt_says_what_it_can_not_start_from() -> None:
    tracker = comparison.create("csrt")
    with pytest.raises(TrackingError):
        tracker.start(Frame(0, np.zeros((100, 100, 3), np.uint8)), [Prompt(A, Box(200, 200, 210, 210))])


def test_lucas_kanade_goes_with_the_picture_and_leaves_what_it_loses_where_it_was() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    picture = cv2.resize(noise, (240, 160), interpolation=cv2.INTER_CUBIC)
    tracker = comparison.create("lucas-kanade")
    xy = np.array([[60, 60], [150, 100]], np.float32)
    tracker.start(Frame(0, picture), [Prompt(A, Points(xy, np.full(2, VISIBLE, np.uint8)))])
    (moved,) = tracker.step(Frame(1, np.roll(picture, 3, axis=1)))
    assert isinstance(moved.shape, Points)
    assert np.abs(moved.shape.xy - xy - (3, 0)).max() < 0.1
    assert moved.visible
    (lost,) = tracker.step(Frame(2, np.zeros_like(picture)))
    assert isinstance(lost.shape, Points)
    assert np.array_equal(lost.shape.xy, moved.shape.xy)
    assert not lost.visible


def test_comparisons_are_not_in_the_catalogue() -> None:
    assert not {entry.id for entry in COMPARISONS} & {entry.id for entry in catalog.entries()}
    with pytest.raises(TrackingError):
        catalog.create("csrt")


def test_an_unknown_model_is_told_all_there_are() -> None:
    with pytest.raises(TrackingError, match=r"'best'.*framewise-cf.*for comparison: csrt"):
        comparison.find("best")
