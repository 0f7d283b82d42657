"""What the parent does: begins tasks while there is room, and watches those under way."""

from __future__ import annotations

import gc
import logging
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from annotator.actions.background import Background
from annotator.media import storage
from annotator.worker import queue
from annotator.worker.beats import EVERY_S, Beats
from annotator.worker.kinds import KINDS
from annotator.worker.process import OUT_OF_MEMORY, TaskProcess
from annotator.worker.queue import Turns, key_of

log = logging.getLogger(__name__)

IDLE_S, BUSY_S = 0.3, 0.05
WANTED_EVERY_S = 0.5
GRACE_S = 5.0
"""How long tasks under way may take to end by themselves once the worker was told to."""
AWAY_S = 2.0
"""How long to leave a database alone that doesn't answer."""


@dataclass(slots=True)
class Lane:
    """One queue. ``room``: how many of its tasks run side by side; of one workspace one less, so that a long task of it
    never makes the others wait."""

    queue: str
    room: int
    nice: int = 0
    turns: Turns = field(default_factory=Turns)


@dataclass(slots=True)
class _UnderWay:
    lane: Lane
    workspace: int
    kind: Background
    process: TaskProcess
    folder: Path | None
    looked_at: float = 0.0


@dataclass(slots=True)
class _Chore:
    every: float
    do: Callable[[], object]
    due: float = 0.0


class Worker:
    """Runs the tasks of its lanes until it is told to end. ``chores``: what to do now and then, each with the seconds
    from one time to the next. ``beats``: says to other workers that it lives; None: it is the only one."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        chores: Sequence[tuple[float, Callable[[], object]]] = (),
        beats: Beats | None = None,
    ) -> None:
        self.lanes = lanes
        self.beats = beats
        self._beat_at = time.monotonic()
        self._name_lanes()
        self.chores = [_Chore(every, do) for every, do in chores]
        self.under_way: list[_UnderWay] = []
        self.told = 0

    def run(self) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._note)
        # What is loaded by now is shared with all tasks; collecting garbage would copy it into each.
        gc.collect()
        gc.freeze()
        while not self.told:
            try:
                self._step()
                pause = BUSY_S if self.under_way else IDLE_S
            except (DatabaseError, InterfaceError) as error:
                log.warning("The database doesn't answer (%s); the worker tries again in %g s.", error, AWAY_S)
                connections.close_all()
                pause = AWAY_S
            self._sleep(pause)
        self._end()

    def _note(self, number: int, _: FrameType | None) -> None:
        self.told += 1

    def _sleep(self, seconds: float) -> None:
        if not self.told:
            time.sleep(seconds)

    def _step(self) -> None:
        close_old_connections()
        self._beat()
        for each in list(self.under_way):
            self._look(each)
        for lane in self.lanes:
            while not self.told and self._begin(lane):
                pass
        for chore in self.chores:
            if time.monotonic() >= chore.due:
                chore.due = time.monotonic() + chore.every
                chore.do()

    def _beat(self) -> None:
        if self.beats is None or time.monotonic() - self._beat_at < EVERY_S:
            return
        self._beat_at = time.monotonic()
        if self.beats.beat():
            return
        log.warning("This worker was silent for so long that others took over what it did; it begins again.")
        for each in list(self.under_way):
            self._break_off(each)
        self.beats.begin()
        self._name_lanes()

    def _name_lanes(self) -> None:
        for lane in self.lanes:
            lane.turns.worker = self.beats.key if self.beats is not None else ""

    def _begin(self, lane: Lane) -> bool:
        """Begin the next task of a lane; False where it is full or nothing waits."""
        running = [each.workspace for each in self.under_way if each.lane is lane]
        if len(running) >= lane.room:
            return False
        most = max(lane.room - 1, 1)
        full = {workspace for workspace in running if running.count(workspace) >= most}
        claimed = lane.turns.next(lane.queue, full)
        if claimed is None:
            return False
        result, workspace = claimed
        kind = KINDS.get(result.task_path)
        if kind is None:
            queue.fail(result, f"There is no task {result.task_path}.")
            return True
        key = key_of(result)
        allowed, folder = kind.allowance(key), kind.folder(key)
        self.under_way.append(_UnderWay(lane, workspace, kind, TaskProcess(result, allowed, lane.nice), folder))
        return True

    def _look(self, each: _UnderWay) -> None:
        """Whether a task under way is over, takes too much, or isn't wanted any more."""
        process, kind = each.process, each.kind
        allowed = process.allowed
        code = process.exit_code()
        if code is not None:
            self.under_way.remove(each)
            self._over(each, code)
        elif process.memory() > allowed.memory:
            self._break_off(each)
            queue.fail(process.result, kind.too_much_memory(key_of(process.result), allowed))
        elif process.seconds > allowed.seconds:
            self._break_off(each)
            queue.fail(process.result, kind.too_long(key_of(process.result), allowed))
        elif time.monotonic() - each.looked_at >= WANTED_EVERY_S:
            each.looked_at = time.monotonic()
            if not kind.is_wanted(key_of(process.result)):
                self._break_off(each)
                if kind.drop(key_of(process.result)) and each.folder:
                    storage.remove(each.folder)
                process.result.set_failed(RuntimeError("Nobody wanted it any more."))

    def _break_off(self, each: _UnderWay) -> None:
        each.process.kill()
        self.under_way.remove(each)

    def _over(self, each: _UnderWay, code: int) -> None:
        if code == OUT_OF_MEMORY:
            key = key_of(each.process.result)
            queue.fail(each.process.result, each.kind.too_much_memory(key, each.process.allowed))
        elif code:
            queue.ended(each.process.result, _in_words(code))

    def _end(self) -> None:
        """Let tasks under way finish if they are quick; the next worker begins the others anew, which counts as no
        try."""
        until = time.monotonic() + GRACE_S
        while self.under_way and time.monotonic() < until and self.told < 2:
            for each in list(self.under_way):
                self._look(each)
            time.sleep(BUSY_S)
        for each in list(self.under_way):
            self._break_off(each)
            queue.give_back(each.process.result, counts=False)
        if self.beats is not None:
            self.beats.end()
        connections.close_all()


def _in_words(code: int) -> str:
    if code == -signal.SIGKILL:
        return "it was killed: perhaps the machine's memory ran out"
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
