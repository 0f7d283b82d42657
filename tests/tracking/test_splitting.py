"""A run split into ranges tells what it would tell as a whole."""

from __future__ import annotations

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import pytest

from tests.tracking.fakes import Drifting, FakeVideo
from tests.tracking.test_engine import after_a_while, leg
from tracking.catalog import DetectorEntry
from tracking.detection import Detection
from tracking.engine import Sink
from tracking.engine.local import LocalEngine
from tracking.engine.splitting import Splitting
from tracking.protocol import Device, DeviceLoad, Find, Leg, Link, Start, VideoAccess
from tracking.ranges import OVERLAP
from tracking.session import Found, LegEnd, Pictures, Step, Tracked
from tracking.types import Box, Frame, ObjectId, Prediction

FRAMES = 700
ACCESS = VideoAccess(key="k", source="/s", index="/i", width=400, height=300, frame_count=FRAMES)
LIVES = [(0, 699), (20, 260), (100, 640), (230, 250), (236, 480), (300, 699), (460, 470), (500, 699)]
"""From when to when the detector sees each object, which has a row of the picture for itself."""


class Passing:
    """A detector of objects that cross the picture."""

    classes = ("car",)

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        return [
            [
                Detection(Box(at.number * 0.4 + 10, 30 * row + 2, at.number * 0.4 + 40, 30 * row + 27), 0.9, "car")
                for row, (first, last) in enumerate(LIVES)
                if first <= at.number <= last
            ]
            for at in frames
        ]


def passing(*, classes: Sequence[str] = (), confidence: float = 0.25) -> Passing:
    return Passing()


DETECTORS = (
    DetectorEntry(
        "passing", "Passing", "For tests.", f"{__name__}:passing", "Apache-2.0", ("car",), settings={"confidence": 0.25}
    ),
)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_DETECTORS", f"{__name__}:DETECTORS")


def asked(*legs: Leg, every: int = 1, last: int = FRAMES - 1, linked: bool = True, **objects: str) -> Start:
    find = Find(finder="passing", every=every, classes=["car"], direction="forward", frame=0, last=last)
    link = Link(
        association="bytetrack",
        detector="passing",
        origin=0,
        every=every,
        rate=25,
        kinds={"car": "1"},
        objects=objects,
    )
    run = Start(run="r", model="drifting", video=ACCESS, legs=list(legs), find=find)
    return run.model_copy(update={"link": link}) if linked else run


@dataclass
class Heard:
    """A sink that checks the order of what it is told. ``tracks``: by object, its boxes by frame."""

    each: Callable[[Step], None] = lambda step: None
    tracks: dict[ObjectId, dict[int, Box]] = field(default_factory=lambda: defaultdict(dict))
    found: dict[ObjectId, Found] = field(default_factory=dict)
    epochs: dict[ObjectId, set[int]] = field(default_factory=lambda: defaultdict(set))
    ends: Counter[ObjectId] = field(default_factory=Counter)
    searched: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    failure: str = ""
    gone: str = ""
    twice: list[tuple[ObjectId, int]] = field(default_factory=list)

    def stepped(self, step: Step) -> None:
        assert not self.over.is_set()
        for found in step.found:
            self.found[found.object] = found
            first = next(row for row in step.rows if row.prediction.object == found.object)
            assert first.prediction.frame == found.frame, "Its first row comes with it."
        for row in step.rows:
            name, frame, shape = row.prediction.object, row.prediction.frame, row.prediction.shape
            assert isinstance(shape, Box)
            if frame in self.tracks[name] and not row.epoch:
                self.twice.append((name, frame))
            self.tracks[name][frame] = shape
            self.epochs[name].add(row.epoch)
        self.ends.update(end.object for end in step.ends)
        if step.searched is not None:
            self.searched.append(step.searched)
        self.notes += step.notes
        self.each(step)

    def done(self) -> None:
        self.over.set()

    def failed(self, message: str, detail: str) -> None:
        self.failure = message
        self.over.set()

    def lost(self, message: str) -> None:
        self.gone = message
        self.over.set()

    def spans(self) -> list[tuple[int, int, float]]:
        """First and last frame of each track, and where it first was."""
        assert all(sorted(boxes) == list(range(min(boxes), max(boxes) + 1)) for boxes in self.tracks.values())
        return sorted((min(boxes), max(boxes), round(boxes[min(boxes)].y1)) for boxes in self.tracks.values())


