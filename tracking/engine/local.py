"""Runs in threads of this process, a bounded number at once."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from tracking import catalog
from tracking import session as following
from tracking.engine import OpenVideo, Sink
from tracking.protocol import Find, Leg, Start
from tracking.session import Finding, TrackingSession
from tracking.tracker import Tracker
from tracking.types import ObjectId, TrackingError

RUNS_AT_ONCE = 4


class LocalEngine:
    """A thread per run; runs beyond ``runs_at_once`` wait for their turn in the order they came."""

    def __init__(
        self,
        open_video: OpenVideo,
        *,
        create: Callable[..., Tracker] = catalog.create,
        runs_at_once: int = RUNS_AT_ONCE,
    ) -> None:
        self._open_video = open_video
        self._create = create
        self.runs_at_once = runs_at_once
        self._pool = ThreadPoolExecutor(runs_at_once, thread_name_prefix="run")
        self._sessions: dict[str, TrackingSession] = {}
        self._lock = threading.Lock()

    def start(self, run: Start, sink: Sink) -> None:
        self.stop(run.run)
        session = TrackingSession(
            lambda: self._open_video(run.video, lambda: session.stopped),
            lambda: self._create(run.model, **run.settings),
            [leg_value(leg) for leg in run.legs],
            detect_off_screen=run.detect_off_screen,
            finding=_finding(run.find),
        )
        with self._lock:
            self._sessions[run.run] = session
        self._pool.submit(self._carry_out, run, session, sink)

    def correct(self, run: str, name: str, legs: Sequence[Leg]) -> None:
        if session := self._sessions.get(run):
            session.correct(ObjectId(name), [leg_value(leg) for leg in legs])

    def extend(self, run: str, way: Literal["forward", "backward"], last: int, objects: Sequence[str] | None) -> None:
        if session := self._sessions.get(run):
            session.extend(way, last, None if objects is None else {ObjectId(name) for name in objects})

    def stop(self, run: str) -> None:
        with self._lock:
            session = self._sessions.pop(run, None)
        if session is not None:
            session.stop()

    def close(self) -> None:
        for run in tuple(self._sessions):
            self.stop(run)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _carry_out(self, run: Start, session: TrackingSession, sink: Sink) -> None:
        try:
            for step in session.steps():
                sink.stepped(step)
        except Exception as error:
            # Whatever a model does, the agent lives on: this is the one place that hears of it.
            if not session.stopped:
                sink.failed(_sentence(run.model, error), traceback.format_exc())
        else:
            if not session.stopped:
                sink.done()
        finally:
            with self._lock:
                if self._sessions.get(run.run) is session:
                    del self._sessions[run.run]


def leg_value(leg: Leg) -> following.Leg:
    """A leg as it travels, as the session takes it."""
    return following.Leg(
        object=ObjectId(leg.prompt.object),
        shape=leg.prompt.shape,
        frame=leg.prompt.frame,
        way=leg.direction,
        last=leg.last,
        epoch=leg.prompt.epoch,
        emit_first=leg.emit_first,
    )


def _finding(find: Find | None) -> Finding | None:
    if find is None:
        return None
    return Finding(lambda: catalog.create_finder(find.finder, classes=find.classes), find.every)


def _sentence(model: str, error: Exception) -> str:
    if isinstance(error, TrackingError):
        return str(error)
    return f"The model {model} failed ({type(error).__name__}: {error}). The agent's log holds the details."
