"""Framewise Flow: points of a textured thing that moves, hides, turns, and of one that doesn't move at all."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.tracking.geometry import as_kind
from tracking import catalog
from tracking.models.flow import motion
from tracking.models.flow.tracker import create
from tracking.shapes.agreement import agreement
from tracking.shapes.values import OCCLUDED, VISIBLE, Box, Points, RotatedBox, Skeleton, moved
from tracking.types import Frame, ObjectId, Prediction, Prompt

A, B = ObjectId("a"), ObjectId("b")
WIDTH, HEIGHT, SIDE = 480, 320, 100


def texture(seed: int, width: int, height: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 255, (height // 6 + 1, width // 6 + 1, 3), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


GROUND, THING, WALL = texture(1, WIDTH, HEIGHT) // 2, texture(2, SIDE, SIDE), texture(3, 140, HEIGHT)


def scene(number: int, x: float, y: float, angle: float = 0.0, wall: int | None = None) -> Frame:
    """The thing's middle is at ``x``, ``y`` px, turned clockwise by ``angle`` degrees; a wall may stand before it."""
    image = GROUND.copy()
    matrix = cv2.getRotationMatrix2D((SIDE / 2 - 0.5, SIDE / 2 - 0.5), -angle, 1.0)
    matrix[:, 2] += (x - SIDE / 2, y - SIDE / 2)
    thing = cv2.warpAffine(THING, matrix, (WIDTH, HEIGHT))
    there = cv2.warpAffine(np.full((SIDE, SIDE), 255, np.uint8), matrix, (WIDTH, HEIGHT)) > 127
    image[there] = thing[there]
    if wall is not None:
        image[:, wall : wall + 140] = WALL
    return Frame(number, image)


def box(x: float, y: float, side: float = 60) -> Box:
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def follow(shape, frames: list[Frame]) -> list[Prediction]:
    tracker = create()
    tracker.start(frames[0], [Prompt(A, shape)])
    return [prediction for frame in frames[1:] for prediction in tracker.step(frame)]


@pytest.mark.parametrize("kind", catalog.find("framewise-flow").prompts)
@pytest.mark.parametrize("speed", [1.3, 11.0])
def test_every_kind_goes_with_the_thing(kind, speed: float) -> None:
    shape = as_kind(kind, box(100, 150))
    found = follow(shape, [scene(number, 100 + speed * number, 150 + number) for number in range(20)])
    for prediction in found:
        assert prediction.visible
        assert agreement(prediction.shape, moved(shape, speed * prediction.frame, prediction.frame)) > 0.95


def test_a_rotated_box_turns_with_the_thing() -> None:
    found = follow(RotatedBox(200, 150, 60, 40, 0.3), [scene(number, 200, 150, 4 * number) for number in range(15)])
    last = found[-1].shape
    assert isinstance(last, RotatedBox)
    assert last.angle - 0.3 == pytest.approx(np.deg2rad(56), abs=0.05)
    assert (last.width, last.height) == pytest.approx((60, 40), rel=0.05)


def test_a_point_does_not_drift_from_its_first_look() -> None:
    """Two hundred small steps there and back end where they began."""
    path = [100 + 40 * (1 - np.cos(number / 7)) for number in range(200)]
    shape = Points(np.array([(90, 140), (110, 160)], np.float32), np.full(2, VISIBLE, np.uint8))
    last = follow(shape, [scene(number, x, 150) for number, x in enumerate(path)])[-1]
    assert isinstance(last.shape, Points)
    assert np.abs(last.shape.xy - shape.xy - (path[-1] - 100, 0)).max() < 0.5


