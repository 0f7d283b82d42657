"""A layer's content: the window that is shown, the overview of all of it, its tracks and its history."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from threading import Lock
from typing import Annotated, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min, Sum
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router

from annotator.access import access_layer
from annotator.actions.edits.verdicts import read_verdicts
from annotator.actions.errors import ActionError
from annotator.announce.outgoing import weight
from annotator.answers import answer_of
from annotator.api.layer_schemas import (
    BinOut,
    ChunkOut,
    HistoryEvent,
    HistoryOut,
    OverviewOut,
    TrackOut,
    TracksOut,
    WindowOut,
)
from annotator.models import Event, EventKind, Layer, Track
from annotator.operations import SpanVerdict
from annotator.stored_shapes import READ_AT_ONCE, Chunks, at_places, holding
from tracking.shapes.chunks import WINDOW

router = Router(tags=["layers"])

MOST_FRAMES = 8192
"""Longest window, in frames; whoever wants more asks for several, or for the overview."""
MOST_BYTES = 16 * 2**20
"""Heavier windows are answered in parts."""
MOST_BINS = 2000
PAGE = 50
EVENTS_AT_ONCE = 10
HISTORY_BYTES = 8 * 2**20
"""A page of changes ends with the one that makes it longer."""
TRIES = 4

_reading = Lock()
"""Held while a window is in memory: one after the other, six that are asked for at once take as much as one."""

Read = TypeVar("Read")


@router.get("/{layer_id}/window", summary="What is shown on a range of frames")
def window(
    request: HttpRequest,
    layer_id: int,
    first: int,
    last: int,
    tracks: bool = False,
    only: Annotated[list[UUID], Query(description="Shapes of these tracks alone; absent: of all.")] = [],  # noqa: B006
    at: Annotated[int | None, Query(description="The frame that matters most; absent: `first`.")] = None,
) -> HttpResponseBase:
    """Binary: u32 (little-endian) length, that many bytes of JSON (`WindowOut`), then the tables, one after another.

    Of heavy shapes it answers fewer frames than were asked for, those around `at`; ask again for the others.
    """
    layer = access_layer(request.user, layer_id, "view")
    if not 0 <= first <= last < first + MOST_FRAMES:
        raise ActionError(f"A window has 1..{MOST_FRAMES} frames; {first}..{last} came. Ask for several.")
    if at is not None and not first <= at <= last:
        raise ActionError(f"The frame that matters most is one of {first}..{last}; {at} came.")
    with _reading:
        parts = window_parts(layer, first, last, tracks=tracks, only=only, at=at)
        return answer_of(request, parts, content_type="application/octet-stream")


@router.get("/{layer_id}/overview", response=OverviewOut, summary="All of a layer, coarsely")
def overview(request: HttpRequest, layer_id: int, bins: int = 200) -> OverviewOut:
    """Which stretches of each track hold keyframes, predictions and gaps, in at most `bins` bins."""
    layer = access_layer(request.user, layer_id, "view")
    if not 1 <= bins <= MOST_BINS:
        raise ActionError(f"An overview has 1..{MOST_BINS} bins; {bins} came.")
    return make_overview(layer, bins)


@router.get("/{layer_id}/tracks", response=TracksOut, summary="All tracks of a layer")
def tracks(request: HttpRequest, layer_id: int) -> TracksOut:
    layer = access_layer(request.user, layer_id, "view")
    revision, found = consistently(layer, lambda: tracks_out(layer))
    return TracksOut(revision=revision, tracks=found)


@router.get("/{layer_id}/events", response=HistoryOut, summary="What was changed, newest first")
def events(request: HttpRequest, layer_id: int, before: int | None = None, mine: bool = False) -> HistoryOut:
    """A page of changes with what takes each back. Stored predictions aren't among them: they can't be undone."""
    layer = access_layer(request.user, layer_id, "view")
    rows = Event.objects.filter(layer=layer).exclude(kind=EventKind.PREDICTIONS).select_related("author")
    if mine:
        rows = rows.filter(author_id=request.user.pk)
    if before is not None:
        rows = rows.filter(revision__lt=before)
    page: list[HistoryEvent] = []
    size = 0
    for event in rows.defer("payload").order_by("-revision").iterator(EVENTS_AT_ONCE):
        if len(page) == PAGE or size > HISTORY_BYTES:
            return HistoryOut(events=page, before=page[-1].revision)
        page.append(_history(event))
        size += weight(event.inverse or ())
    return HistoryOut(events=page, before=None)


# ---------------------------------------------------------------- windows


@dataclass(frozen=True, slots=True)
class _Chunk:
    track: UUID
    start: int
    span: int
    data: bytes


def pack_window(layer: Layer, first: int, last: int, *, tracks: bool, only: Sequence[UUID] = ()) -> bytes:
    """The body of a window's answer; ``layer_schemas.WindowOut`` says what is in it."""
    return b"".join(window_parts(layer, first, last, tracks=tracks, only=only))


