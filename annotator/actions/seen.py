"""Which frames people had on screen, and as of which revision of the layer: so that the review queue knows what a
machine made and nobody has looked at.

Of each layer and person one row holds stretches of frames, each with the latest revision as of which its frames were
shown; they don't overlap. A browser tells them a few times a minute, as long as somebody moves through the video. It
leaves out what changed while it waited (``frontend/src/store/watched.ts``): what is told was on screen as it
was at that revision. A frame is shown with all of its objects; which of them somebody looked at nobody knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotator.actions.edits.layer_draft import FrameRange
from annotator.models import Event, EventKind, Layer, Seen, User
from tracking.review.layer import Track

STRETCH = np.dtype([("first", "<u4"), ("last", "<u4"), ("revision", "<u8")])
MOST_STRETCHES = 2000
"""Of more the shortest are forgotten: their frames count as not seen."""
CLOSED_S = 0.2
"""Who plays a video faster than it is doesn't see each frame: so short a stretch between seen ones is seen too."""
NEVER = -1
EVENTS_AT_ONCE = 500

Revisions = NDArray[np.int64]


def note_shown(*, user: User, layer_id: int, frames: Sequence[FrameRange], revision: int) -> None:
    """A person had frames of a layer on screen, each stretch with both ends, as they were at ``revision``.

    Frames that the video doesn't have are left out; a revision that is still to come counts as the present one.
    """
    with transaction.atomic():
        layer = Layer.objects.select_related("video").get(pk=layer_id)
        count = layer.video.frame_count
        inside = [(first, min(last, count - 1)) for first, last in frames if first <= min(last, count - 1)]
        if not inside:
            return
        Seen.objects.get_or_create(layer=layer, person=user)
        seen = Seen.objects.select_for_update().get(layer=layer, person=user)
        newest = _unpacked(seen.data, count)
        for first, last in inside:
            part = newest[first : last + 1]
            np.maximum(part, min(revision, layer.revision), out=part)
        seen.data = _packed(newest)
        seen.save(update_fields=["data"])


def carry_over(layer: Layer, events: Sequence[Event]) -> None:
    """Events that stored predictions are about to be joined into the last of them: who saw what one of them stored,
    after it did, has seen it as of that last one too."""
    first, last = events[0].revision, events[-1].revision
    rows = list(Seen.objects.select_for_update().filter(layer=layer))
    if not rows:
        return
    stored = np.full(layer.video.frame_count, NEVER, np.int64)
    between = Event.objects.filter(layer=layer, revision__range=(first, last)).order_by("revision")
    for revision, extent in between.values_list("revision", "extent").iterator(EVENTS_AT_ONCE):
        for _, begin, end in extent:
            if begin is not None:
                stored[begin : end + 1] = revision
    for seen in rows:
        newest = _unpacked(seen.data, len(stored))
        raised = (newest >= first) & (newest < last) & (newest >= stored)
        if raised.any():
            newest[raised] = last
            seen.data = _packed(newest)
            seen.save(update_fields=["data"])


def _unpacked(data: bytes | memoryview, frame_count: int) -> Revisions:
    """(frame_count,): as of which revision each frame was shown last, or ``NEVER``."""
    newest = np.full(frame_count, NEVER, np.int64)
    for first, last, revision in np.frombuffer(data, STRETCH).tolist():
        newest[first : last + 1] = revision
    return newest


def _packed(newest: Revisions) -> bytes:
    edges = np.flatnonzero(np.diff(newest)) + 1
    first, last = np.append(0, edges), np.append(edges, len(newest)) - 1
    found = np.zeros(len(first), STRETCH)
    found["first"], found["last"], found["revision"] = first, last, np.maximum(newest[first], 0)
    found = found[newest[first] != NEVER]
    if len(found) > MOST_STRETCHES:
        lengths = found["last"].astype(np.int64) - found["first"]
        found = found[np.sort(np.argsort(-lengths, kind="stable")[:MOST_STRETCHES])]
    return bytes(found.data)


# ---------------------------------------------------------------- what is known of each row


