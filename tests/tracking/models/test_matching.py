"""Framewise Mask: what it learns, how it finds, when it calls an object lost."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.tracking.geometry import as_kind
from tracking.layers import efficientnet_lite
from tracking.layers.efficientnet_lite import Block, EfficientNetLite, pretrained
from tracking.models.matching.memory import OBJECT_CELLS, OTHER_CELLS, PERMANENT_CELLS, RECENT_FRAMES, Memory
from tracking.models.matching.outline import NEVER, shared
from tracking.models.matching.tracker import MatchingTracker, create
from tracking.models.matching.view import Region, around, look, zoom_for
from tracking.shapes.agreement import agreement
from tracking.shapes.bitmaps import spread
from tracking.types import Box, Frame, Mask, ObjectId, Prediction, Prompt
from tracking.weights import WeightsError

A, B = ObjectId("a"), ObjectId("b")
WIDTH, HEIGHT = 240, 160


def texture(seed: int, width: int, height: int, low: int, high: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(low, high, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


GROUND = texture(1, WIDTH, HEIGHT, 20, 110)
DISC = texture(2, 64, 64, 130, 250)


def disc(x: float, y: float, *, scale: int = 1) -> Mask:
    """A disc of 56 px (times ``scale``) about a point."""
    rows, columns = np.mgrid[: HEIGHT * scale, : WIDTH * scale] + 0.5
    return Mask(0, 0, (columns - x * scale) ** 2 + (rows - y * scale) ** 2 <= (28 * scale) ** 2)


def frame(number: int, *places: tuple[float, float], scale: int = 1) -> Frame:
    """A frame with discs about some points."""
    image = np.asarray(cv2.resize(GROUND, (WIDTH * scale, HEIGHT * scale), interpolation=cv2.INTER_CUBIC), np.uint8)
    pattern = cv2.resize(DISC, (64 * scale, 64 * scale), interpolation=cv2.INTER_CUBIC)
    for x, y in places:
        bitmap = disc(x, y, scale=scale).bitmap
        rows, columns = np.nonzero(bitmap)
        left, top = round((x - 32) * scale), round((y - 32) * scale)
        image[rows, columns] = pattern[rows - top, columns - left]
    return Frame(number, image)


def path(number: int) -> tuple[float, float]:
    return 60 + 4.0 * number, 70 + 2.0 * number


def started(*, scale: int = 1) -> MatchingTracker:
    tracker = create()
    tracker.start(frame(0, path(0), scale=scale), [Prompt(A, disc(*path(0), scale=scale))])
    return tracker


def likeness(prediction: Prediction, mask: Mask) -> float:
    assert isinstance(prediction.shape, Mask)
    return agreement(prediction.shape, mask)


@pytest.mark.parametrize("scale", [1, 4])
def test_it_follows_a_mask_at_the_size_of_the_video(scale: int) -> None:
    tracker = started(scale=scale)
    for number in range(1, 3):
        (found,) = tracker.step(frame(number, path(number), scale=scale))
        assert found.visible
        assert likeness(found, disc(*path(number), scale=scale)) > 0.9


def test_an_object_that_is_hidden_is_lost_where_it_was_and_found_again() -> None:
    tracker = started()
    for number in range(1, 4):
        (seen,) = tracker.step(frame(number, path(number)))
    for number in range(4, 7):
        (hidden,) = tracker.step(frame(number))
    assert (seen.visible, hidden.visible) == (True, False)
    assert hidden.confidence < 0.3
    assert likeness(hidden, disc(*path(3))) > 0.9
    for number in range(7, 10):
        (found,) = tracker.step(frame(number, (180, 100)))
    assert found.visible
    assert likeness(found, disc(180, 100)) > 0.85


def test_no_pixel_belongs_to_two_objects() -> None:
    tracker = create()
    tracker.start(frame(0, (70, 80), (160, 80)), [Prompt(A, disc(70, 80)), Prompt(B, disc(160, 80))])
    for number in range(1, 5):
        found = tracker.step(frame(number, (70 + 5 * number, 80), (160 - 5 * number, 80)))
        one, other = (spread(prediction.shape, (HEIGHT, WIDTH)) for prediction in found)  # type: ignore[arg-type]
        assert one.any()
        assert other.any()
        assert not (one & other).any()


def test_what_a_pixel_shows_is_one_object_or_none() -> None:
    one, other = np.full((2, 2), 0.9, np.float32), np.full((2, 2), 0.8, np.float32)
    shares = shared([one, other])
    assert np.all(shares[0] > shares[1])
    assert np.all(shares[0] + shares[1] < 1)
    assert shared([one])[0] == pytest.approx(one)
    assert shared([np.ones((1, 1), np.float32)])[0] == pytest.approx(1 / (1 + NEVER))


def test_a_correction_takes_and_leaves_the_other_object_alone() -> None:
    tracker, untouched = create(), create()
    first = frame(0, (70, 80), (160, 80))
    prompts = [Prompt(A, disc(70, 80)), Prompt(B, disc(160, 80))]
    for one in (tracker, untouched):
        one.start(first, prompts)
        one.step(frame(1, (72, 80), (160, 80)))
    half = Mask(0, 0, disc(72, 80).bitmap & (np.arange(WIDTH) < 72))
    (told,) = tracker.correct(frame(1, (72, 80), (160, 80)), [Prompt(A, half)])
    assert told.shape is half
    after = {found.object: found for found in tracker.step(frame(2, (74, 80), (160, 80)))}
    before = {found.object: found for found in untouched.step(frame(2, (74, 80), (160, 80)))}
    moved = Mask(0, 0, disc(74, 80).bitmap & (np.arange(WIDTH) < 74))
    assert likeness(after[A], moved) > max(0.6, likeness(before[A], moved))
    assert likeness(after[B], before[B].shape) > 0.98  # type: ignore[arg-type]


def test_an_object_can_join_later() -> None:
    tracker = started()
    tracker.step(frame(1, path(1), (180, 80)))
    tracker.correct(frame(1, path(1), (180, 80)), [Prompt(B, disc(180, 80))])
    found = {one.object: one for one in tracker.step(frame(2, path(2), (180, 80)))}
    assert likeness(found[A], disc(*path(2))) > 0.9
    assert likeness(found[B], disc(180, 80)) > 0.9


def test_frames_of_a_few_pixels_are_followed() -> None:
    tracker = create()
    images = [np.full((7, 12, 3), shade, np.uint8) for shade in (90, 100)]
    tracker.start(Frame(0, images[0]), [Prompt(A, Mask(2, 2, np.ones((3, 3), np.bool_)))])
    (found,) = tracker.step(Frame(1, images[1]))
    assert 0 <= found.confidence <= 1


def test_what_is_remembered_does_not_grow() -> None:
    memory = Memory(8)
    draw = torch.Generator().manual_seed(0)
    cells = torch.nn.functional.normalize(torch.randn(4000, 8, generator=draw), dim=1)
    labels = (torch.arange(4000) % 2).float()
    for _ in range(6):
        memory.anchor(cells, labels)
    for _ in range(60):
        memory.learn(cells, labels)
    assert memory.size <= PERMANENT_CELLS + RECENT_FRAMES * (OBJECT_CELLS + OTHER_CELLS)


def test_a_prompt_is_remembered_whatever_came_after() -> None:
    memory = Memory(2)
    object_, other = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    memory.anchor(torch.stack([object_, other]), torch.tensor([1.0, 0.0]))
    for _ in range(50):
        memory.learn(torch.stack([other, other]), torch.tensor([0.0, 0.0]))
    mine, others = memory.evidence(torch.stack([object_, other])).tolist()
    assert mine > 1
    assert others < -1


def test_a_corrected_object_is_followed_with_all_that_people_told_of_it() -> None:
    first, second = started(), create()
    kept = first.targets[A].memory.size
    first.step(frame(1, path(1)))
    memory = first.memory_of(A)
    assert (memory is None, first.memory_of(B)) == (False, None)
    second.start(frame(2, path(2)), [Prompt(A, disc(*path(2)))])
    second.remember(A, memory)
    second.remember(B, memory)  # who isn't followed has nothing to remember
    assert second.targets[A].memory.size > kept
    assert first.targets[A].memory.size == kept
    (found,) = second.step(frame(3, path(3)))
    assert likeness(found, disc(*path(3))) > 0.9


def test_the_network_sees_the_same_at_twice_the_places() -> None:
    """Every second cell is what the network as published, which halves its picture once more, sees."""
    torch.manual_seed(0)
    network = EfficientNetLite().eval()
    picture = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        fine, coarse = network(picture)
        assert (fine.shape, coarse.shape) == ((1, 40, 8, 12), (1, 112, 8, 12))
        last: list[Block] = [*network.stages[3].children(), *network.stages[4].children()]  # type: ignore[list-item]
        for block in last:
            block.filter.dilation = (1, 1)
            block.filter.padding = (block.kernel // 2,) * 2
        first = last[0]
        first.filter.padding, first.filter.stride, first.stride = (0, 0), (2, 2), 2
        published = network.stages[4](network.stages[3](fine))
    assert coarse[..., 1::2, 1::2] == pytest.approx(published, abs=1e-5)


def test_another_file_than_the_known_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite, "SHA256", "0" * 64)
    with pytest.raises(WeightsError, match="damaged or another one"):
        pretrained.__wrapped__()
    monkeypatch.setattr(efficientnet_lite, "PACKAGE", "no_such_package")
    with pytest.raises(WeightsError, match="no-such-package"):
        pretrained.__wrapped__()


@pytest.mark.parametrize(
    ("box", "region"),
    [
        (Box(100, 100, 110, 110), Region(60, 60, 150, 150)),
        (Box(0, 0, 400, 100), Region(0, 0, 500, 220)),
        (Box(10, 10, 12, 12), Region(0, 0, 500, 400)),
    ],
)
def test_an_object_is_looked_for_around_it(box: Box, region: Region) -> None:
    soft = spread(as_kind("mask", box), (400, 500)).astype(np.float32)  # type: ignore[arg-type]
    assert around(soft) == region


@pytest.mark.parametrize("size", [(20, 16), (300, 200), (854, 480), (1, 480)])
def test_the_network_is_never_shown_much(size: tuple[int, int]) -> None:
    region = Region(0, 0, *size)
    zoom = zoom_for(region)
    assert zoom <= 1.5
    view = look(pretrained(), np.zeros((480, 854, 3), np.uint8), region, 1.0)
    assert view.features.shape == (view.rows * view.columns, 152)
    assert len(view.features) <= 4000
    assert view.pixels(torch.zeros(len(view.features))).shape == (region.height, region.width)
