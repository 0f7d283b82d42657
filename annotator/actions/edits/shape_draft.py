"""The one way to write a layer's shapes: parts of it are read, changed as values, and written back.

What is read and written is no more than the stretches that a change touches. A stretch that has become larger than
``MOST_BYTES`` is split in halves, so that what a moment of a run, or one stroke of a brush, costs doesn't grow with
what lies beside it (``docs/decisions/0017-chunks-split-by-weight.md``). ``stored_shapes.py`` says what is stored.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import F, Max, Min, Q
from numpy.typing import NDArray

from annotator.actions.edits.insert import insert_rows
from annotator.models import TrackChunk
from annotator.stored_shapes import READ_AT_ONCE, chunks_of, read, touching
from tracking.shapes.chunks import WINDOW, Flag, Table, window_start

FrameRange = tuple[int, int]
Span = tuple[int, int]
"""First frame of a stretch and its length: 1, 2, 4, … 256 frames, of which the first frame is a multiple."""
Mask = NDArray[np.bool_]

MOST_BYTES = 32 * 1024
"""A larger stretch is split, unless it is a single frame."""
WRITTEN_AT_ONCE = 16 * 2**20
"""About so many bytes are written with one statement."""
FEW = 8
"""So many different parts of a layer are read exactly; of more, also what lies between them."""
MOST_FRAMES = 2**31
"""No video is longer."""
# Plain numbers: NumPy looks for a dozen methods of its own on a Flag each time it meets one.
_KEYFRAME, _PREDICTED, _OUTSIDE, _DOUBTFUL = map(int, (Flag.KEYFRAME, Flag.PREDICTED, Flag.OUTSIDE, Flag.DOUBTFUL))
_PREDICTED_OR_OUTSIDE = _PREDICTED | _OUTSIDE
_COLUMNS = (
    "layer_id",
    "track_id",
    "start",
    "span",
    "data",
    "first",
    "last",
    "rows",
    "keyframes",
    "predicted",
    "outside",
    "doubtful",
    "lowest_confidence",
)


@dataclass
class _Window:
    """One window of a track, as far as it is known.

    ``table``: its rows; ``changed``: (``WINDOW``, bool), on which frames they were changed; ``stored``: the stretches
    that were read, by their first frame, as (length, primary key).
    """

    table: Table
    changed: Mask = field(default_factory=lambda: np.zeros(WINDOW, np.bool_))
    stored: dict[int, tuple[int, int]] = field(default_factory=dict)

    def take(self, chunks: Sequence[TrackChunk]) -> None:
        """Stretches as they are stored, which weren't known."""
        start = self.table.start
        self.stored |= {chunk.start: (chunk.span, chunk.pk) for chunk in chunks}
        tables = [Table.unpack(bytes(chunk.data)) for chunk in chunks]
        self.table = self.table.merged(Table.concatenated(start, tables))

    @property
    def spans(self) -> list[Span]:
        return [(start, length) for start, (length, _) in self.stored.items()]

    def touched(self) -> list[Span]:
        """The stored stretches that a change touches."""
        at = self.table.start
        return [(start, length) for start, length in self.spans if self.changed[start - at : start - at + length].any()]

    def loose(self) -> list[int]:
        """The changed frames with rows that lie in no stored stretch, rising."""
        at = self.table.start
        loose = self.changed.copy()
        for start, length in self.spans:
            loose[start - at : start - at + length] = False
        frames: list[int] = self.table.frames[loose[self.table.frames - at]].tolist()
        return frames

    def within(self, span: Span) -> Table:
        return self.table.take(within(self.table, [(span[0], sum(span) - 1)]))


