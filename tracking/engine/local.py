"""Runs in threads of this process, a bounded number at once."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from time import monotonic
from typing import Literal

from tracking import catalog
from tracking import session as following
from tracking.as_mask import AsMask
from tracking.asked import give_memory_back, is_out_of_memory
from tracking.devices import devices, loads
from tracking.engine import STALLED_AFTER_S, OpenVideo, Sink
from tracking.finder import Finder
from tracking.linked import Linker
from tracking.protocol import Device, DeviceLoad, Find, Leg, Link, Start
from tracking.search import Finding, Seek
from tracking.session import TrackingSession
from tracking.tracker import Tracker
from tracking.types import Box, ObjectId, TrackingError
from tracking.warm import Warm, used_by

RUNS_AT_ONCE = 4
ABANDONED_AFTER_S = 10.0
"""A run whose thread hasn't ended so long after it was stopped hangs: no model step takes as long."""
CLOSING_S = 5.0

log = logging.getLogger("framewise.agent")


@dataclass(eq=False)
class _Run:
    """One run, from when it is asked for to when its thread ends. ``held``: its sink keeps it back; ``said``: the log
    knows that it has stalled."""

    asked: Start
    session: TrackingSession
    sink: Sink
    thread: threading.Thread | None = None
    patience: threading.Timer | None = None
    held: bool = False
    said: bool = False

    @property
    def id(self) -> str:
        return self.asked.run

    def where(self) -> str:
        """The stack of its thread, for the log."""
        frame = sys._current_frames().get(self.thread.ident or 0) if self.thread else None
        return "".join(traceback.format_stack(frame)) if frame else "(its thread has ended)"


