"""One video, one model, the legs of some objects: the loop that every run goes through, live or not.

A *leg* is one object's way in one direction. Legs that begin on the same frame in the same direction share a *lane*:
one tracker instance, fed each frame once. A corrected object gets a lane of its own, so that nobody else's tracker is
touched. Lanes that walk over the same frames share one decoder (``Reel``). One lane may *seek*: a finder looks at some
of its frames for objects that nobody prompted, whether or not anything is followed there; what it finds joins the lane.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from threading import Event
from time import monotonic
from typing import Protocol
from uuid import uuid4

from tracking.linked import LinkedTracker, Linker
from tracking.search import Finding, Search, Seek
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.joints import with_points
from tracking.shapes.payloads import row_of, shape_of
from tracking.shapes.values import bounds_of, is_empty, is_finite, share_inside
from tracking.tracker import Noting, Remembering, Sharing, Telling, Tracker
from tracking.types import Clicked, Frame, ObjectId, Prediction, Prompt, PromptError, Shape, TrackingError
from tracking.types import Way as Way

CATCH_UP_WEIGHT = 3
"""How many steps a lane that catches up gets for one of every other lane."""
RECENT_FRAMES = 3
"""Decoded frames that a reel keeps for lanes a little behind its first one."""
SMALLEST_PART_INSIDE = 0.15
"""An object of which less than this share (of its area, length, points) lies in the frame has left it."""
LOST_FRAMES = 5
"""An object that is lost for so many frames, and was last seen at the border, has left the frame."""
BORDER_SHARE = 0.02
"""What counts as at the border: this share of the frame's side."""


class Pictures(Protocol):
    """Where frames come from. ``frame_count`` of them, each of one size."""

    @property
    def frame_count(self) -> int: ...

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        """Frames one after the other from ``first`` to the video's end in that direction; closing it frees what it
        holds. Raises TrackingError when a frame can't be decoded."""
        ...


Held = Mapping[int, tuple[Sequence[int], Row]]
"""By frame: which points of an object stay as they are, by number, and the row that has them."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Follow ``object`` from its ``shape`` on ``frame`` to ``last``, both included. ``clicked``, ``untouched``: see
    ``Prompt``.

    ``epoch`` grows with every correction of the object. ``emit_first`` is False where ``frame`` is stored already.
    ``held``: the points that a correction left alone, and where they are on frames that were tracked before.
    ``linked``: the session's ``Linker`` says where the object is, not the tracker.
    """

    object: ObjectId
    shape: Shape
    frame: int
    way: Way
    last: int
    epoch: int = 0
    emit_first: bool = True
    held: Held = field(default_factory=dict, compare=False)
    linked: bool = False
    clicked: Clicked | None = None
    untouched: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tracked:
    """One prediction of a leg, the first of its frame or a better one. ``outside``: the object left the frame here; its
    leg ends."""

    prediction: Prediction
    way: Way
    epoch: int
    outside: bool = False

    @property
    def row(self) -> Row:
        """As tables keep it: OUTSIDE where the object left, else OCCLUDED where it is held to be lost or hidden."""
        flags = Flag.PREDICTED
        if self.outside:
            flags |= Flag.OUTSIDE
        elif not self.prediction.visible:
            flags |= Flag.OCCLUDED
        return row_of(self.prediction.shape, self.prediction.frame, flags, self.prediction.confidence)


@dataclass(frozen=True, slots=True)
class Found:
    """An object that nobody prompted: found on ``frame``, followed from there to ``last``. Its rows come with it."""

    object: ObjectId
    label: str
    frame: int
    way: Way
    last: int