@dataclass
class _Shapes:
    """What is known of a track: all there is on the frames ``known`` (rising), in ``windows`` by first frame."""

    known: list[FrameRange] = field(default_factory=list)
    windows: dict[int, _Window] = field(default_factory=dict)

    def knows(self, first: int, last: int) -> bool:
        return any(low <= first and last <= high for low, high in self.known)

    def learn(self, ranges: Iterable[FrameRange]) -> None:
        known: list[FrameRange] = []
        for first, last in sorted([*self.known, *ranges]):
            if known and first <= known[-1][1] + 1:
                known[-1] = (known[-1][0], max(known[-1][1], last))
            else:
                known.append((first, last))
        self.known = known

    def window(self, start: int) -> _Window:
        if start not in self.windows:
            self.windows[start] = _Window(Table.empty(start))
        return self.windows[start]

    def take(self, chunks: Iterable[TrackChunk]) -> None:
        """What is stored, without what was known already."""
        news = [chunk for chunk in chunks if not self.knows(chunk.start, chunk.start)]
        for start, pieces in groupby(news, key=lambda chunk: window_start(chunk.start)):
            self.window(start).take(list(pieces))
        self.learn((chunk.start, chunk.start + chunk.span - 1) for chunk in news)


class ShapeDraft:
    """Changes to the shapes of one locked layer. Nothing is written before ``save``."""

    def __init__(self, layer_id: int) -> None:
        self.layer_id = layer_id
        self._tracks: defaultdict[UUID, _Shapes] = defaultdict(_Shapes)

    # ------------------------------------------------------------ reading

    def load(self, wanted: Iterable[tuple[UUID, int, int]]) -> None:
        """Have (track, first frame, last frame) here, in few queries."""
        parts = [part for part in wanted if not self._tracks[part[0]].knows(*part[1:])]
        if not parts:
            return
        chunks = TrackChunk.objects.filter(_holding(parts), layer_id=self.layer_id).order_by("track_id", "start")
        read_now = chunks.only("track_id", "start", "span", "data").iterator(READ_AT_ONCE)
        for track, pieces in groupby(read_now, key=lambda chunk: chunk.track_id):
            self._tracks[track].take(pieces)
        for track, first, last in parts:
            self._tracks[track].learn([(first, last)])

    def begin_track(self, track: UUID) -> None:
        """A track that is made now: it is known that nothing is stored of it."""
        self._tracks[track].learn([(0, MOST_FRAMES)])

    def tables_in(self, track: UUID, first: int, last: int) -> Iterator[Table]:
        """The rows in ``first..last``, as one table for each window, in rising order; some are empty."""
        self.load([(track, first, last)])
        windows = self._tracks[track].windows
        for start in range(window_start(first), last + 1, WINDOW):
            table = windows[start].table if start in windows else Table.empty(start)
            yield table.take(within(table, [(first, last)]))

    def everything(self, tracks: Collection[UUID]) -> Iterator[tuple[UUID, Table]]:
        """All rows of some tracks as they are now, in any order; what nothing else has read isn't kept."""
        for track in tracks:
            yield from ((track, window.table) for window in self._tracks[track].windows.values() if len(window.table))
        for track, table in read(chunks_of(tracks).filter(layer_id=self.layer_id)):
            unknown = table.take(~within(table, self._tracks[track].known))
            if len(unknown):
                yield track, unknown

    def _windows(self, track: UUID, ranges: Iterable[FrameRange]) -> list[_Window]:
        """Those with rows, or that had some, in any of the ranges; in rising order."""
        windows = self._tracks[track].windows
        reached = {start for first, last in ranges for start in _starts(windows, first, last)}
        return [windows[start] for start in sorted(reached)]

    # ------------------------------------------------------------ changing

    def replace(
        self, track: UUID, ranges: Sequence[FrameRange], tables: Sequence[Table], *, keep_keyframes: bool = False
    ) -> list[Table]:
        """Rows in ``ranges`` go, the rows of ``tables``, one for each window, come. Returns those that lay there."""
        coming = {table.start: table for table in tables if len(table)}
        ends = [(int(table.frames[0]), int(table.frames[-1])) for table in coming.values()]
        self.load((track, first, last) for first, last in [*ranges, *ends])
        for start in coming:
            self._tracks[track].window(start)
        former: list[Table] = []
        for window in self._windows(track, [*ranges, *ends]):
            there = within(window.table, ranges)
            going = there & ((window.table.flags & _KEYFRAME) == 0) if keep_keyframes else there
            if there.any():
                former.append(window.table.take(there))
            start, came = window.table.start, coming.get(window.table.start)
            if going.any():
                window.changed[window.table.frames[going] - start] = True
                window.table = window.table.take(~going)
            if came is not None:
                window.changed[came.frames - start] = True
                window.table = window.table.merged(came)
        return former

    # ------------------------------------------------------------ writing

    def save(self) -> None:
        """Write what changed. What was read is read again from then on."""
        changed = {
            (track, start): window
            for track, shapes in sorted(self._tracks.items())
            for start, window in sorted(shapes.windows.items())
            if window.changed.any()
        }
        taken = self._taken(changed)
        gone: list[int] = []
        filled: list[tuple[UUID, Span, Table]] = []
        for key, window in changed.items():
            spans = [*window.touched(), *free_spans(window.loose(), taken.get(key, window.spans))]
            pieces = [piece for span in spans for piece in split(window.within(span), span)]
            kept = {start for (start, _), _ in pieces}
            gone += (window.stored[start][1] for start, _ in spans if start in window.stored and start not in kept)
            filled += ((key[0], span, table) for span, table in pieces)
        if gone:
            TrackChunk.objects.filter(pk__in=gone).delete()
        write_stretches(self.layer_id, filled)
        self._tracks.clear()

    def _taken(self, windows: Mapping[tuple[UUID, int], _Window]) -> dict[tuple[UUID, int], list[Span]]:
        """What is taken by stored stretches of those windows that get rows where nothing was, and aren't known whole.

        Of a few windows what lies before and behind the new rows is told as one stretch each: a run of large shapes
        has hundreds in its window, and puts a few behind them again and again.
        """
        loose = {
            (track, start): frames
            for (track, start), window in windows.items()
            if not self._tracks[track].knows(start, start + WINDOW - 1) and (frames := window.loose())
        }
        if not loose:
            return {}
        starts = sorted({start for _, start in loose})
        found: defaultdict[tuple[UUID, int], list[Span]] = defaultdict(list)
        if len(starts) > FEW:
            everything = chunks_of({track for track, _ in loose}).order_by()
            between = everything.filter(start__gte=starts[0], start__lt=starts[-1] + WINDOW)
            for track, start, length in between.values_list("track_id", "start", "span"):
                found[track, window_start(start)].append((start, length))
            return found
        for start in starts:
            here = {track: frames for (track, at), frames in loose.items() if at == start}
            around = (min(frames[0] for frames in here.values()), max(frames[-1] for frames in here.values()))
            for track, span in _taken_in(here, start, around):
                found[track, start].append(span)
        return found


