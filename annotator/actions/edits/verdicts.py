"""Verdicts on spans of tracks: the one way to read and write them, and what a change does to those it touches.

The rules: whatever changes how an accepted or rejected span is shown reopens exactly the frames that it changes, in
the same transaction (``settle``, which no change gets around as it is part of appending its event). Where an undo, or
going back to an earlier state, makes them again what was judged, the verdict is there again. Where the project locks
accepted spans an annotator's change of one is refused, and runs leave them out (``locked_frames``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils import timezone

from annotator import access, stored_shapes
from annotator.actions.edits.differing import changed_ranges
from annotator.actions.edits.layer_draft import decoded
from annotator.actions.edits.past import TrackPast, events_since, read_past
from annotator.actions.edits.reach import spelt
from annotator.actions.edits.shape_draft import FrameRange
from annotator.actions.edits.spans import brought_back, common, put_in, ranges_of, reopened, united, within, without
from annotator.models import Layer, Run, Track, User, VerdictSpan
from annotator.operations import (
    Operation,
    Reopened,
    ShapesReplace,
    SpanVerdict,
    TrackUpdate,
    TrackVerdicts,
    VerdictsReplace,
)

FEW = 500
"""So many tracks are named to the database; of more, all of the layer is read."""
MOST_LOOKS_BACK = 100
"""Earlier revisions with which one change compares one track. What was judged at others stays to be checked."""
MOST_EVENTS = 500
"""Of so many changes since a verdict an edit that takes nothing back is compared with what was judged."""
Back = Literal["everywhere", "there", "reopened", ""]
"""Where a change may have made frames again what was judged: anywhere on the tracks, where it changed something, where
it changed what was reopened before, or nowhere."""


def read_verdicts(layer: Layer, tracks: Collection[UUID] | None = None) -> dict[UUID, list[SpanVerdict]]:
    """The verdicts on some tracks (None: on all) of a layer, each track's in rising order; tracks without aren't in."""
    rows = VerdictSpan.objects.filter(layer=layer).select_related("by").order_by("track_id", "first")
    if tracks is not None and len(tracks) <= FEW:
        rows = rows.filter(track_id__in=tracks)
    found: dict[UUID, list[SpanVerdict]] = {}
    for row in rows.iterator(1000):
        if tracks is None or row.track_id in tracks:
            found.setdefault(row.track_id, []).append(_span_of(row))
    return found


@dataclass(frozen=True, slots=True)
class Settled:
    """What reviewers have said of a layer. ``ranges``: by track, the frames that are accepted or rejected;
    ``reopened``: how many spans were changed after that."""

    ranges: dict[str, list[FrameRange]] = field(default_factory=dict)
    reopened: int = 0


def read_settled(layers: Collection[Layer]) -> dict[int, Settled]:
    """Of several layers, by id, with one query."""
    found: dict[int, dict[str, list[FrameRange]]] = {layer.pk: {} for layer in layers}
    reopened = dict.fromkeys(found, 0)
    rows = VerdictSpan.objects.filter(layer__in=found, track__deleted_at=None).order_by()
    columns = rows.values_list("layer_id", "track_id", "first", "last", "verdict", "reopened")
    for layer, track, first, last, verdict, news in columns.iterator(5000):
        if verdict != "check":
            found[layer].setdefault(str(track), []).append((first, last))
        reopened[layer] += news is not None
    return {
        layer: Settled({track: united(ranges) for track, ranges in tracks.items()}, reopened[layer])
        for layer, tracks in found.items()
    }


def _span_of(row: VerdictSpan) -> SpanVerdict:
    # Built without looking at what was looked at when it was stored: an editor opens with ten thousand of them.
    return SpanVerdict.model_construct(
        first=row.first,
        last=row.last,
        verdict=row.verdict,  # type: ignore[arg-type]  # one of its choices
        reason=row.reason,
        by=row.by_id,
        by_name=str(row.by) if row.by is not None else "",
        at=iso(row.at),
        revision=row.revision,
        reopened=None if row.reopened is None else Reopened.model_validate(row.reopened),
    )


def iso(at: datetime) -> str:
    """A moment as messages have it: ISO 8601, UTC, in seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