@dataclass(frozen=True, slots=True)
class LegEnd:
    """An object's leg is over: it reached its end, left the frame, or could not begin (``problem`` says why)."""

    object: ObjectId
    way: Way
    epoch: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of one lane brought."""

    rows: tuple[Tracked, ...] = ()
    ends: tuple[LegEnd, ...] = ()
    notes: tuple[str, ...] = ()
    """What trackers have to tell the person, each sentence once."""
    found: tuple[Found, ...] = ()
    """Objects whose first rows are among ``rows``."""
    searched: int | None = None
    """The frame up to which new objects were looked for; None: nothing is new about that."""

    def __bool__(self) -> bool:
        return bool(self.rows or self.ends or self.notes or self.searched is not None)


@dataclass
class _Following:
    """A leg under way. ``reached``: last frame it told of; ``told``: the last prediction; ``seen``: the last shape held
    to be visible; ``memory``: what the tracker before a correction knew of the object (see ``Remembering``)."""

    leg: Leg
    reached: int | None = None
    lost: int = 0
    told: Prediction | None = None
    seen: Shape | None = None
    memory: object = None

    def covers(self, frame: int) -> bool:
        """Whether ``frame`` belongs to this leg."""
        return not (_past(frame, self.leg.last, self.leg.way) or _past(self.leg.frame, frame, self.leg.way))

    def is_new(self, frame: int) -> bool:
        """Whether nothing was told of ``frame`` or of any behind it."""
        return self.reached is None or _past(frame, self.reached, self.leg.way)

    def betters(self, prediction: Prediction) -> bool:
        """Whether a prediction of a frame that was told before says something else now: not of the prompt's frame,
        which is as it was drawn, and not that the object has gone."""
        shape = prediction.shape
        return prediction.frame != self.leg.frame and is_finite(shape) and not is_empty(shape)

    def with_held(self, prediction: Prediction) -> Prediction:
        """A prediction with the points that a correction left alone where they were."""
        points, row = self.leg.held.get(prediction.frame, ((), None))
        if row is None or row.flags & Flag.OUTSIDE:
            return prediction
        shape = with_points(prediction.shape, shape_of(row), points)
        return replace(prediction, shape=shape, visible=prediction.visible or not row.flags & Flag.OCCLUDED)

    @property
    def end(self) -> LegEnd:
        return LegEnd(self.leg.object, self.leg.way, self.leg.epoch)


@dataclass
class _Lane:
    """One tracker and the legs it follows. ``position``: the frame it takes next; ``due``: virtual time of its turn;
    ``seeks``: the last frame that new objects are looked for on, None: they aren't (any more). ``linked``: its tracker
    links, and finds by itself."""

    way: Way
    position: int
    following: dict[ObjectId, _Following]
    due: float
    tracker: Tracker | None = None
    noted: str = ""
    seeks: int | None = None
    linked: bool = False
    reel: Reel | None = field(default=None, repr=False)

    @property
    def exhausted(self) -> bool:
        return self.seeks is None and all(
            _past(self.position, one.leg.last, self.way) for one in self.following.values()
        )


class Reel:
    """Frames in one direction, decoded once for every lane near its head."""

    def __init__(self, pictures: Pictures, first: int, way: Way) -> None:
        self.way = way
        self.next = first
        self._frames = pictures.walk(first, way)
        self._recent: deque[Frame] = deque(maxlen=RECENT_FRAMES)

    def has(self, frame: int) -> bool:
        """Whether ``frame`` comes without decoding any other."""
        return frame == self.next or any(held.number == frame for held in self._recent)

    def frame(self, number: int) -> Frame:
        """The frame, which ``has`` said is at hand. Raises TrackingError when it can't be decoded."""
        for held in self._recent:
            if held.number == number:
                return held
        frame = next(self._frames, None)
        if frame is None or frame.number != number:
            raise TrackingError(
                f"Every frame of a video must be decodable; frame {number} is not. Upload the video again, or end the "
                "run before this frame."
            )
        self.next = number + _sign(self.way)
        self._recent.append(frame)
        return frame

    def close(self) -> None:
        """Let go of the frames and the decoder; a second time nothing happens."""
        self._recent.clear()
        self._frames.close()


