"""What everything that detects objects must do. Networks are tried in the smallest size, with random weights."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from tests.golden import goldfill
from tracking import catalog
from tracking.catalog import DETECTOR_SETTINGS, DETECTORS, DetectorEntry
from tracking.detection import Detection
from tracking.detector import Detector
from tracking.shapes.agreement import iou
from tracking.types import Frame, TrackingError

WIDE = Frame(0, goldfill.texture_u8("wide", 54, 96))
OTHER = Frame(1, goldfill.texture_u8("other", 54, 96))
TALL = Frame(2, goldfill.texture_u8("tall", 80, 50))


def variants(*, by_word: bool = True) -> list[Any]:
    """One entry for each module: those that share it differ in their weights alone. Without those ``by_word``: all that
    know classes by themselves."""
    by_module = {entry.factory.partition(":")[0]: entry for entry in reversed(DETECTORS)}
    wanted = [entry for entry in by_module.values() if by_word or not entry.by_word]
    return [pytest.param(entry, id=entry.factory.split(".")[2]) for entry in wanted]


def smallest(entry: DetectorEntry, **settings: object) -> Detector:
    """Of random weights everything is as likely; unless told otherwise, all of it counts."""
    create = import_module(entry.factory.partition(":")[0]).smallest
    detector: Detector = create(**{"confidence": 0.0, "overlap": 0.5, **settings})
    return detector


def boxes(detections: list[Detection]) -> np.ndarray:
    return np.array([[one.box.x1, one.box.y1, one.box.x2, one.box.y2, one.confidence] for one in detections])


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


each = pytest.mark.parametrize("entry", variants())
each_of_classes = pytest.mark.parametrize("entry", variants(by_word=False))


@each
def test_boxes_lie_in_the_frame_the_surest_first_with_classes_it_knows(entry: DetectorEntry) -> None:
    detector = smallest(entry)
    (found,) = detector.detect([TALL])
    assert found
    for one in found:
        assert 0 <= one.box.x1 < one.box.x2 <= TALL.width
        assert 0 <= one.box.y1 < one.box.y2 <= TALL.height
        assert 0 <= one.confidence <= 1
        assert one.label in detector.classes
    sureness = [one.confidence for one in found]
    assert sureness == sorted(sureness, reverse=True)


@each
def test_the_answer_to_a_frame_does_not_depend_on_those_beside_it(entry: DetectorEntry) -> None:
    detector = smallest(entry)
    together = detector.detect([WIDE, TALL, OTHER])
    assert len(together) == 3
    for frame, found in zip([WIDE, TALL, OTHER], together, strict=True):
        (alone,) = detector.detect([frame])
        assert [one.label for one in found] == [one.label for one in alone]
        assert boxes(found) == pytest.approx(boxes(alone), abs=0.01)
    assert detector.detect([]) == []


@each
def test_a_frame_is_left_as_it_is(entry: DetectorEntry) -> None:
    image = WIDE.image.copy()
    image.flags.writeable = False
    smallest(entry).detect([Frame(0, image)])
    assert (image == WIDE.image).all()


@each
def test_what_is_less_sure_than_asked_is_left_out(entry: DetectorEntry) -> None:
    (everything,) = smallest(entry).detect([WIDE])
    least = everything[len(everything) // 2].confidence
    (sure,) = smallest(entry, confidence=least).detect([WIDE])
    assert 0 < len(sure) <= len(everything)
    assert all(one.confidence >= least for one in sure)


@each_of_classes
def test_classes_that_are_not_asked_for_are_left_out(entry: DetectorEntry) -> None:
    (everything,) = smallest(entry).detect([WIDE])
    label = everything[0].label
    (chosen,) = smallest(entry, classes=[label]).detect([WIDE])
    assert boxes(chosen) == pytest.approx(boxes([one for one in everything if one.label == label]))


@each
def test_of_boxes_of_a_class_that_overlap_more_than_allowed_one_stays(entry: DetectorEntry) -> None:
    (every,) = smallest(entry, overlap=1.0).detect([WIDE])
    (apart,) = smallest(entry, overlap=0.01).detect([WIDE])
    pairs = ((one, other) for place, one in enumerate(every) for other in every[:place] if other.label == one.label)
    assert apart
    assert (len(apart) < len(every)) == any(iou(one.box, other.box) > 0.01 for one, other in pairs)
    for place, one in enumerate(apart):
        assert all(iou(one.box, other.box) <= 0.0101 for other in apart[:place] if other.label == one.label)


@each
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"confidence": 1.5}, "between 0 and 1"),
        ({"overlap": float("nan")}, "between 0 and 1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(entry: DetectorEntry, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(TrackingError, match=said):
        smallest(entry, **settings)


@each_of_classes
def test_classes_that_it_does_not_know_are_refused(entry: DetectorEntry) -> None:
    with pytest.raises(TrackingError, match=r"person.*'unicorn' came"):
        smallest(entry, classes=["unicorn"])


def test_every_entry_can_be_made_and_says_what_it_lacks(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    for entry in DETECTORS:
        assert bool(entry.classes) != entry.by_word
        assert entry.weights_licence
        assert catalog.missing(entry) == [weights.file for weights in entry.weights]
        with pytest.raises(TrackingError, match=entry.weights[0].file):
            catalog.create_detector(entry.id, **DETECTOR_SETTINGS)


def test_ids_are_unique() -> None:
    ids = [entry.id for entry in DETECTORS]
    assert len(ids) == len(set(ids))
    assert catalog.DEFAULT_DETECTOR in ids


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "yolox-tiny.*'nothing' is none"),
        ("a.zip", r"\.onnx.*\.pth.*\.pt.*a\.zip came"),
        ("yolov5n.pt", "no checkpoint"),
        ("x.pth", "no checkpoint"),
        ("yolox_nano.onnx", "readable ONNX graph"),
    ],
)
def test_what_can_not_be_opened_is_told(tmp_path: Any, name: str, said: str) -> None:
    if "." in name:
        (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(TrackingError, match=said):
        catalog.open_detector(str(tmp_path / name) if "." in name else name)
