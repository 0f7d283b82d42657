"""One run that links what it finds, worked at in several places: its frames are split into ranges
(``tracking/ranges.py``), each a run of an engine, and what these tell becomes one run's words again, in the order of
the frames.

The first range is passed on as it comes. Of a later one everything is kept until both it and the one before are done:
then it is known which of its objects are whose. That is at most some hundred frames, whatever the video's length.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from tracking.engine import Engine, Sink
from tracking.protocol import Device, DeviceLoad, Leg, Start
from tracking.ranges import OVERLAP, Range, Seam, Trace, join, ranges, told
from tracking.session import Found, LegEnd, Step, Tracked
from tracking.shapes.values import bounds_of
from tracking.types import ObjectId
from tracking.warm import PART

TRIES = 3
"""How often a range is begun whose process died."""
AHEAD = 2
"""Ranges that may be done before it is their turn, beside those that are worked at."""

log = logging.getLogger("framewise.agent")


class Splitting:
    """An engine that splits what can be split among ``engine``'s places, and passes on everything else.

    A run can be split where all that it does is to link what a detector sees, forwards; what a person corrects
    meanwhile is followed beside the ranges, and left out of them.

    Args:
        ways: how many ranges are worked at at once.
    """

    def __init__(self, engine: Engine, ways: Callable[[], int]) -> None:
        self.engine = engine
        self._ways = ways
        self._split: dict[str, _Split] = {}
        self._lock = threading.Lock()

    @property
    def runs_at_once(self) -> int:
        return self.engine.runs_at_once

    def devices(self) -> list[Device]:
        return self.engine.devices()

    def loads(self, *, cpu: float) -> list[DeviceLoad]:
        return self.engine.loads(cpu=cpu)

    def start(self, run: Start, sink: Sink) -> None:
        self.stop(run.run)
        ways = self._ways()
        parts = _planned(run, ways)
        if len(parts) < 2:
            self.engine.start(run, sink)
            return
        log.info("Run %s: split into %d ranges, %d at once.", run.run, len(parts), ways)
        with self._lock:
            split = self._split[run.run] = _Split(self.engine, run, sink, parts, ways, partial(self._over, run.run))
        split.begin()

    def _over(self, run: str, split: _Split) -> None:
        with self._lock:
            if self._split.get(run) is split:
                del self._split[run]

    def correct(self, run: str, name: str, legs: Sequence[Leg]) -> None:
        if split := self._split.get(run):
            split.correct(name, legs)
        else:
            self.engine.correct(run, name, legs)

    def extend(
        self,
        run: str,
        way: Literal["forward", "backward"],
        last: int,
        objects: Sequence[str] | None,
        *,
        search: bool = False,
    ) -> None:
        if split := self._split.get(run):
            split.extend(way, last, objects, search=search)
        else:
            self.engine.extend(run, way, last, objects, search=search)

    def stop(self, run: str) -> None:
        with self._lock:
            split = self._split.pop(run, None)
        if split is not None:
            split.stop()
        else:
            self.engine.stop(run)

    def stalled(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, seconds in self.engine.stalled().items():
            run = name.partition(PART)[0]
            found[run] = max(seconds, found.get(run, 0.0))
        return found

    def hanging_s(self) -> float:
        return self.engine.hanging_s()

    def close(self) -> None:
        for run in tuple(self._split):
            self.stop(run)
        self.engine.close()


def _planned(run: Start, ways: int) -> list[Range]:
    """The ranges that a run is split into; one or none: it isn't."""
    find = run.find
    if ways < 2 or find is None or run.link is None or find.direction != "forward":
        return []
    if any(not leg.linked or leg.direction != "forward" or leg.check for leg in run.legs):
        return []
    parts = ranges(find.frame, min(find.last, run.video.frame_count - 1), every=find.every, ways=ways)
    # Looks are counted from the run's first frame, which may lie before where it goes on.
    if off := (run.link.origin - find.frame) % find.every:
        back = find.every - off
        parts = [replace(part, begin=max(find.frame, part.begin - back)) for part in parts]
    return parts


