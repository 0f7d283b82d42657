"""What formats share that hold masks alone, frame by frame: limits, and which number each object has in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from annotator.formats import geometry
from annotator.formats import limits as shared
from annotator.formats.base import FormatError, LabelInfo, Limit, TrackData, VideoInfo
from annotator.formats.limits import rows_of, with_rows
from annotator.formats.mot.limits import gapped
from annotator.formats.rows import Rows
from tracking.shapes.bitmaps import cropped
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import ORIGINS, expand
from tracking.shapes.values import Mask

Held = tuple[TrackData | None, int]
Lose = Callable[[int], None]
HELD = (Kind.MASK,)
GAPS = "gaps before the first mask are left out, and those that begin again within a gap are one"
EMPTY = "masks without a pixel are left out"
MOST_BYTES = 2**30
"""Of packed masks that lie in memory, where a file goes by frames and tracks come one by one."""


def limits_of(format_name: str, *, apart: bool, objects: Sequence[Limit] = ()) -> tuple[Limit, ...]:
    """Of a format of masks. ``apart``: whether a pixel is of one object alone; ``objects``: how many there may be."""
    covered = Limit("masks are cut where one of a track with a higher number covers them", layer=_apart)
    return (
        shared.CANDIDATES,
        shared.frame_tags(format_name),
        shared.NOTHING_TO_SEE,
        shared.attributes(format_name),
        shared.judged_spans(format_name),
        Limit(GAPS, track=_gaps_lost),
        Limit("shapes that aren't masks are left out", track=_masks_only),
        Limit("interpolated masks become keyframes: every frame has one of its own", track=_every_frame),
        Limit("masks are cut at the edges of the picture", layer=_within),
        Limit(EMPTY, track=_with_pixels),
        *objects,
        *((covered, Limit(EMPTY, track=_with_pixels)) if apart else ()),
        Limit("windows of masks shrink to their pixels", track=_tight),
        Limit("masks are without their confidence", track=_sure),
        Limit("predicted masks become keyframes", track=_set_by_a_person),
        shared.doubts(format_name),
        Limit("occluded masks aren't marked", track=_never_occluded),
        Limit(GAPS, track=_gaps_marked),
    )


# ---------------------------------------------------------------- of one track


def _gaps_lost(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    return track, max(_gap_rows(rows) - _gap_rows(gapped(Rows.of(expand(rows)))), 0)


def _gap_rows(rows: Rows) -> int:
    """Outside rows before the last shape."""
    shown = np.flatnonzero(rows.shown)
    return int((~rows.shown[: shown[-1]]).sum()) if len(shown) else 0


def _gaps_marked(track: TrackData, _: LabelInfo) -> Held:
    return with_rows(track, gapped(rows_of(track))), 0


def _every_frame(track: TrackData, _: LabelInfo) -> Held:
    """From here on a frame without a row is one without the object, up to ``_gaps_marked``."""
    rows = Rows.of(expand(rows_of(track)))
    return with_rows(track, rows), int((~rows.has(ORIGINS)).sum())


def _masks_only(track: TrackData, _: LabelInfo) -> Held:
    """A mask is held up to a shape of another kind, and no longer."""
    rows = rows_of(track)
    others = (rows.kinds != Kind.MASK) & rows.shown
    if not (~others & rows.shown).any():
        return None, int(others.sum())
    flags = np.where(others, rows.flags | np.uint8(Flag.OUTSIDE), rows.flags)
    return with_rows(track, replace(rows, flags=flags)), int(others.sum())


def _with_pixels(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    filled = np.array([_pixels(payload) > 0 for payload in rows.payloads], bool)
    return (with_rows(track, rows.take(filled)) if filled.any() else None), int((~filled).sum())


def _pixels(payload: bytes) -> int:
    return int(np.frombuffer(payload, "<u4", offset=16)[1::2].sum())


def _tight(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    after = _changed(rows, lambda mask: cropped(mask.bitmap, mask.left, mask.top))
    return with_rows(track, after), sum(map(bytes.__ne__, after.payloads, rows.payloads))


def _sure(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    return with_rows(track, replace(rows, confidence=np.ones(len(rows)))), int((rows.confidence < 1).sum())


def _set_by_a_person(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    flags = rows.flags & ~np.uint8(Flag.PREDICTED) | np.uint8(Flag.KEYFRAME)
    return with_rows(track, replace(rows, flags=flags)), int(rows.has(Flag.PREDICTED).sum())


def _never_occluded(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    flags = rows.flags & ~np.uint8(Flag.OCCLUDED)
    return with_rows(track, replace(rows, flags=flags)), int(rows.has(Flag.OCCLUDED).sum())


# ---------------------------------------------------------------- of several tracks, and of the picture


def _within(video: VideoInfo, tracks: Iterable[TrackData], lose: Lose) -> Iterator[TrackData]:
    size = size_of(video)
    for track in tracks:
        rows = rows_of(track)
        after = _changed(rows, lambda mask: _inside(mask, size))
        lose(sum(_pixels(old) != _pixels(new) for old, new in zip(rows.payloads, after.payloads, strict=True)))
        yield with_rows(track, after)


def _inside(mask: Mask, size: tuple[int, int]) -> Mask:
    """What of a mask lies in a picture of ``size`` (height, width), its window with it."""
    height, width = size
    h, w = mask.bitmap.shape
    top, left = min(max(mask.top, 0), height - 1), min(max(mask.left, 0), width - 1)
    bottom, right = max(min(mask.top + h, height), top + 1), max(min(mask.left + w, width), left + 1)
    if (left, top, right, bottom) == (mask.left, mask.top, mask.left + w, mask.top + h):
        return mask
    bitmap = mask.bitmap[max(top - mask.top, 0) : max(bottom - mask.top, 0)]
    bitmap = bitmap[:, max(left - mask.left, 0) : max(right - mask.left, 0)]
    # Of a mask beside the picture a window of one pixel is left, without it.
    return Mask(left, top, bitmap if bitmap.size else np.zeros((1, 1), np.bool_))


def _apart(video: VideoInfo, tracks: Iterable[TrackData], lose: Lose) -> Iterator[TrackData]:
    listed = in_memory(tracks)
    payloads = [list(rows_of(track).payloads) for track in listed]
    lost = [0] * len(listed)
    covered = np.zeros(size_of(video), np.bool_)
    for places in _frames_of_several(listed):
        covered[:] = False
        for at, row in sorted(places, key=lambda place: -listed[place[0]].number):
            mask = mask_of(payloads[at][row])
            h, w = mask.bitmap.shape
            window = covered[mask.top : mask.top + h, mask.left : mask.left + w]
            if (window & mask.bitmap).any():
                payloads[at][row] = packed(Mask(mask.left, mask.top, mask.bitmap & ~window))
                lost[at] += 1
            window |= mask.bitmap
    for track, after, count in zip(listed, payloads, lost, strict=True):
        lose(count)
        yield with_rows(track, with_payloads(rows_of(track), after))


def _frames_of_several(tracks: Sequence[TrackData]) -> Iterator[list[tuple[int, int]]]:
    """Of each frame where windows of masks meet, the masks on it by the positions of track and row."""
    columns = [rows_of(track) for track in tracks]
    if not columns:
        return
    frames = np.concatenate([rows.frames for rows in columns])
    owners = np.repeat(np.arange(len(columns)), [len(rows) for rows in columns])
    places = np.concatenate([np.arange(len(rows)) for rows in columns])
    bounds = np.concatenate([rows.bounds for rows in columns])
    order = np.argsort(frames, kind="stable")
    for of_frame in np.split(order, np.flatnonzero(np.diff(frames[order])) + 1):
        if len(of_frame) > 1 and _meet(bounds[of_frame]):
            yield list(zip(owners[of_frame].tolist(), places[of_frame].tolist(), strict=True))


def _meet(bounds: NDArray[np.float32]) -> bool:
    """Whether any two of (n, 4) boxes have an area in common."""
    x1, y1, x2, y2 = bounds.T
    both = (x1[:, None] < x2) & (x1 < x2[:, None]) & (y1[:, None] < y2) & (y1 < y2[:, None])
    return int(both.sum()) > len(bounds)


def numbered(words: str, allot: Callable[[Sequence[TrackData]], Mapping[int, int]]) -> Limit:
    """Tracks for which ``allot`` has no number in the file are left out."""

    def kept(_: VideoInfo, tracks: Iterable[TrackData], lose: Lose) -> Iterator[TrackData]:
        listed = in_memory(tracks)
        known = allot(listed)
        for track in listed:
            lose(int(track.number not in known))
            if track.number in known:
                yield track

    return Limit(words, layer=kept)


# ---------------------------------------------------------------- packed masks


def size_of(video: VideoInfo) -> tuple[int, int]:
    """Height and width of the picture. Raises FormatError where they aren't known."""
    if video.width < 1 or video.height < 1:
        raise FormatError("Masks lie in a picture, whose size isn't known of this video. Choose another format.")
    return video.height, video.width