class LocalEngine:
    """A thread per run; runs beyond ``runs_at_once`` wait for their turn in the order they came.

    A thread can't be killed. One that hangs is let go of when its run is stopped: another run takes its turn. Networks
    stay in ``warm``, and are shared there; without one each run has its own.
    """

    def __init__(
        self,
        open_video: OpenVideo,
        *,
        create: Callable[..., Tracker] = catalog.create,
        runs_at_once: int = RUNS_AT_ONCE,
        warm: Warm | None = None,
    ) -> None:
        self._open_video = open_video
        self._create = create
        self.runs_at_once = runs_at_once
        self._warm = warm
        self._runs: dict[str, _Run] = {}
        self._line: deque[_Run] = deque()
        self._at_work: set[_Run] = set()
        self._abandoned: dict[_Run, float] = {}
        self._lock = threading.Lock()
        self._devices = devices()

    def devices(self) -> list[Device]:
        return self._devices

    def loads(self, *, cpu: float) -> list[DeviceLoad]:
        return loads(self._devices, cpu=cpu)

    def start(self, run: Start, sink: Sink) -> None:
        self.stop(run.run)

        def cancelled() -> bool:
            session.got_on()  # it is asked with every piece of the video that comes
            return session.stopped

        try:
            linker = _linker(run.link)
        except TrackingError as error:
            # In the thread that listens to the server: the agent lives on.
            sink.failed(str(error), traceback.format_exc())
            return
        session = TrackingSession(
            lambda: self._open_video(run.video, cancelled),
            self._maker(run),
            [leg_value(leg) for leg in run.legs],
            detect_off_screen=run.detect_off_screen,
            finding=_finding(run.find, linked=run.link is not None),
            linker=linker,
        )
        with self._lock:
            self._runs[run.run] = _Run(run, session, sink)
            self._line.append(self._runs[run.run])
            self._give_turns()

    def correct(self, run: str, name: str, legs: Sequence[Leg]) -> None:
        if known := self._runs.get(run):
            known.session.correct(ObjectId(name), [leg_value(leg) for leg in legs])

    def extend(
        self,
        run: str,
        way: Literal["forward", "backward"],
        last: int,
        objects: Sequence[str] | None,
        *,
        search: bool = False,
    ) -> None:
        if known := self._runs.get(run):
            names = None if objects is None else {ObjectId(name) for name in objects}
            known.session.extend(way, last, names, search=search)

    def stop(self, run: str) -> None:
        with self._lock:
            known = self._runs.pop(run, None)
            if known is None:
                return
            known.session.stop()
            if known in self._at_work:
                known.patience = threading.Timer(ABANDONED_AFTER_S, self._abandon, [known])
                known.patience.daemon = True
                known.patience.start()
            else:
                self._line.remove(known)

    def stalled(self) -> dict[str, float]:
        with self._lock:
            going = [run for run in self._runs.values() if run in self._at_work and not run.held]
        stalled = [run for run in going if run.session.idle_s >= STALLED_AFTER_S]
        for run in going:
            if run in stalled and not run.said:
                log.warning("Run %s: no progress for %.0f s. It is here:\n%s", run.id, STALLED_AFTER_S, run.where())
            run.said = run in stalled
        return {run.id: run.session.idle_s for run in stalled}

    def hanging_s(self) -> float:
        with self._lock:
            idle = [run.session.idle_s for run in self._at_work if not run.held]
            since = [] if self._at_work else [monotonic() - began for began in self._abandoned.values()]
        return max((*idle, *since), default=0.0)

    def close(self) -> None:
        """Stop everything, and wait a moment for steps that are under way."""
        for name in tuple(self._runs):
            self.stop(name)
        until = monotonic() + CLOSING_S
        for run in tuple(self._at_work):
            if run.thread is not None:
                run.thread.join(max(0.0, until - monotonic()))

    def _maker(self, run: Start) -> Callable[[], Tracker]:
        """What makes a run's trackers."""

        def create() -> Tracker:
            return self._create(run.model, **run.settings)

        if run.as_mask is None:
            return create
        segmenter = cache(partial(catalog.create_segmenter, run.as_mask.segmenter))
        takes_boxes = "box" in catalog.find(run.model).prompts
        return lambda: AsMask(create, segmenter, takes_boxes=takes_boxes)

    # -------------------------------------------------------------- with the lock held

    def _give_turns(self) -> None:
        while self._line and len(self._at_work) < self.runs_at_once:
            run = self._line.popleft()
            run.session.got_on()
            # A daemon: one that hangs must not keep the agent from ending.
            run.thread = threading.Thread(target=self._carry_out, args=[run], name=f"run {run.id}", daemon=True)
            self._at_work.add(run)
            run.thread.start()

    def _leave(self, run: _Run) -> bool:
        """Give a run's turn to the next one. Returns whether it still had it."""
        had = run in self._at_work
        self._at_work.discard(run)
        self._give_turns()
        return had

    # -------------------------------------------------------------- in a run's thread, and in its timer's

    def _carry_out(self, run: _Run) -> None:
        try:
            with used_by(self._warm, run.id):
                for step in run.session.steps():
                    run.held = True
                    run.sink.stepped(step)
                    run.session.got_on()
                    run.held = False
        except Exception as error:
            # Whatever a model does, the agent lives on: this is the one place that hears of it.
            if not run.session.stopped:
                run.sink.failed(_sentence(run.asked.model, error), traceback.format_exc())
            if is_out_of_memory(error):
                # What its frames hold on to would be lacking to the next one.
                traceback.clear_frames(error.__traceback__)
                give_memory_back()
        else:
            if not run.session.stopped:
                run.sink.done()
        finally:
            self._ended(run)

    def _ended(self, run: _Run) -> None:
        with self._lock:
            if run.patience is not None:
                run.patience.cancel()
            if self._runs.get(run.id) is run:
                del self._runs[run.id]
            if not self._leave(run):
                self._abandoned.pop(run, None)
                log.warning("Run %s: its abandoned thread has ended after all.", run.id)

    def _abandon(self, run: _Run) -> None:
        with self._lock:
            if run not in self._at_work:
                return
            log.error(
                "Run %s was stopped %.0f s ago, and its thread hangs: it is abandoned, and another run may take its "
                "turn. What it holds of memory stays taken until this agent is started again. It is here:\n%s",
                run.id,
                ABANDONED_AFTER_S,
                run.where(),
            )
            self._abandoned[run] = monotonic()
            self._leave(run)


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
        held={row.frame: (held.points, row) for held in leg.held for row in held.rows},
        linked=leg.linked,
        clicked=None if leg.prompt.clicked is None else leg.prompt.clicked.value,
        untouched=tuple(leg.untouched),
    )


def _finding(find: Find | None, *, linked: bool) -> Finding | None:
    """``linked``: what links objects finds them, as sure as it wants them."""
    if find is None:
        return None

    def create() -> Finder:
        return catalog.create_finder(find.finder, classes=find.classes, confidence=find.confidence)

    return Finding(
        None if linked else create,
        Seek(find.frame, find.direction, find.last),
        find.every,
        confidence=0.0 if linked else find.confidence or 0.0,
        region=None if find.region is None else Box(*find.region),
    )


def _linker(link: Link | None) -> Linker | None:
    if link is None:
        return None
    return catalog.create_linker(
        link.association,
        link.detector,
        kinds=link.kinds,
        objects={ObjectId(name): kind for name, kind in link.objects.items()},
        rate=link.rate,
        origin=link.origin,
        every=link.every,
        confidence=link.confidence,
        mask_model=link.mask_model,
    )


def _sentence(model: str, error: Exception) -> str:
    if isinstance(error, TrackingError):
        return str(error)
    if is_out_of_memory(error):
        return (
            f"The machine has no memory left for the model {model}. What it found by then is stored. Track fewer "
            "objects at once, choose a smaller model, or unload models on the page Neural networks, and go on from "
            "there."
        )
    return f"The model {model} failed ({type(error).__name__}: {error}). The agent's log holds the details."
