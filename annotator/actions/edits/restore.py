"""Bring back how a layer, or some of its tracks, were at an earlier revision: a new revision, which undo takes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from django.core.exceptions import PermissionDenied
from django.db import transaction

from annotator import access
from annotator.actions.edits.apply import Ontology, find_edit
from annotator.actions.edits.events import append_event, extent_of, lock_layer
from annotator.actions.edits.layer_draft import FrameRange, LayerDraft, decoded, encoded, picture_of, stretches, within
from annotator.actions.edits.past import Mask, TrackPast, events_since, read_past
from annotator.actions.errors import ActionError
from annotator.actions.runs.ask import ACTIVE
from annotator.announce.progress import OBJECTS
from annotator.models import Event, EventKind, Layer, Run, Track, User
from annotator.operations import Operation, ShapesReplace, TrackFields, TrackUpdate
from tracking.shapes.checks import Picture, broken_rule
from tracking.shapes.chunks import Table
from tracking.shapes.payloads import single


@dataclass(frozen=True, slots=True)
class Scope:
    """What is brought back: the state after ``revision``.

    ``tracks``: only these; None: all. ``ranges``: only shapes on these frames; None: on all. ``fields``: also what is
    said of the tracks, and whether they are there at all.
    """

    revision: int
    tracks: frozenset[UUID] | None = None
    ranges: tuple[FrameRange, ...] | None = None
    fields: bool = True


@dataclass
class Plan:
    """What bringing it back would do.

    ``shapes``: rows that would change; ``beyond``: tracks that also changed on frames which aren't the person's, and
    stay there as they are; ``unsound``: rows that would bring back what is no shape, from before geometry was checked;
    ``people``: whose changes it takes back, and how many; ``exact``: as in ``Past``.
    """

    revision: int
    operations: list[Operation] = field(default_factory=list)
    tracks: list[UUID] = field(default_factory=list)
    shapes: int = 0
    beyond: int = 0
    unsound: int = 0
    people: Counter[str] = field(default_factory=Counter)
    tracked: list[UUID] = field(default_factory=list)
    exact: bool = True


def plan_restore(*, user: User, layer_id: int, scope: Scope) -> Plan:
    """What ``restore`` would do now.

    Raises:
        Http404, PermissionDenied: the layer isn't the user's to change. All of it needs a manager, single tracks
            somebody who annotates, in whose own frames they come back.
        ActionError: a revision that the layer hasn't had.
    """
    layer = _accessed(user, layer_id, scope)
    return _Planner(user, layer, scope).plan(LayerDraft(layer, user))


def restore(*, user: User, layer_id: int, scope: Scope, edit_id: UUID, summary: str, seen: int | None = None) -> Event:
    """Bring an earlier state back, as one event. The same ``edit_id`` again changes nothing.

    Args:
        seen: the revision at which the user saw what it would do.

    Raises:
        As ``plan_restore``, and ActionError when a run follows one of the tracks, when what is concerned was changed
        since ``seen``, or when nothing would change.
    """
    _accessed(user, layer_id, scope)
    with transaction.atomic():
        layer = lock_layer(layer_id)
        applied = find_edit(layer_id=layer_id, edit_id=edit_id)
        if applied is not None:
            return applied
        draft = LayerDraft(layer, user)
        plan = _Planner(user, layer, scope).plan(draft)
        _check(layer, plan, seen)
        inverse = [_apply(draft, operation) for operation in plan.operations]
        draft.save()
        return append_event(
            layer,
            kind=EventKind.RESTORE,
            operations=plan.operations,
            inverse=inverse[::-1],
            author=user,
            edit_id=edit_id,
            summary=summary,
            extent=extent_of(plan.operations),
        )


def _accessed(user: User, layer_id: int, scope: Scope) -> Layer:
    layer = access.access_layer(user, layer_id, "manage" if scope.tracks is None else "annotate")
    if not 0 <= scope.revision <= layer.revision:
        raise ActionError(f"This layer has had revisions 0..{layer.revision}; {scope.revision} is none.")
    return layer


def _check(layer: Layer, plan: Plan, seen: int | None) -> None:
    if not plan.operations:
        raise ActionError("Nothing to bring back: it is as it was then.")
    if plan.tracked:
        raise ActionError(
            f"{len(plan.tracked)} of these objects {'is' if len(plan.tracked) == 1 else 'are'} being tracked right "
            "now. Stop the tracking, then bring back what was."
        )
    if seen is not None and _touched_since(layer, seen, set(plan.tracks)):
        raise ActionError("Somebody changed these objects a moment ago. Look at what would happen once more.")


def _touched_since(layer: Layer, seen: int, tracks: Collection[UUID]) -> bool:
    extents = events_since(layer, seen).values_list("extent", flat=True)
    return any(UUID(track) in tracks for extent in extents for track, *_ in extent)


def _apply(draft: LayerDraft, operation: Operation) -> Operation:
    """Returns the inverse."""
    if isinstance(operation, ShapesReplace):
        tables = [decoded(text) for text in operation.tables]
        return draft.replace_shapes(operation.track, operation.ranges, tables)
    assert isinstance(operation, TrackUpdate)  # noqa: S101 (that, and shapes, is what a plan has)
    former = draft.update_track(draft.track(operation.track), operation.fields)
    return TrackUpdate(track=operation.track, fields=former)


class _Planner:
    """Compares what was with what is."""

    def __init__(self, user: User, layer: Layer, scope: Scope) -> None:
        self.layer = layer
        self.scope = scope
        self.ranges = access.editable_ranges(user, layer)
        if not self.ranges:
            raise PermissionDenied("You change the frames of your own jobs; none of them is open on this layer.")
        self.everywhere = self.ranges == [(0, max(layer.video.frame_count - 1, 0))]
        self.attributes = Ontology.of(layer).attributes
        self.picture = picture_of(layer.video)

    def plan(self, draft: LayerDraft) -> Plan:
        scope = self.scope
        past = read_past(self.layer, scope.revision, scope.tracks)
        plan = Plan(self.layer.revision, exact=past.exact)
        draft.load_tracks(past.tracks)
        for track_id, was in sorted(past.tracks.items()):
            if track_id not in draft.tracks:
                continue
            operations, shapes = self._operations(draft, draft.tracks[track_id], was, plan)
            if operations:
                plan.operations += operations
                plan.tracks.append(track_id)
                plan.shapes += shapes
        self._free_numbers(plan)
        plan.people = Counter(self._people(plan.tracks))
        plan.tracked = sorted(_tracked(self.layer, plan.tracks))
        return plan

    def _operations(self, draft: LayerDraft, track: Track, was: TrackPast, plan: Plan) -> tuple[list[Operation], int]:
        """What brings one track back, and how many of its shapes that changes."""
        fields = self._fields(track, was.fields) if self.scope.fields else TrackFields()
        if was.fields.deleted and track.deleted_at is not None:
            return [], 0
        if self.scope.ranges is not None:
            was.limit(self.scope.ranges)
        if fields.deleted:
            shapes = list(draft.extent(track.pk))
            if self.everywhere or all(within(table, self.ranges).all() for table in shapes):
                return [TrackUpdate(track=track.pk, fields=TrackFields(deleted=True))], sum(map(len, shapes))
            fields = TrackFields()
        plan.beyond += was.limit(self.ranges)
        operations: list[Operation] = []
        if any(value is not None for _, value in fields):
            operations.append(TrackUpdate(track=track.pk, fields=fields))
        stays = track.deleted_at is None or fields.deleted is False
        replaced, shapes_changed, unsound = _shapes(draft, track.pk, was, self.picture) if stays else (None, 0, 0)
        plan.unsound += unsound
        if replaced is not None:
            operations.append(replaced)
        return operations, shapes_changed

    def _fields(self, track: Track, was: TrackFields) -> TrackFields:
        """Of what was said of the track, that which is said otherwise now."""
        former = was.model_copy(deep=True)
        if former.attributes is not None:
            former.attributes = {key: value for key, value in former.attributes.items() if key in self.attributes}
        if former.frame_attributes is not None:
            kept = {key: steps for key, steps in former.frame_attributes.items() if key in self.attributes}
            former.frame_attributes = kept
        now = {
            **{name: getattr(track, name) for name in TrackFields.model_fields if hasattr(track, name)},
            "label": track.label_id,
            "deleted": track.deleted_at is not None,
        }
        for name, value in former:
            if value is not None and _plain(value) == _plain(now[name]):
                setattr(former, name, None)
        return former

    def _free_numbers(self, plan: Plan) -> None:
        """A number that another track has now stays with it."""
        wanted = {
            operation.track: operation.fields.number
            for operation in plan.operations
            if isinstance(operation, TrackUpdate) and operation.fields.number is not None
        }
        taken = set(self.layer.tracks.filter(number__in=wanted.values()).exclude(pk__in=wanted).values_list("number"))
        for operation in plan.operations:
            if isinstance(operation, TrackUpdate) and (operation.fields.number,) in taken:
                operation.fields.number = None

    def _people(self, tracks: Sequence[UUID]) -> Iterator[str]:
        wanted = {str(track) for track in tracks}
        events = events_since(self.layer, self.scope.revision, tracks).select_related("author", "run__created_by")
        for event in events.defer("payload", "inverse"):
            if wanted.isdisjoint(track for track, *_ in event.extent) or event.kind == EventKind.PREDICTIONS:
                continue
            person = event.author or (event.run.created_by if event.run is not None else None)
            yield str(person) if person is not None else "somebody"


def _shapes(draft: LayerDraft, track: UUID, was: TrackPast, picture: Picture) -> tuple[ShapesReplace | None, int, int]:
    """What brings a track's shapes back on the frames where they differ, on how many that is, and on how many it would
    bring back what is no shape: there it stays as it is."""
    if not was.known:
        return None, 0, 0
    left_out = 0
    wanted = {start: (start + int(known.argmax()), start + int(known.nonzero()[0][-1])) for start, known in _told(was)}
    draft.load_shapes((track, first, last) for first, last in wanted.values())
    frames: list[int] = []
    tables: list[Table] = []
    for start, known in _told(was):
        current = next(draft.tables_in(track, *wanted[start]))
        current = current.take(known[current.frames - start])
        former = was.rows.get(start, Table.empty(start))
        differing = _differing(current, former)
        unsound = set(_unsound(former.take(np.isin(former.frames, differing)), picture))
        left_out += len(unsound)
        differing = [frame for frame in differing if frame not in unsound]
        frames += differing
        coming = former.take(np.isin(former.frames, differing))
        if len(coming):
            tables.append(coming)
    if not frames:
        return None, 0, left_out
    packed = [encoded(table) for table in tables]
    return ShapesReplace(track=track, ranges=stretches(frames), tables=packed), len(frames), left_out


def _unsound(table: Table, picture: Picture) -> Iterator[int]:
    """The frames on which a table holds what no shape can be. Bounds that are off don't hinder anybody."""
    if broken_rule(table, picture) is None:
        return
    yield from (row.frame for row in table.rows() if broken_rule(single(row), picture) not in (None, "bounds"))


def _told(was: TrackPast) -> list[tuple[int, Mask]]:
    """The windows of which something is known, rising."""
    return [(start, known) for start, known in sorted(was.known.items()) if known.any()]


def _differing(one: Table, other: Table) -> list[int]:
    """Frames on which two tables of a window have other rows, rising."""
    if one.pack() == other.pack():
        return []
    rows, others = ({row.frame: row for row in table.rows()} for table in (one, other))
    return sorted(frame for frame in rows.keys() | others.keys() if rows.get(frame) != others.get(frame))


def _tracked(layer: Layer, tracks: Iterable[UUID]) -> set[UUID]:
    """Of ``tracks``, those that a run follows now."""
    wanted = {str(track) for track in tracks}
    runs = Run.objects.filter(layer=layer, state__in=ACTIVE).values_list("objects_state", flat=True)
    states = (OBJECTS.validate_python(objects) for objects in runs)
    return {UUID(track) for objects in states for track in wanted & objects.keys() if objects[track].unfinished}


def _plain(value: object) -> object:
    """Steps of attributes are pairs here and lists in the database."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
