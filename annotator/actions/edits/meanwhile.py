"""What somebody else did since the author of an edit last looked, and how both stay.

The rule, per track: frames that only one of them touched are that one's. A keyframe that somebody else set meanwhile,
and that the edit would remove without having seen it, stays. Where both set something, the later one counts. A track
that one of them deleted stays deleted, with what the other did inside, so that restoring it brings that along. Each
of these is a ``Conflict`` of the event, and what was replaced is in the event's inverse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np

from annotator.actions.edits.layer_draft import FrameRange, decoded, stretches
from annotator.announce.messages import Edit
from annotator.models import Event, EventKind, Layer, Track, User
from annotator.operations import (
    OPERATIONS,
    Conflict,
    Operation,
    ShapesReplace,
    TrackFields,
    TrackUpdate,
    VerdictsReplace,
)
from tracking.shapes.chunks import Flag

MERGED = ("attributes", "frame_attributes")
"""Fields with parts of their own: of each part the one counts that was changed."""


@dataclass
class Theirs:
    """What one person did to one track meanwhile.

    ``keyframes``: frames on which they set one; ``ranges``: all that they replaced; ``before``: what was said of the
    track before they said otherwise.
    """

    author: int | None
    author_name: str
    keyframes: set[int] = field(default_factory=set)
    ranges: list[FrameRange] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False

    def learn(self, operation: Operation, inverse: Operation | None) -> None:
        """Take in one more operation of theirs; ``inverse`` tells what it replaced."""
        if isinstance(operation, ShapesReplace):
            self.ranges += operation.ranges
            for table in map(decoded, operation.tables):
                self.keyframes |= set(table.frames[(table.flags & Flag.KEYFRAME) != 0].tolist())
            return
        if isinstance(operation, VerdictsReplace):
            return
        if operation.fields.deleted is not None:
            self.deleted = operation.fields.deleted
        if isinstance(inverse, TrackUpdate):
            for name, value in inverse.fields:
                if value is not None:
                    self.before.setdefault(name, value)


class Meanwhile:
    """Everything that others did to the tracks of an edit since its author last looked."""

    def __init__(self, layer: Layer, user: User, edit: Edit) -> None:
        self.conflicts: list[Conflict] = []
        self._by_track: dict[UUID, list[Theirs]] = {}
        base = _base(layer, edit)
        if base is not None and base < layer.revision:
            self._read(layer, user, base, {operation.track for operation in edit.operations})

    def deleted(self, track: UUID) -> bool:
        """Whether somebody else deleted the track without the author having seen it."""
        return any(theirs.deleted for theirs in self._by_track.get(track, ()))

    def concerns(self, track: UUID) -> bool:
        """Whether somebody else changed the track."""
        return track in self._by_track

    def merge(self, operation: Operation, track: Track, keyframes: set[int]) -> Operation:
        """The operation as it is to be done, next to what the others did; notes where they met.

        Args:
            keyframes: frames in the operation's ranges on which the track has one now.
        """
        if isinstance(operation, VerdictsReplace):
            return operation
        for theirs in self._by_track.get(track.pk, ()):
            if theirs.deleted and _leaves_deleted(operation):
                self._note(theirs, track, "buried")
            if isinstance(operation, ShapesReplace):
                operation = self._merge_shapes(operation, track, theirs, keyframes)
            elif isinstance(operation, TrackUpdate):
                operation = self._merge_fields(operation, track, theirs)
        return operation

    def _merge_shapes(self, operation: ShapesReplace, track: Track, theirs: Theirs, keyframes: set[int]) -> Operation:
        mine = {int(frame) for text in operation.tables for frame in decoded(text).frames}
        both = sorted(frame for frame in mine if frame in theirs.keyframes or _inside(frame, theirs.ranges))
        if both:
            self._note(theirs, track, "replaced", stretches(both))
        unseen = {frame for frame in theirs.keyframes & keyframes if _inside(frame, operation.ranges)} - mine
        if not unseen or operation.keep_keyframes:
            return operation
        self._note(theirs, track, "kept", stretches(sorted(unseen)))
        return operation.model_copy(update={"ranges": list(without(operation.ranges, unseen))})

    def _merge_fields(self, operation: TrackUpdate, track: Track, theirs: Theirs) -> Operation:
        given = {name: value for name, value in operation.fields if value is not None}
        if operation.fields.deleted and (theirs.ranges or theirs.before.keys() - {"deleted"}):
            self._note(theirs, track, "deleted", theirs.ranges)
        met = []
        for name in given.keys() & theirs.before.keys() - {"deleted"}:
            if name in MERGED:
                given[name], parts_met = _merged(given[name], theirs.before[name], getattr(track, name))
            else:
                parts_met = True
            if parts_met:
                met.append(name)
        if met:
            self._note(theirs, track, "replaced", fields=sorted(met))
        return TrackUpdate(track=operation.track, fields=TrackFields.model_validate(given))

    def _note(
        self,
        theirs: Theirs,
        track: Track,
        outcome: Any,
        ranges: Sequence[FrameRange] = (),
        fields: Sequence[str] = (),
    ) -> None:
        conflict = Conflict(
            track=track.pk,
            ranges=list(ranges),
            fields=list(fields),
            author=theirs.author,
            author_name=theirs.author_name,
            outcome=outcome,
        )
        if conflict not in self.conflicts:
            self.conflicts.append(conflict)

    def _read(self, layer: Layer, user: User, base: int, tracks: set[UUID]) -> None:
        events = Event.objects.filter(layer=layer, revision__gt=base, kind__in=(EventKind.EDIT, EventKind.RESTORE))
        others = events.exclude(author=user).order_by("revision")
        touching = [
            pk
            for pk, extent in others.values_list("pk", "extent")
            if any(UUID(track) in tracks for track, *_ in extent)
        ]
        for event in Event.objects.filter(pk__in=touching).select_related("author").order_by("revision"):
            operations = OPERATIONS.validate_python(event.payload["operations"])
            inverse = OPERATIONS.validate_python(event.inverse or [])[::-1]
            for index, operation in enumerate(operations):
                if operation.track in tracks:
                    undoing = inverse[index] if len(inverse) == len(operations) else None
                    self._of(operation.track, event).learn(operation, undoing)

    def _of(self, track: UUID, event: Event) -> Theirs:
        known = self._by_track.setdefault(track, [])
        for theirs in known:
            if theirs.author == event.author_id:
                return theirs
        known.append(Theirs(event.author_id, str(event.author) if event.author is not None else ""))
        return known[-1]


def _base(layer: Layer, edit: Edit) -> int | None:
    """The revision that the author had seen. What an undo takes back, it takes back as it was right after it."""
    if edit.base is None or edit.undoes is None:
        return edit.base
    undone = Event.objects.filter(layer=layer, edit_id=edit.undoes).values_list("revision", flat=True).first()
    return edit.base if undone is None else min(edit.base, undone)


def _leaves_deleted(operation: Operation) -> bool:
    """Whether an operation says nothing of the track's being there."""
    return not isinstance(operation, TrackUpdate) or operation.fields.deleted is None


def _merged(mine: dict[str, Any], before: dict[str, Any], now: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Part by part: mine where I changed it, theirs where only they did. Also whether both changed the same one."""
    merged, met = dict(mine), False
    for key in now.keys() | before.keys():
        if _same(now.get(key), before.get(key)):
            continue
        if _same(mine.get(key), before.get(key)):
            merged.pop(key, None)
            if key in now:
                merged[key] = now[key]
        elif not _same(mine.get(key), now.get(key)):
            met = True
    return merged, met


def _same(one: object, other: object) -> bool:
    """Steps are pairs in messages and lists in the database."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return one == other


def _inside(frame: int, ranges: Iterable[FrameRange]) -> bool:
    return any(first <= frame <= last for first, last in ranges)


def without(ranges: Iterable[FrameRange], frames: Iterable[int]) -> Iterator[FrameRange]:
    """The ranges with these frames cut out of them."""
    holes = np.array(sorted(frames))
    for first, last in ranges:
        start = first
        for hole in holes[(holes >= first) & (holes <= last)].tolist():
            if start < hole:
                yield start, hole - 1
            start = hole + 1
        if start <= last:
            yield start, last