@dataclass(frozen=True, slots=True)
class Stored:
    """A machine's or an import's shapes of a track. ``run``: its number, from 1; 0: of no run that is known."""

    revision: int
    run: int
    first: int
    last: int


@dataclass
class Origins:
    """What the history of a layer says of its shapes: ``stored``, by track, in the order of the revisions; ``newest``:
    (frames,) as of which revision anybody had each frame on screen; ``since``: before that revision nobody noted it."""

    stored: dict[str, list[Stored]] = field(default_factory=lambda: defaultdict(list))
    newest: Revisions = field(default_factory=lambda: np.zeros(0, np.int64))
    since: int = 0

    @classmethod
    def of(cls, layer: Layer) -> Origins:
        found = cls(newest=_anybody(layer), since=layer.seen_from)
        numbers: dict[object, int] = {None: 0}
        events = Event.objects.filter(layer=layer).order_by("revision")
        wide = events.filter(kind__in=(EventKind.IMPORT, EventKind.RESTORE)).values_list("revision", "extent")
        # What they replaced isn't read: it is long.
        runs = events.filter(kind=EventKind.PREDICTIONS).values_list("revision", "run_id", "payload")
        pieces: list[tuple[int, str, int, int, int]] = []
        for revision, extent in wide.iterator(EVENTS_AT_ONCE):
            pieces += [(revision, track, 0, first, last) for track, first, last in extent if first is not None]
        for revision, run, payload in runs.iterator(EVENTS_AT_ONCE):
            number = numbers.setdefault(run, len(numbers))
            pieces += [(revision, track, number, first, last) for track, first, last in payload["touched"]]
        for revision, track, number, first, last in sorted(pieces, key=lambda piece: piece[0]):
            found.stored[track].append(Stored(revision, number, first, last))
        return found

    def told(self, tracks: Iterable[Track]) -> Iterator[Track]:
        """The tracks, each with which run made its rows, and which of them nobody has seen."""
        for track in tracks:
            runs, revisions = self._rows(track)
            yield replace(track, runs=runs, unseen=self._unseen(track, revisions))

    def _rows(self, track: Track) -> tuple[NDArray[np.int32], Revisions]:
        """(n,) each: the run that made a row, 0: none that is known; and the revision that it is of, 0 likewise."""
        frames = track.rows.frames
        runs, revisions = np.zeros(len(track), np.int32), np.zeros(len(track), np.int64)
        pieces = self.stored.get(track.key, ())
        ends = np.array([(piece.first, piece.last + 1) for piece in pieces], np.int64).reshape(-1, 2)
        for piece, (start, end) in zip(pieces, np.searchsorted(frames, ends).tolist(), strict=True):
            runs[start:end], revisions[start:end] = piece.run, piece.revision
        return runs, revisions

    def _unseen(self, track: Track, revisions: Revisions) -> NDArray[np.bool_]:
        frames = track.rows.frames
        inside = frames < len(self.newest)
        shown = np.full(len(track), NEVER, np.int64)
        shown[inside] = self.newest[frames[inside]]
        # Of what was there before anybody noted it, nothing is said.
        known = revisions > self.since if self.since else True
        found: NDArray[np.bool_] = (shown < revisions) & known & track.predicted & track.shown
        return found


def _anybody(layer: Layer) -> Revisions:
    video = layer.video
    newest = np.full(video.frame_count, NEVER, np.int64)
    for data in Seen.objects.filter(layer=layer).values_list("data", flat=True):
        np.maximum(newest, _unpacked(data, len(newest)), out=newest)
    return _closed(newest, int(CLOSED_S * video.fps))


def _closed(newest: Revisions, near: int) -> Revisions:
    """With at most ``near`` frames between two that were shown filled in, by the older of both."""
    if not len(newest):
        return newest
    at = np.arange(len(newest))
    shown = newest != NEVER
    before = np.maximum.accumulate(np.where(shown, at, -1))
    after = np.minimum.accumulate(np.where(shown, at, len(at))[::-1])[::-1]
    short = ~shown & (before >= 0) & (after < len(at)) & (after - before - 1 <= near)
    found = newest.copy()
    found[short] = np.minimum(newest[before[short]], newest[after[short]])
    return found
