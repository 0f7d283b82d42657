"""What a layer was at an earlier revision, as far as it has changed since.

Every event holds what it replaced (its inverse), so the oldest event after the revision that touched a frame, or said
something of a track, knows what was there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from annotator.actions.edits.layer_draft import FrameRange, decoded, within
from annotator.models import Event, EventKind, Layer
from annotator.operations import OPERATIONS, Operation, ShapesReplace, TrackFields, VerdictsReplace
from tracking.shapes.chunks import WINDOW, Table, window_start

FEW = 20
"""So many tracks are looked for by the database; more are sorted out here."""

OP_OF_VERDICTS = VerdictsReplace.model_fields["op"].default

Mask = NDArray[np.bool_]


@dataclass
class TrackPast:
    """One track as it was.

    ``known``: by window, the frames (``WINDOW``, bool) whose former rows are known because they changed since;
    ``rows``: those rows, by window.
    """

    fields: TrackFields = field(default_factory=TrackFields)
    known: dict[int, Mask] = field(default_factory=dict)
    rows: dict[int, Table] = field(default_factory=dict)

    def take_fields(self, former: TrackFields) -> None:
        """What an older change has told already stays."""
        for name, value in former:
            if value is not None and getattr(self.fields, name) is None:
                setattr(self.fields, name, value)

    def take_rows(self, ranges: Sequence[FrameRange], tables: Sequence[Table]) -> None:
        """Of what lay in ``ranges``, the frames that no older change has told."""
        coming = {table.start: table for table in tables}
        for start in sorted({at for first, last in ranges for at in range(window_start(first), last + 1, WINDOW)}):
            known = self.known.setdefault(start, np.zeros(WINDOW, np.bool_))
            new = frames_in(start, ranges) & ~known
            if start in coming:
                table = coming[start].take(new[coming[start].frames - start])
                self.rows[start] = self.rows.get(start, Table.empty(start)).merged(table)
            known |= new

    def take(self, newer: TrackPast) -> None:
        """What newer changes replaced, where no older one has told."""
        self.take_fields(newer.fields)
        for start, known in newer.known.items():
            ranges = [(start + at, start + at) for at in known.nonzero()[0].tolist()]
            self.take_rows(ranges, [newer.rows[start]] if start in newer.rows else [])

    def limit(self, ranges: Sequence[FrameRange]) -> bool:
        """Forget what lies outside of ``ranges``. Returns whether that was anything."""
        cut = False
        for start, known in self.known.items():
            inside = frames_in(start, ranges)
            cut |= bool(np.any(known & ~inside))
            self.known[start] = known & inside
            if start in self.rows:
                self.rows[start] = self.rows[start].take(within(self.rows[start], ranges))
        return cut


@dataclass
class Past:
    """``exact``: whether everything since is known; changes of old versions of the program may not be."""

    tracks: dict[UUID, TrackPast] = field(default_factory=dict)
    exact: bool = True


def is_changed_since(layer: Layer, revision: int) -> bool:
    """Whether anything but verdicts came after a revision."""
    if layer.revision <= revision:
        return False
    since = layer.events.filter(revision__gt=revision)
    verdicts = {"payload__operations__0__op": OP_OF_VERDICTS}
    if since.exclude(**verdicts).exists():
        return True
    later = since.values_list("payload__operations", flat=True).iterator(100)
    return any(operation["op"] != OP_OF_VERDICTS for operations in later for operation in operations)


def read_past(layer: Layer, revision: int, tracks: Collection[UUID] | None = None, *, until: int | None = None) -> Past:
    """What the layer, or some of its tracks, were at ``revision``. ``until``: so far only what changed up to there is
    looked at."""
    past = Past()
    events = events_since(layer, revision, tracks)
    if until is not None:
        events = events.filter(revision__lte=until)
    rows = events.order_by("revision").only("kind", "inverse")
    for event in rows.iterator(chunk_size=100):
        if event.inverse is None and event.kind != EventKind.PREDICTIONS:
            past.exact = False
            continue
        for operation in _former(event):
            if isinstance(operation, VerdictsReplace) or (tracks is not None and operation.track not in tracks):
                continue
            track = past.tracks.setdefault(operation.track, TrackPast())
            if isinstance(operation, ShapesReplace):
                track.take_rows(operation.ranges, [decoded(text) for text in operation.tables])
            else:
                track.take_fields(operation.fields)
    return past


def events_since(layer: Layer, revision: int, tracks: Collection[UUID] | None = None) -> QuerySet[Event]:
    """The changes after ``revision``; with a few ``tracks``, only those that touched one of them."""
    events = Event.objects.filter(layer=layer, revision__gt=revision)
    if tracks is not None and len(tracks) <= FEW:
        touched = Q(pk__in=[])
        for track in tracks:
            touched |= Q(extent__icontains=str(track))
        events = events.filter(touched)
    return events


def _former(event: Event) -> Iterator[Operation]:
    """The operations that take an event back, in the order of what it did: of two for a frame the first knows more."""
    if event.inverse is not None:
        yield from reversed(OPERATIONS.validate_python(event.inverse))
        return
    # Stored before predictions kept what they replaced: mostly there was nothing.
    for track, first, last in event.payload["touched"]:
        yield ShapesReplace(track=track, ranges=[(first, last)], tables=[])


def frames_in(start: int, ranges: Sequence[FrameRange]) -> Mask:
    """Which frames of the window from ``start`` lie in any of the ranges, (``WINDOW``,) bool."""
    inside = np.zeros(WINDOW, np.bool_)
    for first, last in ranges:
        inside[max(first - start, 0) : max(last - start + 1, 0)] = True
    return inside