def in_memory(tracks: Iterable[TrackData]) -> list[TrackData]:
    """All tracks. Raises FormatError where they are more than fits."""
    listed, size = [], 0
    for track in tracks:
        size += sum(map(len, {id(payload): payload for payload in rows_of(track).payloads}.values()))
        if size > MOST_BYTES:
            raise FormatError(
                f"A file that goes by frames has at most {MOST_BYTES / 2**30:.3g} GiB of packed masks; these are more. "
                "Choose another format."
            )
        listed.append(track)
    return listed


def mask_of(payload: bytes) -> Mask:
    row = Row(0, Kind.MASK, Flag(0), 1.0, (0, 0, 0, 0), payload)
    left, top, _, _ = geometry.mask_window(row)
    return Mask(left, top, geometry.mask_bitmap(row))


def packed(mask: Mask) -> bytes:
    return geometry.mask_row(0, Flag(0), 1.0, mask.left, mask.top, mask.bitmap).payload


def with_payloads(rows: Rows, payloads: Sequence[bytes]) -> Rows:
    """Rows of masks with other masks, and so other bounds."""
    windows = np.array([np.frombuffer(payload, "<i4", 4) for payload in payloads], np.float64).reshape(-1, 4)
    bounds = np.concatenate([windows[:, :2], windows[:, :2] + windows[:, 2:]], axis=1).astype(np.float32)
    return replace(rows, bounds=bounds, payloads=tuple(payloads))


