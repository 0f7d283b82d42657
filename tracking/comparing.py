"""Where two sets of tracks of one video differ, and how well they agree.

Boxes are matched frame by frame as CLEAR MOT does (Bernardin, Stiefelhagen, 2008): who belonged together before stays
together while they overlap by ``SAME``, the others are matched by the best sum of overlaps. Shapes of other kinds count
by their bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tracking.association.assignment import assign, overlaps
from tracking.shapes.chunks import Flag, Kind
from tracking.types import TrackingError

if TYPE_CHECKING:
    from tracking.evaluate.track_clips import Rows

Kinds = Literal["missed", "extra", "switch", "overlap", "label"]
KINDS: tuple[Kinds, ...] = ("missed", "extra", "switch", "overlap", "label")
SAME = 0.5
"""Intersection over union from which two boxes are of one object."""
NEAR = 0.1
"""From this overlap on, two boxes that nothing else explains are one object badly placed, not one missed and one
extra."""
CHECK_EVERY = 200
NOTHING = -1
SCORES = ("hota", "deta", "assa", "idf1", "mota", "switches")

Numbers = NDArray[np.intp]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tracks:
    """The boxes of a layer, a row each, by rising frame. ``frame``: (n,) from 0; ``track``, ``label``: (n,) numbers;
    ``boxes``: (n, 4) corners in px."""

    frame: Numbers
    track: Numbers
    label: Numbers
    boxes: Array

    @classmethod
    def joined(cls, parts: Sequence[tuple[int, int, Numbers, Array]]) -> Tracks:
        """Of tracks, each as its number, its label, the frames (n,) on which it shows and its boxes (n, 4) there."""
        if not parts:
            none = np.empty(0, np.intp)
            return cls(none, none, none, np.empty((0, 4)))
        frame = np.concatenate([frames for _, _, frames, _ in parts])
        order = np.argsort(frame, kind="stable")
        sizes = [len(frames) for _, _, frames, _ in parts]
        return cls(
            frame=frame[order],
            track=np.repeat(np.array([track for track, _, _, _ in parts], np.intp), sizes)[order],
            label=np.repeat(np.array([label for _, label, _, _ in parts], np.intp), sizes)[order],
            boxes=np.concatenate([boxes for _, _, _, boxes in parts])[order].astype(np.float64),
        )

    def of_label(self, label: int) -> Tracks:
        """The rows of one label."""
        which = self.label == label
        return Tracks(self.frame[which], self.track[which], self.label[which], self.boxes[which])

    def within(self, ranges: Sequence[tuple[int, int]]) -> Tracks:
        """The rows of some frames; ``ranges``: (first, last), both included."""
        which = np.zeros(len(self), np.bool_)
        for first, last in ranges:
            which |= (self.frame >= first) & (self.frame <= last)
        return Tracks(self.frame[which], self.track[which], self.label[which], self.boxes[which])

    def places(self, frames: int) -> Numbers:
        """(frames + 1,): where the rows of each frame begin."""
        return np.searchsorted(self.frame, np.arange(frames + 1)).astype(np.intp)

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(slots=True)
class Difference:
    """A stretch of frames, both ends included, on which two tracks (-1: none) differ in one way. ``overlap``: the
    lowest in it; 0 where there is but one box."""

    kind: Kinds
    first: int
    last: int
    reference: int
    compared: int
    overlap: float = 0.0


@dataclass(slots=True)
class Differences:
    """``found``: by their first frames; ``frames``: of each kind, on how many boxes; ``chart``: of each kind, how many
    boxes in each of the equal parts of the video; ``matched``: how many boxes of both belong together, and ``overlap``
    their mean intersection over union (None: there are none)."""

    found: list[Difference] = field(default_factory=list)
    frames: dict[Kinds, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    chart: dict[Kinds, list[int]] = field(default_factory=dict)
    matched: int = 0
    overlap: float | None = None


def shown(frames: Numbers, kinds: NDArray[np.uint8], flags: NDArray[np.uint8], bounds: Array) -> tuple[Numbers, Array]:
    """The frames on which a track shows, and its bounds there, of its stored rows in rising order.

    Between two rows bounds move in a straight line; those of a mask, before a change of kind, and before an outside row
    hold. For outlines and joints, whose points move so, that is the bounds or a little more.

    Returns:
        frames (n,) and boxes (n, 4)
    """
    outside = (flags & int(Flag.OUTSIDE)) != 0
    if not len(frames):
        return frames, bounds
    lengths = np.diff(frames, append=frames[-1] + 1)
    lengths[outside] = 0
    row = np.repeat(np.arange(len(frames)), lengths)
    step = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    following = np.minimum(row + 1, len(frames) - 1)
    moves = (kinds[row] == kinds[following]) & ~outside[following] & (kinds[row] != Kind.MASK) & (following > row)
    share = np.where(moves, step / np.maximum(lengths[row], 1), 0.0)[:, None]
    return frames[row] + step, bounds[row] * (1 - share) + bounds[following] * share


def differences(
    reference: Tracks,
    compared: Tracks,
    frames: int,
    *,
    parts: int = 200,
    watch: Callable[[float], None] = lambda _: None,
) -> Differences:
    """Where ``compared`` differs from ``reference``; of both a track is at most once on a frame.

    Args:
        frames: of the video.
        parts: of the chart; fewer where the video has fewer frames.
        watch: is told from time to time which share is done, in [0, 1].
    """
    walk = _Walk(reference, compared)
    begins, others = reference.places(frames), compared.places(frames)
    parts = max(min(parts, frames), 1)
    result = Differences(chart={kind: [0] * parts for kind in KINDS})
    for frame in range(frames):
        if frame % CHECK_EVERY == 0:
            watch(frame / frames)
        for kind in walk.frame(frame, slice(begins[frame], begins[frame + 1]), slice(others[frame], others[frame + 1])):
            result.frames[kind] += 1
            result.chart[kind][frame * parts // frames] += 1
    result.matched, result.overlap = walk.matched, walk.shared / walk.matched if walk.matched else None
    result.found = sorted(walk.found, key=lambda each: (each.first, KINDS.index(each.kind)))
    return result


def why_no_scores() -> str:
    """What is missing for ``scores``, and how to get it; empty: nothing is."""
    from tracking.evaluate.track_scores import require_package

    try:
        require_package()
    except TrackingError as error:
        return str(error)
    return ""


def scores(reference: Tracks, compared: Tracks, frames: int) -> dict[str, float | None]:
    """How well tracks agree, as the package TrackEval computes it: shares in [0, 1] (``mota`` may be below), and the
    number of identity ``switches``. None where the reference has no box: nothing can be said then.

    Raises:
        TrackingError: the package isn't here.
    """
    from tracking.evaluate.track_clips import Rows
    from tracking.evaluate.track_scores import compare

    if not len(reference):
        return dict.fromkeys(SCORES)
    found = compare(_rows(Rows, reference), _rows(Rows, compared), frames)
    return {name: getattr(found, name) for name in SCORES}


def _rows(kind: type[Rows], tracks: Tracks) -> Rows:
    return kind(tracks.frame, tracks.track, tracks.boxes)


class _Walk:
    """Frame after frame; knows who belonged together, and which differences still go on."""

    def __init__(self, reference: Tracks, compared: Tracks) -> None:
        self.reference, self.compared = reference, compared
        self.partner: dict[int, int] = {}
        self.found: list[Difference] = []
        self.open: dict[tuple[Kinds, int, int], Difference] = {}
        self.matched, self.shared = 0, 0.0

    def frame(self, frame: int, here: slice, there: slice) -> Iterator[Kinds]:
        """What differs on one frame, once for each box; ``here``, ``there``: the rows of both on it."""
        known, found = self.reference.track[here], self.compared.track[there]
        if not len(known) and not len(found):
            return
        shared = overlaps(self.reference.boxes[here], self.compared.boxes[there])
        pairs = self._pairs(known, found, shared)
        labels = self.reference.label[here], self.compared.label[there]
        for row, column in pairs:
            one, other = int(known[row]), int(found[column])
            if self.partner.get(one, other) != other:
                yield self._note("switch", frame, one, other, shared[row, column])
            self.partner[one] = other
            self.matched += 1
            self.shared += float(shared[row, column])
            if labels[0][row] != labels[1][column]:
                yield self._note("label", frame, one, other, shared[row, column])
        rest, others = _left(pairs, len(known), len(found))
        near = assign(1 - shared[np.ix_(rest, others)], 1 - NEAR)
        for row, column in zip(near.rows.tolist(), near.columns.tolist(), strict=True):
            one, other = rest[row], others[column]
            yield self._note("overlap", frame, int(known[one]), int(found[other]), shared[one, other])
        for row in near.free_rows.tolist():
            yield self._note("missed", frame, int(known[rest[row]]), NOTHING, 0.0)
        for column in near.free_columns.tolist():
            yield self._note("extra", frame, NOTHING, int(found[others[column]]), 0.0)

    def _pairs(self, known: Numbers, found: Numbers, shared: Array) -> list[tuple[int, int]]:
        """Rows of both that are one object."""
        columns = {int(track): column for column, track in enumerate(found.tolist())}
        stay: dict[int, int] = {}  # by column: two may have had the same partner
        for row, track in enumerate(known.tolist()):
            column = columns.get(self.partner.get(track, NOTHING))
            if column is not None and shared[row, column] >= SAME:
                stay.setdefault(column, row)
        pairs = [(row, column) for column, row in stay.items()]
        rows, free = _left(pairs, len(known), len(found))
        best = assign(1 - shared[np.ix_(rows, free)], 1 - SAME)
        pairs += [(rows[row], free[at]) for row, at in zip(best.rows.tolist(), best.columns.tolist(), strict=True)]
        return pairs

    def _note(self, kind: Kinds, frame: int, reference: int, compared: int, overlap: float) -> Kinds:
        going = self.open.get((kind, reference, compared))
        if going is not None and going.last == frame - 1 and kind != "switch":
            going.last, going.overlap = frame, min(going.overlap, float(overlap))
        else:
            going = Difference(kind, frame, frame, reference, compared, float(overlap))
            self.open[kind, reference, compared] = going
            self.found.append(going)
        return kind


def _left(pairs: Sequence[tuple[int, int]], rows: int, columns: int) -> tuple[list[int], list[int]]:
    """The rows and columns that are in no pair, rising."""
    taken, others = {row for row, _ in pairs}, {column for _, column in pairs}
    return [row for row in range(rows) if row not in taken], [each for each in range(columns) if each not in others]
