"""The one way to read a layer's shapes; ``actions/edits/shape_draft.py`` is the one way to write them.

A ``TrackChunk`` holds one track's rows over a stretch of ``span`` frames from ``start``: small shapes (boxes, joints)
over a whole window of 256 frames, large ones over a half of it, a quarter, … a single frame. A track's stretches don't
overlap; one without rows isn't kept. Tables always name their window as ``start``, whatever part of it they hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import F, Max, Min, Q, QuerySet, TextField
from django.db.models.functions import Cast, Length

from annotator.models import Layer, TrackChunk
from tracking.shapes.chunks import WINDOW, Row, Table

READ_AT_ONCE = 200
"""Chunks that are fetched from the database together while they are iterated."""

FRAMES_AT_ONCE = 100
"""Frames that are looked for with one query."""

Chunks = QuerySet[TrackChunk]


def chunks_of(tracks: Collection[UUID]) -> Chunks:
    """Everything that is stored of some tracks."""
    return TrackChunk.objects.filter(track_id__in=tracks)


def chunks_in(layers: QuerySet[Layer]) -> Chunks:
    """Everything that is stored in some layers, to be counted or summed up, in no order."""
    return TrackChunk.objects.filter(layer__in=layers).order_by()


def holding(first: int, last: int) -> Q:
    """The condition that a chunk has rows in ``first..last``."""
    # What the index knows narrows it first: no stretch is longer than a window.
    return Q(start__gt=first - WINDOW, start__lte=last, first__lte=last, last__gte=first)


def touching(first: int, last: int) -> Q:
    """The condition that a chunk's stretch overlaps ``first..last``, whether it has rows there or not."""
    return Q(start__gt=first - WINDOW, start__lte=last) & Q(start__gt=first - F("span"))


def at_places(chunks: Chunks, places: Collection[tuple[UUID, int]]) -> Chunks:
    """Of ``chunks``, those that ``places`` name by (track, start)."""
    there = chunks.filter(track_id__in={track for track, _ in places}, start__in={start for _, start in places})
    keys = [key for key, track, start in there.values_list("pk", "track_id", "start") if (track, start) in places]
    return chunks.filter(pk__in=keys)


def around(chunks: Chunks, frame: int) -> Chunks:
    """Of each track's ``chunks`` that with the last row up to ``frame``, and that with the first row behind it."""
    tracks = chunks.order_by().values_list("track_id")
    before = tracks.filter(first__lte=frame).annotate(Max("start"))
    after = tracks.filter(last__gt=frame).annotate(Min("start"))
    return at_places(chunks, {*before, *after})


def weigh(chunks: Chunks) -> Iterator[tuple[UUID, int, int, int]]:
    """(track, first frame of its stretch, last one, bytes) of each chunk, in any order."""
    found = chunks.order_by().annotate(size=Length("data")).values_list("track_id", "start", "span", "size")
    return ((track, start, start + span - 1, size) for track, start, span, size in found.iterator())


def read_packed(chunks: Chunks) -> Iterator[tuple[UUID, bytes]]:
    """(track, packed table) of each chunk, by track and frame."""
    rows = chunks.order_by("track_id", "start").annotate(key=Cast("track_id", TextField())).values_list("key", "data")
    # One id for each track, as making one of text takes as long as reading the chunk.
    latest, track = "", UUID(int=0)
    for key, data in rows.iterator(READ_AT_ONCE):
        if key != latest:
            latest, track = key, UUID(key)
        yield track, bytes(data)


def read(chunks: Chunks) -> Iterator[tuple[UUID, Table]]:
    """(track, table) of each chunk, by track and frame."""
    return ((track, Table.unpack(data)) for track, data in read_packed(chunks))


def rows_at(chunks: Chunks, places: Collection[tuple[UUID, int]]) -> Iterator[tuple[UUID, Row]]:
    """(track, row) on those of ``places`` (track, frame) where ``chunks`` have one."""
    by_frame: dict[int, set[UUID]] = {}
    for track, frame in places:
        by_frame.setdefault(frame, set()).add(track)
    frames = sorted(by_frame)
    for at in range(0, len(frames), FRAMES_AT_ONCE):
        several = frames[at : at + FRAMES_AT_ONCE]
        wanted = reduce(or_, (Q(track_id__in=by_frame[frame]) & holding(frame, frame) for frame in several))
        for track, table in read(chunks.filter(wanted)):
            for index, frame in enumerate(table.frames.tolist()):
                if track in by_frame.get(frame, ()):
                    yield track, table.row(index)
