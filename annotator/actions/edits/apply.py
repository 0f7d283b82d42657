"""What people do to tracks and shapes: a list of operations, applied whole or not at all, once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction

from annotator import access, stored_shapes
from annotator.actions import jobs
from annotator.actions.edits.clicked import keep_clicks, write_clicks
from annotator.actions.edits.events import append_event, lock_layer
from annotator.actions.edits.judging import Judging, judge_new
from annotator.actions.edits.layer_draft import FrameRange, LayerDraft, changed_fields, decoded, picture_of, within
from annotator.actions.edits.meanwhile import Meanwhile
from annotator.actions.edits.reach import kept_outside, spelt
from annotator.actions.edits.shape_draft import write_new
from annotator.actions.errors import ActionError
from annotator.actions.runs import ask
from annotator.actions.webhooks.telling import tell_verdicts
from annotator.announce.messages import Edit
from annotator.formats.base import ClickedOn
from annotator.formats.rows import Rows, batched
from annotator.models import Attribute, Event, EventKind, Label, Layer, Removal, Track, User, Video
from annotator.operations import (
    Operation,
    ShapesReplace,
    SpanVerdict,
    TrackCreate,
    TrackFields,
    TrackUpdate,
    VerdictsReplace,
)
from tracking.shapes.checks import ShapeError, check_geometry
from tracking.shapes.chunks import Flag, Kind, Row, Table
from tracking.shapes.payloads import point_count
from tracking.shapes.skeletons import skeleton_of

ATTRIBUTE_BYTES = 64 * 1024
"""Most that the attributes of one track may take as JSON."""

MOST_REPLACED = 192 * 2**20
"""Bytes of shapes that one edit may replace. The editor makes a larger one as several."""
FEW_FRAMES = 1000
"""Object-frames whose shapes aren't weighed."""


def find_edit(*, layer_id: int, edit_id: UUID) -> Event | None:
    """The event of an edit that has been applied already."""
    return Event.objects.filter(layer_id=layer_id, edit_id=edit_id).select_related("author").first()


def apply_edit(*, user: User, layer_id: int, edit: Edit) -> Event:
    """Apply a person's edit: all of its operations, or none.

    An edit that comes again (the same id) changes nothing; its first event is returned.

    Raises:
        Http404, PermissionDenied: the layer, or one of the changes, isn't the user's to make.
        ActionError: an operation that can't be applied.
    """
    layer = access.access_layer(user, layer_id, "annotate")
    with transaction.atomic():
        layer = lock_layer(layer_id)
        applied = find_edit(layer_id=layer_id, edit_id=edit.id)
        if applied is not None:
            return applied
        editing = _Editing(user, layer, Meanwhile(layer, user, edit), edit.undoes)
        editing.load(edit.operations)
        done = [editing.apply(editing.merged(operation)) for operation in edit.operations]
        editing.check_relabelled()
        editing.draft.save()
        editing.judging.draft.save()
        event = append_event(
            layer,
            kind=EventKind.EDIT,
            operations=[operation for operation, _ in done],
            inverse=[inverse for _, inverse in done][::-1],
            author=user,
            edit_id=edit.id,
            undoes=edit.undoes,
            summary=edit.summary,
            numbers=editing.numbers,
            conflicts=editing.meanwhile.conflicts,
        )
        keep_clicks(layer, edit.clicked, editing.reshaped)
        ask.respect_keyframes(layer, changed=editing.reshaped, deleted=editing.deleted)
        given = [operation for operation, _ in done if isinstance(operation, VerdictsReplace)]
        if given:
            tell_verdicts(layer, by=user, revision=event.revision, given=given)
        jobs.begin_by_editing(user=user, layer=layer, ranges=_frames_of(done))
    return event


def _frames_of(done: Iterable[tuple[Operation, Operation]]) -> list[FrameRange]:
    return [reach for operation, _ in done if isinstance(operation, ShapesReplace) for reach in operation.ranges]