def _taken_in(tracks: Collection[UUID], start: int, around: FrameRange) -> Iterator[tuple[UUID, Span]]:
    """What is taken of the window from ``start``: exactly on the frames ``around``, as one stretch on either side."""
    end = start + WINDOW
    chunks = chunks_of(tracks).filter(start__gte=start, start__lt=end).order_by()
    before = Max(F("start") + F("span"), filter=Q(start__lt=around[0]))
    behind = Min("start", filter=Q(start__gt=around[1]))
    for track, first_free, next_taken in chunks.values_list("track_id").annotate(before=before, behind=behind):
        if first_free is not None:
            yield track, (start, first_free - start)
        if next_taken is not None:
            yield track, (next_taken, end - next_taken)
    for track, at, length in chunks.filter(start__range=around).values_list("track_id", "start", "span"):
        yield track, (at, length)


def _starts(windows: Mapping[int, _Window], first: int, last: int) -> Iterator[int]:
    """Where those of ``windows`` begin that reach into ``first..last``."""
    # A range may be that of a whole video, of which little is known, or a few frames of a track that is known whole.
    begins = range(window_start(first), last + 1, WINDOW)
    if len(begins) < len(windows):
        return (start for start in begins if start in windows)
    return (start for start in windows if start in begins)


def _holding(parts: Iterable[tuple[UUID, int, int]]) -> Q:
    """The condition for the chunks of (track, first frame, last frame); of many, also for what lies between."""
    groups: dict[FrameRange, tuple[set[UUID], int, int]] = {}
    for track, first, last in parts:
        key = (window_start(first), window_start(last))
        tracks, low, high = groups.get(key, (set(), first, last))
        tracks.add(track)
        groups[key] = (tracks, min(low, first), max(high, last))
    alike = list(groups.values())
    if len(alike) > FEW:
        everyone = set().union(*(tracks for tracks, _, _ in alike))
        alike = [(everyone, min(low for _, low, _ in alike), max(high for *_, high in alike))]
    condition = Q()
    for tracks, low, high in alike:
        condition |= Q(track_id__in=tracks) & touching(low, high)
    return condition


