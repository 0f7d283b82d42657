"""What a layer shows, and what it stores, of some tracks on some frames."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Max, Min

from annotator.actions.edits.layer_draft import LayerDraft
from annotator.models import Layer, TrackChunk
from tracking.shapes.chunks import Flag, Row, window_start
from tracking.shapes.interpolation import shape_at


def shown_at(layer: Layer, wanted: Iterable[tuple[UUID, int]]) -> dict[tuple[UUID, int], Row]:
    """The shapes, stored or interpolated, by (track, frame); where nothing is shown there is none."""
    by_frame: dict[int, set[UUID]] = {}
    for track, frame in wanted:
        by_frame.setdefault(frame, set()).add(track)
    found: dict[tuple[UUID, int], Row] = {}
    for frame, tracks in by_frame.items():
        for track, rows in _around(layer, tracks, frame).items():
            row = shape_at(rows, frame)
            if row is not None:
                found[track, frame] = row
    return found


def stored_at(layer: Layer, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], Row]:
    """The stored shapes by (track, frame); where nothing is stored, or the object is outside, there is none."""
    draft = LayerDraft(layer)
    draft.load_shapes((UUID(track), frame, frame) for track, frame in wanted)
    found: dict[tuple[str, int], Row] = {}
    for track, frame in wanted:
        for table in draft.tables(UUID(track), frame, frame):
            row = table.at(frame)
            if row is not None and not row.flags & Flag.OUTSIDE:
                found[track, frame] = row
    return found


def _around(layer: Layer, tracks: Collection[UUID], frame: int) -> dict[UUID, list[Row]]:
    """The rows of each track from the last one at or before a frame to the next one behind it, as far as any are."""
    draft = LayerDraft(layer)
    window = window_start(frame)
    chunks = TrackChunk.objects.filter(layer=layer, track_id__in=tracks).order_by()
    before = dict(chunks.filter(start__lt=window).values_list("track_id").annotate(Max("start")))
    after = dict(chunks.filter(start__gt=window).values_list("track_id").annotate(Min("start")))
    starts = {track: [before.get(track), window, after.get(track)] for track in tracks}
    for start in {at for those in starts.values() for at in those if at is not None}:
        # Window by window: what lies between a near one and a far one is not asked for.
        draft.load_shapes((track, start, start) for track, those in starts.items() if start in those)
    return {
        track: [row for at in those if at is not None for table in draft.tables(track, at, at) for row in table.rows()]
        for track, those in starts.items()
    }