@dataclass(eq=False)
class _Part:
    """A range under way, as the ``Sink`` of its run.

    By the range's own names: ``lead`` and ``tail`` of objects near its ends, ``found`` how they came, ``held`` those
    that went on to its end, ``joined`` whose they are, ``floor`` the frame up to which others have told of them.
    ``is_live``: it is passed on as it comes.
    """

    split: _Split
    index: int
    range: Range
    is_live: bool
    steps: list[Step] = field(default_factory=list)
    lead: dict[ObjectId, Trace] = field(default_factory=dict)
    tail: dict[ObjectId, Trace] = field(default_factory=dict)
    found: dict[ObjectId, Found] = field(default_factory=dict)
    unborn: set[ObjectId] = field(default_factory=set)
    outside: set[ObjectId] = field(default_factory=set)
    held: dict[ObjectId, LegEnd] = field(default_factory=dict)
    joined: Mapping[ObjectId, ObjectId] = field(default_factory=dict)
    floor: dict[ObjectId, int] = field(default_factory=dict)
    begun: int = 0
    is_going: bool = False
    is_done: bool = False
    at_end: bool = False

    @property
    def id(self) -> str:
        return f"{self.split.run.run}{PART}{self.index}"

    def forget(self) -> None:
        """It begins again."""
        self.steps.clear()
        for notes in (self.lead, self.tail, self.found):
            notes.clear()
        self.is_going = self.is_done = False

    def stepped(self, step: Step) -> None:
        for found in step.found:
            self.found[found.object] = found
        for row in step.rows:
            self._note(row)
        if self.is_live:
            self.split.pass_on(self, step)
        else:
            self.steps.append(step)

    def _note(self, row: Tracked) -> None:
        name, frame = row.prediction.object, row.prediction.frame
        following = self.split.after(self)
        for traces, near in (
            (self.lead, frame < self.range.first),
            (self.tail, following is not None and frame >= following.begin),
        ):
            if near:
                trace = traces.setdefault(name, Trace(self.split.kind(self, name)))
                trace.boxes[frame] = bounds_of(row.prediction.shape)

    def done(self) -> None:
        self.split.part_done(self)

    def failed(self, message: str, detail: str) -> None:
        self.split.failed(message, detail)

    def lost(self, message: str) -> None:
        self.split.part_lost(self, message)


@dataclass(eq=False)
class _Beside:
    """What a person corrected is followed beside the ranges; the ``Sink`` of that."""

    split: _Split
    object: str

    def stepped(self, step: Step) -> None:
        self.split.tell(step)

    def done(self) -> None:
        self.split.beside_done(self)

    def failed(self, message: str, detail: str) -> None:
        self.split.failed(message, detail)

    def lost(self, message: str) -> None:
        self.split.lost(message)


