"""What a layer shows, and what it stores, of some tracks on some frames."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from annotator import stored_shapes
from annotator.models import Layer
from tracking.shapes.chunks import Flag, Row
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


def shown_on(layer: Layer, frame: int) -> dict[UUID, Row]:
    """The shapes, stored or interpolated, of all tracks that are there on a frame."""
    there = layer.tracks.filter(deleted_at=None).values_list("pk", flat=True)
    shown = shown_at(layer, ((track, frame) for track in there))
    return {track: row for (track, _), row in shown.items()}


def stored_at(layer: Layer, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], Row]:
    """The stored shapes by (track, frame); where nothing is stored, or the object is outside, there is none."""
    rows = stored_shapes.rows_at(layer.chunks.all(), {(UUID(track), frame) for track, frame in wanted})
    return {(str(track), row.frame): row for track, row in rows if not row.flags & Flag.OUTSIDE}


def _around(layer: Layer, tracks: Collection[UUID], frame: int) -> dict[UUID, list[Row]]:
    """The rows of each track from the last one at or before a frame to the next one behind it, as far as any are."""
    found: dict[UUID, list[Row]] = {}
    for track, table in stored_shapes.read(stored_shapes.around(layer.chunks.filter(track_id__in=tracks), frame)):
        found.setdefault(track, []).extend(table.rows())
    return found