class VerdictDraft:
    """Changes to the verdicts of one locked layer. Nothing is written before ``save``."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self._before: dict[UUID, list[SpanVerdict]] = {}
        self._spans: dict[UUID, list[SpanVerdict]] = {}

    def load(self, tracks: Iterable[UUID]) -> None:
        """Have the verdicts on these tracks here, in one query."""
        missing = set(tracks) - self._before.keys()
        if missing:
            found = read_verdicts(self.layer, missing)
            self._before |= {track: found.get(track, []) for track in missing}
            self._spans |= {track: found.get(track, []) for track in missing}

    def spans(self, track: UUID) -> list[SpanVerdict]:
        """The verdicts on a track as they are now, in rising order."""
        self.load([track])
        return self._spans[track]

    def replace(self, track: UUID, ranges: Sequence[FrameRange], spans: Sequence[SpanVerdict]) -> list[SpanVerdict]:
        """Verdicts in ``ranges`` go, ``spans`` come. Returns those that were there, cut to the ranges."""
        former = within(self.spans(track), ranges)
        self._spans[track] = put_in(self.spans(track), ranges, spans)
        return former

    def set(self, track: UUID, spans: Sequence[SpanVerdict]) -> None:
        """These are all verdicts on a track."""
        self.load([track])
        self._spans[track] = list(spans)

    @property
    def changed(self) -> list[TrackVerdicts]:
        """What ``save`` would write, track by track."""
        return [
            TrackVerdicts(track=track, spans=spans)
            for track, spans in self._spans.items()
            if spans != self._before[track]
        ]

    def save(self) -> None:
        """Write what changed."""
        gone = Q(pk__in=[])
        new: list[VerdictSpan] = []
        for told in self.changed:
            former = self._before[told.track]
            firsts = [span.first for span in former if span not in told.spans]
            gone |= Q(track_id=told.track, first__in=firsts)
            new += (self._row(told.track, span) for span in told.spans if span not in former)
        VerdictSpan.objects.filter(gone, layer=self.layer).delete()
        VerdictSpan.objects.bulk_create(new, batch_size=500)
        self._before = dict(self._spans)

    def _row(self, track: UUID, span: SpanVerdict) -> VerdictSpan:
        return VerdictSpan(
            layer=self.layer,
            track_id=track,
            first=span.first,
            last=span.last,
            verdict=span.verdict,
            reason=span.reason,
            by_id=span.by,
            at=datetime.fromisoformat(span.at),
            revision=span.revision,
            reopened=None if span.reopened is None else span.reopened.model_dump(mode="json"),
        )


# ---------------------------------------------------------------- what a change does to verdicts


def settle(
    layer: Layer,
    *,
    operations: Sequence[Operation],
    inverse: Sequence[Operation],
    author: User | None,
    run: Run | None,
    how: str,
    back: Back,
) -> list[TrackVerdicts]:
    """Reopen what a change of a locked layer, which is written already, touches.

    Args:
        layer: with the revision that the change gets.
        inverse: what takes the change back.
        how: the change in words.
        back: where frames that are again what was judged have their verdicts again.

    Returns:
        All verdicts of each track on which they are others now, also by ``operations``.

    Raises:
        PermissionDenied: an annotator's change of a span that is accepted, where the project locks these.
    """
    judged = _judged(operations)
    pasts = _pasts(inverse)
    draft = VerdictDraft(layer)
    draft.load(pasts.keys() | judged.keys())
    touched = [track for track in pasts if draft.spans(track)]
    tracks = layer.tracks.select_related("label").in_bulk(touched)
    news = _News(layer, author, run, how)
    for track in tracks.values():
        before = draft.spans(track.pk)
        ranges = changed_ranges(layer, track, pasts[track.pk], ranges_of(before))
        news.check_lock(track, before, ranges)
        spans = news.reopen(before, ranges)
        frames = _to_compare(before, united([*ranges, *judged.get(track.pk, ())]), back)
        draft.set(track.pk, _compared(layer, track, spans, pasts[track.pk], news, frames, back) if frames else spans)
    told = {each.track: each for each in draft.changed}
    draft.save()
    told |= {track: TrackVerdicts(track=track, spans=draft.spans(track)) for track in judged}
    return list(told.values())


def _judged(operations: Sequence[Operation]) -> dict[UUID, list[FrameRange]]:
    found: dict[UUID, list[FrameRange]] = {}
    for operation in operations:
        if isinstance(operation, VerdictsReplace):
            found.setdefault(operation.track, []).extend(operation.ranges)
    return found


def _to_compare(before: Sequence[SpanVerdict], touched: Sequence[FrameRange], back: Back) -> list[FrameRange]:
    """The frames of a track's spans that may be again what was judged."""
    match back:
        case "everywhere":
            return ranges_of(before)
        case "there":
            return common(ranges_of(before), touched)
        case "reopened":
            return common(ranges_of(span for span in before if span.reopened is not None), touched)
    return []


