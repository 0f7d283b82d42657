"""A layer's content: the window that is shown, the overview of all of it, its tracks and its history."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from annotator.access import access_layer
from annotator.actions.errors import ActionError
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
from annotator.models import Event, EventKind, Layer, Track, TrackChunk
from tracking.shapes.chunks import WINDOW, window_start

router = Router(tags=["layers"])

MOST_FRAMES = 8192
"""Longest window, in frames; whoever wants more asks for several, or for the overview."""
MOST_BINS = 2000
PAGE = 50
TRIES = 4

Read = TypeVar("Read")


@router.get("/{layer_id}/window", summary="What is shown on a range of frames")
def window(
    request: HttpRequest,
    layer_id: int,
    first: int,
    last: int,
    tracks: bool = False,
    only: Annotated[list[UUID], Query(description="Shapes of these tracks alone; absent: of all.")] = [],  # noqa: B006
) -> HttpResponse:
    """Binary: u32 (little-endian) length, that many bytes of JSON (`WindowOut`), then the tables, one after another."""
    layer = access_layer(request.user, layer_id, "view")
    if not 0 <= first <= last < first + MOST_FRAMES:
        raise ActionError(f"A window has 1..{MOST_FRAMES} frames; {first}..{last} came. Ask for several.")
    body = pack_window(layer, first, last, tracks=tracks, only=only)
    return HttpResponse(body, content_type="application/octet-stream")


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
    revision, found = consistently(layer, lambda: list(layer.tracks.all()))
    return TracksOut(revision=revision, tracks=[track_out(track) for track in found])


@router.get("/{layer_id}/events", response=HistoryOut, summary="What was changed, newest first")
def events(request: HttpRequest, layer_id: int, before: int | None = None, mine: bool = False) -> HistoryOut:
    """A page of changes with what takes each back. Stored predictions aren't among them: they can't be undone."""
    layer = access_layer(request.user, layer_id, "view")
    rows = Event.objects.filter(layer=layer).exclude(kind=EventKind.PREDICTIONS).select_related("author")
    if mine:
        rows = rows.filter(author_id=request.user.pk)
    if before is not None:
        rows = rows.filter(revision__lt=before)
    page = list(rows.order_by("-revision")[: PAGE + 1])
    following = page[PAGE - 1].revision if len(page) > PAGE else None
    return HistoryOut(events=[_history(event) for event in page[:PAGE]], before=following)


# ---------------------------------------------------------------- windows


@dataclass(frozen=True, slots=True)
class _Chunk:
    track: UUID
    start: int
    first: int
    last: int
    data: bytes


def pack_window(layer: Layer, first: int, last: int, *, tracks: bool, only: Sequence[UUID] = ()) -> bytes:
    """The body of a window's answer; ``layer_schemas.WindowOut`` says what is in it."""
    revision, (listed, chunks) = consistently(
        layer, lambda: (list(layer.tracks.all()) if tracks else None, _window(layer, first, last, only))
    )
    header = WindowOut(
        revision=revision,
        first=first,
        last=last,
        tracks=None if listed is None else [track_out(track) for track in listed],
        chunks=[ChunkOut(track=chunk.track, bytes=len(chunk.data)) for chunk in chunks],
    )
    text = header.model_dump_json().encode()
    return b"".join([struct.pack("<I", len(text)), text, *(chunk.data for chunk in chunks)])


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


def _window(layer: Layer, first: int, last: int, only: Sequence[UUID]) -> list[_Chunk]:
    """The chunks of a window, and the nearest ones beyond it where something must be interpolated towards them."""
    start, end = window_start(first), window_start(last)
    chunks = TrackChunk.objects.filter(layer=layer)
    if only:
        chunks = chunks.filter(track_id__in=only)
    inside = _read(chunks.filter(start__gte=start, start__lte=end))
    firsts: dict[UUID, int] = {}
    lasts: dict[UUID, int] = {}
    for chunk in inside:
        firsts[chunk.track] = min(firsts.get(chunk.track, chunk.first), chunk.first)
        lasts[chunk.track] = max(lasts.get(chunk.track, chunk.last), chunk.last)
    before: dict[UUID, int] = dict(
        chunks.filter(start__lt=start).order_by().values_list("track_id").annotate(Max("start"))
    )
    after: dict[UUID, int] = dict(
        chunks.filter(start__gt=end).order_by().values_list("track_id").annotate(Min("start"))
    )
    # A track without rows in the window is shown there only if it has rows on both sides.
    needed = {
        (track, at) for track, at in before.items() if (firsts[track] > first if track in firsts else track in after)
    }
    needed |= {
        (track, at) for track, at in after.items() if (lasts[track] < last if track in lasts else track in before)
    }
    beyond = chunks.filter(track_id__in={track for track, _ in needed}, start__in={at for _, at in needed})
    return [*inside, *(chunk for chunk in _read(beyond) if (chunk.track, chunk.start) in needed)]


def _read(chunks: QuerySet[TrackChunk]) -> list[_Chunk]:
    rows = chunks.order_by("track_id", "start").values_list("track_id", "start", "first", "last", "data")
    return [_Chunk(track, start, first, last, bytes(data)) for track, start, first, last, data in rows]


# ---------------------------------------------------------------- overview


def make_overview(layer: Layer, bins: int) -> OverviewOut:
    windows = -(-max(layer.video.frame_count, 1) // WINDOW)
    frames_per_bin = WINDOW * -(-windows // bins)
    revision, summaries = consistently(layer, lambda: list(_summaries(layer)))
    return OverviewOut(revision=revision, frames_per_bin=frames_per_bin, tracks=_binned(summaries, frames_per_bin))


Summary = tuple[UUID, int, int, int, int, int, int, int, int, float]
SUMMARY = ("start", "first", "last", "rows", "keyframes", "predicted", "outside", "doubtful", "lowest_confidence")


def _summaries(layer: Layer) -> Iterable[Summary]:
    return (
        TrackChunk.objects.filter(layer=layer, track__deleted_at=None)
        .order_by("track_id", "start")
        .values_list("track_id", *SUMMARY)
    )


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


def track_out(track: Track) -> TrackOut:
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
            "verdict": track.verdict,
            "deleted": track.deleted_at is not None,
        }
    )


def _history(event: Event) -> HistoryEvent:
    return HistoryEvent.model_validate({**event.account(), "inverse": event.inverse})
