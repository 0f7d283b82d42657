"""What every model of the catalogue must do. Deep models are tried with tiny random weights, where they have some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.tracking.geometry import as_kind
from tracking import catalog
from tracking.catalog import TRACKERS, ModelEntry
from tracking.shapes.payloads import payload_of
from tracking.shapes.values import GEOMETRY_KINDS, bounds_of
from tracking.tracker import Tracker
from tracking.types import (
    Box,
    Frame,
    ObjectId,
    Points,
    Prediction,
    Prompt,
    PromptError,
    Shape,
    TrackingError,
    iou,
)

WIDTH, HEIGHT = 160, 120
A, B = ObjectId("a"), ObjectId("b")


def has_tiny(entry: ModelEntry) -> bool:
    return hasattr(import_module(entry.factory.partition(":")[0]), "tiny")


def build(entry: ModelEntry) -> Tracker:
    """The model itself when it needs no weights, else its tiny variant."""
    if not entry.weights:
        return catalog.create(entry.id)
    tracker: Tracker = import_module(entry.factory.partition(":")[0]).tiny()
    return tracker


def variants() -> Iterator[ModelEntry]:
    """Entries that can be run here; of several that share a module (and so a tiny variant) the first."""
    seen = set()
    for entry in TRACKERS:
        module = entry.factory.partition(":")[0]
        if not entry.weights or (module not in seen and has_tiny(entry)):
            seen.add(module)
            yield entry


RUNNABLE = list(variants())
by_id = [pytest.param(entry, id=entry.id) for entry in RUNNABLE]


def texture(seed: int, width: int, height: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 255, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


BACKGROUND = texture(1, WIDTH, HEIGHT) // 3
OBJECT = np.maximum(texture(2, 32, 24), 90)


def place(number: int) -> Box:
    """Where the moving object is on a frame."""
    return Box.from_xywh(40 + 3 * number, 50 + number, 32, 24)


def frame(number: int, *, width: int = WIDTH, height: int = HEIGHT) -> Frame:
    image = cv2.resize(BACKGROUND, (width, height))
    box = place(number)
    image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)] = OBJECT
    return Frame(number, image)


def prompt(entry: ModelEntry, box: Box, name: ObjectId = A) -> Prompt:
    return Prompt(name, as_kind(entry.prompts[0], box))


def run(tracker: Tracker, entry: ModelEntry, numbers: Sequence[int]) -> list[Prediction]:
    found = tracker.start(frame(numbers[0]), [prompt(entry, place(numbers[0]))])
    for number in numbers[1:]:
        found += tracker.step(frame(number))
    return found + tracker.finish()


def told(predictions: Sequence[Prediction]) -> list[tuple[object, ...]]:
    """Predictions in a form that compares by content."""
    return [(p.object, p.frame, p.confidence, p.visible, bounds_of(p.shape), payload_of(p.shape)) for p in predictions]


@pytest.mark.parametrize("entry", by_id)
def test_it_answers_for_every_frame_with_a_confidence(entry: ModelEntry) -> None:
    found = run(build(entry), entry, range(6))
    assert sorted({prediction.frame for prediction in found}) == list(range(6))
    assert {prediction.object for prediction in found} == {A}
    assert all(0 <= prediction.confidence <= 1 for prediction in found)


@pytest.mark.parametrize("entry", by_id)
def test_it_runs_backward(entry: ModelEntry) -> None:
    found = run(build(entry), entry, range(5, -1, -1))
    assert sorted({prediction.frame for prediction in found}) == list(range(6))


@pytest.mark.parametrize("entry", by_id)
def test_two_instances_give_the_same_predictions(entry: ModelEntry) -> None:
    assert told(run(build(entry), entry, range(4))) == told(run(build(entry), entry, range(4)))


@pytest.mark.parametrize("entry", by_id)
def test_starting_again_forgets_the_run_before(entry: ModelEntry) -> None:
    fresh = told(run(build(entry), entry, range(4)))
    used = build(entry)
    used.start(frame(9), [prompt(entry, Box(5, 5, 45, 40), B)])
    used.step(frame(8))
    assert told(run(used, entry, range(4))) == fresh


@pytest.mark.parametrize("entry", by_id)
def test_two_sessions_do_not_mix(entry: ModelEntry) -> None:
    alone = told(run(build(entry), entry, range(4)))
    one, other = build(entry), build(entry)
    found = one.start(frame(0), [prompt(entry, place(0))])
    other.start(frame(7), [prompt(entry, Box(100, 60, 150, 110), B)])
    for number in range(1, 4):
        found += one.step(frame(number))
        other.step(frame(7 - number))
    assert told(found + one.finish()) == alone


@pytest.mark.parametrize("entry", by_id)
def test_a_correction_moves_that_object_alone(entry: ModelEntry) -> None:
    tracker = build(entry)
    first = [prompt(entry, place(0)), prompt(entry, Box(100, 60, 140, 100), B)]
    tracker.start(frame(0), first)
    tracker.step(frame(1))
    corrected = tracker.correct(frame(1), [prompt(entry, place(1))])
    assert {prediction.object for prediction in corrected} == {A}
    after = tracker.step(frame(2)) + tracker.finish()
    assert {prediction.object for prediction in after if prediction.frame == 2} == {A, B}


@pytest.mark.parametrize("entry", by_id)
def test_a_dropped_object_is_followed_no_more(entry: ModelEntry) -> None:
    tracker = build(entry)
    tracker.start(frame(0), [prompt(entry, place(0)), prompt(entry, Box(100, 60, 140, 100), B)])
    tracker.drop([A, ObjectId("unknown")])
    after = tracker.step(frame(1)) + tracker.finish()
    assert {prediction.object for prediction in after if prediction.frame == 1} == {B}


@pytest.mark.parametrize("entry", by_id)
def test_a_run_without_prompts_is_refused(entry: ModelEntry) -> None:
    with pytest.raises(PromptError, match=r".{20,}"):
        build(entry).start(frame(0), [])


@pytest.mark.parametrize("entry", by_id)
def test_an_empty_prompt_is_refused(entry: ModelEntry) -> None:
    empty: Shape = as_kind(entry.prompts[0], Box(50, 50, 50, 70))
    if isinstance(empty, Points):
        empty = Points(empty.xy, np.zeros(len(empty.xy), np.uint8))
    with pytest.raises(PromptError, match=r".{20,}"):
        build(entry).start(frame(0), [Prompt(A, empty)])


@pytest.mark.parametrize("entry", by_id)
def test_a_prompt_outside_of_the_frame_is_refused(entry: ModelEntry) -> None:
    with pytest.raises(PromptError, match=r".{20,}"):
        build(entry).start(frame(0), [prompt(entry, Box(WIDTH + 20, 10, WIDTH + 60, 50))])


@pytest.mark.parametrize("entry", by_id)
def test_a_prompt_of_another_kind_is_refused(entry: ModelEntry) -> None:
    for kind in (kind for kind in GEOMETRY_KINDS if kind not in entry.prompts):
        with pytest.raises(PromptError, match=r".{20,}"):
            build(entry).start(frame(0), [Prompt(A, as_kind(kind, place(0)))])


@pytest.mark.parametrize("entry", by_id)
@pytest.mark.parametrize(
    "box",
    [
        pytest.param(Box(30, 30, 31, 31), id="one pixel"),
        pytest.param(Box(-500, -400, 900, 700), id="larger than the frame"),
        pytest.param(Box(WIDTH - 0.5, HEIGHT - 0.5, WIDTH + 30, HEIGHT + 30), id="hardly inside"),
        pytest.param(Box(0, 40, WIDTH, 41), id="a line"),
    ],
)
def test_an_odd_prompt_is_followed(entry: ModelEntry, box: Box) -> None:
    if entry.prompts[0] != "box":
        pytest.skip("only boxes have sides")
    tracker = build(entry)
    tracker.start(frame(0), [prompt(entry, box)])
    found = [prediction for number in range(1, 4) for prediction in tracker.step(frame(number))] + tracker.finish()
    places = np.array([bounds_of(prediction.shape) for prediction in found])
    assert len(places) >= 3
    assert np.isfinite(places).all()
    assert (places[:, 2:] > places[:, :2]).all()


@pytest.mark.parametrize("entry", by_id)
def test_another_frame_size_is_refused(entry: ModelEntry) -> None:
    tracker = build(entry)
    tracker.start(frame(0), [prompt(entry, place(0))])
    with pytest.raises(TrackingError, match=f"{WIDTH}x{HEIGHT}"):
        tracker.step(frame(1, width=WIDTH * 2))


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.id) for entry in TRACKERS if entry.weights])
def test_missing_weights_are_named(entry: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    with pytest.raises(TrackingError) as refusal:
        catalog.create(entry.id)
    assert any(weights.file in str(refusal.value) for weights in entry.weights)


def test_every_kind_of_prompt_has_a_default_that_takes_it_and_needs_no_weights() -> None:
    for family, model in catalog.DEFAULT_TRACKER.items():
        entry = catalog.find(model)
        assert family in {catalog.family_of(kind) for kind in entry.prompts}
        assert not entry.weights


def test_the_default_box_tracker_stays_on_the_object() -> None:
    entry = catalog.find(catalog.DEFAULT_TRACKER["box"])
    for numbers in (range(20), range(19, -1, -1)):
        found = run(catalog.create(entry.id), entry, numbers)
        assert len(found) == len(numbers)
        for prediction in found:
            assert isinstance(prediction.shape, Box)
            assert prediction.visible
            assert iou(prediction.shape, place(prediction.frame)) > 0.7
