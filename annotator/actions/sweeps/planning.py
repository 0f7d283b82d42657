"""What a run over one video of a sweep begins with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Max

from annotator import stored_shapes
from annotator.models import Layer, Run, RunState, Sweep, Track, Video
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.payloads import shape_of
from tracking.shapes.values import is_empty, kind_name


@dataclass(frozen=True)
class Plan:
    """``rows``: by track, in order of their frames, the shape that it goes on from. ``left_out``: by reason, how many
    tracks stay as they are."""

    rows: Mapping[UUID, Row]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def frames(self, last: int) -> int:
        """Object-frames that it takes to continue all of it to ``last``."""
        return sum(last - row.frame for row in self.rows.values())

    def told(self) -> str:
        """What is left out, as a sentence; empty: nothing."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.left_out.items()))
        return f"Not continued: {reasons}." if reasons else ""


def range_in(sweep: Sweep, video: Video) -> tuple[int, int]:
    """The frames of a video that a sweep is about, both included; first > last: none."""
    end = video.frame_count - 1
    return sweep.first, end if sweep.last is None else min(sweep.last, end)


def count_tracks(layer: Layer) -> str:
    """How many tracks it has, in words; empty: none."""
    count = layer.tracks.filter(deleted_at=None).count()
    return f"{count} track{'' if count == 1 else 's'}" if count else ""


def plan_continue(layer: Layer, *, first: int, last: int, prompts: Collection[str]) -> Plan:
    """Continue every track of a layer from its last shape in ``first..last``.

    Args:
        prompts: kinds of geometry that the model follows.
    """
    tracks = {track.pk: track for track in layer.tracks.filter(deleted_at=None)}
    ends = _last_rows(layer, tracks, first, last)
    busy = _followed(layer)
    left_out: Counter[str] = Counter()
    rows: dict[UUID, Row] = {}
    for track in tracks.values():
        row = ends.get(track.pk)
        why = _why_not(track, row, last=last, prompts=prompts, busy=busy)
        if why:
            left_out[why] += 1
        elif row is not None:
            rows[track.pk] = row
    return Plan(dict(sorted(rows.items(), key=lambda item: item[1].frame)), left_out)


def _why_not(track: Track, row: Row | None, *, last: int, prompts: Collection[str], busy: Collection[UUID]) -> str:
    """Why a track isn't continued from its last row; empty: it is."""
    if track.locked:
        return "locked"
    if track.pk in busy:
        return "being tracked right now"
    if row is None:
        return "without a shape in these frames"
    if row.flags & Flag.OUTSIDE:
        return "out of the picture"
    if row.frame >= last:
        return "at the end already"
    if row.kind == Kind.TAG or kind_name(row.kind) not in prompts:
        return f"drawn as {row.kind.words}, which this model doesn't follow"
    return "with an empty shape" if is_empty(shape_of(row)) else ""


def _last_rows(layer: Layer, tracks: Iterable[UUID], first: int, last: int) -> dict[UUID, Row]:
    """Of each track the last row in ``first..last``; of those with none there is none."""
    chunks = layer.chunks.filter(track_id__in=list(tracks), first__lte=last, last__gte=first)
    # A chunk that begins in the range has a row there; of one that begins before, only reading it tells.
    latest = set(chunks.order_by().values_list("track_id").annotate(Max("start")))
    found: dict[UUID, Row] = {}
    for track, table in stored_shapes.read(stored_shapes.at_places(chunks, latest)):
        inside = [index for index, frame in enumerate(table.frames.tolist()) if first <= frame <= last]
        if inside:
            found[track] = table.row(inside[-1])
    return found


def _followed(layer: Layer) -> set[UUID]:
    """Tracks that a run which isn't over follows: it goes first."""
    active = Run.objects.filter(layer=layer, state__in=(RunState.QUEUED, RunState.RUNNING))
    return {UUID(track) for states in active.values_list("objects_state", flat=True) for track in states}