def local() -> LocalEngine:
    def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> AbstractContextManager[Pictures]:
        return FakeVideo(frame_count=FRAMES, width=400, height=300).opened()

    return LocalEngine(open_video, create=lambda model: Drifting(by=0.4), runs_at_once=8)


@pytest.mark.parametrize("every", [1, 5])
def test_a_split_run_tells_the_tracks_of_the_whole_one(every: int) -> None:
    heard = []
    for ways in (1, 3):
        engine = Splitting(local(), lambda ways=ways: ways)
        sink = Heard()
        engine.start(asked(every=every), sink)
        assert sink.over.wait(60)
        assert (sink.failure, sink.gone, sink.twice) == ("", "", [])
        engine.close()
        heard.append(sink)
    whole, split = heard
    assert len(whole.tracks) >= len(LIVES) - 2, "Those that are in sight for a moment only may not be believed."
    assert split.spans() == whole.spans()
    assert split.tracks.keys() == split.found.keys() == split.ends.keys()
    assert set(split.ends.values()) == {1}
    assert {found.last for found in split.found.values()} == {FRAMES - 1}
    assert split.searched == sorted(set(split.searched))
    assert split.searched[-1] == FRAMES - 1
    assert re.search("3 parts side by side; [789] objects went on over the 2 seams", split.notes[0]), split.notes
    assert len(split.notes) == 1, "Nothing was cut, and nothing hidden at a seam."
    assert whole.notes == []


def test_objects_that_the_run_goes_on_with_keep_their_names_and_epochs() -> None:
    legs = [leg("a", last=400, epoch=3)]
    legs[0] = legs[0].model_copy(update={"linked": True})
    legs[0].prompt = legs[0].prompt.of(
        "a", Tracked(Prediction(ObjectId("a"), 0, Box(10, 2, 40, 27), 1.0), "forward", 3).row, epoch=3
    )
    sink = Heard()
    engine = Splitting(local(), lambda: 2)
    engine.start(asked(*legs, a="1"), sink)
    assert sink.over.wait(60)
    assert (sink.failure, sink.twice) == ("", [])
    assert list(sink.tracks[ObjectId("a")]) == list(range(401)), "Its leg ends where it was to end."
    assert sink.epochs[ObjectId("a")] == {3}
    assert sink.ends[ObjectId("a")] == 1
    engine.close()


def test_a_corrected_object_is_followed_beside_the_ranges_which_say_no_more_of_it() -> None:
    engine = Splitting(local(), lambda: 2)
    corrected: list[ObjectId] = []

    def correct(step: Step) -> None:
        if step.searched == 50 and not corrected:
            corrected.append(next(row.prediction.object for row in step.rows if row.prediction.shape.y1 < 5))
            engine.correct("r", corrected[0], [leg(corrected[0], frame=40, last=FRAMES - 1, epoch=1)])

    sink = Heard(correct)
    engine.start(asked(), sink)
    assert sink.over.wait(60)
    (name,) = corrected
    boxes = sink.tracks[name]
    assert sorted(boxes) == list(range(FRAMES))
    assert boxes[40] == Box(10, 10, 20, 20)
    assert round(boxes[600].x2 - boxes[600].x1) == 10, "What a person drew is followed to the end."
    assert sink.epochs[name] == {0, 1}
    assert sink.ends[name] == 1
    others = [known for other, known in sink.tracks.items() if other != name]
    assert min(box.y1 for known in others for box in known.values()) > 5
    engine.close()


# ---------------------------------------------------------------- what the ranges' engine does, by hand