class _Editing:
    """One edit on its way into a layer: checks every operation, collects the changes in a draft."""

    def __init__(self, user: User, layer: Layer, meanwhile: Meanwhile, undoes: UUID | None = None) -> None:
        self.user = user
        self.layer = layer
        self.meanwhile = meanwhile
        self.draft = LayerDraft(layer, user)
        self.judging = Judging(user, self.draft, undoes)
        self.numbers: dict[UUID, int] = {}
        self.reshaped: set[UUID] = set()
        self.deleted: set[UUID] = set()
        self.relabelled: set[UUID] = set()
        self.taken: set[UUID] = set()
        self.shared: set[UUID] = set()
        """Those of the tracks to update that have shapes outside of the person's frames."""

    @cached_property
    def ranges(self) -> list[FrameRange]:
        ranges = access.editable_ranges(self.user, self.layer)
        if not ranges:
            raise PermissionDenied("You change the frames of your own jobs; none of them is open on this layer.")
        return ranges

    @cached_property
    def everywhere(self) -> bool:
        return self.ranges == [(0, max(self.layer.video.frame_count - 1, 0))]

    @cached_property
    def ontology(self) -> Ontology:
        return Ontology.of(self.layer)

    def load(self, operations: Sequence[Operation]) -> None:
        """Read what the operations are about in few queries: an edit of thousands of tracks takes seconds otherwise."""
        self.draft.load_tracks(operation.track for operation in operations)
        created = [operation.track for operation in operations if isinstance(operation, TrackCreate)]
        self.taken = set(Track.objects.in_bulk(created)) if created else set()
        self.judging.load(operations)
        updates = [operation for operation in operations if isinstance(operation, TrackUpdate)]
        if updates and not self.everywhere:
            tables = self.draft.everything({operation.track for operation in updates} & self.draft.tracks.keys())
            self.shared = {track for track, table in tables if not within(table, self.ranges).all()}
        self.relabelled = {operation.track for operation in updates if operation.fields.label is not None}
        last_frame = max(self.layer.video.frame_count - 1, 0)
        reached = [
            (operation.track, first, min(last, last_frame))
            for operation in operations
            if isinstance(operation, ShapesReplace)
            for first, last in operation.ranges
            if first <= last_frame
        ]
        if sum(last - first + 1 for _, first, last in reached) > FEW_FRAMES:
            self._check_weight(reached)
        self.draft.load_shapes(reached)

    def _check_weight(self, reached: Sequence[tuple[UUID, int, int]]) -> None:
        """What an edit replaces is kept beside it, so that it can be taken back."""
        by_track: dict[UUID, list[FrameRange]] = {}
        for track, first, last in reached:
            by_track.setdefault(track, []).append((first, last))
        low, high = min(first for _, first, _ in reached), max(last for _, _, last in reached)
        chunks = stored_shapes.chunks_of(by_track).filter(stored_shapes.touching(low, high), layer_id=self.layer.pk)
        size = sum(
            size
            for track, first, last, size in stored_shapes.weigh(chunks)
            if any(begin <= last and first <= end for begin, end in by_track[track])
        )
        if size > MOST_REPLACED:
            raise ActionError(
                f"An edit replaces at most {MOST_REPLACED // 2**20} MiB of shapes; this one would replace "
                f"{size // 2**20} MiB. Do it over fewer frames at a time."
            )

    def merged(self, operation: Operation) -> Operation:
        """The operation beside what others did meanwhile."""
        if isinstance(operation, TrackCreate) or not self.meanwhile.concerns(operation.track):
            return operation
        keyframes: set[int] = set()
        if isinstance(operation, ShapesReplace):
            self._check_ranges(operation.ranges)
            keyframes = set(self.draft.keyframes(operation.track, operation.ranges))
        return self.meanwhile.merge(operation, self.draft.track(operation.track), keyframes)

    def apply(self, operation: Operation) -> tuple[Operation, Operation]:
        """Make one change. Returns it with its inverse."""
        match operation:
            case TrackCreate():
                return operation, self._create(operation)
            case TrackUpdate():
                return self._update(operation)
            case ShapesReplace():
                return operation, self._replace(operation)
            case VerdictsReplace():
                return self.judging.apply(operation)

    def _create(self, operation: TrackCreate) -> Operation:
        fields = operation.fields
        if operation.track in self.taken or operation.track in self.draft.tracks:
            raise ActionError(f"A new track has an id of its own; {operation.track} exists already.")
        if fields.label is None:
            raise ActionError("A new track needs a label; none came.")
        self._check_fields(fields)
        _ = self.ranges
        track = Track(
            id=operation.track,
            layer=self.layer,
            number=fields.number or 0,
            label=self.ontology.label(fields.label),
            created_by=self.user,
        )
        self.draft.add_track(track)
        rest = fields.model_copy()
        rest.number = rest.label = None
        self.draft.update_track(track, rest)
        self.numbers[track.pk] = track.number
        return TrackUpdate(track=track.pk, fields=TrackFields(deleted=True))

    def _update(self, operation: TrackUpdate) -> tuple[Operation, Operation]:
        track = self.draft.track(operation.track)
        self._check_fields(operation.fields)
        _ = self.ranges
        if track.pk in self.shared:
            operation = TrackUpdate(track=track.pk, fields=self._within_reach(track, operation.fields))
        if operation.fields.deleted:
            self.deleted.add(track.pk)
        former = self.draft.update_track(track, operation.fields)
        return operation, TrackUpdate(track=track.pk, fields=former)

    def _within_reach(self, track: Track, fields: TrackFields) -> TrackFields:
        """What of a track that also lies on frames of others may be changed: values that are set frame by frame."""
        if changed_fields(track, fields) - {"frame_attributes"}:
            if fields.deleted:
                way_on = "Delete its shapes in your frames instead."
            else:
                way_on = "Ask a reviewer to change what is said of the whole track."
            raise PermissionDenied(f"{track} also has shapes outside of your frames ({spelt(self.ranges)}). {way_on}")
        if fields.frame_attributes is None:
            return fields
        wanted, former = fields.frame_attributes, track.frame_attributes
        kept: dict[str, list[tuple[int, Any]]] = {}
        for key in {**former, **wanted}:
            before = [(frame, value) for frame, value in former.get(key, ())]
            steps = kept_outside(before, wanted.get(key, []), self.ranges, self.layer.video.frame_count - 1)
            if steps is None:
                raise PermissionDenied(
                    f"{track} also has shapes outside of your frames ({spelt(self.ranges)}), and this would set values "
                    "there. Set them in your frames only."
                )
            if steps:
                kept[key] = list(steps)
        return TrackFields(frame_attributes=kept)

    def _replace(self, operation: ShapesReplace) -> Operation:
        track = self.draft.track(operation.track)
        if track.deleted_at is not None and not self.meanwhile.deleted(track.pk):
            raise ActionError(f"Shapes belong to a track that is there; {track} was deleted. Restore it first.")
        self._check_ranges(operation.ranges)
        tables = [decoded(text) for text in operation.tables]
        self._check_tables(track, tables, operation.ranges)
        self.reshaped.add(track.pk)
        return self.draft.replace_shapes(track.pk, operation.ranges, tables, keep_keyframes=operation.keep_keyframes)

    def check_relabelled(self) -> None:
        """With all operations done, shapes are of kinds that the new labels of their tracks may be drawn as."""
        for track_id, table in self.draft.everything(self.relabelled) if self.relabelled else ():
            self.ontology.check_relabelled(self.draft.track(track_id), table)

    def _check_fields(self, fields: TrackFields) -> None:
        if fields.label is not None:
            self.ontology.label(fields.label)
        self.ontology.check_values(fields, self.layer.video.frame_count)

    def _check_ranges(self, ranges: Sequence[FrameRange]) -> None:
        last_frame = self.layer.video.frame_count - 1
        for first, last in ranges:
            if first > last or last > last_frame:
                raise ActionError(f"Frames of a range lie in 0..{last_frame} and rise; {first}..{last} came.")
            if not any(start <= first and last <= end for start, end in self.ranges):
                raise PermissionDenied(
                    f"You may change frames {spelt(self.ranges)}; this would change {first}..{last}."
                )

    def _check_tables(self, track: Track, tables: Sequence[Table], ranges: Sequence[FrameRange]) -> None:
        if len({table.start for table in tables}) < len(tables):
            raise ActionError("An operation has one table per window of frames; two have the same.")
        picture = picture_of(self.layer.video)
        for table in tables:
            try:
                check_geometry(table, picture)
            except ShapeError as error:
                raise ActionError(str(error)) from error
            if not within(table, ranges).all():
                raise ActionError("Shapes lie in the ranges that their operation names; one doesn't.")
            if track.pk not in self.relabelled:
                self.ontology.check_kinds(track, table)


