"""Previews of single frames: what is seen is told with what shows the same, and whoever waits for nothing is told
nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from queue import Queue
from time import monotonic, sleep

import numpy as np
import pytest

from tests.tracking.fakes import FakeVideo
from tracking import previews
from tracking.previews import Look, Previews, Sight, open_look, seen_objects
from tracking.protocol import MOST_SEEN, Preview, Previewed, VideoAccess
from tracking.session import Pictures
from tracking.types import Box, Frame, TrackingError

CAR = Box(10, 10, 30, 30)
SIGHTS: list[Sight] = [
    ("dog", 0.3, Box(60, 60, 70, 70)),
    ("car", 0.9, CAR),
    ("truck", 0.5, Box(11, 10, 31, 30)),
    ("bird", 0.02, Box(1, 1, 5, 5)),
]


class Desk:
    """Asks, and hears what is told. ``begun``: something is looked at; it goes on once ``go_on`` is set."""

    def __init__(self) -> None:
        self.video, self.told = FakeVideo(), Queue[Previewed]()
        self.opened: list[tuple[object, ...]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

        def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> AbstractContextManager[Pictures]:
            if access.key == "gone":
                raise TrackingError("The video was deleted.")
            return self.video.opened()

        self.previews = Previews(open_video, open_look=self._open)

    def _open(self, finder: str, confidence: float, words: Sequence[str]) -> Look:
        self.opened.append((finder, confidence, *words))
        if finder == "lacking":
            raise TrackingError("It needs weights.")
        return self._look

    def _look(self, frame: Frame) -> Sequence[Sight]:
        self.begun.set()
        assert self.go_on.wait(30)
        if frame.number == 13:
            raise ZeroDivisionError("on purpose")
        return SIGHTS

    def ask(
        self,
        name: str,
        *,
        finder: str = "eyes",
        frame: int = 3,
        confidence: float = 0.05,
        key: str = "v",
        words: Sequence[str] = (),
    ) -> None:
        access = VideoAccess(key=key, source="/s", index="/i", width=100, height=80, frame_count=100)
        request = Preview(
            preview=name, model=finder, video=access, frame=frame, confidence=confidence, words=list(words)
        )
        self.previews.ask(request, self.told.put)

    def next(self) -> Previewed:
        return self.told.get(timeout=30)

    def end(self) -> Previewed:
        """What comes after the stages on the way."""
        while (told := self.next()).stage in ("fetching", "looking"):
            pass
        return told


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.go_on.set()
    desk.previews.close()


def test_what_is_seen_is_told_the_surest_first_with_what_shows_the_same(desk: Desk) -> None:
    desk.ask("a")
    assert [desk.next().stage for _ in range(2)] == ["fetching", "looking"]
    told = desk.next()
    assert (told.preview, told.stage, told.left_out) == ("a", "done", 0)
    assert [(each.label, each.confidence, each.same) for each in told.seen] == [
        ("car", 0.9, []),
        ("truck", 0.5, [0]),
        ("dog", 0.3, []),
    ]
    assert told.seen[0].box == (CAR.x1, CAR.y1, CAR.x2, CAR.y2)
    assert (desk.video.decoded[:1], desk.video.open) == ([3], 0)


def test_what_looks_is_kept_for_the_next_preview_and_leaves_memory_when_nobody_wants_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        desk.ask(name)
        assert desk.end().stage == "done"
    assert desk.opened == [("eyes", 0.05)]
    monkeypatch.setattr(previews, "IDLE_S", 0.01)
    desk.ask("c")
    assert desk.end().stage == "done"
    deadline = monotonic() + 30
    while desk.previews._look is not None and monotonic() < deadline:
        sleep(0.01)
    desk.ask("d", finder="others")
    assert desk.end().stage == "done"
    assert desk.opened == [("eyes", 0.05), ("others", 0.05)]


def test_other_words_are_looked_for_anew(desk: Desk) -> None:
    for name, words in (("a", ["cone"]), ("b", ["cone"]), ("c", ["cone", "sign"])):
        desk.ask(name, words=words)
        assert desk.end().stage == "done"
    assert desk.opened == [("eyes", 0.05, "cone"), ("eyes", 0.05, "cone", "sign")]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"key": "gone"}, "The video was deleted."),
        ({"finder": "lacking"}, "It needs weights."),
        ({"frame": 13}, "The detector eyes failed (ZeroDivisionError: on purpose). The agent's log holds the details."),
    ],
)
def test_what_fails_says_why_and_the_next_one_is_looked_at(desk: Desk, wrong: dict[str, object], words: str) -> None:
    desk.ask("a", **wrong)  # type: ignore[arg-type]
    told = desk.end()
    assert (told.preview, told.stage, told.message) == ("a", "failed", words)
    desk.ask("b")
    assert (desk.end().stage, desk.video.open) == ("done", 0)


def test_nothing_more_is_told_of_what_is_dropped(desk: Desk) -> None:
    desk.go_on.clear()
    desk.ask("a")
    assert desk.begun.wait(30)
    desk.ask("b")
    desk.ask("c")
    desk.previews.drop("b")
    desk.previews.drop("a")
    desk.go_on.set()
    told = [desk.next() for _ in range(5)]
    assert [(each.preview, each.stage) for each in told] == [
        ("a", "fetching"),
        ("a", "looking"),
        ("c", "fetching"),
        ("c", "looking"),
        ("c", "done"),
    ]


def test_of_too_many_objects_the_surest_are_told() -> None:
    told = seen_objects([("ant", index / 1000, Box(index, 0, index + 1, 1)) for index in range(MOST_SEEN + 20)])
    assert (len(told), told[0].confidence, told[-1].confidence) == (MOST_SEEN, (MOST_SEEN + 19) / 1000, 0.02)


def test_a_detector_looks_for_all_its_classes_as_sure_as_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_DETECTORS", "tests.tracking.fakes:DETECTORS")
    monkeypatch.setenv("FRAMEWISE_EXTRA_FINDERS", "tests.tracking.fakes:FINDERS")
    frame = Frame(7, np.zeros((80, 100, 3), np.uint8))

    def seen(finder: str, confidence: float) -> list[str]:
        return [label for label, _, _ in open_look(finder, confidence)(frame)]

    assert seen("repeating", 0.05) == ["car", "person"]
    assert seen("repeating", 0.5) == ["car"]
    assert [label for label, _, _ in open_look("naming", 0.05, ["cone", "sign"])(frame)] == ["cone", "sign"]
    # What is no detector is asked as it is.
    assert seen("spotting", 0.05) == ["car"]
    with pytest.raises(TrackingError, match="'nobody' is none of them"):
        open_look("nobody", 0.05)
