"""What everything that answers clicks must do. Networks are tried with tiny random weights."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tracking import catalog
from tracking.catalog import SEGMENTERS, SegmenterEntry
from tracking.segmenter import Click, Segmented, Segmenter, cropped
from tracking.segmenting import answer
from tracking.shapes.bitmaps import spread
from tracking.types import Box, Mask, PromptError, TrackingError

WIDTH, HEIGHT = 160, 120
PLACE = Box(40, 30, 100, 80)
ON, BESIDE = Click(70, 55, True), Click(130, 100, False)


def picture(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """An orange block on grey-green, both with some noise."""
    image = np.full((height, width, 3), (90, 120, 90), np.uint8)
    image[30:80, 40:100] = (220, 120, 40)
    noise = np.random.default_rng(1).normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def variants() -> list[Any]:
    """One entry for each module: those that share it differ in their weights alone."""
    by_module = {entry.factory.partition(":")[0]: entry for entry in reversed(SEGMENTERS)}
    return [pytest.param(entry, id=entry.id) for entry in by_module.values()]


def build(entry: SegmenterEntry) -> Segmenter:
    """The model itself when it needs no weights, else its tiny variant."""
    if not entry.weights:
        return catalog.create_segmenter(entry.id)
    segmenter: Segmenter = import_module(entry.factory.partition(":")[0]).tiny()
    return segmenter


def same(one: Segmented, other: Segmented) -> bool:
    return one.score == other.score and bool(
        (spread(one.mask, (HEIGHT, WIDTH)) == spread(other.mask, (HEIGHT, WIDTH))).all()
    )


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


each = pytest.mark.parametrize("entry", variants())


@each
def test_a_click_and_a_box_give_a_mask_in_the_picture_with_a_score(entry: SegmenterEntry) -> None:
    segmenter = build(entry)
    looked = segmenter.embed(picture())
    assert looked.size == (HEIGHT, WIDTH)
    assert looked.nbytes > 0
    for found in (segmenter.segment(looked, [ON]), segmenter.segment(looked, [], PLACE)):
        assert 0 <= found.score <= 1
        assert found.mask.bitmap.dtype == np.bool_
        height, width = found.mask.bitmap.shape
        assert 0 <= found.mask.left <= found.mask.left + width <= WIDTH
        assert 0 <= found.mask.top <= found.mask.top + height <= HEIGHT


@each
def test_the_same_clicks_get_the_same_answer_whatever_came_between(entry: SegmenterEntry) -> None:
    segmenter = build(entry)
    looked = segmenter.embed(picture())
    first = answer(segmenter, looked, [ON, BESIDE], None, None)
    answer(segmenter, looked, [Click(5, 5, True)], None, None)
    answer(segmenter, looked, [ON], Box(20, 20, 120, 100), None)
    assert same(answer(segmenter, looked, [ON, BESIDE], None, None), first)
    assert same(answer(build(entry), build(entry).embed(picture()), [ON, BESIDE], None, None), first)


@each
def test_it_leaves_the_picture_as_it_is(entry: SegmenterEntry) -> None:
    image = picture()
    image.flags.writeable = False
    segmenter = build(entry)
    segmenter.segment(segmenter.embed(image), [ON])
    assert (image == picture()).all()


@each
@pytest.mark.parametrize(
    ("clicks", "box", "said"),
    [
        pytest.param([], None, "none of these came", id="nothing"),
        pytest.param([BESIDE], None, "none of these came", id="a negative click alone"),
        pytest.param([Click(WIDTH + 5, 5, True)], None, "160 x 120", id="a click beside the picture"),
        pytest.param([], Box(WIDTH + 5, 5, WIDTH + 50, 50), "160 x 120", id="a box beside the picture"),
        pytest.param([], Box(50, 50, 50, 50), "area", id="an empty box"),
    ],
)
def test_what_says_nothing_of_the_object_is_refused(
    entry: SegmenterEntry, clicks: list[Click], box: Box | None, said: str
) -> None:
    segmenter = build(entry)
    with pytest.raises(PromptError, match=said):
        answer(segmenter, segmenter.embed(picture()), clicks, box, None)


@each
@pytest.mark.parametrize("size", [(1, 1), (7, 3), (3, 200), (40, 17)])
def test_pictures_of_odd_sizes_are_taken(entry: SegmenterEntry, size: tuple[int, int]) -> None:
    height, width = size
    segmenter = build(entry)
    looked = segmenter.embed(np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8))
    corner = Click(width, height, True)
    for found in (
        segmenter.segment(looked, [corner]),
        segmenter.segment(looked, [corner, Click(0, 0, False)], Box(-9, -9, width + 9, height + 9)),
    ):
        assert np.isfinite(found.score)
        assert found.mask.left + found.mask.bitmap.shape[1] <= width


@each
def test_a_mask_from_elsewhere_is_corrected_even_if_it_reaches_beyond_the_picture(entry: SegmenterEntry) -> None:
    segmenter = build(entry)
    looked = segmenter.embed(picture())
    for before in (
        Mask(-20, -20, np.ones((HEIGHT + 40, WIDTH + 40), np.bool_)),
        Mask(40, 30, np.ones((50, 60), np.bool_)),
        Mask(WIDTH + 10, 5, np.ones((4, 4), np.bool_)),
    ):
        assert 0 <= answer(segmenter, looked, [ON, BESIDE], None, before).score <= 1


def test_ids_are_unique_and_the_default_needs_nothing() -> None:
    ids = [entry.id for entry in SEGMENTERS]
    assert len(ids) == len(set(ids))
    assert catalog.missing(catalog.find_segmenter(catalog.DEFAULT_SEGMENTER)) == []


def test_an_unknown_segmenter_names_the_known_ones() -> None:
    with pytest.raises(TrackingError, match=f"'nothing' is none.*{SEGMENTERS[0].id}"):
        catalog.create_segmenter("nothing")


def test_a_negative_click_that_came_first_counts_once_the_object_is_known() -> None:
    segmenter = catalog.create_segmenter(catalog.DEFAULT_SEGMENTER)
    looked = segmenter.embed(picture())
    found = spread(answer(segmenter, looked, [BESIDE, ON], None, None).mask, looked.size)
    assert found[55, 70]
    assert not found[100, 130]


def test_cropping_and_spreading_are_inverse() -> None:
    whole = cv2.circle(np.zeros((HEIGHT, WIDTH), np.uint8), (150, 20), 25, 1, -1) > 0
    mask = cropped(whole)
    assert mask.bitmap.any(axis=0).all()
    assert mask.bitmap.any(axis=1).all()
    assert (spread(mask, (HEIGHT, WIDTH)) == whole).all()
    assert not cropped(np.zeros((3, 3), np.bool_)).area