@dataclass(frozen=True, slots=True)
class Ontology:
    """The labels of a project and their attributes."""

    labels: Mapping[int, Label]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    @classmethod
    def of(cls, layer: Layer) -> Ontology:
        """That of the layer's project, as it is now."""
        project_id = layer.video.project_id
        attributes = Attribute.objects.filter(label__project_id=project_id)
        return cls(
            labels=Label.objects.filter(project_id=project_id).in_bulk(),
            attributes={str(attribute.pk): attribute for attribute in attributes},
        )

    def label(self, label_id: int) -> Label:
        """Raises ActionError where the project has no such label (any more), saying who deleted it."""
        if label_id not in self.labels:
            gone = Removal.objects.filter(kind=Removal.Kind.LABEL, key=label_id).first()
            said = gone or "A track has a label of its project; this one is none."
            raise ActionError(f"{said} Choose another label.")
        return self.labels[label_id]

    def check_kinds(self, track: Track, table: Table) -> None:
        """Raises ActionError when a person's shape is of a kind that the track's label may not be drawn as."""
        label = self.label(track.label_id)
        for kind in _unfit(label, table):
            raise ActionError(f"{label} may be drawn as {', '.join(label.geometry_kinds)}; a {kind} came.")
        self._check_skeletons(label, table)

    def check_relabelled(self, track: Track, table: Table) -> None:
        """Raises ActionError when a track has shapes from before that its new label may not be drawn as."""
        label = self.label(track.label_id)
        for kind in _unfit(label, table):
            raise ActionError(
                f"Track {track.number} can't be a {label}: it has a {kind}, and {label} may be drawn as "
                f"{', '.join(label.geometry_kinds)}. Choose another label, or allow it in the project's labels."
            )
        self._check_skeletons(label, table)

    def _check_skeletons(self, label: Label, table: Table) -> None:
        if Kind.SKELETON in table.kinds:
            pairs = zip(table.kinds.tolist(), table.payloads, strict=True)
            self.check_joints(label, {point_count(len(payload)) for kind, payload in pairs if kind == Kind.SKELETON})

    def check_joints(self, label: Label, counts: Iterable[int]) -> None:
        """Raises ActionError unless every skeleton, of so many points, has one for each of its label's joints."""
        skeleton = skeleton_of(label.skeleton)
        joints = len(skeleton.joints) if skeleton else 0
        for count in counts:
            if count != joints:
                raise ActionError(
                    f"A skeleton has a point for each joint of its label; {label} has {joints} joints, {count} "
                    "points came. Joints are added in the project's labels."
                )

    def check_values(self, fields: TrackFields, frame_count: int) -> None:
        """Raises ActionError for values that their attributes can't have, frames outside of 0..frame_count - 1, and
        more than ``ATTRIBUTE_BYTES`` of them."""
        constant, by_frame = fields.attributes or {}, fields.frame_attributes or {}
        for key, value in constant.items():
            self._check_value(key, value)
        for key, steps in by_frame.items():
            frames = [frame for frame, _ in steps]
            if frames != sorted(set(frames)) or any(not 0 <= frame < frame_count for frame in frames):
                raise ActionError(f"An attribute's values have rising frames in 0..{frame_count - 1}; these don't.")
            for _, value in steps:
                self._check_value(key, value)
        if len(json.dumps([constant, by_frame])) > ATTRIBUTE_BYTES:
            raise ActionError(f"The attributes of a track take at most {ATTRIBUTE_BYTES // 1024} KiB; these take more.")

    def _check_value(self, key: str, value: object) -> None:
        attribute = self.attributes.get(key)
        if attribute is None:
            raise ActionError(f"An attribute is one of the project's; {key} is none. Reload the page.")
        if not attribute.fits(value):
            raise ActionError(f"A value of {attribute} is {attribute.takes}; {value!r:.80} came.")


