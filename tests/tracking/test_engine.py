"""The local engine carries runs out in threads, and outlives what models do."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tracking.fakes import Drifting, FakeVideo
from tracking.engine import local
from tracking.engine.local import LocalEngine, leg_value
from tracking.protocol import AsMask, Find, Held, Leg, Link, RunPrompt, Start, VideoAccess
from tracking.session import Pictures, Step
from tracking.shapes.chunks import Flag, Kind, Row, tables_of
from tracking.shapes.values import Mask, Polygon
from tracking.tracker import Tracker
from tracking.types import Frame, Prediction, Prompt, TrackingError
from tracking.warm import Warm, held, making

POLYGON = np.array([(10, 10), (20, 10), (20, 20), (10, 20)], "<f4")
ACCESS = VideoAccess(key="k", source="/s", index="/i", width=100, height=80, frame_count=100)


def leg(name: str = "a", frame: int = 0, last: int = 5, epoch: int = 0) -> Leg:
    row = Row(frame, Kind.BOX, Flag.KEYFRAME, 1.0, (10, 10, 20, 20))
    prompt = RunPrompt.of(name, row, epoch=epoch)
    return Leg(prompt=prompt, direction="forward", last=last, emit_first=True)


def start(run: str, *legs: Leg, model: str = "drifting") -> Start:
    return Start(run=run, model=model, video=ACCESS, legs=list(legs))


class Heard:
    """A sink with a memory. ``each``: what to do at each step."""

    def __init__(self, each: Callable[[Step], None] = lambda step: None) -> None:
        self.frames: list[int] = []
        self.each = each
        self.over = threading.Event()
        self.failure: tuple[str, str] | None = None
        self.gone = ""

    def stepped(self, step: Step) -> None:
        self.frames += [row.prediction.frame for row in step.rows]
        self.each(step)

    def done(self) -> None:
        self.over.set()

    def failed(self, message: str, detail: str) -> None:
        self.failure = message, detail
        self.over.set()

    def lost(self, message: str) -> None:
        self.gone = message
        self.over.set()


def engine_with(
    create: Callable[..., Tracker] = Drifting, runs_at_once: int = 2, warm: Warm | None = None
) -> LocalEngine:
    def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> AbstractContextManager[Pictures]:
        return FakeVideo().opened()

    return LocalEngine(
        open_video, create=lambda model, **settings: create(**settings), runs_at_once=runs_at_once, warm=warm
    )


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    engine = engine_with()
    yield engine
    engine.close()


def test_a_run_is_carried_out_to_its_end(engine: LocalEngine) -> None:
    heard = Heard()
    engine.start(start("one", leg(last=3)), heard)

    assert heard.over.wait(10)
    assert (heard.frames, heard.failure) == ([0, 1, 2, 3], None)


def test_a_run_as_masks_is_followed_by_masks_and_tells_what_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.fakes:ENTRIES")
    followed, told = [], []

    class Seeing(Drifting):
        def start(self, frame: Frame, prompts: Sequence[Prompt]) -> list[Prediction]:
            followed.extend(prompts)
            return super().start(frame, prompts)

    engine = engine_with(Seeing)
    heard = Heard(lambda step: told.extend(row.prediction.shape for row in step.rows))
    row = Row(0, Kind.POLYGON, Flag.KEYFRAME, 1.0, (10, 10, 20, 20), POLYGON.tobytes())
    asked = Leg(prompt=RunPrompt.of("a", row), direction="forward", last=2)
    run = start("one", asked, model="masking").model_copy(update={"as_mask": AsMask(segmenter="framewise-click")})
    engine.start(run, heard)

    assert heard.over.wait(10)
    assert heard.failure is None
    assert [type(prompt.shape) for prompt in followed] == [Mask]
    assert [type(shape) for shape in told] == [Polygon, Polygon]
    engine.close()


def linked(association: str) -> Start:
    find = Find(finder="repeating", every=2, classes=["car"], direction="forward", frame=0, last=9)
    link = Link(association=association, detector="repeating", origin=0, every=2, rate=25, kinds={"car": "1"})
    return start("one").model_copy(update={"find": find, "link": link})


def test_what_a_detector_sees_is_linked_where_that_is_asked_for(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_DETECTORS", "tests.tracking.fakes:DETECTORS")
    heard = Heard()
    engine.start(linked("bytetrack"), heard)
    assert heard.over.wait(10)
    assert (heard.frames, heard.failure) == (list(range(10)), None)


def test_an_association_that_is_not_known_fails_the_run_and_nothing_else(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWISE_EXTRA_DETECTORS", "tests.tracking.fakes:DETECTORS")
    heard = Heard()
    engine.start(linked("from another version"), heard)
    assert heard.failure is not None and "linked by one of" in heard.failure[0]


def test_runs_beyond_the_limit_wait_for_their_turn() -> None:
    engine = engine_with(runs_at_once=1)
    gate, first, second = threading.Event(), Heard(lambda step: gate.wait(10) and None), Heard()
    engine.start(start("one", leg()), first)
    engine.start(start("two", leg()), second)

    assert not second.over.wait(0.05)
    gate.set()

    assert first.over.wait(10)
    assert second.over.wait(10)
    engine.close()


def test_a_model_that_raises_fails_its_run_alone() -> None:
    class Broken(Drifting):
        def step(self, frame: Any) -> Any:
            if frame.number == 2:
                raise RuntimeError("out of luck")
            return super().step(frame)

    engine = engine_with(Broken)
    broken, healthy = Heard(), Heard()
    engine.start(start("one", leg()), broken)
    engine.start(start("two", leg(last=1)), healthy)

    assert broken.over.wait(10)
    assert healthy.over.wait(10)
    assert broken.frames == [0, 1]
    assert broken.failure is not None
    assert "drifting failed (RuntimeError: out of luck)" in broken.failure[0]
    assert "in step" in broken.failure[1]
    assert healthy.failure is None
    engine.close()


def test_a_refusal_is_passed_on_as_it_is() -> None:
    def refuse() -> Tracker:
        raise TrackingError("It needs its weights.")

    engine = engine_with(refuse)
    heard = Heard()
    engine.start(start("one", leg()), heard)

    assert heard.over.wait(10)
    assert heard.failure is not None
    assert heard.failure[0] == "It needs its weights."
    engine.close()


def test_a_stopped_run_says_nothing_more(engine: LocalEngine) -> None:
    stopped = threading.Event()

    def stop(step: Step) -> None:
        engine.stop("one")
        stopped.set()

    heard = Heard(stop)
    engine.start(start("one", leg(last=90)), heard)

    assert stopped.wait(10)
    assert not heard.over.wait(0.05)
    assert heard.frames == [0]


def test_a_run_stopped_while_it_waits_never_begins() -> None:
    engine = engine_with(runs_at_once=1)
    gate, first, second, third = threading.Event(), Heard(lambda step: gate.wait(10) and None), Heard(), Heard()
    for name, heard in (("one", first), ("two", second), ("three", third)):
        engine.start(start(name, leg()), heard)
    engine.stop("two")
    gate.set()

    assert third.over.wait(10)
    assert (second.frames, second.over.is_set()) == ([], False)
    engine.close()


def test_a_run_of_the_same_id_replaces_the_one_before(engine: LocalEngine) -> None:
    gate = threading.Event()
    old, new = Heard(lambda step: gate.wait(10) and None), Heard()
    engine.start(start("one", leg(last=90)), old)
    engine.start(start("one", leg(frame=50, last=52)), new)
    gate.set()

    assert new.over.wait(10)
    assert new.frames == [50, 51, 52]
    assert not old.over.is_set()


def test_a_correction_reaches_the_run(engine: LocalEngine) -> None:
    def correct(step: Step) -> None:
        if step.rows and step.rows[0].prediction.frame == 3 and not step.rows[0].epoch:
            engine.correct("one", "a", [leg(frame=1, last=4, epoch=1)])

    heard = Heard(correct)
    engine.start(start("one", leg(last=90)), heard)

    assert heard.over.wait(10)
    assert heard.frames == [0, 1, 2, 3, 1, 2, 3, 4]


class Hanging(Drifting):
    """Its second step ends when ``gate`` opens."""

    gate = threading.Event()
    hangs = threading.Event()

    def step(self, frame: Any) -> Any:
        if frame.number == 2:
            self.hangs.set()
            self.gate.wait(30)
        return super().step(frame)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hanging]]:
    monkeypatch.setattr(Hanging, "gate", threading.Event())
    monkeypatch.setattr(Hanging, "hangs", threading.Event())
    monkeypatch.setattr(local, "STALLED_AFTER_S", 0.2)
    monkeypatch.setattr(local, "ABANDONED_AFTER_S", 0.2)
    monkeypatch.setattr(local, "CLOSING_S", 0.2)
    yield Hanging
    Hanging.gate.set()


def after_a_while(condition: Callable[[], bool], within_s: float = 10) -> bool:
    """Whether ``condition`` comes true within ``within_s`` seconds."""
    until = time.monotonic() + within_s
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_a_run_that_does_not_get_on_has_stalled_until_it_does(
    hanging: type[Hanging], caplog: pytest.LogCaptureFixture
) -> None:
    engine = engine_with(hanging)
    heard = Heard()
    engine.start(start("one", leg()), heard)
    assert hanging.hangs.wait(10)
    assert engine.stalled() == {}

    assert after_a_while(lambda: "one" in engine.stalled())
    assert engine.stalled()["one"] >= 0.2
    assert len([record for record in caplog.records if "Run one: no progress" in record.message]) == 1
    assert "self.gate.wait" in caplog.text, "the log says where it is"

    hanging.gate.set()
    assert heard.over.wait(10)
    assert engine.stalled() == {}
    assert heard.frames == list(range(6))
    engine.close()


def test_a_run_that_waits_for_its_turn_or_for_the_server_has_not_stalled(hanging: type[Hanging]) -> None:
    engine = engine_with(runs_at_once=1)
    gate, held = threading.Event(), threading.Event()
    first, second = Heard(lambda step: held.set() or (gate.wait(10) and None)), Heard()
    engine.start(start("held", leg()), first)
    engine.start(start("waits", leg()), second)
    assert held.wait(10)
    time.sleep(0.3)

    assert engine.stalled() == {}
    gate.set()
    assert second.over.wait(10)
    engine.close()


def test_a_run_whose_video_comes_has_not_stalled(hanging: type[Hanging]) -> None:
    came = threading.Event()

    def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> AbstractContextManager[Pictures]:
        while not came.is_set():
            cancelled()
            time.sleep(0.01)
        return FakeVideo().opened()

    engine = LocalEngine(open_video, create=lambda model, **settings: Drifting())
    heard = Heard()
    engine.start(start("one", leg()), heard)
    time.sleep(0.3)

    assert engine.stalled() == {}
    came.set()
    assert heard.over.wait(10)
    engine.close()


def test_a_stopped_run_that_hangs_keeps_no_other_from_its_turn(
    hanging: type[Hanging], caplog: pytest.LogCaptureFixture
) -> None:
    engine = engine_with(lambda **_: hanging(), runs_at_once=1)
    first, second = Heard(), Heard()
    engine.start(start("hangs", leg()), first)
    assert hanging.hangs.wait(10)
    engine.start(start("next", leg(last=1)), second)
    engine.stop("hangs")

    assert second.over.wait(10)
    assert second.frames == [0, 1]
    assert engine.stalled() == {}
    assert "Run hangs was stopped" in caplog.text
    assert "it is abandoned" in caplog.text
    hanging.gate.set()
    assert after_a_while(lambda: "its abandoned thread has ended after all" in caplog.text)
    assert (first.frames, first.over.is_set()) == ([0, 1], False)
    engine.close()


def test_an_abandoned_thread_that_ends_gives_no_second_turn(hanging: type[Hanging]) -> None:
    engine = engine_with(lambda **_: hanging(), runs_at_once=1)
    engine.start(start("hangs", leg()), Heard())
    assert hanging.hangs.wait(10)
    engine.stop("hangs")
    gate, held, last = threading.Event(), threading.Event(), Heard()
    engine.start(start("second", leg(last=1)), Heard(lambda step: held.set() or (gate.wait(10) and None)))
    assert held.wait(10)
    engine.start(start("third", leg(last=1)), last)
    hanging.gate.set()

    assert not last.over.wait(0.2)
    gate.set()
    assert last.over.wait(10)
    engine.close()


def test_an_engine_with_a_thread_that_hangs_can_be_closed(hanging: type[Hanging]) -> None:
    engine = engine_with(hanging)
    engine.start(start("hangs", leg()), Heard())
    assert hanging.hangs.wait(10)
    began = time.monotonic()
    engine.close()
    assert time.monotonic() - began < 5


def test_what_it_does_not_know_it_ignores(engine: LocalEngine) -> None:
    engine.correct("no run", "a", [])
    engine.extend("no run", "forward", 3, None)
    engine.stop("no run")


def test_of_two_rows_that_are_held_on_a_frame_the_later_one_counts() -> None:
    def held(first: int, last: int, point: int) -> Held:
        rows = [Row(frame, Kind.BOX, Flag.PREDICTED, 0.5, (point, 0, 20, 20)) for frame in range(first, last + 1)]
        (table,) = tables_of(rows)
        return Held(points=[point], table=b64encode(table.pack()).decode())

    value = leg_value(leg().model_copy(update={"held": [held(3, 6, 0), held(5, 8, 1)]}))

    assert {frame: (points, row.bounds[0]) for frame, (points, row) in value.held.items()} == {
        3: ([0], 0),
        4: ([0], 0),
        **{frame: ([1], 1) for frame in (5, 6, 7, 8)},
    }


def test_runs_of_one_model_share_its_network_which_stays_for_the_next_one(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    made: list[str] = []
    weights.write_bytes(b"1234")
    warm, both = Warm(), threading.Barrier(2, timeout=10)

    def build() -> object:
        made.append("network")
        return object()

    def create(**settings: object) -> Tracker:
        with making("drifting", {}, [weights]):
            held(build)
        return Drifting()

    def wait(step: Step) -> None:
        if 1 in [row.prediction.frame for row in step.rows]:
            both.wait()
            assert [sorted(each.users) for each in warm.told()] == [["one", "two"]]
            both.wait()

    engine = engine_with(create, warm=warm)
    heard = [Heard(wait), Heard(wait)]
    for name, sink in zip(("one", "two"), heard, strict=True):
        engine.start(start(name, leg(last=3)), sink)
    assert all(sink.over.wait(10) and sink.failure is None for sink in heard)
    engine.close()
    assert [(each.model, each.users, each.memory_bytes) for each in warm.told()] == [("drifting", [], 4)]
    third = Heard()
    engine.start(start("three", leg(last=1)), third)
    assert third.over.wait(10)
    assert made == ["network"]
    engine.close()
