"""An agent's answers to clicks: frames are looked at once, the newest question counts, and failures are said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from queue import Queue
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest

from tests.tracking.fakes import FakeVideo
from tracking import smart
from tracking.protocol import ClickAt, Segment, Segmented, VideoAccess, prompt_row, prompt_text
from tracking.segmenter import Click
from tracking.segmenter import Segmented as Answer
from tracking.session import Pictures
from tracking.shapes.chunks import Flag
from tracking.shapes.payloads import row_of, shape_of
from tracking.smart import Smart
from tracking.types import Box, Mask, TrackingError


class Seen:
    size, nbytes = (80, 100), 1000


class Squares:
    """A square around the last positive click; a negative click leaves nothing. It notes what it was asked."""

    def __init__(self) -> None:
        self.embedded = 0
        self.asked: list[tuple[int, Box | None, Mask | None]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.begun = threading.Event()

    def embed(self, image: np.ndarray) -> Seen:
        self.embedded += 1
        self.begun.set()
        self.go_on.wait(5)
        return Seen()

    def segment(
        self, embedding: object, clicks: Sequence[Click], box: Box | None = None, previous: Mask | None = None
    ) -> Answer:
        self.asked.append((len(clicks), box, previous))
        if clicks and clicks[-1].x > 90:
            raise ZeroDivisionError("on purpose")
        if clicks and not clicks[-1].positive:
            return Answer(Mask(0, 0, np.zeros((1, 1), np.bool_)), 0.0)
        x, y = (int(clicks[-1].x), int(clicks[-1].y)) if clicks else (5, 5)
        return Answer(Mask(x, y, np.ones((3, 3), np.bool_)), 0.5)


class Desk:
    """Asks, and hears what is told."""

    def __init__(self, **more: Any) -> None:
        self.model, self.video, self.told = Squares(), FakeVideo(), Queue[Segmented]()
        self.count = 0
        self.created = 0

        def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> AbstractContextManager[Pictures]:
            if access.key == "gone":
                raise TrackingError("The video was deleted.")
            return self.video.opened()

        def create(name: str) -> Squares:
            if name != "squares":
                raise TrackingError("It needs weights.")
            self.created += 1
            return self.model

        self.smart = Smart(open_video, create=create, **more)

    def ask(self, *clicks: tuple[float, float, bool], **more: Any) -> int:
        self.count += 1
        access = VideoAccess(key=more.pop("key", "v"), source="/s", index="/i", width=100, height=80, frame_count=100)
        fields: dict[str, Any] = {"reader": "r", "request": self.count, "model": "squares", "frame": 3, **more}
        places = [ClickAt(x=x, y=y, positive=positive) for x, y, positive in clicks]
        self.smart.ask(Segment(video=access, clicks=places, **fields), self.told.put)
        return self.count

    def next(self) -> Segmented:
        return self.told.get(timeout=5)

    def end(self) -> Segmented:
        """What comes after the stages on the way."""
        while (told := self.next()).stage in ("fetching", "looking"):
            pass
        return told


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.model.go_on.set()
    desk.smart.close()


def test_a_model_that_nobody_clicks_with_leaves_memory_and_comes_back_with_the_next_click(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "framewise.agent")
    monkeypatch.setattr(smart, "IDLE_S", 3600.0)
    for _ in range(2):
        desk.ask((20, 30, True))
        assert desk.end().stage == "answered"
    assert (desk.created, desk.model.embedded) == (1, 1)
    # The next click is the last for long.
    monkeypatch.setattr(smart, "IDLE_S", 0.01)
    desk.ask((20, 30, True))
    assert desk.end().stage == "answered"
    deadline = monotonic() + 30
    while "it leaves memory until somebody does" not in caplog.text and monotonic() < deadline:
        sleep(0.01)
    desk.ask((20, 30, True))
    assert desk.end().stage == "answered"
    assert (desk.created, desk.model.embedded) == (2, 2)


def test_a_frame_is_looked_at_once_for_all_who_click_on_it(desk: Desk) -> None:
    desk.ask()
    assert [desk.next().stage for _ in range(3)] == ["fetching", "looking", "ready"]
    for reader in ("r", "s"):
        desk.ask((20, 30, True), reader=reader)
        told = desk.next()
        assert (told.reader, told.stage, told.score) == (reader, "answered", 0.5)
        shape = shape_of(prompt_row(told.table))
        assert isinstance(shape, Mask)
        assert (shape.left, shape.top, prompt_row(told.table).frame) == (20, 30, 3)
    assert desk.model.embedded == 1
    assert desk.video.decoded[:1] == [3]
    assert desk.video.open == 0


def test_a_further_click_builds_on_the_answer_before_and_one_that_is_taken_back_costs_nothing(desk: Desk) -> None:
    desk.ask((20, 30, True))
    first = desk.end()
    desk.ask((20, 30, True), (40, 50, True))
    desk.end()
    assert [count for count, _, _ in desk.model.asked] == [1, 2]
    previous = desk.model.asked[1][2]
    assert previous is not None
    assert (previous.left, previous.top) == (20, 30)
    desk.ask((20, 30, True))
    assert desk.end().table == first.table
    assert len(desk.model.asked) == 2


def test_a_box_comes_first_and_a_base_is_what_clicks_correct(desk: Desk) -> None:
    base = prompt_text(row_of(Mask(7, 8, np.ones((2, 2), np.bool_)), 3, Flag.KEYFRAME, 1.0))
    desk.ask((20, 30, True), box=(1, 2, 50, 60), base=base)
    desk.end()
    (none, box, before), (one, same, _) = desk.model.asked
    assert (none, one) == (0, 1)
    assert box == same == Box(1, 2, 50, 60)
    assert before is not None
    assert (before.left, before.top) == (7, 8)


def test_clicks_made_while_the_frame_is_looked_at_are_answered_when_it_is_there_the_newest_alone(desk: Desk) -> None:
    desk.model.go_on.clear()
    desk.ask()
    assert desk.model.begun.wait(5)
    desk.ask((20, 30, True))
    newest = desk.ask((20, 30, True), (40, 50, True))
    desk.model.go_on.set()
    told = [desk.next() for _ in range(3)]
    assert [(one.request, one.stage) for one in told] == [(1, "fetching"), (1, "looking"), (newest, "answered")]
    assert desk.model.embedded == 1


def test_nothing_left_of_a_mask_is_an_empty_table(desk: Desk) -> None:
    desk.ask((20, 30, True), (20, 30, False))
    assert (desk.end().table, desk.model.asked[-1][0]) == ("", 2)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"model": "other"}, "needs weights"),
        ({"key": "gone"}, "was deleted"),
        ({"frame": 100}, "can't be decoded"),
        ({"base": prompt_text(row_of(Box(1, 2, 3, 4), 3, Flag.KEYFRAME, 1.0))}, "correct a mask"),
    ],
)
def test_what_cannot_be_done_is_said_and_the_next_question_is_answered(
    desk: Desk, asked: dict[str, Any], said: str
) -> None:
    desk.ask((20, 30, True), **asked)
    told = desk.end()
    assert told.stage == "failed"
    assert said in told.message
    desk.ask((20, 30, True))
    assert desk.end().stage == "answered"


def test_a_model_that_fails_says_so_and_lives_on(desk: Desk) -> None:
    desk.ask((95, 30, True))
    told = desk.end()
    assert told.stage == "failed"
    assert "squares failed (ZeroDivisionError: on purpose)" in told.message
    desk.ask((20, 30, True))
    assert desk.end().stage == "answered"


def test_what_is_kept_is_bounded_in_bytes_and_the_oldest_goes_first() -> None:
    desk = Desk(kept_bytes=2500)
    for frame in (1, 2, 1, 3, 1, 2):
        desk.ask((20, 30, True), frame=frame)
        desk.end()
    desk.smart.close()
    # 1 and 2 are looked at, 3 takes the place of 2, and 2 that of 3.
    assert desk.model.embedded == 4