def write_tracks(
    *,
    user: User | None,
    layer_id: int,
    tracks: Sequence[tuple[Track, Iterable[Row]]],
    summary: str,
    verdicts: Mapping[UUID, Sequence[SpanVerdict]] | None = None,
    clicked: Mapping[UUID, Mapping[int, ClickedOn]] | None = None,
) -> Event:
    """Put whole tracks into a layer at once, as an import does: one event, which takes one undo back.

    Args:
        user: who imports; their access has been checked.
        tracks: unsaved tracks with their rows. A track's ``label`` is of the project; its ``number`` is kept where it
            is free, and 0 or a taken one becomes the next free one.
        summary: in words, for the history panel.
        verdicts: on the new tracks; who gives them is ``user``, and the moment is this one.
        clicked: of the new tracks, by frame, what their masks were clicked with.

    Raises:
        ActionError: a frame beyond the video, or unsound geometry.
    """
    with transaction.atomic():
        layer = lock_layer(layer_id)
        draft = LayerDraft(layer)
        taken = set(layer.tracks.values_list("number", flat=True))
        highest = max([*taken, layer.next_number - 1, *(track.number for track, _ in tracks)], default=0)
        layer.next_number = highest + 1
        coming: list[tuple[UUID, Rows]] = []
        for track, rows in tracks:
            track.layer = layer
            if track.number in taken:
                track.number = 0
            draft.add_track(track)
            taken.add(track.number)
            in_order = rows if isinstance(rows, Rows) else sorted(rows, key=attrgetter("frame"))
            coming.append((track.pk, Rows.of(in_order)))
        _check_rows(layer.video, [rows for _, rows in coming])
        draft.save()
        write_new(layer.pk, ((track, table) for track, rows in coming for table in rows.tables()))
        judge_new(layer, user, verdicts or {})
        known = clicked or {}
        write_clicks(
            (track, row, said)
            for track, rows in coming
            if track in known
            for row in rows
            if (said := known[track].get(row.frame)) is not None
        )
        inverse = [TrackUpdate(track=track.pk, fields=TrackFields(deleted=True)) for track, _ in tracks]
        return append_event(
            layer,
            kind=EventKind.IMPORT,
            inverse=inverse,
            author=user,
            edit_id=uuid4(),
            summary=summary,
            extent=[(track, rows.first, rows.last) for track, rows in coming],
        )


def _check_rows(video: Video, rows: Iterable[Rows]) -> None:
    last_frame = video.frame_count - 1
    for several in batched(rows):
        if (beyond := several.frames.max(initial=0)) > last_frame:
            raise ActionError(f"Frames lie in 0..{last_frame}; {beyond} came. Is it another video's file?")
        try:
            check_geometry(several, picture_of(video))
        except ShapeError as error:
            raise ActionError(str(error)) from error


def _unfit(label: Label, table: Table) -> list[str]:
    """Kinds of keyframes that a label may not be drawn as."""
    kinds = {Kind(value).name.lower() for value in table.kinds[(table.flags & Flag.KEYFRAME) != 0].tolist()}
    return sorted(kinds - set(label.geometry_kinds))
