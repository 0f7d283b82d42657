"""Masks that tracks carry decide where overlaps can't."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pytest

from tracking import catalog
from tracking.association.mcbyte import FollowedMasks, McByte, shares
from tracking.association.registry import create
from tracking.association.settings import McByteSettings
from tracking.detection import Detection
from tracking.types import Box, Frame, Mask, TrackingError

RATE = 10.0


class Scripted:
    """A ``MaskEngine`` that says what it is told to."""

    def __init__(self) -> None:
        self.said: dict[int, tuple[Mask, float]] = {}
        self.begun: list[tuple[int, set[int]]] = []
        self.ended: set[int] = set()

    def step(self, frame: Frame) -> Mapping[int, tuple[Mask, float]]:
        return self.said

    def begin(self, frame: Frame, new: Mapping[int, Box | Mask]) -> None:
        if new:
            self.begun.append((frame.number, set(new)))

    def drop(self, ended: Collection[int]) -> None:
        self.ended |= set(ended)


def picture(number: int) -> Frame:
    return Frame(number, np.zeros((200, 300, 3), np.uint8))


def seen(x: float, y: float = 50, width: float = 40, height: float = 80) -> Detection:
    return Detection(Box.from_xywh(x, y, width, height), 0.9, "person")


def filled(box: Box) -> Mask:
    x1, y1, x2, y2 = (round(value) for value in box)
    return Mask(x1, y1, np.ones((y2 - y1, x2 - x1), np.bool_))


def followed(engine: Scripted, **settings: object) -> McByte:
    return McByte(McByteSettings(cmc_method="none", **settings), RATE, engine)  # type: ignore[arg-type]


def numbers(association: McByte, number: int, *found: Detection) -> dict[int, int]:
    links = association.update(found, picture(number))
    return {link.detection: link.track for link in links if link.detection is not None}


@pytest.mark.parametrize(
    ("sure", "part", "decides"),
    [(0.9, 1.0, True), (0.5, 1.0, False), (0.9, 0.8, False)],
    ids=["sure", "unsure", "half"],
)
def test_of_two_that_overlap_the_mask_says_which_is_which(sure: float, part: float, decides: bool) -> None:
    engine = Scripted()
    association = followed(engine)
    for number in range(4):
        assert numbers(association, number, seen(100), seen(112)) == {0: 1, 1: 2}
    # Both change places, as far as overlap can tell; the masks know that they did.
    left, right = seen(100), seen(112)
    width = round(40 * part) if decides else 40
    outside = 0 if part == 1.0 else 30
    engine.said = {
        1: (filled(Box.from_xywh(112 + 2 + outside, 52, width - 4, 70)), sure),
        2: (filled(Box.from_xywh(100 + 2 - outside, 52, width - 4, 70)), sure),
    }
    assert numbers(association, 4, left, right) == ({0: 2, 1: 1} if decides else {0: 1, 1: 2})


def test_what_is_alone_is_linked_as_ever_whatever_its_mask_says() -> None:
    engine = Scripted()
    association = followed(engine)
    for number in range(4):
        numbers(association, number, seen(20), seen(200))
    engine.said = {1: (filled(seen(200).box), 1.0), 2: (filled(seen(20).box), 1.0)}
    assert numbers(association, 4, seen(20), seen(200)) == {0: 1, 1: 2}


def test_masks_begin_with_believed_tracks_that_nothing_hides_and_end_with_them() -> None:
    engine = Scripted()
    association = followed(engine)
    in_front = Detection(Box(90, 60, 150, 190), 0.9, "person")
    numbers(association, 0, in_front, seen(100, 70))
    assert engine.begun == [(0, {1})]
    numbers(association, 1, in_front, seen(100, 70), seen(220))
    numbers(association, 2, in_front, seen(100, 70), seen(220))
    assert engine.begun == [(0, {1}), (2, {3})]
    # What comes out from behind gets its mask then; nobody gets a second one.
    numbers(association, 3, in_front, seen(70, 70), seen(220))
    numbers(association, 4, in_front, seen(50, 70), seen(220))
    assert engine.begun[2:] == [(4, {2})] or engine.begun[2:] == [(3, {2})]
    for number in range(5, 20):
        numbers(association, number, in_front)
    assert engine.ended == {2, 3}


def test_without_pictures_there_are_no_masks() -> None:
    engine = Scripted()
    association = followed(engine)
    for _ in range(3):
        (link,) = association.update([seen(100)])
    assert (link.track, engine.begun) == (1, [])


def test_how_much_of_a_mask_lies_in_a_box_and_how_much_of_the_box_it_fills() -> None:
    mask = Mask(10, 20, np.ones((10, 20), np.bool_))
    assert shares(mask, np.array([0.0, 0.0, 100.0, 100.0])) == (1.0, 0.02)
    assert shares(mask, np.array([20.0, 20.0, 40.0, 30.0])) == (0.5, 0.5)
    assert shares(mask, np.array([9.5, 19.5, 29.5, 29.5])) == (1.0, 200 / (21 * 11))
    assert shares(mask, np.array([-50.0, -50.0, 5.0, 5.0])) == (0.0, 0.0)


def test_a_model_of_masks_carries_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.fakes:ENTRIES")
    engine = FollowedMasks("masking")
    image = np.zeros((60, 80, 3), np.uint8)
    image[20:40, 30:50] = 255
    first, second = Frame(0, image), Frame(1, image)
    assert engine.step(first) == {}
    engine.begin(first, {7: Box(28, 18, 52, 42), 8: Mask(5, 5, np.ones((4, 4), np.bool_))})
    masks = engine.step(second)
    assert set(masks) == {7, 8}
    assert 200 < masks[7][0].area < 500
    engine.drop([7, 99])
    assert set(engine.step(Frame(2, image))) == {8}
    # A picture of another size is another video: nothing is carried there.
    assert engine.step(Frame(3, np.zeros((30, 30, 3), np.uint8))) == {}


def test_a_model_that_follows_no_masks_is_refused() -> None:
    with pytest.raises(TrackingError, match="a mask came"):
        create("mcbyte", RATE, {"mask_model": "framewise-cf"})
    with pytest.raises(TrackingError, match="'nobody' is none"):
        create("mcbyte", RATE, {"mask_model": "nobody"})


def test_what_carries_masks_says_at_once_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    with pytest.raises(TrackingError, match=r"XMem is to carry masks, and needs .*XMem\.pth"):
        create("mcbyte", RATE, {"mask_model": "xmem"})
    with pytest.raises(TrackingError, match="XMem is to carry masks"):
        catalog.create_linker("mcbyte", "yolox-nano", kinds={"person": "person"}, rate=RATE, mask_model="xmem")
