"""The default segmenter finds what is meant on simple pictures, and obeys clicks."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tracking.test_segmenters import HEIGHT, ON, PLACE, WIDTH, picture
from tracking.segmenter import Click, Embedding, cropped
from tracking.segmenters.regions.segmenter import create
from tracking.shapes.bitmaps import spread
from tracking.types import Box, Mask, TrackingError

SIZE = (HEIGHT, WIDTH)


def truth() -> np.ndarray:
    whole = np.zeros(SIZE, np.bool_)
    whole[30:80, 40:100] = True
    return whole


def iou(mask: Mask, size: tuple[int, int] = SIZE, of: np.ndarray | None = None) -> float:
    found, wanted = spread(mask, size), truth() if of is None else of
    return float((found & wanted).sum() / (found | wanted).sum())


def test_one_click_finds_a_block_of_one_colour() -> None:
    segmenter = create()
    found = segmenter.segment(segmenter.embed(picture()), [ON])
    assert iou(found.mask) > 0.95
    assert found.score > 0.7


def test_a_box_finds_it_too_and_nothing_lies_outside_of_the_box() -> None:
    segmenter = create()
    box = Box(35, 25, 105, 85)
    mask = segmenter.segment(segmenter.embed(picture()), [], box).mask
    assert iou(mask) > 0.95
    cut = Box(50, 30, 100, 60)
    mask = segmenter.segment(segmenter.embed(picture()), [], cut).mask
    assert mask.left >= cut.x1
    assert mask.top + mask.bitmap.shape[0] <= cut.y2


def test_a_click_takes_back_what_is_too_much_and_the_rest_stays() -> None:
    segmenter = create()
    image = picture()
    image[90:110, 120:150] = (220, 120, 40)  # another block like the first, joined in the previous mask
    too_much = truth()
    too_much[90:110, 120:150] = True
    found = segmenter.segment(segmenter.embed(image), [Click(135, 100, False)], None, cropped(too_much))
    assert iou(found.mask) > 0.9


@pytest.mark.parametrize("positive", [True, False])
def test_what_was_clicked_is_as_was_clicked(positive: bool) -> None:
    segmenter = create()
    looked = segmenter.embed(picture())
    for x, y in ((41.5, 31.5), (99.5, 55.5), (5.5, 5.5), (159.9, 119.9), (70.5, 79.5)):
        found = segmenter.segment(looked, [ON, Click(x, y, positive)], None, segmenter.segment(looked, [ON]).mask)
        assert spread(found.mask, SIZE)[int(y), int(x)] == positive


def test_a_small_object_in_a_large_picture_is_looked_at_closely() -> None:
    """At the size that the whole picture is worked on in, the block would be 6 px wide."""
    image = np.full((900, 1600, 3), (90, 120, 90), np.uint8)
    wanted = np.zeros(image.shape[:2], np.bool_)
    wanted[400:430, 800:820] = True
    image[wanted] = (220, 120, 40)
    segmenter = create()
    looked = segmenter.embed(image)
    mask = segmenter.segment(looked, [], Box(795, 395, 825, 435)).mask
    assert iou(mask, looked.size, wanted) > 0.9


def test_an_embedding_of_another_segmenter_is_refused() -> None:
    class Other(Embedding):
        size, nbytes = (10, 10), 1

    with pytest.raises(TrackingError, match="belongs to the segmenter"):
        create().segment(Other(), [ON])


def test_a_box_on_the_place_of_the_block_fills_it() -> None:
    segmenter = create()
    assert iou(segmenter.segment(segmenter.embed(picture()), [], PLACE).mask) > 0.85
