"""On which frames a track is shown otherwise than it was: exactly those, also between keyframes that moved."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from annotator import stored_shapes
from annotator.actions.edits.past import TrackPast
from annotator.actions.edits.reach import value_at
from annotator.actions.edits.shape_draft import FrameRange
from annotator.actions.edits.spans import common, united
from annotator.models import Layer, Track
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.interpolation import shape_at

MOST_COMPARED = 5000
"""Frames between rows whose shapes are compared; of more, all count as changed."""
SAME_PX = 0.01
"""Corners that are no farther apart are the same: what is interpolated is rounded."""
_SHOWN = Flag.OUTSIDE | Flag.OCCLUDED

Rows = Mapping[int, Row]


def changed_ranges(layer: Layer, track: Track, was: TrackPast, among: Sequence[FrameRange]) -> list[FrameRange]:
    """The frames of ``among`` on which ``track``, as it is stored now, isn't what it ``was``.

    What is said of the whole track (label, constant attributes, whether it is there) counts on all of its frames;
    its number, colour and lock, how certain a shape is, and who made it, don't count.
    """
    if _is_another(track, was):
        return united(among)
    last_frame = max(layer.video.frame_count - 1, 0)
    said = list(_attribute_changes(track, was, last_frame))
    return united([*common(said, among), *_shape_changes(layer, track.pk, was, among)])


def _is_another(track: Track, was: TrackPast) -> bool:
    fields = was.fields
    return (
        (fields.label is not None and fields.label != track.label_id)
        or (fields.deleted is not None and fields.deleted != (track.deleted_at is not None))
        or (fields.attributes is not None and _set(fields.attributes) != _set(track.attributes))
    )


def _set(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that have no value: they are as if they weren't there."""
    return {key: value for key, value in attributes.items() if value is not None}


def _attribute_changes(track: Track, was: TrackPast, last_frame: int) -> Iterator[FrameRange]:
    """Where a value that is set frame by frame is another one."""
    if was.fields.frame_attributes is None:
        return
    for key in was.fields.frame_attributes.keys() | track.frame_attributes.keys():
        former, now = was.fields.frame_attributes.get(key, ()), track.frame_attributes.get(key, ())
        begins = sorted({0, *(frame for frame, _ in (*former, *now))})
        for begin, end in zip(begins, [*begins[1:], last_frame + 1], strict=True):
            if begin < end and value_at(former, begin) != value_at(now, begin):
                yield begin, end - 1


def _shape_changes(layer: Layer, track: UUID, was: TrackPast, among: Sequence[FrameRange]) -> list[FrameRange]:
    known = {start + int(at) for start, mask in was.known.items() for at in np.flatnonzero(mask)}
    if not known or not among:
        return []
    now = _rows_around(layer, track, min(known), max(known))
    old = {frame: row for frame, row in now.items() if frame not in known}
    old |= {row.frame: row for table in was.rows.values() for row in table.rows()}
    changed = {frame for frame in known if not _same(old.get(frame), now.get(frame))}
    reached = common([reach for rows in (old, now) for reach in _reach(sorted(rows), changed)], among)
    if sum(last - first + 1 for first, last in reached) > MOST_COMPARED:
        return reached
    before, after = (tuple(rows[frame] for frame in sorted(rows)) for rows in (old, now))
    frames = [frame for first, last in reached for frame in range(first, last + 1)]
    differing = (frame for frame in frames if not _same(shape_at(before, frame), shape_at(after, frame)))
    return united((frame, frame) for frame in differing)


def _rows_around(layer: Layer, track: UUID, low: int, high: int) -> dict[int, Row]:
    """The rows from the last one before ``low`` to the first one behind ``high``, and some more."""
    chunks = layer.chunks.filter(track_id=track)
    wanted = [chunks.filter(stored_shapes.holding(low, high)), stored_shapes.around(chunks, high)]
    if low > 0:
        wanted.append(stored_shapes.around(chunks, low - 1))
    return {row.frame: row for several in wanted for _, table in stored_shapes.read(several) for row in table.rows()}


def _reach(frames: Sequence[int], changed: Iterable[int]) -> Iterator[FrameRange]:
    """Where what is shown depends on a changed row: up to the rows beside it, of which nothing is shown beyond the
    first and the last. ``frames``: those of the rows, rising."""
    for frame in changed:
        at = bisect_left(frames, frame)
        if at < len(frames) and frames[at] == frame:
            behind = bisect_right(frames, frame)
            before = frames[at - 1] + 1 if at > 0 else frame
            yield before, frames[behind] - 1 if behind < len(frames) else frame


def _same(one: Row | None, other: Row | None) -> bool:
    if one is None or other is None:
        return one is other
    if one.flags & other.flags & Flag.OUTSIDE:
        return True
    return (
        one.kind == other.kind
        and one.flags & _SHOWN == other.flags & _SHOWN
        and one.payload == other.payload
        and all(abs(a - b) <= SAME_PX for a, b in zip(one.bounds, other.bounds, strict=True))
    )
