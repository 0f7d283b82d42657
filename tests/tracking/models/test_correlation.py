"""Framewise CF on drawn scenes whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tracking.layers.cores import Cores
from tracking.models.correlation.colour import BITS, ColourModel
from tracking.models.correlation.confidence import Evidence
from tracking.models.correlation.features import (
    CELL,
    CHANNELS,
    ORIENTATIONS,
    colour_index,
    gradient_histograms,
    grid_features,
)
from tracking.models.correlation.filters import (
    FIRST_STEP,
    INSIDE_PENALTY,
    ITERATIONS,
    LARGEST_STEP,
    MEMORY,
    STEP_GROWTH,
    Peak,
    ScaleFilter,
    TranslationFilter,
    growths,
    learn_sizes,
    transform,
)
from tracking.models.correlation.flow import flow_patch, stretches
from tracking.models.correlation.patches import Region, cut, cut_sizes
from tracking.models.correlation.tracker import EVERY, PATIENCE, Find, create, new_target
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


@pytest.mark.parametrize(("share", "kept"), [(0.18, True), (0.15, False)])
def test_a_doubted_object_counts_as_lost_at_once_when_a_sixth_of_it_or_less_is_in_the_frame(
    share: float, kept: bool
) -> None:
    frame = scene(0, Box(200, 90, 260, 130))
    tracker = create()
    target = new_target(frame.image, Box(200, 90, 260, 130))
    left = WIDTH - 60 * share
    doubted = Find(Box(left, 90, left + 60, 130), np.zeros(1, np.float32), Peak(0, 0, 0, 0), Evidence(0, 0, 0, 0, 0))
    confidence, learnt = tracker._judge(frame, target, doubted)
    assert (confidence >= tracker.threshold, learnt) == (kept, False)


def test_objects_take_turns_to_be_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt: list[TranslationFilter] = []
    monkeypatch.setattr(TranslationFilter, "learn", lambda self, sample: learnt.append(self))
    monkeypatch.setattr(Evidence, "belief", property(lambda self: 0.9))
    monkeypatch.setattr("tracking.models.correlation.tracker.EAGER", 0)
    boxes = [Box(60 + left, 60, 120 + left, 100) for left in range(EVERY)]
    tracker = create()
    tracker.start(scene(0, boxes[0]), [Prompt(ObjectId(str(n)), box) for n, box in enumerate(boxes)])
    learnt.clear()
    by_frame = []
    for number in range(1, EVERY + 1):
        tracker.step(scene(number, boxes[0]))
        by_frame.append(len(learnt))
    assert by_frame == list(range(1, EVERY + 1))
    assert len(set(map(id, learnt))) == EVERY


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


def test_sizes_cut_together_are_those_cut_one_by_one() -> None:
    image = texture(3, 640, 360)
    factors = np.array([0.75, 0.9, 1.05])  # as many pixels are averaged at each
    regions = [Region(600, 340, 50 * factor, 90 * factor) for factor in factors]
    together = cut_sizes(image, Region(600, 340, 50, 90), factors, 32, 32)
    alone = np.stack([cut(image, region, 32, 32) for region in regions])
    # Places are rounded to 1/32 px in one of them; where pixels are averaged, others may be the first.
    np.testing.assert_allclose(together.astype(int), alone, atol=12)
    assert np.abs(together.astype(int) - alone).mean() < 1


def test_sizes_that_are_compared_are_equally_sharp() -> None:
    image = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    smaller, larger = cut_sizes(image, Region(100, 100, 64, 64), np.array([0.98, 1.02]), 32, 32)
    assert float(smaller.std()) == pytest.approx(float(larger.std()), rel=0.05)


def test_gradients_count_for_the_cells_around_a_pixel_and_for_the_nearest_orientation() -> None:
    patches = np.stack([texture(seed, 24, 16) for seed in (3, 4)])
    found = gradient_histograms(patches[None])[0].swapaxes(0, 1)
    np.testing.assert_array_equal(gradient_histograms(patches[:, None])[:, :, 0], found)  # two series, or one of two
    for patch, features in zip(patches, found, strict=True):
        sums = summed_gradients(patch.astype(np.float32))
        unsigned = sums[..., :ORIENTATIONS] + sums[..., ORIENTATIONS:]
        energy = np.pad((unsigned**2).sum(-1), 1, mode="edge")
        blocks = energy[1:, 1:] + energy[1:, :-1] + energy[:-1, 1:] + energy[:-1, :-1]
        scales = np.stack([1 / np.sqrt(blocks[y : y + 4, x : x + 6] + 1e-4) for y, x in np.ndindex(2, 2)])
        clipped = np.minimum(np.concatenate([sums, unsigned], -1) * scales[..., None], 0.2)
        energies = clipped[..., : 2 * ORIENTATIONS].sum(-1)
        np.testing.assert_allclose(features[:-4], 0.5 * clipped.sum(0).transpose(2, 0, 1), atol=1e-5)
        np.testing.assert_allclose(features[-4:], 0.2357 * energies, atol=1e-5)


def summed_gradients(patch: NDArray[np.float32]) -> NDArray[np.float64]:
    """Each cell's share of all pixels' gradients, pixel by pixel: (H / CELL, W / CELL, 18)."""
    across, down = np.zeros_like(patch), np.zeros_like(patch)
    across[:, 1:-1] = patch[:, 2:] - patch[:, :-2]
    down[1:-1] = patch[2:] - patch[:-2]
    strongest = (across**2 + down**2).argmax(-1)[..., None]
    across, down = (np.take_along_axis(each, strongest, -1)[..., 0] for each in (across, down))
    nearest = np.floor(cv2.phase(across, down) * np.float32(ORIENTATIONS / np.pi) + np.float32(0.5)).astype(int)
    height, width = across.shape
    sums = np.zeros((height // CELL, width // CELL, 2 * ORIENTATIONS))
    for y, x in np.ndindex(height, width):
        below = np.maximum(0, 1 - np.abs((y + 0.5) / CELL - np.arange(height // CELL) - 0.5))
        right = np.maximum(0, 1 - np.abs((x + 0.5) / CELL - np.arange(width // CELL) - 0.5))
        length = np.hypot(across[y, x], down[y, x]) / 255
        sums[..., nearest[y, x] % (2 * ORIENTATIONS)] += np.outer(below, right) * length
    return sums


def test_a_template_is_that_of_the_method_over_the_whole_grid() -> None:
    """The filter computes within the object only; here are the paper's steps over all of the grid."""
    random, grid, rows, columns = np.random.default_rng(5), 16, slice(5, 11), slice(6, 10)
    filters = TranslationFilter(3, grid, width=4, height=6)
    penalty = np.full((grid, grid), 1e10)
    penalty[rows, columns] = INSIDE_PENALTY**2
    template = np.zeros((3, grid, grid // 2 + 1), complex)
    for memory in (0.0, MEMORY):
        sample = transform(random.normal(size=(3, grid, grid)).astype(np.float32))
        wanted = sample * np.conj(filters._label) / grid**2 + memory * template
        template, dual, step = np.zeros_like(template), np.zeros_like(template), FIRST_STEP
        for _ in range(ITERATIONS):
            weight = step + memory
            aim = wanted + step * template - dual
            aligned = (np.conj(sample) * aim).sum(0)
            free = (aim - sample * aligned / (grid**2 * weight + (np.abs(sample) ** 2).sum(0))) / weight
            template = np.fft.rfft2(np.fft.irfft2(step * free + dual) / (penalty + step))
            dual, step = dual + step * (free - template), min(step * STEP_GROWTH, LARGEST_STEP)
        filters.learn(sample)
        np.testing.assert_allclose(filters.spectrum, template, atol=1e-4 * np.abs(template).max())


def test_growth_is_that_of_the_method_over_frequencies() -> None:
    samples = np.random.default_rng(6).normal(size=(20, 50)).astype(np.float32)
    samples = np.asarray(cv2.blur(samples, (1, 5)), np.float32)
    filters = ScaleFilter()
    window, offsets = np.hanning(19)[1:-1, None], np.arange(17) - 8
    label = np.fft.fft(np.roll(np.exp(-0.5 * (offsets / (17 / 16)) ** 2), -8))[:, None]
    spectra = [np.fft.fft(samples[begin : begin + 17] * window, axis=0) for begin in (2, 1)]
    top, bottom = spectra[0] * np.conj(label), (np.abs(spectra[0]) ** 2).sum(1)
    top = 0.975 * top + 0.025 * spectra[1] * np.conj(label)
    bottom = 0.975 * bottom + 0.025 * (np.abs(spectra[1]) ** 2).sum(1)
    for begin in (2, 1):
        learn_sizes([filters], samples[None, begin : begin + 17])
    seen = np.fft.fft(samples[:17] * window, axis=0)
    response = np.fft.ifft((np.conj(top) * seen).sum(1) / (bottom + 0.01 * bottom.mean())).real
    best = int(np.roll(response, 8).argmax()) - 8
    assert best != 0
    left, middle, right = (response[(best + step) % 17] for step in (-1, 0, 1))
    between = 0.5 * (left - right) / (left - 2 * middle + right)
    (growth,) = growths([filters], samples[None, :17])
    assert growth == pytest.approx(1.03 ** (best + between), abs=1e-4)


def test_features_have_a_cell_for_every_four_pixels() -> None:
    assert grid_features(texture(3, 64, 48)[None])[0].shape == (1, CHANNELS, 12, 16)


def test_flow_tells_width_from_height() -> None:
    before = scene(0, Box(100, 100, 160, 140)).image
    now = scene(1, Box(97, 100, 163, 140)).image
    box = Box(100, 100, 160, 140)
    (change,) = stretches([flow_patch(before, box)], [flow_patch(now, box)])
    assert change.across == pytest.approx(1.1, abs=0.03)
    assert change.down == pytest.approx(1.0, abs=0.03)
    assert change.agreement > 0.8


def test_an_objects_colours_say_how_far_it_has_moved() -> None:
    red = np.zeros((96, 96, 3), np.uint8)
    red[38:58, 33:63] = (200, 30, 30)  # 30x20 in the middle
    colours = ColourModel(96, width=30, height=20)
    colours.learn(red)
    response = colours.response(colour_index(np.roll(red, (-12, 20), axis=(0, 1)), BITS), step=4)
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
