"""Boxes, turned boxes and polygons that are followed as masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import pi

import numpy as np
import pytest

from tests.tracking.fakes import BOX, A, B, Complaining, Drifting, FakeVideo, Knowing, leg, play
from tests.tracking.geometry import as_kind
from tracking import catalog
from tracking.as_mask import AsMask
from tracking.segmenter import Click, Embedding, Segmented
from tracking.session import Tracked, TrackingSession
from tracking.shapes.chunks import Flag
from tracking.shapes.values import Box, GeometryKind, Mask, Polygon, RotatedBox, Shape, bounds_of, kind_name, kind_of
from tracking.types import Frame, ObjectId, Prediction, Prompt, PromptError, TrackingError

KINDS: tuple[GeometryKind, ...] = ("box", "rotated_box", "polygon")
BLANK = Frame(0, np.zeros((80, 100, 3), np.uint8))


class Filling:
    """Finds all of a box, or what ``found`` is; counts what it looked at."""

    def __init__(self, found: Mask | None = None) -> None:
        self.found = found
        self.looked = 0

    def embed(self, image: np.ndarray) -> Embedding:
        self.looked += 1
        return None  # type: ignore[return-value] # nothing asks it anything

    def segment(
        self, embedding: Embedding, clicks: Sequence[Click], box: Box | None = None, previous: Mask | None = None
    ) -> Segmented:
        assert box is not None
        filled = as_kind("mask", box)
        assert isinstance(filled, Mask)
        return Segmented(self.found or filled, 1.0)


class Masking(Drifting):
    """Moves masks a px a frame to the right, and takes nothing else. ``after``: what a mask is made on each frame."""

    def __init__(self, after: Callable[[Mask, int], Mask] = lambda mask, frame: mask) -> None:
        super().__init__()
        self.after = after
        self.prompted: list[Prompt] = []

    def correct(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        assert all(isinstance(prompt.shape, Mask) for prompt in prompts)
        self.prompted += prompts
        return super().correct(frame, prompts)

    def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
        return self.correct(frame, prompts)

    def predict(self, name: ObjectId, frame: int) -> Prediction:
        told = super().predict(name, frame)
        assert isinstance(told.shape, Mask)
        mask = self.after(told.shape, frame)
        return replace(told, shape=mask, visible=mask.area > 0)


def gone_on(*frames: int) -> Callable[[Mask, int], Mask]:
    """Nothing is found of a mask on these."""
    return lambda mask, frame: Mask(0, 0, np.zeros((0, 0), np.bool_)) if frame in frames else mask


def with_more(mask: Mask, frame: int) -> Mask:
    """From frame 2 on there is another piece, of 2 x 2 px, on the left of it."""
    if frame < 2:
        return mask
    height, width = mask.bitmap.shape
    bitmap = np.zeros((height, width + 4), np.bool_)
    bitmap[:, 4:], bitmap[:2, :2] = mask.bitmap, True
    return Mask(mask.left - 4, mask.top, bitmap)


def follow(kind: GeometryKind, after: Callable[[Mask, int], Mask] = lambda mask, frame: mask) -> list[Tracked]:
    create = lambda: AsMask(lambda: Masking(after), Filling)  # noqa: E731
    session = TrackingSession(FakeVideo().opened, create, [leg(shape=as_kind(kind, BOX), last=8)])
    return [row for step in session.steps() for row in step.rows]


def notes_of(create: Callable[[], AsMask], *legs: object) -> list[str]:
    session = TrackingSession(FakeVideo().opened, create, legs)  # type: ignore[arg-type]
    return [note for step in session.steps() for note in step.notes]


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_keeps_its_kind_while_its_mask_is_followed(kind: GeometryKind) -> None:
    rows = follow(kind)
    assert [row.prediction.frame for row in rows] == list(range(9))
    assert {kind_name(kind_of(row.prediction.shape)) for row in rows} == {kind}
    for row in rows:
        expected = Box(BOX.x1 + row.prediction.frame, BOX.y1, BOX.x2 + row.prediction.frame, BOX.y2)
        assert bounds_of(row.prediction.shape) == pytest.approx(expected, abs=0.01)
    assert rows[3].prediction.confidence == pytest.approx(0.9)


def test_the_first_frame_is_as_it_was_drawn() -> None:
    (first, *_) = follow("rotated_box")
    assert first.prediction.shape == as_kind("rotated_box", BOX)


def test_a_turned_box_goes_on_from_the_angle_it_was_drawn_with() -> None:
    assert {row.prediction.shape.angle for row in follow("rotated_box")} == {pi / 2}  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_found_the_last_shape_stays_as_a_guess(kind: GeometryKind) -> None:
    rows = follow(kind, gone_on(4, 5))
    assert [row.prediction.frame for row in rows if row.row.flags & Flag.OCCLUDED] == [4, 5]
    assert bounds_of(rows[5].prediction.shape) == bounds_of(rows[3].prediction.shape)
    assert {kind_name(kind_of(row.prediction.shape)) for row in rows} == {kind}


def test_an_object_that_leaves_ends_outside_as_what_it_was_drawn_as() -> None:
    at_the_border = Box(0, 10, 12, 20)
    session = TrackingSession(
        FakeVideo().opened,
        lambda: AsMask(lambda: Masking(gone_on(*range(1, 20))), Filling),
        [leg(shape=at_the_border, last=19)],
    )
    rows = [row for step in session.steps() for row in step.rows]
    assert rows[-1].outside
    assert isinstance(rows[-1].prediction.shape, Box)


def test_a_mask_among_them_stays_a_mask() -> None:
    assert {type(row.prediction.shape) for row in follow("mask")} == {Mask}


@pytest.mark.parametrize(("drawn", "keep"), [("mask", "polygon"), ("box", "mask"), ("polygon", "box")])
def test_everything_can_be_kept_as_one_kind(drawn: GeometryKind, keep: GeometryKind) -> None:
    create = lambda: AsMask(Masking, Filling, keep=keep)  # noqa: E731
    session = TrackingSession(FakeVideo().opened, create, [leg(shape=as_kind(drawn, BOX), last=4)])
    shapes = [row.prediction.shape for step in session.steps() for row in step.rows]
    assert {kind_name(kind_of(shape)) for shape in shapes} == {keep}
    assert bounds_of(shapes[0]) == BOX


def test_what_lies_in_a_box_is_found_by_a_segmenter_that_looks_at_the_frame_once() -> None:
    segmenter, tracker = Filling(), Masking()
    found = AsMask(lambda: tracker, lambda: segmenter)
    turned = RotatedBox(50, 40, 30, 10, 0.5)
    found.start(BLANK, [Prompt(A, Box(10, 10, 20.4, 30)), Prompt(B, turned)])
    boxed, tilted = (prompt.shape for prompt in tracker.prompted)
    assert segmenter.looked == 1
    assert bounds_of(boxed) == (10, 10, 20, 30)
    assert isinstance(tilted, Mask)
    # Of all that lies around a turned box only what is in it.
    assert tilted.area == pytest.approx(300, abs=15)


def test_a_polygon_is_filled_as_it_is_without_a_segmenter() -> None:
    def none() -> Filling:
        raise AssertionError("No segmenter is needed for a polygon.")

    tracker = Masking()
    triangle = Polygon(np.array([(10, 10), (30, 10), (10, 30)], np.float32))
    AsMask(lambda: tracker, none).start(BLANK, [Prompt(A, triangle)])
    mask = tracker.prompted[0].shape
    assert isinstance(mask, Mask)
    assert (bounds_of(mask), mask.area) == ((10, 10, 29, 29), 190)


def test_where_nothing_fills_a_box_all_of_it_is_followed_and_that_is_said() -> None:
    speck = Mask(12, 12, np.ones((2, 2), np.bool_))
    tracker = Masking()
    found = AsMask(lambda: tracker, lambda: Filling(speck))
    found.start(BLANK, [Prompt(A, BOX)])
    assert bounds_of(tracker.prompted[0].shape) == BOX
    (told,) = found.news(over=False)
    assert told.startswith("On frame 0 nothing was found that fills a box")
    assert found.news(over=True) == []


def test_a_model_that_takes_boxes_is_given_them() -> None:
    found = AsMask(Drifting, Filling, takes_boxes=True)
    (told,) = found.start(BLANK, [Prompt(A, BOX)])
    assert told.shape == BOX
    assert found.step(replace(BLANK, number=1))[0].shape == Box(11, 10, 21, 20)


@pytest.mark.parametrize("shape", [as_kind("points", BOX), as_kind("polyline", BOX), Box(200, 10, 220, 30)])
def test_what_encloses_nothing_of_the_frame_is_refused(shape: Shape) -> None:
    with pytest.raises(PromptError, match="followed as a mask"):
        AsMask(Masking, Filling).start(BLANK, [Prompt(A, shape)])


def test_what_is_lost_is_told_at_the_first_loss_and_in_sum_at_the_end() -> None:
    create = lambda: AsMask(lambda: Masking(with_more), Filling)  # noqa: E731
    first, total = notes_of(create, leg(shape=as_kind("polygon", BOX), last=8))
    assert first == "A polygon can't hold all of the mask on frame 2: 1 other piece is left out, 4 % of it."
    assert total == (
        "7 of 8 polygons on frames 1 to 8 don't hold all of their masks: 7 other pieces are left out, at most 4 % of a "
        "mask (frame 8)."
    )


def test_what_a_correction_did_away_with_is_told_too() -> None:
    create = lambda: AsMask(lambda: Masking(with_more), Filling)  # noqa: E731
    session = TrackingSession(FakeVideo().opened, create, [leg(shape=as_kind("polygon", BOX), last=8)])
    notes: list[str] = []
    for step in session.steps():
        notes += step.notes
        if [row.prediction.frame for row in step.rows] == [5]:
            session.correct(A, [leg(shape=as_kind("polygon", BOX), frame=5, last=8, epoch=1)])
    assert [note for note in notes if note.startswith(("4 of 5", "3 of 3"))] == [notes[1], notes[3]]


def test_what_is_hardly_worth_a_word_is_told_in_sum_alone() -> None:
    large = Box(10, 10, 50, 50)
    create = lambda: AsMask(lambda: Masking(with_more), Filling)  # noqa: E731
    (total,) = notes_of(create, leg(shape=as_kind("box", large), last=8))
    assert total == (
        "7 of 8 boxes on frames 1 to 8 don't hold all of their masks: 7 specks are left out, less than 1 % of any mask."
    )


def test_masks_that_are_held_whole_need_no_words() -> None:
    assert notes_of(lambda: AsMask(Masking, Filling), leg(shape=as_kind("polygon", BOX), last=8)) == []


def test_what_the_tracker_notes_is_told_once() -> None:
    create = lambda: AsMask(Complaining, Filling)  # noqa: E731
    assert notes_of(create, leg(shape=as_kind("mask", BOX), last=8)) == ["The GPU gave out."]


def test_what_the_tracker_remembers_is_handed_on() -> None:
    one, other = Knowing(), Knowing()
    first, second = AsMask(lambda: one, Filling), AsMask(lambda: other, Filling)
    first.start(BLANK, [Prompt(A, as_kind("polygon", BOX))])
    second.start(BLANK, [Prompt(A, as_kind("polygon", BOX))])
    assert first.memory_of(A) == one.memory_of(A)
    second.remember(A, first.memory_of(A))
    assert other.heard == {A: "a on 0"}


def test_objects_are_corrected_and_dropped_without_the_others() -> None:
    create = lambda: AsMask(Masking, Filling)  # noqa: E731
    legs = [leg(A, shape=as_kind("polygon", BOX), last=8), leg(B, shape=as_kind("rotated_box", BOX), last=8)]
    session = TrackingSession(FakeVideo().opened, create, legs)
    again = leg(A, shape=Box(40, 40, 50, 50), frame=4, last=8, epoch=1)
    story = play(session, {(A, 4): lambda: session.correct(A, [again])})
    assert story.frames(B) == list(range(9))
    assert story.frames(A)[-4:] == [5, 6, 7, 8]


@pytest.mark.parametrize("model", ["framewise-mask", ""])
def test_the_catalogue_chooses_a_model_of_masks(model: str) -> None:
    assert catalog.entry_for(model, KINDS, as_mask=True).id == catalog.DEFAULT_TRACKER["mask"]


def test_the_catalogue_refuses_what_has_no_mask() -> None:
    with pytest.raises(TrackingError, match="Followed as masks are: box, rotated box, polygon, mask; a polyline came"):
        catalog.entry_for("", ["polyline"], as_mask=True)
    with pytest.raises(TrackingError, match="follows box; a mask came"):
        catalog.entry_for("framewise-cf", ["box"], as_mask=True)


def test_sam2_follows_a_box_by_itself_and_a_polygon_as_a_mask_through_a_correction() -> None:
    """By random weights: kinds, frames and what is remembered, not places."""
    from tracking.models.sam2.tracker import tiny

    def none() -> Filling:
        raise AssertionError("It takes boxes itself, and a polygon is filled.")

    legs = [leg(A, shape=BOX, last=5), leg(B, shape=as_kind("polygon", Box(40, 30, 70, 60)), last=5)]
    session = TrackingSession(
        FakeVideo().opened, lambda: AsMask(tiny, none, takes_boxes=True), legs, detect_off_screen=False
    )
    kinds: dict[ObjectId, list[str]] = {A: [], B: []}
    for step in session.steps():
        for row in step.rows:
            kinds[row.prediction.object].append(kind_name(kind_of(row.prediction.shape)))
        if [row.prediction.frame for row in step.rows] == [3, 3]:
            again = leg(B, shape=as_kind("polygon", Box(20, 20, 50, 50)), frame=3, last=5, epoch=1)
            session.correct(B, [again])
    assert kinds == {A: ["box"] * 6, B: ["polygon"] * 7}