class TrackingSession:
    """Follows legs through a video and hands out what it finds, step by step.

    ``steps()`` runs in one thread; ``correct``, ``extend``, ``drop`` and ``stop`` may be called from any other and take
    effect before its next model step.

    Args:
        open_pictures: opens the video, in the thread of ``steps``; the session closes it.
        create: makes a fresh tracker; called once per lane, in the thread of ``steps``, or once where trackers share
            what is dear to make (see ``Sharing``).
        legs: what to follow at first.
        detect_off_screen: end the leg of an object that leaves the frame, with an ``outside`` row.
        finding: what looks for new objects on the way; None: nothing does.
        linker: what links the legs that are ``linked``, and what ``finding`` finds; None: all are followed.
    """

    def __init__(
        self,
        open_pictures: Callable[[], AbstractContextManager[Pictures]],
        create: Callable[[], Tracker],
        legs: Sequence[Leg],
        *,
        detect_off_screen: bool = True,
        finding: Finding | None = None,
        linker: Linker | None = None,
    ) -> None:
        self._open_pictures = open_pictures
        self._create = create
        self._create_another: Callable[[], Tracker] | None = None
        self._detect_off_screen = detect_off_screen
        self._search = None if finding is None else Search(finding)
        self._linker = linker
        self._lanes: list[_Lane] = []
        self._reels: list[Reel] = []
        self._commands: deque[Callable[[], Iterable[LegEnd]]] = deque()
        self._told: dict[tuple[ObjectId, int], set[int]] = {}
        self._last_words: list[str] = []
        self._stopped = Event()
        self._got_on = monotonic()
        self._commands.append(lambda: self._add_lanes(legs, seek=None if finding is None else finding.seek))
        self._pictures: Pictures

    # -------------------------------------------------------------- from any thread

    def correct(self, name: ObjectId, legs: Sequence[Leg]) -> None:
        """Replace every leg of ``name`` by ``legs``, in lanes of their own; without any, drop it."""
        self._commands.append(lambda: self._replace(name, legs))

    def extend(self, way: Way, last: int, objects: Collection[ObjectId] | None = None, *, search: bool = False) -> None:
        """Let unfinished legs in this direction end at ``last`` instead; one that is already there ends at once.
        ``search``: so does looking for new objects, where that goes on."""
        self._commands.append(lambda: self._move_ends(way, last, objects, search))

    def drop(self, objects: Collection[ObjectId]) -> None:
        """Stop following ``objects``; their legs end without a word."""
        for name in objects:
            self.correct(name, ())

    def stop(self) -> None:
        """End after the model step under way; what it brings is not handed out any more."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stopped.is_set()

    def got_on(self) -> None:
        """Whoever brings the video, or holds steps back, says that something has happened."""
        self._got_on = monotonic()

    @property
    def idle_s(self) -> float:
        """Seconds since the last step ended, or ``got_on`` was called."""
        return monotonic() - self._got_on

    # -------------------------------------------------------------- in the session's thread

    def steps(self) -> Iterator[Step]:
        """Run until every leg has ended or ``stop`` is called. Steps that brought nothing are not handed out.

        Raises:
            PromptError: when prompts can't be followed and there is nothing else to do.
            TrackingError: when a frame can't be decoded; a model may raise anything else.
        """
        with self._open_pictures() as self._pictures:
            try:
                while not self.stopped and (self._lanes or self._commands):
                    step = self._obey() if self._commands else self._advance(min(self._lanes, key=_due))
                    self.got_on()
                    if step and not self.stopped:
                        yield step
            finally:
                self._lanes.clear()
                self._create_another = None
                self._close_unused_reels()

    def _obey(self) -> Step:
        return Step(ends=tuple(self._commands.popleft()()), notes=self._take_last_words())

    def _add_lanes(self, legs: Sequence[Leg], memory: object = None, *, seek: Seek | None = None) -> Iterable[LegEnd]:
        due = min((lane.due for lane in self._lanes), default=0.0)
        lanes: dict[tuple[int, Way, bool], _Lane] = {}
        for asked in legs:
            leg = replace(asked, last=min(max(asked.last, 0), self._pictures.frame_count - 1))
            if _past(leg.frame, leg.last, leg.way) or not 0 <= leg.frame < self._pictures.frame_count:
                yield LegEnd(leg.object, leg.way, leg.epoch)
                continue
            linked = leg.linked and self._linker is not None
            lane = lanes.setdefault((leg.frame, leg.way, linked), _Lane(leg.way, leg.frame, {}, due, linked=linked))
            lane.following[leg.object] = _Following(leg, memory=memory)
        if seek is not None and 0 <= seek.frame < self._pictures.frame_count:
            linked = self._linker is not None
            lane = lanes.setdefault((seek.frame, seek.way, linked), _Lane(seek.way, seek.frame, {}, due, linked=linked))
            lane.seeks = min(max(seek.last, 0), self._pictures.frame_count - 1)
        # In front of the others: they were there first, but somebody waits for these.
        self._lanes[:0] = lanes.values()

    def _replace(self, name: ObjectId, legs: Sequence[Leg]) -> Iterable[LegEnd]:
        memory: object = None
        for lane in tuple(self._lanes):
            if one := lane.following.pop(name, None):
                memory = memory or _memory_of(lane, name) or one.memory
                self._forget(lane, [name])
        newest = max((leg.epoch for leg in legs), default=0)
        for stale in [key for key in self._told if key[0] == name and key[1] < newest]:
            del self._told[stale]
        yield from self._add_lanes(legs, memory)

    def _move_ends(self, way: Way, last: int, objects: Collection[ObjectId] | None, search: bool) -> Iterable[LegEnd]:
        last = min(max(last, 0), self._pictures.frame_count - 1)
        for lane in tuple(self._lanes):
            if lane.way != way:
                continue
            if search and lane.seeks is not None:
                lane.seeks = last
                self._end_search(lane)
            for name, one in tuple(lane.following.items()):
                if objects is not None and name not in objects:
                    continue
                one.leg = replace(one.leg, last=last)
                over = _past(one.leg.frame, last, way) if one.reached is None else not _past(last, one.reached, way)
                if over:
                    yield self._end(lane, one)

    def _advance(self, lane: _Lane) -> Step:
        """Feed a lane its next frame."""
        lane.due += 1 / CATCH_UP_WEIGHT if self._is_behind(lane) else 1
        frame = self._next_frame(lane)
        ends: list[LegEnd] = []
        predictions: list[Prediction] = []
        if lane.tracker is not None:
            predictions = lane.tracker.step(frame)
        elif lane.following or lane.linked:
            try:
                predictions = self._start(lane, frame)
            except PromptError as error:
                if len(self._lanes) == 1 and lane.seeks is None:
                    raise
                ends = [replace(end, problem=str(error)) for end in self._end_all(lane)]
                if lane.seeks is None:
                    return Step(ends=tuple(ends))
        lane.position = frame.number + _sign(lane.way)
        return self._settle(lane, frame, predictions, ends)

    def _start(self, lane: _Lane, frame: Frame) -> list[Prediction]:
        tracker = self._made_for(lane)
        if isinstance(tracker, Sharing):
            self._create_another = tracker.maker()
        prompts = [
            Prompt(name, one.leg.shape, one.leg.clicked, one.leg.untouched) for name, one in lane.following.items()
        ]
        predictions = tracker.start(frame, prompts)
        if isinstance(tracker, Remembering):
            for name, one in lane.following.items():
                if one.memory is not None:
                    tracker.remember(name, one.memory)
                    one.memory = None
        lane.tracker = tracker
        return predictions

    def _made_for(self, lane: _Lane) -> Tracker:
        if lane.linked and self._linker is not None:
            return self._linker.tracker()
        return (self._create_another or self._create)()

    def _settle(self, lane: _Lane, frame: Frame, predictions: Iterable[Prediction], ends: list[LegEnd]) -> Step:
        """Turn a tracker's predictions into rows, and end the legs that are over."""
        rows: list[Tracked] = []
        self._take(lane, frame, predictions, rows, ends)
        ends += self._end_given_up(lane)
        looks = self._looks(lane, frame)
        found = self._find(lane, frame, rows, ends) if looks else ()
        searched = frame.number if looks or frame.number == lane.seeks else None
        self._end_search(lane)
        if lane.following and lane.exhausted:
            assert lane.tracker is not None  # noqa: S101 (for the type checker: it has been fed)
            self._take(lane, frame, lane.tracker.finish(), rows, ends)
            ends += self._end_all(lane)
        return Step(tuple(rows), tuple(ends), (*_news(lane), *self._take_last_words()), found, searched)

    def _find(self, lane: _Lane, frame: Frame, rows: list[Tracked], ends: list[LegEnd]) -> tuple[Found, ...]:
        """Look for new objects on a frame, and let the lane follow them from it."""
        assert self._search is not None  # noqa: S101 (for the type checker: only lanes that look come here)
        # What links objects tells its own apart, however much they overlap.
        finder = lane.tracker if isinstance(lane.tracker, LinkedTracker) else None
        others = (other for other in self._lanes if finder is None or other is not lane)
        known = [one.told for other in others for one in other.following.values() if one.told is not None]
        if finder is None:  # Those that ended here, too.
            known += [row.prediction for row in rows if row.prediction.frame == frame.number]
        last = frame.number if lane.seeks is None else lane.seeks
        found: list[Found] = []
        for new in self._search.find(frame, known, finder):
            name = ObjectId(str(uuid4()))
            first = frame.number if new.frame is None else new.frame
            lane.following[name] = _Following(Leg(name, new.shape, first, lane.way, last, linked=lane.linked))
            try:
                predictions = (
                    self._start(lane, frame)
                    if lane.tracker is None
                    else lane.tracker.correct(frame, [Prompt(name, new.shape)])
                )
            except PromptError:
                # The detector sees what this model can't follow, e.g. another kind of shape or a speck.
                del lane.following[name]
                continue
            found.append(Found(name, new.label, first, lane.way, last))
            self._take(lane, frame, predictions, rows, ends)
        return tuple(found)

    def _take(
        self, lane: _Lane, frame: Frame, predictions: Iterable[Prediction], rows: list[Tracked], ends: list[LegEnd]
    ) -> None:
        for given in predictions:
            one = lane.following.get(given.object)
            if one is None or not one.covers(given.frame):
                continue
            if not one.is_new(given.frame):
                if one.betters(given):
                    rows.append(Tracked(one.with_held(given), lane.way, one.leg.epoch))
                continue
            prediction = one.with_held(_with_a_shape(one, given))
            one.reached, one.told = prediction.frame, prediction
            # Whether a linked object has left is for the linker to say: it has seen it since.
            may_leave = self._detect_off_screen and not lane.linked and prediction.frame != one.leg.frame
            left = may_leave and _has_left(one, prediction, frame)
            if self._tells(one, prediction.frame):
                rows.append(Tracked(prediction, lane.way, one.leg.epoch, left))
            if left or prediction.frame == one.leg.last:
                ends.append(self._end(lane, one))

    def _tells(self, one: _Following, frame: int) -> bool:
        """Whether a leg's row of ``frame`` is handed out: its first one only if asked for, and once for both ways."""
        if frame != one.leg.frame:
            return True
        told = self._told.setdefault((one.leg.object, one.leg.epoch), set())
        if not one.leg.emit_first or frame in told:
            return False
        told.add(frame)
        return True

    def _is_behind(self, lane: _Lane) -> bool:
        return any(_past(other.position, lane.position, lane.way) for other in self._lanes if other.way == lane.way)

    def _next_frame(self, lane: _Lane) -> Frame:
        """The lane's next frame. The oldest reel that has it at hand serves it, so that lanes which meet share one."""
        reel = next((reel for reel in self._reels if reel.way == lane.way and reel.has(lane.position)), None)
        if reel is None:
            reel = Reel(self._pictures, lane.position, lane.way)
            self._reels.append(reel)
        if reel is not lane.reel:
            lane.reel = reel
            self._close_unused_reels()
        return reel.frame(lane.position)

    def _end(self, lane: _Lane, one: _Following) -> LegEnd:
        del lane.following[one.leg.object]
        self._forget(lane, [one.leg.object])
        return one.end

    def _end_given_up(self, lane: _Lane) -> list[LegEnd]:
        """End the legs of linked objects that aren't seen again."""
        given_up = lane.tracker.given_up() if isinstance(lane.tracker, LinkedTracker) else []
        return [self._end(lane, lane.following[name]) for name in given_up if name in lane.following]

    def _end_all(self, lane: _Lane) -> list[LegEnd]:
        return [self._end(lane, one) for one in tuple(lane.following.values())]

    def _forget(self, lane: _Lane, objects: Collection[ObjectId]) -> None:
        """After legs were taken out of a lane: tell its tracker, or close the lane when nothing is left."""
        if lane.following or (lane.linked and lane.seeks is not None):
            if lane.tracker is not None:
                lane.tracker.drop(objects)
            return
        if isinstance(lane.tracker, Telling):
            self._last_words += lane.tracker.news(over=True)
        if lane.seeks is not None:
            lane.tracker = None  # What is found next starts another one.
            return
        self._lanes.remove(lane)
        self._close_unused_reels()

    def _looks(self, lane: _Lane, frame: Frame) -> bool:
        """Whether new objects are looked for on a lane's frame."""
        seeks = lane.seeks is not None and not _past(frame.number, lane.seeks, lane.way)
        if self._search is None or not seeks:
            return False
        return self._linker.is_due(frame.number) if self._linker else self._search.is_due(frame.number)

    def _end_search(self, lane: _Lane) -> None:
        """Once a lane has walked all frames that it seeks on; it is closed when it follows nothing either."""
        if lane.seeks is not None and _past(lane.position, lane.seeks, lane.way):
            lane.seeks = None
            if not lane.following:
                self._forget(lane, ())

    def _take_last_words(self) -> tuple[str, ...]:
        """What trackers said whose work was over since."""
        said, self._last_words = tuple(self._last_words), []
        return said

    def _close_unused_reels(self) -> None:
        used = {id(lane.reel) for lane in self._lanes}
        for reel in [reel for reel in self._reels if id(reel) not in used]:
            self._reels.remove(reel)
            reel.close()


