"""The camera's motion, found again in pictures that were moved on purpose."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tracking.association.camera import CameraMotion, Method
from tracking.association.registry import create
from tracking.detection import Detection
from tracking.types import Box, Frame

WIDTH, HEIGHT = 320, 240
NOTHING = np.empty((0, 4))
STILL = np.eye(2, 3)


def scene() -> np.ndarray:
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT // 6, WIDTH // 6, 3), dtype=np.uint8)
    return cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def moved(motion: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(scene(), motion, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize("method", ["sparseOptFlow", "ecc"])
def test_a_shift_and_a_turn_are_found(method: Method) -> None:
    motion = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 1.0, 1.0) + np.array([[0, 0, 5.0], [0, 0, -3.0]])
    camera = CameraMotion(method)
    np.testing.assert_array_equal(camera.step(Frame(0, scene()), NOTHING), STILL)
    found = camera.step(Frame(1, moved(motion)), NOTHING)
    corners = np.array([[0, 0, 1], [WIDTH, 0, 1], [0, HEIGHT, 1], [WIDTH, HEIGHT, 1.0]])
    np.testing.assert_allclose(corners @ found.T, corners @ motion.T, atol=0.7)


def test_large_pictures_give_pixels_of_their_own() -> None:
    camera = CameraMotion("sparseOptFlow")
    for number, shift in enumerate((0, 24)):
        picture = cv2.resize(moved(STILL + np.array([[0, 0, shift / 6], [0, 0, 0]])), None, fx=6, fy=6)
        found = camera.step(Frame(number, picture), NOTHING)
    np.testing.assert_allclose(found[:, 2], [24, 0], atol=1.5)


@pytest.mark.parametrize("method", ["sparseOptFlow", "ecc"])
def test_pictures_without_anything_in_them_stand_still(method: Method) -> None:
    camera = CameraMotion(method)
    for number in range(2):
        empty = Frame(number, np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        np.testing.assert_array_equal(camera.step(empty, NOTHING), STILL)


def test_a_frame_without_its_picture_breaks_no_comparison() -> None:
    camera = CameraMotion("sparseOptFlow")
    camera.step(Frame(0, scene()), NOTHING)
    for frame in (None, Frame(2, moved(STILL + np.array([[0, 0, 9.0], [0, 0, 0]])))):
        np.testing.assert_array_equal(camera.step(frame, NOTHING), STILL)


@pytest.mark.parametrize(("cmc_method", "tracks"), [("sparseOptFlow", 1), ("none", 2)])
def test_an_object_keeps_its_number_while_the_camera_swings(cmc_method: str, tracks: int) -> None:
    association = create("botsort", 10.0, {"cmc_method": cmc_method})
    numbers = set()
    for number in range(8):
        x = 30 * max(0, number - 4)  # it swings from one frame to the next
        picture = moved(STILL + np.array([[0, 0, x], [0, 0, 0.0]]))
        links = association.update([Detection(Box.from_xywh(60 + x, 80, 20, 50), 0.9)], Frame(number, picture))
        numbers |= {link.track for link in links if link.detection is not None}
    assert len(numbers) >= tracks if tracks > 1 else numbers == {1}
