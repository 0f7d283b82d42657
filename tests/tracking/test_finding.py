"""A finder that asks a detector."""

from __future__ import annotations

import pytest

from tests.tracking.fakes import BOX, A, Drifting, FakeVideo, Repeating
from tracking import catalog
from tracking.detection import Detection
from tracking.finding import DetectorFinder, are_same
from tracking.search import Finding, Seek
from tracking.session import Leg, TrackingSession
from tracking.types import Box, ObjectId, Prediction

(FRAME,) = FakeVideo(frame_count=1).walk(0, "forward")
CAR, ROOF, PERSON = Box(10, 10, 50, 40), Box(12, 10, 48, 28), Box(20, 12, 26, 24)


def found(*seen: Detection, known: Box | None = None) -> list[tuple[str, float]]:
    predictions = [] if known is None else [Prediction(ObjectId("a"), 0, known, 1.0)]
    return [(new.label, new.confidence) for new in DetectorFinder(Repeating(seen)).find(FRAME, predictions)]


def test_what_is_followed_already_is_no_discovery() -> None:
    seen = (Detection(CAR, 0.9, "car"), Detection(PERSON, 0.8, "person"))
    assert found(*seen) == [("car", 0.9), ("person", 0.8)]
    assert found(*seen, known=Box(12, 11, 52, 41)) == [("person", 0.8)]


def test_one_object_under_two_names_is_one_discovery() -> None:
    assert found(Detection(CAR, 0.9, "car"), Detection(CAR, 0.7, "truck")) == [("car", 0.9)]


def test_a_part_of_an_object_is_the_object_and_a_much_smaller_one_in_it_is_not() -> None:
    assert are_same(CAR, ROOF)
    assert not are_same(CAR, PERSON)
    assert not are_same(CAR, Box(60, 10, 90, 40))
    assert not are_same(CAR, Box(20, 20, 20, 30))


def test_every_detector_is_a_finder_of_its_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_DETECTORS", "tests.tracking.fakes:DETECTORS")
    assert catalog.find_finder("yolox-nano").classes[0] == "person"
    assert catalog.find_finder("repeating").classes == ("car", "person")
    (new,) = catalog.create_finder("repeating", classes=["person"]).find(FRAME, [])
    assert (new.label, new.shape) == ("person", Box(10, 20, 14.5, 30))


def test_a_session_follows_what_a_detector_comes_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_DETECTORS", "tests.tracking.fakes:DETECTORS")
    finding = Finding(lambda: catalog.create_finder("repeating", classes=["car"]), Seek(0, "forward", 8), 3)
    session = TrackingSession(FakeVideo().opened, Drifting, [Leg(A, BOX, 0, "forward", 8)], finding=finding)
    new = [found for step in session.steps() for found in step.found]
    assert [(each.label, each.frame, each.last) for each in new][:1] == [("car", 0, 8)]