def window_parts(
    layer: Layer, first: int, last: int, *, tracks: bool, only: Sequence[UUID] = (), at: int | None = None
) -> list[bytes]:
    """The body of a window's answer, in pieces one after another."""
    chunks = layer.chunks.filter(track_id__in=only) if only else layer.chunks.all()

    def read() -> tuple[list[TrackOut] | None, tuple[int, int], list[_Chunk]]:
        reach = _affordable(chunks, first, last, first if at is None else at)
        return tracks_out(layer) if tracks else None, reach, _window(chunks, *reach)

    revision, (listed, reach, found) = consistently(layer, read)
    header = WindowOut(
        revision=revision,
        first=reach[0],
        last=reach[1],
        tracks=listed,
        chunks=[
            ChunkOut(track=chunk.track, first=chunk.start, last=chunk.start + chunk.span - 1, bytes=len(chunk.data))
            for chunk in found
        ],
    )
    text = header.model_dump_json().encode()
    return [struct.pack("<I", len(text)), text, *(chunk.data for chunk in found)]


def consistently(layer: Layer, read: Callable[[], Read]) -> tuple[int, Read]:
    """The revision at which ``read`` saw the layer, and what it saw.

    Reading takes no lock (on SQLite a transaction would take the writers'): when a change was committed meanwhile, it
    reads again.
    """
    for _ in range(TRIES):
        before = _revision(layer)
        found = read()
        if _revision(layer) == before:
            return before, found
    with transaction.atomic():
        layer = Layer.objects.select_for_update(of=("self",)).get(pk=layer.pk)
        return layer.revision, read()


def _revision(layer: Layer) -> int:
    return Layer.objects.values_list("revision", flat=True).get(pk=layer.pk)


def _affordable(chunks: Chunks, first: int, last: int, at: int) -> tuple[int, int]:
    """The frames around ``at`` whose chunks ``MOST_BYTES`` hold; all of ``first..last``, mostly."""
    inside = chunks.filter(holding(first, last)).order_by()
    if (inside.aggregate(bytes=Sum(Length("data")))["bytes"] or 0) <= MOST_BYTES:
        return first, last
    weights = inside.annotate(bytes=Length("data")).values_list("first", "last", "bytes")
    return reach_of(list(weights), first, last, at, MOST_BYTES)


