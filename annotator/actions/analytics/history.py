"""What the changes of a layer count for, read from its history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db.models import Min, QuerySet

from annotator import stored_shapes
from annotator.actions.analytics.measures import Reshaped, reshaped
from annotator.actions.edits.layer_draft import FrameRange, decoded
from annotator.actions.edits.spans import common, united, without
from annotator.models import Event, EventKind, Job, Layer, Run, Track
from annotator.operations import (
    OPERATIONS,
    Operation,
    ShapesReplace,
    TrackCreate,
    TrackUpdate,
    VerdictsReplace,
)
from tracking.shapes.chunks import Table

EVENTS_AT_ONCE = 20
"""An edit may hold hundreds of megabytes of what it replaced."""
BY_PEOPLE = (EventKind.EDIT, EventKind.RESTORE, EventKind.IMPORT)


class Place(NamedTuple):
    """Where somebody was at work, as ids."""

    layer: int
    job: int | None
    label: int | None


@dataclass(slots=True)
class Part:
    """What a change counts for in one job and label; ``corrections``, ``corrected``: by model, "" is not known."""

    objects_made: int = 0
    frames: list[int] = field(default_factory=list)
    corrections: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    corrected: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    accepted: int = 0
    rejected: int = 0


Parts = dict[tuple[int | None, int | None], Part]
"""By job and label."""


@dataclass(slots=True)
class Change:
    """A change by ``person`` (None: whose account was deleted) at ``at``, seconds since 1970.

    ``parts`` count ``sign`` times for ``counts_for`` at ``counts_at``: what an undo takes back counts -1 where it was
    done.
    """

    revision: int
    person: int | None
    at: float
    place: Place
    edits: int = 0
    undone: int = 0
    imported: int = 0
    parts: Parts = field(default_factory=dict)
    sign: int = 1
    counts_for: int | None = None
    counts_at: float = 0.0


class LayerHistory:
    """The changes of a layer after the revision ``since``, up to the one that ``layer`` has.

    ``unread``: changes, met so far, that don't say what they replaced.
    """

    def __init__(self, layer: Layer, since: int) -> None:
        self.layer = layer
        self.since = since
        self.unread = 0

    def changes(self) -> Iterator[Change]:
        """Those that people made, in order."""
        events = self._events.filter(kind__in=BY_PEOPLE).order_by("revision")
        for event in events.iterator(EVENTS_AT_ONCE):
            yield self._change(event)

    @property
    def runs(self) -> set[UUID]:
        """Those that stored predictions."""
        runs = self._events.filter(kind=EventKind.PREDICTIONS).exclude(run=None).order_by()
        return set(runs.values_list("run_id", flat=True).distinct())

    @property
    def _events(self) -> QuerySet[Event]:
        return self.layer.events.filter(revision__gt=self.since, revision__lte=self.layer.revision)

    def _change(self, event: Event) -> Change:
        at = event.created_at.timestamp()
        place = self._place(event)
        if event.kind == EventKind.IMPORT:
            whole = Change(event.revision, event.author_id, at, place, imported=len(event.inverse or ()))
        elif event.kind == EventKind.RESTORE:
            whole = Change(event.revision, event.author_id, at, place, edits=1)
        else:
            return self._edit(event, at, place)
        whole.counts_for, whole.counts_at = event.author_id, at
        return whole

    def _edit(self, event: Event, at: float, place: Place) -> Change:
        origin, sign = self._origin(event)
        return Change(
            revision=event.revision,
            person=event.author_id,
            at=at,
            place=place,
            edits=int(event.undoes is None),
            undone=int(sign < 0),
            parts=self._parts(origin) if origin is not None else {},
            sign=sign,
            counts_for=origin.author_id if origin is not None else event.author_id,
            counts_at=origin.created_at.timestamp() if origin is not None else at,
        )

    def _origin(self, event: Event) -> tuple[Event | None, int]:
        """The change that an undo takes back (-1), or a redo brings back (1); itself where it is neither."""
        sign, origin = 1, event
        while origin.undoes is not None:
            former = self.layer.events.filter(edit_id=origin.undoes).first()
            sign = -sign
            if former is None:
                return None, sign
            origin = former
        return origin, sign

    def _place(self, event: Event) -> Place:
        tracks = [UUID(track) for track, *_ in event.extent]
        frames = [first for _, first, _ in event.extent if first is not None]
        begin = min(frames) if frames else next((at for at in map(self.begin_of, tracks) if at is not None), None)
        job = self._job(begin, event.created_at.timestamp()) if begin is not None else None
        label = next((self._labels[track] for track in tracks if track in self._labels), None)
        return Place(self.layer.pk, job, label)

    # ------------------------------------------------------------ what a change did

    def _parts(self, event: Event) -> Parts:
        operations = OPERATIONS.validate_python(event.payload["operations"])
        inverse = OPERATIONS.validate_python(event.inverse or [])
        if event.inverse is None:
            self.unread += 1
        counting = _Counting(self, event)
        for operation in operations:
            match operation:
                case TrackCreate():
                    counting.made(operation.track, operations)
                case TrackUpdate(fields=fields) if fields.deleted:
                    counting.deleted(operation.track, operations)
                case VerdictsReplace():
                    counting.judged(operation)
        for track, change in reshaped(_tables(inverse), _tables(operations)).items():
            counting.reshaped(track, change)
        return counting.parts

    def part_of(self, parts: Parts, track: UUID, frame: int | None, at: float) -> Part:
        job = self._job(frame, at) if frame is not None else None
        return parts.setdefault((job, self._labels.get(track)), Part())

    def begin_of(self, track: UUID) -> int | None:
        """The first frame on which a track has anything now; None: it has nothing."""
        return self._begins.get(track)

    def _job(self, frame: int, at: float) -> int | None:
        """The job that the frame belonged to then."""
        return next((job for job, first, last, since in self._jobs if first <= frame <= last and since <= at), None)

    @cached_property
    def _jobs(self) -> list[tuple[int, int, int, float]]:
        jobs = Job.objects.filter(layer=self.layer).order_by("first", "pk")
        rows = jobs.values_list("pk", "first", "last", "created_at")
        return [(pk, first, last, made.timestamp()) for pk, first, last, made in rows]

    @cached_property
    def _begins(self) -> dict[UUID, int]:
        chunks = stored_shapes.chunks_in(Layer.objects.filter(pk=self.layer.pk)).values("track_id")
        return dict(chunks.annotate(begin=Min("first")).values_list("track_id", "begin"))

    @cached_property
    def _labels(self) -> dict[UUID, int]:
        return dict(Track.objects.filter(layer=self.layer).order_by().values_list("pk", "label_id"))

    # ------------------------------------------------------------ whose shapes lay there

    def model_at(self, track: UUID, frame: int, revision: int) -> str:
        """The model that had stored a track's shape on a frame last; empty: that isn't known."""
        stored = self._stored.get(track, ())
        covering = [each for each in stored if each[0] < revision and each[2] <= frame <= each[3]]
        return covering[-1][1] if covering else ""

    def stored_of(self, track: UUID, revision: int) -> tuple[str, int]:
        """The model that had stored shapes of a track last, and on how many frames models had; ("", 0): none had."""
        before = [each for each in self._stored.get(track, ()) if each[0] < revision]
        frames = sum(last - first + 1 for first, last in united((first, last) for _, _, first, last in before))
        return (before[-1][1], frames) if before else ("", 0)

    @cached_property
    def _stored(self) -> dict[UUID, list[tuple[int, str, int, int]]]:
        """By track, (revision, model, first, last) of all that was ever predicted, in rising order."""
        models = dict(Run.objects.filter(layer=self.layer).order_by().values_list("pk", "model"))
        found: dict[UUID, list[tuple[int, str, int, int]]] = {}
        events = self.layer.events.filter(kind=EventKind.PREDICTIONS).order_by("revision")
        for revision, run, payload in events.values_list("revision", "run_id", "payload").iterator(100):
            for track, first, last in payload["touched"]:
                found.setdefault(UUID(track), []).append((revision, models.get(run, ""), first, last))
        return found


class _Counting:
    """Collects what one edit counts for."""

    def __init__(self, history: LayerHistory, event: Event) -> None:
        self.history = history
        self.revision = event.revision
        self.at = event.created_at.timestamp()
        self.parts: Parts = {}

    def _part(self, track: UUID, frame: int | None) -> Part:
        return self.history.part_of(self.parts, track, frame, self.at)

    def made(self, track: UUID, operations: Sequence[Operation]) -> None:
        self._part(track, _first_frame(track, operations)).objects_made += 1

    def deleted(self, track: UUID, operations: Sequence[Operation]) -> None:
        model, frames = self.history.stored_of(track, self.revision)
        if frames:
            first = _first_frame(track, operations)
            part = self._part(track, first if first is not None else self.history.begin_of(track))
            part.corrections[model] += 1
            # Where its shapes go too, as in a merge, these say for themselves what became of them.
            is_whole = not any(isinstance(each, ShapesReplace) and each.track == track for each in operations)
            part.corrected[model] += frames if is_whole else 0

    def judged(self, operation: VerdictsReplace) -> None:
        for span in operation.spans:
            part = self._part(operation.track, span.first)
            part.accepted += span.verdict == "accepted"
            part.rejected += span.verdict == "rejected"

    def reshaped(self, track: UUID, change: Reshaped) -> None:
        for frame in change.by_hand:
            self._part(track, frame).frames.append(frame)
        if change.corrected:
            first = change.corrected[0]
            model = self.history.model_at(track, first, self.revision)
            part = self._part(track, first)
            part.corrections[model] += 1
            part.corrected[model] += len(change.corrected)


def predicted_of(run: Run) -> dict[tuple[int | None, int | None], int]:
    """By job and label: how many shapes a run stored; each object and frame counts once."""
    pieces: dict[UUID, list[FrameRange]] = {}
    events = Event.objects.filter(run=run, kind=EventKind.PREDICTIONS).order_by()
    for payload in events.values_list("payload", flat=True).iterator(100):
        for track, first, last in payload["touched"]:
            pieces.setdefault(UUID(track), []).append((first, last))
    labels = dict(Track.objects.filter(layer=run.layer_id).order_by().values_list("pk", "label_id"))
    jobs = Job.objects.filter(layer=run.layer_id).order_by("first", "pk")
    ranges = list(jobs.values_list("pk", "first", "last"))
    found: defaultdict[tuple[int | None, int | None], int] = defaultdict(int)
    for track, stored in pieces.items():
        left = united(stored)
        for job, first, last in ranges:
            found[job, labels.get(track)] += _frames(common(left, [(first, last)]))
            left = without(left, [(first, last)])
        found[None, labels.get(track)] += _frames(left)
    return {key: count for key, count in found.items() if count}


def _frames(ranges: Iterable[FrameRange]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _tables(operations: Iterable[Operation]) -> list[tuple[UUID, Table]]:
    replaced = (operation for operation in operations if isinstance(operation, ShapesReplace))
    return [(operation.track, decoded(text)) for operation in replaced for text in operation.tables]


def _first_frame(track: UUID, operations: Iterable[Operation]) -> int | None:
    replaced = (each for each in operations if isinstance(each, ShapesReplace) and each.track == track)
    return min((first for operation in replaced for first, _ in operation.ranges), default=None)
