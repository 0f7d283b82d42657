"""What the numbers of a project's analytics are. Nothing here knows of the database.

- *Active time* of a person: the moments of their changes and the stretches in which they moved through a video in the
  editor, joined where no more than ``IDLE_S`` lies between them. Two pages at once count once. The time before a
  change, up to ``IDLE_S``, belongs to what it changed; the rest to the video or job that was open.
- *A shape set by hand*: a keyframe where that very shape wasn't before. What is moved to another track or taken over
  counts for nobody.
- *A correction*: one change by a person that replaces or removes shapes of one object that a model had made. That a
  shape becomes a keyframe as it is confirms it, and is none. A deleted object that a model had followed is one.
- *Taken back*: what an undo takes back is subtracted from when it was done; a redo adds it again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Generic, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from tracking.shapes.chunks import Flag, Table

IDLE_S = 300.0
"""A longer pause is idle, and left out as a whole."""
QUARTER_S = 900
"""Work is summed up by quarters of an hour: no time zone's midnight lies within one."""

Place = TypeVar("Place", bound=Hashable)

# ---------------------------------------------------------------- active time


@dataclass(frozen=True, slots=True)
class Moment(Generic[Place]):
    """A person changed something. ``at``: seconds since 1970."""

    at: float
    place: Place


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Place]):
    """From ``begin`` to ``end``, seconds since 1970: a person moved through a place, or (of a result) was active."""

    begin: float
    end: float
    place: Place


def active_time(
    moments: Iterable[Moment[Place]], stays: Iterable[Stretch[Place]], idle_s: float = IDLE_S
) -> list[Stretch[Place]]:
    """When one person was active, and where; in rising order, without overlaps.

    Args:
        moments, stays: of one person, in any order.
        idle_s: the longest pause that counts.
    """
    changes = sorted(moments, key=lambda moment: moment.at)
    open_pages = sorted(stays, key=lambda stay: (stay.begin, stay.end))
    times = [moment.at for moment in changes]
    begins = [stay.begin for stay in open_pages]
    pieces = [*((at, at) for at in times), *((stay.begin, stay.end) for stay in open_pages)]
    found: list[Stretch[Place]] = []
    for begin, end in _joined(sorted(pieces), idle_s):
        here = open_pages[bisect_left(begins, begin) : bisect_right(begins, end)]
        at = begin
        for moment in changes[bisect_left(times, begin) : bisect_right(times, end)]:
            lead = max(at, moment.at - idle_s)
            found += _looking(at, lead, here)
            found.append(Stretch(lead, moment.at, moment.place))
            at = moment.at
        found += _looking(at, end, here)
    return [stretch for stretch in found if stretch.end > stretch.begin]


def _joined(pieces: Iterable[tuple[float, float]], idle_s: float) -> Iterator[tuple[float, float]]:
    """(begin, end) of what lies together, of pieces in rising order."""
    now: tuple[float, float] | None = None
    for begin, end in pieces:
        if now is None:
            now = (begin, end)
        elif begin - now[1] > idle_s:
            yield now
            now = (begin, end)
        else:
            now = (now[0], max(now[1], end))
    if now is not None:
        yield now


def _looking(begin: float, end: float, stays: Sequence[Stretch[Place]]) -> Iterator[Stretch[Place]]:
    """Time that led to no change, by the page that was opened last; ``stays``: of this sitting, in rising order."""
    at = begin
    while at < end:
        later = bisect_right([stay.begin for stay in stays], at)
        until = min(stays[later].begin, end) if later < len(stays) else end
        yield Stretch(at, until, stays[max(later - 1, 0)].place)
        at = until


def by_quarter(begin: float, end: float) -> Iterator[tuple[int, float]]:
    """(beginning of a quarter of an hour, seconds in it) of a stretch of time; all in seconds since 1970."""
    at = begin
    while at < end:
        quarter = quarter_of(at)
        until = min(end, quarter + QUARTER_S)
        yield quarter, until - at
        at = until


def quarter_of(at: float) -> int:
    """When the quarter of an hour began, in seconds since 1970."""
    return int(at // QUARTER_S) * QUARTER_S


# ---------------------------------------------------------------- what a change counts for


@dataclass(slots=True)
class Reshaped:
    """What a change did to the shapes of a track. ``by_hand``: frames on which a shape was set by hand; ``corrected``:
    frames on which a shape of a model was replaced or removed, in rising order."""

    by_hand: list[int] = field(default_factory=list)
    corrected: list[int] = field(default_factory=list)


def reshaped(before: Sequence[tuple[UUID, Table]], after: Sequence[tuple[UUID, Table]]) -> dict[UUID, Reshaped]:
    """What one change did to shapes.

    Args:
        before: (track, rows) that it replaced, in all of its tracks.
        after: (track, rows) that it put there.
    """
    there = {each for _, table in before for each in _shapes(table)}
    shown = {each for _, table in after for each in _shapes(table)}
    found: defaultdict[UUID, Reshaped] = defaultdict(Reshaped)
    for track, table in after:
        for shape, flags in zip(_shapes(table), table.flags.tolist(), strict=True):
            if flags & Flag.KEYFRAME and shape not in there:
                found[track].by_hand.append(shape[0])
    for track, table in before:
        for shape, flags in zip(_shapes(table), table.flags.tolist(), strict=True):
            if flags & Flag.PREDICTED and shape not in shown:
                found[track].corrected.append(shape[0])
    for each in found.values():
        each.by_hand.sort()
        each.corrected.sort()
    return dict(found)


_SEEN = int(Flag.OUTSIDE | Flag.OCCLUDED)

Shape = tuple[int, int, int, bytes, bytes]


def _shapes(table: Table) -> list[Shape]:
    """Of each row all that is seen of it: a keyframe and a prediction that look the same are the same."""
    frames, kinds, seen = table.frames.tolist(), table.kinds.tolist(), (table.flags & _SEEN).tolist()
    bounds = [row.tobytes() for row in table.bounds]
    return list(zip(frames, kinds, seen, bounds, table.payloads or [b""] * len(frames), strict=True))


# ---------------------------------------------------------------- what is said of them


def per_hour(count: float, seconds: float) -> float | None:
    """None: no active time is known."""
    return count / seconds * 3600 if seconds > 0 else None


def share(part: float, rest: float) -> float | None:
    """Of ``part`` among both, in [0, 1]; None: there is neither."""
    return part / (part + rest) if part + rest else None


def per_hundred(corrections: int, frames: int) -> float | None:
    """Corrections per 100 frames of one object that a model made; None: it made none."""
    return corrections / frames * 100 if frames else None


def day_in(zone: ZoneInfo, at: datetime) -> date:
    """The day of a moment, as a clock on the wall there has it."""
    return at.astimezone(zone).date()


def bounds_of(first: date | None, last: date | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """The moments from midnight before ``first`` to midnight after ``last``, in UTC; None: no bound."""
    begin = None if first is None else datetime.combine(first, time.min, zone).astimezone(UTC)
    end = None if last is None else datetime.combine(last + timedelta(days=1), time.min, zone).astimezone(UTC)
    return begin, end