def _news(lane: _Lane) -> list[str]:
    """What the lane's tracker has not told yet."""
    if isinstance(lane.tracker, Telling):
        return lane.tracker.news(over=False)
    note = lane.tracker.note if isinstance(lane.tracker, Noting) else ""
    if note == lane.noted:
        return []
    lane.noted = note
    return [note] if note else []


def _memory_of(lane: _Lane, name: ObjectId) -> object | None:
    """What the lane's tracker knows of an object."""
    return lane.tracker.memory_of(name) if isinstance(lane.tracker, Remembering) else None


def _due(lane: _Lane) -> float:
    return lane.due


def _sign(way: Way) -> int:
    return 1 if way == "forward" else -1


def _past(frame: int, mark: int, way: Way) -> bool:
    """Whether ``frame`` lies beyond ``mark`` in this direction."""
    return (frame - mark) * _sign(way) > 0


def _with_a_shape(one: _Following, prediction: Prediction) -> Prediction:
    """A prediction that shows something: an empty shape means that the object isn't to be seen, and the last one that
    was stays where it is."""
    if is_finite(prediction.shape) and not is_empty(prediction.shape):
        return prediction
    held = one.leg.shape if one.told is None else one.told.shape
    return replace(prediction, shape=held, visible=False, confidence=0.0)


def _has_left(one: _Following, prediction: Prediction, frame: Frame) -> bool:
    """Whether the object has left the frame, judged by this prediction and the ones before."""
    if share_inside(prediction.shape, frame.width, frame.height) < SMALLEST_PART_INSIDE:
        return True
    if prediction.visible:
        one.lost, one.seen = 0, prediction.shape
        return False
    one.lost += 1
    return one.lost >= LOST_FRAMES and _at_border(prediction.shape if one.seen is None else one.seen, frame)


def _at_border(shape: Shape, frame: Frame) -> bool:
    box = bounds_of(shape)
    x, y = BORDER_SHARE * frame.width, BORDER_SHARE * frame.height
    return box.x1 <= x or box.y1 <= y or box.x2 >= frame.width - x or box.y2 >= frame.height - y