def reach_of(weights: Sequence[tuple[int, int, int]], first: int, last: int, at: int, most: int) -> tuple[int, int]:
    """The longest stretch of ``first..last`` around ``at`` that ``weights`` (first frame, last frame, bytes) allow.

    Each of ``weights`` has a frame of the stretch. What lies ahead gets half of ``most``, what lies behind the rest,
    and ahead again what that leaves. The frame ``at`` is always part of it.
    """
    here = sum(size for begin, end, size in weights if begin <= at <= end)
    ahead = sorted((begin, size) for begin, _, size in weights if begin > at)
    behind = sorted(((-end, size) for _, end, size in weights if end < at))
    taken_ahead, _ = _take(ahead, (most - here) // 2)
    taken_behind, begin = _take(behind, most - here - taken_ahead)
    _, end = _take(ahead, most - here - taken_behind)
    return (first if begin is None else 1 - begin), (last if end is None else end - 1)


def _take(steps: Iterable[tuple[int, int]], most: int) -> tuple[int, int | None]:
    """The bytes of the first ``steps`` (place, bytes) that ``most`` allows, and the place of the next; None: all do."""
    taken = 0
    for place, several in groupby(steps, key=itemgetter(0)):
        size = sum(size for _, size in several)
        if taken + size > most:
            return taken, place
        taken += size
    return taken, None


def _window(chunks: Chunks, first: int, last: int) -> list[_Chunk]:
    """The chunks of a window, and the nearest ones beyond it where something must be interpolated towards them."""
    inside = chunks.filter(holding(first, last))
    ends = {track: (begin, end) for track, begin, end in _ends(inside)}
    before = dict(
        chunks.filter(start__lte=first, last__lt=first).order_by().values_list("track_id").annotate(Max("start"))
    )
    after = dict(chunks.filter(first__gt=last).order_by().values_list("track_id").annotate(Min("start")))
    # A track without rows in the window is shown there only if it has rows on both sides.
    needed = {
        (track, at) for track, at in before.items() if (ends[track][0] > first if track in ends else track in after)
    }
    needed |= {
        (track, at) for track, at in after.items() if (ends[track][1] < last if track in ends else track in before)
    }
    return [*_read(inside), *_read(at_places(chunks, needed))]


def _ends(chunks: Chunks) -> Iterable[tuple[UUID, int, int]]:
    return chunks.order_by().values_list("track_id").annotate(Min("first"), Max("last"))


def _read(chunks: Chunks) -> list[_Chunk]:
    rows = chunks.order_by("track_id", "start").values_list("track_id", "start", "span", "data")
    return [_Chunk(track, start, span, bytes(data)) for track, start, span, data in rows.iterator(READ_AT_ONCE)]


# ---------------------------------------------------------------- overview


def make_overview(layer: Layer, bins: int) -> OverviewOut:
    windows = -(-max(layer.video.frame_count, 1) // WINDOW)
    frames_per_bin = WINDOW * -(-windows // bins)
    revision, summaries = consistently(layer, lambda: list(_summaries(layer)))
    return OverviewOut(revision=revision, frames_per_bin=frames_per_bin, tracks=_binned(summaries, frames_per_bin))


Summary = tuple[UUID, int, int, int, int, int, int, int, int, float]
SUMMARY = ("start", "first", "last", "rows", "keyframes", "predicted", "outside", "doubtful", "lowest_confidence")


def _summaries(layer: Layer) -> Iterable[Summary]:
    return layer.chunks.filter(track__deleted_at=None).order_by("track_id", "start").values_list("track_id", *SUMMARY)


def _binned(summaries: Iterable[Summary], frames_per_bin: int) -> dict[str, list[BinOut]]:
    """Chunk summaries in rising order, joined to bins."""
    joined: dict[str, dict[int, BinOut]] = {}
    for track, start, first, last, rows, keyframes, predicted, outside, doubtful, lowest in summaries:
        bins = joined.setdefault(str(track), {})
        former = bins.get(start // frames_per_bin)
        one: BinOut = (first, last, rows, keyframes, predicted, outside, round(lowest, 3), doubtful)
        bins[start // frames_per_bin] = one if former is None else _joined(former, one)
    return {track: list(bins.values()) for track, bins in joined.items()}


def _joined(a: BinOut, b: BinOut) -> BinOut:
    return (a[0], b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4], a[5] + b[5], min(a[6], b[6]), a[7] + b[7])


# ---------------------------------------------------------------- rows as JSON


def tracks_out(layer: Layer) -> list[TrackOut]:
    """All tracks of a layer, with the verdicts on them."""
    verdicts = read_verdicts(layer)
    return [track_out(track, verdicts.get(track.pk, ())) for track in layer.tracks.all()]


def track_out(track: Track, verdicts: Sequence[SpanVerdict]) -> TrackOut:
    return TrackOut.model_validate(
        {
            "id": track.pk,
            "number": track.number,
            "label": track.label_id,
            "colour": track.colour,
            "locked": track.locked,
            "attributes": track.attributes,
            "frame_attributes": track.frame_attributes,
            "source": track.source,
            "candidate": track.candidate,
            "verdicts": list(verdicts),
            "deleted": track.deleted_at is not None,
        }
    )


def _history(event: Event) -> HistoryEvent:
    return HistoryEvent.model_validate({**event.account(), "inverse": event.inverse})