class _Split:
    """A run that is split. Its own thread begins ranges, and passes on those that are done."""

    def __init__(
        self,
        engine: Engine,
        run: Start,
        sink: Sink,
        parts: Sequence[Range],
        ways: int,
        over: Callable[[_Split], None],
    ) -> None:
        assert run.find is not None  # noqa: S101 (for the type checker: only such runs are split)
        self.run, self._find = run, run.find
        self._engine, self._sink, self._ways, self._over = engine, sink, ways, over
        self._last = parts[-1].last
        self._parts = [_Part(self, index, part, is_live=index == 0) for index, part in enumerate(parts)]
        self._passed = 0
        self._seams: list[Seam[ObjectId]] = []
        self._beside: dict[str, _Beside] = {}
        self._taken: set[str] = set()
        """Objects that a person corrected or dropped: the ranges say nothing of them any more."""
        legs = {ObjectId(leg.prompt.object): leg for leg in run.legs}
        self._epochs = {name: leg.prompt.epoch for name, leg in legs.items()}
        self._lasts = {name: leg.last for name, leg in legs.items()}
        self._reached: dict[ObjectId, int] = {}
        self._ended: set[ObjectId] = set()
        self._said: set[str] = set()
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._telling = threading.RLock()

    def begin(self) -> None:
        # A daemon: one whose server doesn't store must not keep the agent from ending.
        threading.Thread(target=self._work, name=f"split {self.run.run}", daemon=True).start()

    # -------------------------------------------------------------- from any thread

    def correct(self, name: str, legs: Sequence[Leg]) -> None:
        self._taken.add(name)
        where = f"{self.run.run}{PART}{name}"
        with self._changed:
            if self._stopped.is_set():
                return
            if not legs:
                self._beside.pop(name, None)
                self._engine.stop(where)
            else:
                beside = self._beside[name] = _Beside(self, name)
                # A leg that is linked still only goes on, e.g. as its end was moved.
                link = self.run.link if any(leg.linked for leg in legs) else None
                alone = {"run": where, "legs": list(legs), "find": None, "link": link}
                self._engine.start(self.run.model_copy(update=alone), beside)
            self._changed.notify_all()

    def extend(
        self, way: Literal["forward", "backward"], last: int, objects: Sequence[str] | None, *, search: bool
    ) -> None:
        with self._changed:
            for name in tuple(self._beside):
                if objects is None or name in objects:
                    self._engine.extend(f"{self.run.run}{PART}{name}", way, last, objects)
            if way != "forward":
                return
            for leg in self._lasts:
                if objects is None or leg in objects:
                    self._lasts[leg] = last
            if search:
                self._move_end(min(max(last, 0), self.run.video.frame_count - 1))
            self._changed.notify_all()

    def _move_end(self, last: int) -> None:
        """Look for objects up to ``last`` instead: ranges behind it aren't begun, and further ones are."""
        self._last = last
        for part in self._parts[max(1, self._passed) :]:
            if part.range.first > last:
                if part.is_going:
                    self._engine.stop(part.id)
                self._parts = self._parts[: part.index]
                break
        end = self._parts[-1]
        if end.is_done and end.range.last < last:
            more = ranges(end.range.last + 1, last, every=self._find.every, ways=self._ways)
            overlap = self._parts[1].range.first - self._parts[1].range.begin if len(self._parts) > 1 else OVERLAP
            more[0] = replace(more[0], begin=max(self._find.frame, more[0].first - overlap))
            self._parts += [_Part(self, end.index + 1 + at, each, is_live=False) for at, each in enumerate(more)]
        elif not end.is_done and end.range.first <= last:
            end.range = replace(end.range, last=last)
            if end.is_going:
                self._engine.extend(end.id, "forward", last, None, search=True)

    def stop(self) -> None:
        self._stopped.set()
        with self._changed:
            for part in self._parts:
                if part.is_going:
                    self._engine.stop(part.id)
            for name in self._beside:
                self._engine.stop(f"{self.run.run}{PART}{name}")
            self._changed.notify_all()

    # -------------------------------------------------------------- what the ranges say, in their threads

    def after(self, part: _Part) -> Range | None:
        """The range behind one."""
        following = part.index + 1
        return self._parts[following].range if following < len(self._parts) else None

    def kind(self, part: _Part, name: ObjectId) -> str:
        """What an object counts as: only such become one."""
        link, found = self.run.link, part.found.get(name)
        assert link is not None  # noqa: S101 (for the type checker: only such runs are split)
        return link.objects.get(name, "") if found is None else link.kinds.get(found.label, found.label)

    def part_done(self, part: _Part) -> None:
        with self._changed:
            part.is_going, part.is_done = False, True
            self._changed.notify_all()

    def part_lost(self, part: _Part, message: str) -> None:
        """What worked at a range is gone: it is begun again, unless somebody has been told of it already."""
        with self._changed:
            if not part.is_live and part.begun < TRIES and not self._stopped.is_set():
                log.warning("Run %s: frames %d to %d are done again.", self.run.run, part.range.first, part.range.last)
                part.forget()
                self._changed.notify_all()
                return
        self.lost(message)

    def beside_done(self, beside: _Beside) -> None:
        with self._changed:
            if self._beside.get(beside.object) is beside:
                del self._beside[beside.object]
            self._changed.notify_all()

    def failed(self, message: str, detail: str) -> None:
        if self._end():
            self._sink.failed(message, detail)

    def lost(self, message: str) -> None:
        if self._end():
            self._sink.lost(message)

    def _end(self) -> bool:
        """Whether it went on until now; whoever ends it has the last word."""
        with self._changed:
            if self._stopped.is_set():
                return False
            self.stop()
        self._over(self)
        return True

    def tell(self, step: Step) -> None:
        """Say something to who asked for the run; it may be held back."""
        if step:
            with self._telling:
                if not self._stopped.is_set():
                    self._sink.stepped(step)

    def pass_on(self, part: _Part, step: Step) -> None:
        """Tell what a range says, under the names and on the frames that are the whole run's."""
        with self._telling:
            rows, births = self._rows(part, step)
            if step.searched is not None and step.searched >= part.range.last:
                part.at_end = True
            ends = self._ends(part, step, rows)
            notes = tuple(note for note in step.notes if note not in self._said)
            self._said.update(notes)
            is_own = step.searched is not None and (part.is_live or step.searched >= part.range.first)
            self.tell(Step(tuple(rows), tuple(ends), notes, births, step.searched if is_own else None))

    def _rows(self, part: _Part, step: Step) -> tuple[list[Tracked], tuple[Found, ...]]:
        rows: list[Tracked] = []
        births: list[Found] = []
        part.unborn.update(found.object for found in step.found if found.object not in part.joined)
        for row in step.rows:
            inner, frame = row.prediction.object, row.prediction.frame
            name = part.joined.get(inner, inner)
            floor = part.floor.get(inner, -1)
            if row.outside:
                part.outside.add(inner)
            if frame <= floor or name in self._taken or name in self._ended or frame > self._limit(name):
                continue
            if inner in part.unborn:
                part.unborn.discard(inner)
                births.append(replace(part.found[inner], frame=frame, last=self._last))
            prediction = replace(row.prediction, object=name)
            rows.append(replace(row, prediction=prediction, epoch=self._epochs.get(name, row.epoch)))
            self._reached[name] = max(frame, self._reached.get(name, -1))
        return rows, tuple(births)

    def _limit(self, name: ObjectId) -> int:
        return self._lasts.get(name, self._last)

    def _ends(self, part: _Part, step: Step, rows: Sequence[Tracked]) -> list[LegEnd]:
        """Those of objects that don't go on in the next range, as far as can be known yet."""
        ends = []
        for end in step.ends:
            name = part.joined.get(end.object, end.object)
            goes_on = part.at_end and not end.problem and end.object not in part.outside
            if goes_on and self.after(part) is not None and self._limit(name) > part.range.last:
                part.held[end.object] = end
            elif end.object not in part.unborn:
                ends += self._ended_now(name, end)
        for row in rows:
            name = row.prediction.object
            if name in self._lasts and row.prediction.frame == self._lasts[name]:
                ends += self._ended_now(name, LegEnd(name, row.way, row.epoch))
        return ends

    def _ended_now(self, name: ObjectId, end: LegEnd) -> list[LegEnd]:
        if name in self._ended or name in self._taken:
            return []
        self._ended.add(name)
        return [replace(end, object=name, epoch=self._epochs.get(name, end.epoch))]

    # -------------------------------------------------------------- in its own thread

    def _work(self) -> None:
        try:
            while (part := self._next()) is not None:
                if part.index:
                    self._pass_on_whole(part)
                with self._changed:
                    self._passed += 1
            if self._stopped.is_set():
                return
            self.tell(Step(notes=tuple(self._last_words())))
            if self._end():
                self._sink.done()
        except Exception as error:
            log.exception("Run %s: its parts couldn't be put together.", self.run.run)
            self.failed(f"Its parts couldn't be put together ({type(error).__name__}: {error}).", "")

    def _next(self) -> _Part | None:
        """The range whose turn it is, once it is done; None: there is none, or nobody waits."""
        with self._changed:
            while not self._stopped.is_set():
                if self._passed < len(self._parts):
                    self._begin_ranges()
                    if self._parts[self._passed].is_done:
                        return self._parts[self._passed]
                elif not self._beside:
                    return None
                self._changed.wait()
        return None

    def _begin_ranges(self) -> None:
        """Let as many be worked at as there are places, as long as those before are passed on."""
        going = sum(part.is_going for part in self._parts)
        for part in self._parts[self._passed : self._passed + self._ways + AHEAD]:
            if going >= self._ways:
                return
            if part.is_going or part.is_done:
                continue
            going += 1
            part.is_going = True
            part.begun += 1
            self._engine.start(self._asked(part), part)

    def _asked(self, part: _Part) -> Start:
        """The run of a range."""
        last = part.range.last
        find = self._find.model_copy(update={"frame": part.range.begin, "last": last})
        legs = [leg.model_copy(update={"last": min(leg.last, last)}) for leg in self.run.legs] if part.is_live else []
        link = self.run.link
        if link is not None and not part.is_live:
            link = link.model_copy(update={"objects": {}})
        return self.run.model_copy(update={"run": part.id, "legs": legs, "find": find, "link": link})

    def _pass_on_whole(self, part: _Part) -> None:
        """Join a range that is done to the one before, and tell all of it."""
        before = self._parts[part.index - 1]
        going = {before.joined.get(name, name) for name in before.held}
        earlier = {before.joined.get(name, name): trace for name, trace in before.tail.items()}
        earlier |= {name: Trace("") for name in going - earlier.keys()}
        is_wanted = part.range.first <= self._last
        over = earlier.keys() - going
        seam = join(earlier, part.lead, over=over, frame=part.range.first) if is_wanted else Seam[ObjectId](0)
        if is_wanted:
            self._seams.append(seam)
        part.joined = seam.joined
        part.floor = {inner: self._reached.get(name, part.range.first - 1) for inner, name in seam.joined.items()}
        part.floor |= dict.fromkeys(seam.cut, part.range.first - 1)
        gone = going - set(seam.joined.values())
        with self._telling:
            ends = [
                said
                for inner, end in before.held.items()
                if (name := before.joined.get(inner, inner)) in gone
                for said in self._ended_now(name, end)
            ]
        self.tell(Step(ends=tuple(ends)))
        before.tail.clear()
        before.held.clear()
        for step in part.steps:
            if self._stopped.is_set():
                return
            self.pass_on(part, step)
        part.steps.clear()
        part.lead.clear()

    def _last_words(self) -> list[str]:
        again = sum(max(0, part.begun - 1) for part in self._parts)
        words = list(told(len(self._seams) + 1, self._seams)) if self._seams else []
        if again:
            words.append(f"{again} of the parts {'was' if again == 1 else 'were'} done again, as their process died.")
        return words
