"""Forward-backward check: an object that was followed to an end is followed back, and where both ways disagree what is
stored becomes doubtful. The way back is shown to nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from annotator.actions.edits.events import append_event
from annotator.actions.edits.layer_draft import LayerDraft, encoded, stretches
from annotator.actions.edits.shown import stored_at
from annotator.actions.runs.open_run import OpenRun
from annotator.announce.progress import LegState, ObjectState, check_of
from annotator.models import EventKind, Layer, Run
from annotator.operations import ShapesReplace
from tracking.shapes.agreement import agreement
from tracking.shapes.chunks import Flag, Row, tables_of
from tracking.shapes.payloads import shape_of

DISAGREES_BELOW = 0.5
"""Agreement of the two ways' shapes below which a frame is doubtful."""


def begin_checks(opened: OpenRun, tracks: Collection[str]) -> set[str]:
    """Send those of ``tracks`` back that came to the end of all of their legs. Returns their ids."""
    objects = opened.objects
    ends = {(track, frame) for track, leg in _to_check(objects, tracks) for frame in _last_two(leg)}
    stored = stored_at(opened.run.layer, ends)
    begun: set[str] = set()
    for track, leg in list(_to_check(objects, tracks)):
        end = next((frame for frame in _last_two(leg) if (track, frame) in stored), None)
        check = None if end is None else check_of(leg, shape=stored[track, end])
        if check is not None and not check.ended:
            objects[track].legs.append(check)
            begun.add(track)
        leg.checked = leg.head
    for track in begun:
        objects[track].epoch += 1
    return begun


def mark_doubtful(run: Run, layer: Layer, rows: Iterable[tuple[UUID, Row]]) -> None:
    """Mark what is stored where ``rows``, which came on the way back, lie elsewhere; one event says so."""
    by_track: dict[UUID, dict[int, Row]] = {}
    for track, row in rows:
        by_track.setdefault(track, {})[row.frame] = row
    there = layer.tracks.filter(pk__in=by_track, deleted_at=None).values_list("pk", flat=True)
    draft = LayerDraft(layer)
    marked = [pair for track in sorted(there) if (pair := _mark(draft, track, by_track[track])) is not None]
    if marked:
        draft.save()
        operations, inverse = zip(*marked, strict=True)
        summary = "Marked frames on which both ways disagree"
        append_event(layer, kind=EventKind.RUN, operations=operations, inverse=inverse, run=run, summary=summary)


def _mark(draft: LayerDraft, track: UUID, back: Mapping[int, Row]) -> tuple[ShapesReplace, ShapesReplace] | None:
    """The operation that marks a track's rows, and its inverse."""
    stored = (
        row for table in draft.tables_in(track, min(back), max(back)) for row in table.rows() if row.frame in back
    )
    doubtful = [_doubted(row) for row in stored if _disagree(row, back[row.frame])]
    if not doubtful:
        return None
    ranges = stretches([row.frame for row in doubtful])
    tables = tables_of(doubtful)
    former = draft.replace_shapes(track, ranges, tables, keep_keyframes=True)
    packed = [encoded(table) for table in tables]
    return ShapesReplace(track=track, ranges=ranges, tables=packed, keep_keyframes=True), former


def _disagree(stored: Row, back: Row) -> bool:
    """Whether a prediction that isn't doubtful yet says something else than the shape of the way back."""
    if not stored.flags & Flag.PREDICTED or stored.flags & (Flag.OUTSIDE | Flag.DOUBTFUL):
        return False
    return bool(back.flags & Flag.OUTSIDE) or agreement(shape_of(stored), shape_of(back)) < DISAGREES_BELOW


def _doubted(row: Row) -> Row:
    return Row(row.frame, row.kind, row.flags | Flag.DOUBTFUL, row.confidence, row.bounds, row.payload)


def _to_check(objects: Mapping[str, ObjectState], tracks: Collection[str]) -> Iterable[tuple[str, LegState]]:
    for track in tracks:
        if track in objects and not objects[track].unfinished:
            for leg in objects[track].legs:
                if not leg.check and leg.agreed is None and leg.checked != leg.head:
                    yield track, leg


def _last_two(leg: LegState) -> tuple[int, int]:
    """Its last frame and the one before: on the last one an object that left has no shape."""
    return leg.head, leg.head - leg.step
