"""Bounded re-tracking: what a correction makes stale is set aside, and comes back where the new way joins the old one.

The rows that a correction takes away are the inverse of the event that says so; a leg names those events in ``former``.
Once ``AGREEING`` frames in a row lie on what was there before, the rest of it is put back in one event, and the leg has
reached its end.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from threading import Lock
from uuid import UUID

import numpy as np

from annotator.actions.edits.events import append_event
from annotator.actions.edits.layer_draft import FrameRange, LayerDraft, decoded, encoded, within
from annotator.actions.edits.spans import without
from annotator.actions.edits.verdicts import locked_frames
from annotator.announce.progress import HeldPoints, LegState, ObjectState
from annotator.announce.publish import announce_cleared
from annotator.models import Event, EventKind, Layer, Run
from annotator.operations import OPERATIONS, ShapesReplace
from tracking.protocol import HELD_BYTES, Held
from tracking.shapes.agreement import agreement
from tracking.shapes.chunks import Flag, Row, Table, window_start
from tracking.shapes.joints import agreement_without
from tracking.shapes.payloads import shape_of

MOST_KEPT = 64 * 2**20
AGREEING = 10
"""So many frames in a row must agree with the former track."""
AGREES_ABOVE = 0.98
"""Least agreement of a new and a former shape that say the same."""


@dataclass(frozen=True, slots=True)
class Junction:
    """A leg joined the former track on ``frame``."""

    track: UUID
    leg: LegState
    frame: int


def set_aside(
    run: Run, layer: Layer, track: UUID, state: ObjectState, ranges: Sequence[FrameRange], held: Sequence[int] = ()
) -> None:
    """Take the predictions of a track in ``ranges`` away, from the screens at once, then from the store, and note with
    the object's newest legs where they are kept, and which points of them are ``held``. What is accepted and locked
    stays."""
    ranges = without(ranges, locked_frames(layer, [track]).get(track, ()))
    announce_cleared(run, track=track, epoch=state.epoch, ranges=ranges)
    draft = LayerDraft(layer)
    former = draft.replace_shapes(track, ranges, [], keep_keyframes=True)
    newest = [leg for leg in state.legs if leg.since == state.epoch]
    if former.tables:
        draft.save()
        operation = ShapesReplace(track=track, ranges=list(ranges), tables=[], keep_keyframes=True)
        summary = "Corrected a tracked object"
        event = append_event(
            layer, kind=EventKind.RUN, operations=[operation], inverse=[former], run=run, summary=summary
        )
        for leg in newest:
            leg.former = [*leg.former, event.revision]
            if held:
                leg.held = [*leg.held, HeldPoints(revision=event.revision, points=list(held))]
    for leg in newest:
        leg.stale = sum(len(table) for table in _former(layer, track, leg).values())


def find_junction(layer: Layer, track: UUID, leg: LegState, rows: Sequence[Row]) -> Junction | None:
    """Compare a leg's new rows, in its direction, with what was there before, and count those that agree in a row."""
    former = _former(layer, track, leg)
    for row in rows:
        leg.agreeing = leg.agreeing + 1 if _agrees(row, former, leg.untouched) else 0
        if leg.agreeing >= AGREEING:
            return Junction(track, leg, row.frame)
    return None


def put_back(run: Run, layer: Layer, state: ObjectState, junction: Junction) -> None:
    """What was there before comes back beyond the frame of a junction; the leg has reached the end of that.

    Rows that are on their way belong to a lower epoch now, and what a person changed meanwhile stays as it is.
    """
    track, leg, frame = junction.track, junction.leg, junction.frame
    tail = _tail(layer, junction)
    reached = [int(at) for table in tail.values() for at in table.frames]
    end = max([frame, *reached], key=lambda at: at * leg.step)
    state.epoch += 1
    leg.since = state.epoch
    leg.agreed, leg.former, leg.held = frame, [], []
    leg.at = min(end, leg.last, key=lambda at: at * leg.step)
    leg.left = any(_ends_outside(table, leg.at) for table in tail.values())
    leg.ended = leg.left or leg.at == leg.last
    bound = max(end, leg.last, key=lambda at: at * leg.step)
    span = (frame + 1, bound) if leg.step > 0 else (bound, frame - 1)
    if span[0] > span[1]:
        return
    announce_cleared(run, track=track, epoch=state.epoch, ranges=[span])
    draft = LayerDraft(layer)
    coming: list[Table] = []
    for there in draft.tables_in(track, *span):
        restored = tail.get(there.start, Table.empty(there.start)).merged(there)
        restored = restored.take((restored.flags & Flag.KEYFRAME) == 0)
        if len(restored):
            coming.append(restored)
    former = draft.replace_shapes(track, [span], coming, keep_keyframes=True)
    draft.save()
    operation = ShapesReplace(
        track=track, ranges=[span], tables=[encoded(table) for table in coming], keep_keyframes=True
    )
    summary = "Joined the former track again"
    append_event(layer, kind=EventKind.RUN, operations=[operation], inverse=[former], run=run, summary=summary)