def rows_of_masks(masks: Mapping[int, bytes], told: Sequence[int] | None = None) -> Rows:
    """The rows of a track by its packed masks by frame: keyframes, and a gap where it isn't on a frame.

    Args:
        told: the frames of which the file says what is on them, rising; None: of all. On others nothing changes.
    """
    frames = np.array(sorted(masks), np.int64)
    places = frames if told is None else np.searchsorted(np.asarray(told, np.int64), frames)
    count = len(frames)
    rows = Rows(
        frames=places,
        kinds=np.full(count, Kind.MASK, np.uint8),
        flags=np.full(count, Flag.KEYFRAME, np.uint8),
        confidence=np.ones(count),
        bounds=np.zeros((count, 4), np.float32),
        payloads=tuple(masks[frame] for frame in frames.tolist()),
    )
    closed = gapped(with_payloads(rows, rows.payloads))
    return closed if told is None else replace(closed, frames=np.asarray(told, np.int64)[closed.frames])


def _changed(rows: Rows, change: Callable[[Mask], Mask]) -> Rows:
    """Rows with every mask changed. One that is held through many frames is changed once."""
    known: dict[bytes, bytes] = {}
    for payload in rows.payloads:
        if payload not in known:
            before = mask_of(payload)
            after = change(before)
            known[payload] = payload if after is before else packed(after)
    return with_payloads(rows, [known[payload] for payload in rows.payloads])