class ByHand:
    """An engine of which the test says what its runs tell."""

    runs_at_once = 4

    def __init__(self) -> None:
        self.runs: dict[str, tuple[Start, Sink]] = {}
        self.started: list[str] = []
        self.stopped: list[str] = []
        self.extended: list[tuple[str, int]] = []

    def devices(self) -> list[Device]:
        return []

    def loads(self, *, cpu: float) -> list[DeviceLoad]:
        return []

    def start(self, run: Start, sink: Sink) -> None:
        self.started.append(run.run)
        self.runs[run.run] = run, sink

    def correct(self, run: str, name: str, legs: Sequence[Leg]) -> None:
        raise AssertionError("Parts aren't corrected.")

    def extend(self, run: str, way: str, last: int, objects: Sequence[str] | None, *, search: bool = False) -> None:
        self.extended.append((run, last))

    def stop(self, run: str) -> None:
        self.stopped.append(run)

    def stalled(self) -> dict[str, float]:
        return {"r#0": 61.0, "r#1": 70.0, "other": 65.0}

    def hanging_s(self) -> float:
        return 0.0

    def close(self) -> None:
        pass

    def tell(self, run: str, name: str, first: int, last: int, *, ends: bool = True, x: float = 10) -> None:
        """One object of a range, in sight from ``first`` to ``last``, and the range's end."""
        asked, sink = self.runs[run]
        assert asked.find is not None
        for frame in range(first, last + 1):
            row = Tracked(Prediction(ObjectId(name), frame, Box(x, 2, x + 30, 27), 0.9), "forward", 0)
            found = (Found(ObjectId(name), "car", frame, "forward", asked.find.last),) if frame == first else ()
            end = (LegEnd(ObjectId(name), "forward", 0),) if ends and frame == last else ()
            sink.stepped(Step((row,), end, found=found, searched=frame))


@pytest.fixture
def by_hand() -> ByHand:
    return ByHand()


@pytest.fixture
def splitting(by_hand: ByHand) -> Iterator[Splitting]:
    engine = Splitting(by_hand, lambda: 2)
    yield engine
    engine.close()


def begun(by_hand: ByHand, *runs: str) -> None:
    assert after_a_while(lambda: set(runs) <= set(by_hand.started)), by_hand.started


def test_what_one_range_loses_is_done_again_and_told(splitting: Splitting, by_hand: ByHand) -> None:
    sink = Heard()
    splitting.start(asked(), sink)
    begun(by_hand, "r#0", "r#1")
    first = by_hand.runs["r#1"][0].find
    assert first is not None and (first.frame, first.last) == (350 - OVERLAP, FRAMES - 1)
    by_hand.tell("r#1", "x", first.frame, 500)
    by_hand.runs["r#1"][1].lost("Its process died.")
    assert after_a_while(lambda: by_hand.started.count("r#1") == 2)
    by_hand.tell("r#0", "a", 0, 349)
    by_hand.runs["r#0"][1].done()
    by_hand.tell("r#1", "y", first.frame, FRAMES - 1)
    by_hand.runs["r#1"][1].done()
    assert sink.over.wait(10)
    assert (sink.twice, sink.gone, dict(sink.ends)) == ([], "", {"a": 1})
    assert sink.spans() == [(0, FRAMES - 1, 2)]
    assert "1 of the parts was done again" in sink.notes[-1]


@pytest.mark.parametrize("again", [False, True])
def test_what_is_told_live_and_lost_or_fails_ends_the_run_once(
    splitting: Splitting, by_hand: ByHand, again: bool
) -> None:
    sink = Heard()
    splitting.start(asked(), sink)
    begun(by_hand, "r#0", "r#1")
    by_hand.tell("r#0", "a", 0, 20)
    live = by_hand.runs["r#0"][1]
    if again:
        live.lost("Its process died.")
    else:
        live.failed("The model failed.", "")
    assert sink.over.wait(10)
    assert (sink.gone, sink.failure) == (("Its process died.", "") if again else ("", "The model failed."))
    assert {"r#0", "r#1"} <= set(by_hand.stopped)
    by_hand.runs["r#1"][1].done()
    assert sink.spans() == [(0, 20, 2)]