def _former(layer: Layer, track: UUID, leg: LegState) -> dict[int, Table]:
    """The predictions that corrections took away on a leg's way, by window; of two on a frame the newer one."""
    found: dict[int, Table] = {}
    events = Event.objects.filter(layer=layer, revision__in=leg.former).order_by("revision")
    for event in events.values_list("edit_id", flat=True):
        for ahead in _ahead(_taken_away(layer.pk, event, track), leg):
            known = found.get(ahead.start, Table.empty(ahead.start))
            found[ahead.start] = known.merged(ahead)
    return found


def held_rows(layer: Layer, track: UUID, leg: LegState) -> list[Held]:
    """What an agent is told of the points that a leg leaves alone: older rows first, the nearest windows of them up to
    about ``HELD_BYTES``."""
    points = {held.revision: held.points for held in leg.held}
    events = Event.objects.filter(layer=layer, revision__in=points).order_by("revision")
    found = [
        (abs(table.start - leg.head), revision, table)
        for revision, edit in events.values_list("revision", "edit_id")
        for table in _ahead(_taken_away(layer.pk, edit, track), leg)
    ]
    chosen, size = [], 0
    for _, revision, table in sorted(found, key=itemgetter(0)):
        size += table.packed_bytes
        if size > HELD_BYTES:
            break
        chosen.append((revision, table))
    return [
        Held(points=points[revision], table=encoded(table)) for revision, table in sorted(chosen, key=itemgetter(0))
    ]


def _ahead(tables: Iterable[Table], leg: LegState) -> Iterator[Table]:
    """The predictions among the rows of ``tables`` that lie on a leg's way."""
    for table in tables:
        ahead = table.take(((table.frames - leg.origin) * leg.step > 0) & ((table.flags & Flag.PREDICTED) != 0))
        if len(ahead):
            yield ahead


_kept: OrderedDict[tuple[int, UUID, UUID], tuple[Table, ...]] = OrderedDict()
_keeping = Lock()


def _taken_away(layer_id: int, edit_id: UUID, track: UUID) -> tuple[Table, ...]:
    """What an event took away from a track. Each moment of a run asks for it again, and events don't change: what was
    asked for last is kept, ``MOST_KEPT`` bytes of it."""
    key = (layer_id, edit_id, track)
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    inverse = Event.objects.values_list("inverse", flat=True).get(layer=layer_id, edit_id=edit_id)
    tables = tuple(
        decoded(text)
        for operation in OPERATIONS.validate_python(inverse or [])
        if isinstance(operation, ShapesReplace) and operation.track == track
        for text in operation.tables
    )
    with _keeping:
        _kept[key] = tables
        while len(_kept) > 1 and sum(table.packed_bytes for each in _kept.values() for table in each) > MOST_KEPT:
            _kept.popitem(last=False)
    return tables


def _tail(layer: Layer, junction: Junction) -> dict[int, Table]:
    """What comes back: the former rows beyond the junction that no person replaced meanwhile."""
    leg = junction.leg
    replaced = _replaced_since(layer, junction.track, min(leg.former))
    tail = {
        start: table.take(((table.frames - junction.frame) * leg.step > 0) & ~within(table, replaced))
        for start, table in _former(layer, junction.track, leg).items()
    }
    return {start: table for start, table in tail.items() if len(table)}


def _replaced_since(layer: Layer, track: UUID, revision: int) -> list[FrameRange]:
    edits = Event.objects.filter(layer=layer, revision__gt=revision, kind__in=(EventKind.EDIT, EventKind.RESTORE))
    return [
        frames
        for payload in edits.values_list("payload", flat=True)
        for operation in OPERATIONS.validate_python(payload["operations"])
        if isinstance(operation, ShapesReplace) and operation.track == track
        for frames in operation.ranges
    ]


def _agrees(row: Row, former: Mapping[int, Table], untouched: Sequence[int]) -> bool:
    table = former.get(window_start(row.frame))
    old = None if table is None else table.at(row.frame)
    if old is None or (row.flags | old.flags) & Flag.OUTSIDE:
        return False
    shapes = shape_of(row), shape_of(old)
    return (agreement_without(*shapes, untouched) if untouched else agreement(*shapes)) > AGREES_ABOVE


def _ends_outside(table: Table, frame: int) -> bool:
    return bool(np.any((table.frames == frame) & ((table.flags & Flag.OUTSIDE) != 0)))