def test_joints_behind_a_wall_are_occluded_while_the_others_are_seen() -> None:
    xy = np.array([(75, 130), (75, 170), (125, 130), (125, 170)], np.float32)
    shape = Skeleton(xy, np.full(4, VISIBLE, np.uint8))
    found = follow(shape, [scene(number, 100 + 4 * number, 150, wall=145) for number in range(16)])
    states = {prediction.frame: prediction.shape.seen.tolist() for prediction in found}  # type: ignore[union-attr]
    assert states[2] == [VISIBLE] * 4
    assert states[14] == [VISIBLE, VISIBLE, OCCLUDED, OCCLUDED]
    last = found[-1].shape.xy  # type: ignore[union-attr]
    assert np.abs(last[:2] - xy[:2] - (60, 0)).max() < 1


def test_all_hidden_is_told_with_little_confidence() -> None:
    shape = as_kind("points", box(100, 150, 40))
    frames = [scene(number, 100 + 8 * number, 150, wall=170) for number in range(16)]
    last = follow(shape, frames)[-1]
    assert not last.visible
    assert last.confidence < 0.3


def test_points_that_come_out_from_behind_something_are_found_again() -> None:
    shape = as_kind("points", box(240, 150, 40))
    frames = [scene(number, 240, 150, wall=170 if 3 <= number < 8 else None) for number in range(12)]
    states = {prediction.frame: prediction for prediction in follow(shape, frames)}
    assert states[6].shape.seen.tolist().count(OCCLUDED) >= 3  # type: ignore[union-attr]
    assert states[6].confidence < 0.3
    assert states[11].visible
    assert agreement(states[11].shape, shape) > 0.95


def test_a_picture_without_texture_moves_nothing() -> None:
    blank = [Frame(number, np.full((HEIGHT, WIDTH, 3), 90, np.uint8)) for number in range(4)]
    shape = as_kind("points", box(100, 150))
    for prediction in follow(shape, blank):
        assert agreement(prediction.shape, shape) > 0.99
        assert not prediction.visible


def test_several_objects_are_followed_apart() -> None:
    tracker = create()
    here, there = as_kind("points", box(100, 150)), as_kind("polygon", box(380, 60))
    tracker.start(scene(0, 100, 150), [Prompt(A, here), Prompt(B, there)])
    for number in range(1, 10):
        found = {prediction.object: prediction for prediction in tracker.step(scene(number, 100 + 5 * number, 150))}
    assert agreement(found[A].shape, moved(here, 45, 0)) > 0.95
    assert agreement(found[B].shape, there) > 0.95
    tracker.drop([A])
    (left,) = tracker.step(scene(10, 150, 150))
    assert left.object == B


def grid(left: float, top: float) -> np.ndarray:
    return np.stack(np.meshgrid(left + np.arange(0, 60, 12), top + np.arange(0, 60, 12)), -1).reshape(-1, 2)


def test_objects_that_lie_together_share_a_look_and_those_apart_do_not() -> None:
    picture = np.zeros((720, 1280), np.uint8)
    near, beside, far = (motion._surroundings(grid(*at), picture) for at in ((100, 100), (140, 110), (1000, 500)))
    off = motion._surroundings(grid(-300, -300), picture)
    found = motion._shared([near, far, off, beside])
    assert sorted(which for _, which in found) == [[0, 3], [1]]
    assert sum(area.cost for area, _ in found) < sum(area.cost for area in (near, far, beside) if area)
    assert {which[0]: area for area, which in found}[1] == far


def test_an_object_far_from_the_others_is_followed_as_if_it_were_alone() -> None:
    def last(*shapes: Points) -> np.ndarray:
        tracker = create()
        tracker.start(scene(0, 90, 90), [Prompt(ObjectId(str(n)), shape) for n, shape in enumerate(shapes)])
        for number in range(1, 6):
            told = tracker.step(scene(number, 90 + 3 * number, 90 + number))
        return told[0].shape.xy  # type: ignore[union-attr]

    here, there = (
        Points(np.float32(xy), np.full(2, VISIBLE, np.uint8))
        for xy in ([[80, 80], [100, 95]], [[400, 250], [420, 270]])
    )
    assert np.array_equal(last(here), last(here, there))