def test_what_the_earlier_range_had_not_is_new_and_what_it_had_alone_has_ended(
    splitting: Splitting, by_hand: ByHand
) -> None:
    sink = Heard()
    splitting.start(asked(), sink)
    begun(by_hand, "r#0", "r#1")
    by_hand.tell("r#1", "x", 350 - OVERLAP, FRAMES - 1, x=200)
    by_hand.runs["r#1"][1].done()
    by_hand.tell("r#0", "a", 0, 349)
    by_hand.runs["r#0"][1].done()
    assert sink.over.wait(10)
    assert sink.spans() == [(0, 349, 2), (350 - OVERLAP, FRAMES - 1, 2)]
    assert dict(sink.ends) == {"a": 1, "x": 1}
    assert ["1 object hidden or gone at a seam ended there" in note for note in sink.notes] == [False, True]


def test_what_shows_an_object_that_another_goes_on_with_begins_behind_the_seam_and_is_said(
    splitting: Splitting, by_hand: ByHand
) -> None:
    sink = Heard()
    splitting.start(asked(), sink)
    begun(by_hand, "r#0", "r#1")
    by_hand.tell("r#0", "a", 0, 349)
    by_hand.runs["r#0"][1].done()
    by_hand.tell("r#1", "x", 350 - OVERLAP, FRAMES - 1, ends=False)
    by_hand.tell("r#1", "y", 340, FRAMES - 1)
    by_hand.runs["r#1"][1].done()
    assert sink.over.wait(10)
    assert sink.spans() == [(0, FRAMES - 1, 2), (350, FRAMES - 1, 2)]
    assert "1 object in sight at a seam couldn't be joined" in sink.notes[1]
    assert "1 at frame 350" in sink.notes[1]


def test_stopping_stops_every_range_and_stalls_are_the_runs(splitting: Splitting, by_hand: ByHand) -> None:
    splitting.start(asked(), Heard())
    begun(by_hand, "r#0", "r#1")
    assert splitting.stalled() == {"r": 70.0, "other": 65.0}
    splitting.stop("r")
    assert set(by_hand.stopped) == {"r", "r#0", "r#1"}


def test_an_earlier_end_stops_ranges_behind_it(splitting: Splitting, by_hand: ByHand) -> None:
    sink = Heard()
    splitting.start(asked(), sink)
    begun(by_hand, "r#0", "r#1")
    splitting.extend("r", "forward", 200, None, search=True)
    assert by_hand.extended == [("r#0", 200)]
    assert "r#1" in by_hand.stopped
    by_hand.tell("r#0", "a", 0, 200)
    by_hand.runs["r#0"][1].done()
    assert sink.over.wait(10)
    assert (sink.spans(), dict(sink.ends), sink.notes) == ([(0, 200, 2)], {"a": 1}, [])


def test_a_later_end_adds_to_the_last_range(splitting: Splitting, by_hand: ByHand) -> None:
    sink = Heard()
    splitting.start(asked(last=499), sink)
    begun(by_hand, "r#0", "r#1")
    splitting.extend("r", "forward", 599, None, search=True)
    assert by_hand.extended == [("r#1", 599)]
    by_hand.tell("r#0", "a", 0, 249)
    by_hand.runs["r#0"][1].done()
    by_hand.tell("r#1", "x", 250 - OVERLAP, 599)
    by_hand.runs["r#1"][1].done()
    assert sink.over.wait(10)
    assert (sink.spans(), dict(sink.ends)) == ([(0, 599, 2)], {"a": 1})


@pytest.mark.parametrize(
    "run",
    [
        asked(last=100),
        asked(leg(last=300)),
        asked().model_copy(update={"find": None, "link": None}),
        asked().model_copy(update={"find": asked().find.model_copy(update={"direction": "backward"})}),  # type: ignore[union-attr]
    ],
    ids=["short", "followed", "nothing is found", "backward"],
)
def test_what_can_not_be_split_is_passed_on_whole(splitting: Splitting, by_hand: ByHand, run: Start) -> None:
    splitting.start(run, Heard())
    assert by_hand.started == ["r"]