def _pasts(inverse: Sequence[Operation]) -> dict[UUID, TrackPast]:
    """What the tracks were before a change, as far as it changed them."""
    pasts: dict[UUID, TrackPast] = {}
    for operation in reversed(inverse):
        past = pasts.setdefault(operation.track, TrackPast())
        if isinstance(operation, ShapesReplace):
            past.take_rows(operation.ranges, [decoded(text) for text in operation.tables])
        elif isinstance(operation, TrackUpdate):
            past.take_fields(operation.fields)
    return pasts


class _News:
    """Who changes what, as reopened spans tell it."""

    def __init__(self, layer: Layer, author: User | None, run: Run | None, how: str) -> None:
        self.layer = layer
        self.author = author
        starter = author or (run.created_by if run is not None else None)
        self.by = author.pk if author is not None else None
        self.by_name = str(starter) if starter is not None else ""
        self.how = how or (f"Tracked with {run.model}" if run is not None else "")
        self.at = iso(timezone.now())

    def reopen(self, spans: Sequence[SpanVerdict], ranges: Sequence[FrameRange]) -> list[SpanVerdict]:
        revision = self.layer.revision
        return reopened(spans, ranges, by=self.by, by_name=self.by_name, at=self.at, revision=revision, how=self.how)

    def check_lock(self, track: Track, spans: Sequence[SpanVerdict], ranges: Sequence[FrameRange]) -> None:
        project = self.layer.video.project
        if not project.locks_accepted or self.author is None or not ranges:
            return
        locked = common(_accepted(spans), ranges)
        if locked and not access.may(access.role_in(self.author, project.workspace_id), "review"):
            raise PermissionDenied(
                f"{track} is accepted and locked on frames {spelt(locked)}; this would change it there. "
                "Ask a reviewer to reopen it."
            )


def _accepted(spans: Iterable[SpanVerdict]) -> list[FrameRange]:
    return ranges_of(span for span in spans if span.verdict == "accepted")


def _compared(
    layer: Layer,
    track: Track,
    spans: list[SpanVerdict],
    just: TrackPast,
    news: _News,
    frames: Sequence[FrameRange],
    back: Back,
) -> list[SpanVerdict]:
    """The verdicts after frames became what they may have been before, each compared with what was looked at when it
    was given."""
    judged = [span for span in within(spans, frames) if span.reopened is not None or span.verdict != "check"]
    given = sorted({span.revision for span in judged}, reverse=True)[:MOST_LOOKS_BACK]
    if back == "reopened" and given and events_since(layer, given[-1], {track.pk}).count() > MOST_EVENTS:
        return spans
    known, until = just, layer.revision
    for revision in given:
        past = read_past(layer, revision, {track.pk}, until=until)
        if not past.exact:
            break
        was = past.tracks.get(track.pk, TrackPast())
        was.take(known)
        known, until = was, revision
        among = common(ranges_of(span for span in spans if span.revision == revision), frames)
        differing = changed_ranges(layer, track, was, among)
        spans = news.reopen(spans, common(differing, _given_at(spans, revision)))
        spans = brought_back(spans, without(among, differing), revision)
    return spans


def _given_at(spans: Iterable[SpanVerdict], revision: int) -> list[FrameRange]:
    return ranges_of(span for span in spans if span.revision == revision and span.verdict != "check")


# ---------------------------------------------------------------- locked spans


def locked_frames(layer: Layer, tracks: Collection[UUID]) -> dict[UUID, list[FrameRange]]:
    """By track the frames that no run may write to: accepted spans up to the rows that they are interpolated from;
    empty where the project locks none."""
    if not layer.video.project.locks_accepted:
        return {}
    found: dict[UUID, list[FrameRange]] = {}
    for track, spans in read_verdicts(layer, tracks).items():
        if accepted := _accepted(spans):
            chunks = layer.chunks.filter(track_id=track)
            found[track] = united((_row_before(chunks, first), _row_after(chunks, last)) for first, last in accepted)
    return found


def _row_before(chunks: stored_shapes.Chunks, frame: int) -> int:
    """The frame of the last row up to ``frame``; itself where there is none."""
    before = (int(at) for _, table in stored_shapes.read(stored_shapes.around(chunks, frame)) for at in table.frames)
    return max((at for at in before if at <= frame), default=frame)


def _row_after(chunks: stored_shapes.Chunks, frame: int) -> int:
    """The frame of the first row from ``frame`` on; itself where there is none."""
    at_once = stored_shapes.around(chunks, max(frame - 1, 0))
    behind = (int(at) for _, table in stored_shapes.read(at_once) for at in table.frames)
    return min((at for at in behind if at >= frame), default=frame)
