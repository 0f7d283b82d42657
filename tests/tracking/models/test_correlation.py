"""Framewise CF on drawn scenes whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tracking.layers.cores import Cores
from tracking.models.correlation.colour import ColourModel
from tracking.models.correlation.confidence import Evidence
from tracking.models.correlation.features import CHANNELS, grid_features
from tracking.models.correlation.flow import flow_patch, stretch
from tracking.models.correlation.patches import Region, cut
from tracking.models.correlation.tracker import PATIENCE, create
from tracking.types import Box, Frame, ObjectId, Prediction, Prompt, iou

WIDTH, HEIGHT = 320, 240
CAR = ObjectId("car")


def texture(seed: int, width: int, height: int, grain: int = 6) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(0, 255, (height // grain + 2, width // grain + 2, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


BACKGROUND = texture(1, WIDTH, HEIGHT) // 2
LOOK = texture(2, 60, 40) // 2 + 110


def scene(number: int, box: Box | None) -> Frame:
    """A frame with the object drawn to fill ``box``; without it where that is None."""
    image = BACKGROUND.copy()
    if box is not None:
        x1, y1, x2, y2 = (round(edge) for edge in box)
        drawn = cv2.resize(LOOK, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
        left, top = max(x1, 0), max(y1, 0)
        right, bottom = min(x2, WIDTH), min(y2, HEIGHT)
        if right > left and bottom > top:
            image[top:bottom, left:right] = drawn[top - y1 : bottom - y1, left - x1 : right - x1]
    return Frame(number, image)


def follow(places: list[Box | None]) -> list[Prediction]:
    tracker = create()
    assert places[0] is not None
    found = tracker.start(scene(0, places[0]), [Prompt(CAR, places[0])])
    for number, place in enumerate(places[1:], start=1):
        found += tracker.step(scene(number, place))
    return found


def overlap(prediction: Prediction, place: Box | None) -> float:
    assert isinstance(prediction.shape, Box)
    assert place is not None
    return iou(prediction.shape, place)


def test_it_keeps_up_with_growth() -> None:
    places: list[Box | None] = [
        Box(160 - 30 * s, 120 - 20 * s, 160 + 30 * s, 120 + 20 * s) for s in 1.02 ** np.arange(30)
    ]
    assert overlap(follow(places)[-1], places[-1]) > 0.8


def test_it_keeps_up_with_a_change_of_aspect() -> None:
    places: list[Box | None] = [Box(160 - 30 * s, 100, 160 + 30 * s, 140) for s in 0.985 ** np.arange(30)]
    assert overlap(follow(places)[-1], places[-1]) > 0.8


def test_it_says_when_the_object_is_gone_and_finds_it_elsewhere() -> None:
    here, there = Box(40, 40, 100, 80), Box(230, 170, 290, 210)
    places: list[Box | None] = [here] * 6 + [None] * 6 + [there] * 12
    found = follow(places)
    assert all(prediction.visible for prediction in found[:6])
    assert not any(prediction.visible for prediction in found[7:12])
    assert found[-1].visible
    assert overlap(found[-1], there) > 0.7


def test_an_object_that_is_doubted_for_a_moment_is_followed_on_and_then_counts_as_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = [Box(60 + 3 * n, 60, 120 + 3 * n, 100) for n in range(PATIENCE + 2)]
    tracker = create()
    tracker.start(scene(0, places[0]), [Prompt(CAR, places[0])])
    monkeypatch.setattr(Evidence, "belief", property(lambda self: 0.1))
    doubted = [tracker.step(scene(number, place))[0] for number, place in enumerate(places[1:], start=1)]
    assert [prediction.visible for prediction in doubted] == [True] * PATIENCE + [False]
    assert all(overlap(*pair) > 0.7 for pair in zip(doubted[:PATIENCE], places[1:], strict=False))


def test_a_lost_object_is_shown_where_it_was_last_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [Box(60 + 3 * n, 60, 120 + 3 * n, 100) for n in range(PATIENCE + 4)]
    tracker = create()
    tracker.start(scene(0, places[0]), [Prompt(CAR, places[0])])
    (believed,) = tracker.step(scene(1, places[1]))
    monkeypatch.setattr(Evidence, "belief", property(lambda self: 0.1))
    (lost,) = [tracker.step(scene(number, place))[0] for number, place in enumerate(places[2:], start=2)][PATIENCE:][:1]
    assert (lost.visible, lost.shape) == (False, believed.shape)


def test_a_moment_of_belief_makes_patience_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Box(60, 60, 120, 100)
    tracker = create()
    tracker.start(scene(0, place), [Prompt(CAR, place)])
    for number in range(1, 3 * PATIENCE):
        believed = number % PATIENCE == 0
        monkeypatch.setattr(Evidence, "belief", property(lambda self, believed=believed: 0.9 if believed else 0.1))
        assert tracker.step(scene(number, place))[0].visible


def test_it_gives_up_at_the_edge_of_the_frame() -> None:
    places: list[Box | None] = [Box(200.0 + 6 * n, 90, 260.0 + 6 * n, 130) for n in range(26)]
    found = follow(places)
    assert overlap(found[8], places[8]) > 0.7
    assert not found[-1].visible


def test_confidence_falls_while_the_object_is_gone() -> None:
    places: list[Box | None] = [Box(100, 100, 160, 140)] * 6 + [None] * 3
    found = follow(places)
    assert min(prediction.confidence for prediction in found[:6]) > max(p.confidence for p in found[7:])


def test_an_object_that_turns_into_another_is_followed_with_less_and_less_confidence() -> None:
    box, other = Box(100, 100, 160, 140), texture(7, 60, 40) // 2 + 60
    tracker = create()
    found = tracker.start(scene(0, box), [Prompt(CAR, box)])
    for number in range(1, 41):
        frame = scene(number, box)
        frame.image[100:140, 100:160] = cv2.addWeighted(LOOK, 1 - number / 40, other, number / 40, 0)
        found += tracker.step(frame)
    assert all(prediction.visible for prediction in found)
    assert min(prediction.confidence for prediction in found[:6]) > 0.9
    assert tracker.threshold <= found[-1].confidence < 0.6


def test_boxes_stay_inside_of_the_frame() -> None:
    places: list[Box | None] = [Box(230.0 + 4 * n, 90, 290.0 + 4 * n, 130) for n in range(15)]
    for prediction in follow(places):
        assert isinstance(prediction.shape, Box)
        assert prediction.shape.x2 <= WIDTH


def test_more_of_any_evidence_never_lowers_confidence() -> None:
    weak = Evidence(height=0.1, sharpness=4, likeness=0.1, prompt_likeness=0.1, agreement=0.0)
    steps = [
        weak,
        Evidence(0.8, 4, 0.1, 0.1, 0.0),
        Evidence(0.8, 15, 0.1, 0.1, 0.0),
        Evidence(0.8, 15, 0.8, 0.8, 0.0),
        Evidence(0.8, 15, 0.8, 0.8, 0.9),
    ]
    assert all(a.belief < b.belief for a, b in pairwise(steps))
    assert all(a.confidence <= b.confidence for a, b in pairwise(steps))


def test_a_box_unlike_the_prompt_is_doubted_however_familiar_it_has_become() -> None:
    drifted = Evidence(height=1.0, sharpness=15, likeness=0.95, prompt_likeness=0.2, agreement=0.9)
    held = replace(drifted, prompt_likeness=0.9)
    assert drifted.belief == held.belief > 0.9
    assert drifted.confidence < 0.5
    assert held.confidence > 0.9


def test_a_patch_of_the_same_size_is_the_picture_itself() -> None:
    image = texture(3, 64, 48)
    np.testing.assert_array_equal(cut(image, Region(20, 18, 16, 12), 16, 12), image[12:24, 12:28])


@pytest.mark.parametrize("region", [Region(-300, -300, 50, 50), Region(700, 20, 900, 30), Region(20, 20, 4000, 0.5)])
def test_a_patch_beyond_the_frame_repeats_its_edge(region: Region) -> None:
    assert cut(texture(3, 64, 48), region, 32, 24).shape == (24, 32, 3)


def test_features_have_a_cell_for_every_four_pixels() -> None:
    assert grid_features(texture(3, 64, 48))[0].shape == (CHANNELS, 12, 16)


def test_flow_tells_width_from_height() -> None:
    before = scene(0, Box(100, 100, 160, 140)).image
    now = scene(1, Box(97, 100, 163, 140)).image
    box = Box(100, 100, 160, 140)
    change = stretch(flow_patch(before, box), flow_patch(now, box))
    assert change.across == pytest.approx(1.1, abs=0.03)
    assert change.down == pytest.approx(1.0, abs=0.03)
    assert change.agreement > 0.8


def test_an_objects_colours_say_how_far_it_has_moved() -> None:
    red = np.zeros((96, 96, 3), np.uint8)
    red[38:58, 33:63] = (200, 30, 30)  # 30x20 in the middle
    colours = ColourModel(96, width=30, height=20)
    colours.learn(red)
    response = colours.response(np.roll(red, (-12, 20), axis=(0, 1)), step=4)
    assert response.shape == (24, 24)
    row, column = np.unravel_index(response.argmax(), response.shape)
    assert ((row - 12) * 4, (column - 12) * 4) == (-12, 20)


def test_objects_followed_on_several_cores_are_found_where_one_core_finds_them() -> None:
    places = [Box(20 + 3 * n, 30, 80 + 3 * n, 70) for n in range(6)]
    frames = [scene(number, place) for number, place in enumerate(places)]
    prompts = [
        Prompt(ObjectId(str(number)), Box(20 + number, 30 + number, 80 - number, 70 - number)) for number in range(7)
    ]

    def found(cores: int) -> list[Prediction]:
        tracker = create()
        tracker._cores = Cores(cores)
        tracker.start(frames[0], prompts)
        return [prediction for frame in frames[1:] for prediction in tracker.step(frame)]

    assert found(4) == found(1)