# ---------------------------------------------------------------- stretches


def split(table: Table, span: Span) -> Iterator[tuple[Span, Table]]:
    """A stretch's rows as stretches that aren't too large; those without rows are left out."""
    if not len(table):
        return
    start, length = span
    if length == 1 or table.packed_bytes <= MOST_BYTES:
        yield span, table
        return
    half = length // 2
    first = table.frames < start + half
    yield from split(table.take(first), (start, half))
    yield from split(table.take(~first), (start + half, half))


def free_spans(frames: Iterable[int], taken: Iterable[Span]) -> list[Span]:
    """The longest stretches that are free around the rising ``frames``, which no stretch of their window in ``taken``
    holds."""
    others = list(taken)
    rising = list(frames)
    found: list[Span] = []
    at = 0
    while at < len(rising):
        frame, length = rising[at], WINDOW
        while length > 1 and any(_overlap((frame - frame % length, length), other) for other in others):
            length //= 2
        found.append((frame - frame % length, length))
        at = bisect_left(rising, sum(found[-1]), at)
    return found


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < sum(other) and other[0] < sum(one)


def within(table: Table, ranges: Iterable[FrameRange]) -> Mask:
    """Which rows lie in any of the ranges, (n,) bool."""
    inside = np.zeros(len(table), np.bool_)
    for first, last in ranges:
        inside |= (table.frames >= first) & (table.frames <= last)
    return inside


# ---------------------------------------------------------------- writing


def write_new(layer_id: int, tables: Iterable[tuple[UUID, Table]]) -> None:
    """Write the shapes of tracks that have none: (track, table of a window), each window once, with rows."""
    write_stretches(
        layer_id,
        ((track, span, piece) for track, table in tables for span, piece in split(table, (table.start, WINDOW))),
    )


def write_stretches(layer_id: int, pieces: Iterable[tuple[UUID, Span, Table]]) -> None:
    """Put (track, stretch, its rows, of which there are some) in the place of those of the same track and start."""
    batch: list[tuple[UUID, Span, Table]] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += piece[2].packed_bytes
        if size > WRITTEN_AT_ONCE:
            _put(layer_id, batch)
            batch, size = [], 0
    _put(layer_id, batch)


def _put(layer_id: int, pieces: Sequence[tuple[UUID, Span, Table]]) -> None:
    if not pieces:
        return
    summaries = zip(*_summaries([table for _, _, table in pieces]), strict=True)
    rows = (
        (layer_id, track, *span, table.pack(), *summary)
        for (track, span, table), summary in zip(pieces, summaries, strict=True)
    )
    insert_rows(TrackChunk, _COLUMNS, rows, replacing=("track_id", "start"))


def _summaries(tables: Sequence[Table]) -> Iterator[list[Any]]:
    """What a chunk says of its rows, column by column for all tables at once: a call of NumPy for each number of each
    would take longer than packing them."""
    counts = [len(table) for table in tables]
    begins = np.cumsum([0, *counts[:-1]])
    flags = np.concatenate([table.flags for table in tables])
    frames = np.concatenate([table.frames for table in tables])
    confidence = np.concatenate([table.confidence for table in tables])
    yield frames[begins].tolist()
    yield frames[begins + np.array(counts) - 1].tolist()
    yield counts
    for flag in (_KEYFRAME, _PREDICTED, _OUTSIDE, _DOUBTFUL):
        yield np.add.reduceat((flags & flag) != 0, begins, dtype=np.int64).tolist()
    certain = (flags & _PREDICTED_OR_OUTSIDE) == _PREDICTED
    yield (np.minimum.reduceat(np.where(certain, confidence, 65535), begins) / 65535).tolist()
