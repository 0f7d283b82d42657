"""Objects that an association links, in a session: found, seen again, given up, gone on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pytest

from tests.tracking.fakes import A, B, Drifting, FakeVideo, leg
from tracking.association import registry
from tracking.association.registry import ASSOCIATIONS
from tracking.detection import Detection
from tracking.linked import Eyes, Linker
from tracking.search import Finding, Seek
from tracking.session import Found, LegEnd, Tracked, TrackingSession, Way
from tracking.types import Box, Frame, ObjectId

LAST = 40
WITHOUT_WAITING = {"deepsort": {"n_init": 1}, "ocsort": {"min_hits": 1}}
KINDS = {"car": "1", "van": "1", "person": "2"}


@dataclass
class Scripted:
    """A detector that sees what ``seen`` says of a frame."""

    seen: Mapping[int, Sequence[Detection]]
    looked: list[int] = field(default_factory=list)
    classes: tuple[str, ...] = ("car", "van", "person", "dog")

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        self.looked += [frame.number for frame in frames]
        return [list(self.seen.get(frame.number, ())) for frame in frames]


def at(frame: int, *, x: float = 10, label: str = "car", confidence: float = 0.9) -> Detection:
    """An object that goes 1 px a frame to the right, from ``x`` on frame 0."""
    return Detection(Box(x + frame, 20, x + frame + 20, 50), confidence, label)


def drive(*frames: int, **more: object) -> dict[int, list[Detection]]:
    return {frame: [at(frame, **more)] for frame in frames}  # type: ignore[arg-type]


@dataclass
class Linked:
    """What a session handed out."""

    rows: list[Tracked] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    ends: list[LegEnd] = field(default_factory=list)
    searched: list[int] = field(default_factory=list)

    def of(self, name: ObjectId) -> list[Tracked]:
        return [row for row in self.rows if row.prediction.object == name]

    def frames(self, name: ObjectId) -> list[int]:
        return [row.prediction.frame for row in self.of(name)]

    def hidden(self, name: ObjectId) -> list[int]:
        return [row.prediction.frame for row in self.of(name) if not row.prediction.visible]


def linker(detector: Scripted, association: str = "bytetrack", *, every: int = 1, **more: object) -> Linker:
    settings = WITHOUT_WAITING.get(association, {})
    create = partial(registry.create, association, 10 / every, settings)
    return Linker(Eyes(lambda: detector, every=every), create, kinds=KINDS, patience=5, **more)  # type: ignore[arg-type]


def run(links: Linker, *legs: object, frame: int = 0, way: Way = "forward", every: int = 1, **more: object) -> Linked:
    seek = Seek(frame, way, LAST if way == "forward" else 0)
    session = TrackingSession(
        FakeVideo().opened,
        Drifting,
        legs,  # type: ignore[arg-type]
        finding=Finding(None, seek, every, **more),  # type: ignore[arg-type]
        linker=links,
    )
    story = Linked()
    for step in session.steps():
        story.rows += step.rows
        story.found += step.found
        story.ends += step.ends
        story.searched += [] if step.searched is None else [step.searched]
    return story


@pytest.mark.parametrize("association", [entry.id for entry in ASSOCIATIONS])
def test_what_a_detector_sees_on_every_frame_becomes_one_track(association: str) -> None:
    detector = Scripted(drive(*range(5, LAST + 1)))
    story = run(linker(detector, association))
    (found,) = story.found
    assert (found.label, found.last) == ("car", LAST)
    assert story.frames(found.object) == list(range(5, LAST + 1))
    assert all(row.prediction.shape == at(row.prediction.frame).box for row in story.rows)
    assert detector.looked == story.searched == list(range(LAST + 1))


@pytest.mark.parametrize("association", [entry.id for entry in ASSOCIATIONS])
def test_objects_stay_apart(association: str) -> None:
    both = {frame: [at(frame), at(frame, x=-20, label="person")] for frame in range(LAST + 1)}
    story = run(linker(Scripted(both), association))
    assert sorted(found.label for found in story.found) == ["car", "person"]


def test_where_it_was_looked_for_in_vain_it_is_hidden_on_a_straight_line() -> None:
    story = run(linker(Scripted(drive(*range(10), *range(14, LAST + 1)))))
    (found,) = story.found
    assert story.frames(found.object) == list(range(LAST + 1))
    assert story.hidden(found.object) == [10, 11, 12, 13]
    assert all(tuple(row.prediction.shape) == pytest.approx(at(row.prediction.frame).box) for row in story.rows)  # type: ignore[arg-type]
    assert {row.prediction.confidence for row in story.of(found.object)[10:14]} == {0.45}


def test_what_is_not_seen_again_ends_where_it_was_seen_last() -> None:
    story = run(linker(Scripted(drive(*range(8)))))
    (found,) = story.found
    assert story.frames(found.object) == list(range(8))
    assert story.ends == [LegEnd(found.object, "forward", 0)]


def test_between_two_looks_it_is_where_it_must_have_been_and_the_last_frame_is_looked_at() -> None:
    detector = Scripted(drive(*range(LAST + 1)))
    story = run(linker(detector, every=3), every=3)
    (found,) = story.found
    assert detector.looked == [*range(0, LAST, 3), LAST]
    assert story.frames(found.object) == list(range(LAST + 1))
    assert story.hidden(found.object) == []


def test_a_track_that_is_believed_late_begins_where_it_was_seen_first() -> None:
    links = Linker(
        Eyes(lambda: Scripted(drive(*range(6, LAST + 1)))), partial(registry.create, "deepsort", 10), kinds=KINDS
    )
    story = run(links)
    (found,) = story.found
    assert (found.frame, story.frames(found.object)) == (6, list(range(6, LAST + 1)))


def test_classes_that_count_as_one_make_one_track_and_others_are_left() -> None:
    seen = {
        frame: [at(frame, label="van" if frame % 2 else "car"), at(frame, x=60, label="dog")] for frame in range(41)
    }
    story = run(linker(Scripted(seen)))
    assert [found.label for found in story.found] == ["car"]


def test_it_links_backward_too() -> None:
    story = run(linker(Scripted(drive(*range(15), *range(18, LAST + 1)))), frame=LAST, way="backward")
    (found,) = story.found
    assert story.frames(found.object) == list(range(LAST, -1, -1))
    assert story.hidden(found.object) == [17, 16, 15]


def test_a_run_goes_on_with_what_was_linked_before() -> None:
    legs = [leg(A, 10, LAST, shape=at(10).box, linked=True, emit_first=False)]
    story = run(linker(Scripted(drive(*range(LAST + 1))), objects={A: "1"}), *legs, frame=10)
    assert story.found == []
    assert story.frames(A) == list(range(11, LAST + 1))


def test_what_was_hidden_when_it_broke_off_is_found_by_its_own_track() -> None:
    legs = [leg(A, 6, LAST, shape=at(6).box, linked=True, emit_first=False)]
    story = run(linker(Scripted(drive(*range(7), *range(11, LAST + 1))), objects={A: "1"}), *legs, frame=9)
    assert story.found == []
    assert story.frames(A) == list(range(7, LAST + 1))
    assert story.hidden(A) == [7, 8, 9, 10]


def test_what_a_person_corrected_is_followed_and_not_found_once_more() -> None:
    legs = [leg(B, 0, LAST, shape=at(0, x=12).box, epoch=1)]
    story = run(linker(Scripted(drive(*range(LAST + 1)))), *legs)
    assert story.found == []
    assert [row.prediction.shape for row in story.of(B)] == [at(frame, x=12).box for frame in range(LAST + 1)]


def test_what_is_not_wanted_is_offered_again_later() -> None:
    detector = Scripted(drive(*range(LAST + 1)))
    session = TrackingSession(
        FakeVideo().opened, Drifting, [], finding=Finding(None, Seek(0, "forward", LAST), 1), linker=linker(detector)
    )
    found = []
    for step in session.steps():
        found += step.found
        session.drop([one.object for one in step.found])
    assert len(found) > 2
    assert found[1].frame - found[0].frame >= 5


def test_it_begins_inside_of_the_region() -> None:
    story = run(linker(Scripted(drive(*range(LAST + 1)))), region=Box(30, 0, 100, 100))
    (found,) = story.found
    assert (found.frame, story.frames(found.object)[0]) == (10, 10)
