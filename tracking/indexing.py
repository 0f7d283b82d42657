"""Makes a video's frame index.

The packets' timestamps tell the frames, which takes milliseconds. That they can be trusted is checked: a file whose
timestamps are missing, the same twice, or fall back, or whose first pictures come out in another order than they say,
is decoded as a whole, and the order in which its pictures come out counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray

from tracking.containers import (
    EDITED,
    MediaError,
    check_complete,
    has_edit_list,
    in_words,
    open_container,
    video_stream,
)
from tracking.decoding import (
    PacketNumbers,
    codec_of,
    is_picture,
    make_ready,
    numbered_pictures,
    position_of,
    stamp_of,
)
from tracking.frame_index import (
    BEGINS,
    DAMAGED,
    GAPS,
    HIDDEN,
    MOST_PIXELS,
    MOST_PX,
    NO_STAMP,
    TWIN,
    UNREAD,
    FrameIndex,
)
from tracking.orientation import orientation_of

Progress = Callable[[float], None]
"""Called with the share that is done, in [0, 1]; raises to cancel."""
Ordinals = NDArray[np.int64]

CHECKED = 64
"""Pictures that are decoded to see whether they come out as the timestamps say: more than any codec holds back."""
FALLS_S, LEAPS_S = 1.0, 12 * 3600.0
"""A clock that goes back by more than this began anew; one of a broadcast or stream that leaps this far has wrapped."""
ANNOUNCING = ("matroska,webm", "avi", "flv", "asf")
SLACK_S, SLACK = 1.0, 0.02
"""Pictures may end this much before the length that a file announces, in seconds and as a share of it."""
GAP_S, GAP_STEPS = 1.0, 10
"""A gap is at least so long, in seconds and in usual steps of the clock."""
GAP_SLACK, EVEN = 0.02, 0.95
"""The rate is constant where so many of the other steps differ from the usual one by no more than that share."""
STREAMED = ("mpegts", "mpeg", "flv")
"""Formats whose clocks are counters of a few bits."""


@dataclass(frozen=True, slots=True)
class _Packets:
    """The packets that should give one picture each, in the order of decoding: (N,) int64 times (NO_STAMP for none),
    (N,) decoding times likewise, (N,) positions in the file, (N,) bool keyframes. ``hidden``, ``twins``, ``unread``:
    how many pictures an edit list leaves out, can't be told apart, and should follow by the length that is announced.
    """

    stamps: NDArray[np.int64]
    decoding: NDArray[np.int64]
    positions: NDArray[np.int64]
    keyframes: NDArray[np.bool_]
    hidden: int
    twins: int
    unread: int
    time_base: Fraction
    streamed: bool

    def __len__(self) -> int:
        return len(self.stamps)

    def order_that_gives(self, came: Ordinals) -> Ordinals | None:
        """The order that the times tell, from the first picture that came; None when they can't be trusted: one lacks,
        two are the same, the clock began anew, or the first pictures (``came``) came out otherwise.

        A few that are missing among these are damaged. When as many are missing as every other one, the packets are no
        pictures of their own (two interlaced fields make one).
        """
        order = np.argsort(self.stamps, kind="stable")
        stamps = self.stamps[order]
        if stamps[0] == NO_STAMP or np.any(np.diff(stamps) == 0) or self.runs()[-1]:
            return None
        rank = np.empty(len(self), np.int64)
        rank[order] = np.arange(len(self))
        ranks = rank[came]
        span = ranks[-1] - ranks[0] + 1
        if np.any(np.diff(ranks) <= 0) or 3 * len(ranks) < 2 * span:
            return None
        return order[ranks[0] :]

    def times(self, order: Ordinals) -> NDArray[np.int64]:
        """Strictly rising times for packets whose pictures come out in ``order``: those that they carry, as if the
        clock had never begun anew; sorted, as in some files they only tell the order of decoding."""
        times = np.sort(_filled(self._continued()[order]))
        counted = np.arange(len(times))
        return np.asarray(np.maximum.accumulate(times - counted) + counted, np.int64)

    def _continued(self) -> NDArray[np.int64]:
        """(N,) the times of a clock that goes on where it began anew (NO_STAMP stays)."""
        run, decoding = self.runs(), _filled(self.decoding)
        steps = np.diff(decoding)
        step = int(np.median(steps[steps > 0])) if np.any(steps > 0) else 1
        begins = np.flatnonzero(np.diff(run)) + 1
        shifts = np.concatenate([[0], np.cumsum(decoding[begins - 1] + step - decoding[begins])])
        # Around such a place a picture's two times may lie on both sides of it: they belong close together.
        sides = np.clip(run + np.array([[-1], [0], [1]]), 0, len(shifts) - 1)
        apart = np.abs(self.stamps + shifts[sides] - (decoding + shifts[run]))
        nearest = np.take_along_axis(sides, apart.argmin(axis=0)[None], axis=0)[0]
        return np.where(self.stamps == NO_STAMP, NO_STAMP, self.stamps + shifts[nearest])

    def runs(self) -> NDArray[np.int64]:
        """(N,) which run of the clock each packet lies in: 0, and one more wherever the clock began anew."""
        known = self.decoding != NO_STAMP
        steps = np.diff(self.decoding[known]).astype(float) * float(self.time_base)
        anew = (steps < -FALLS_S) | ((steps > LEAPS_S) & self.streamed)
        begins = np.zeros(len(self), np.int64)
        begins[np.flatnonzero(known)[1:][anew]] = 1
        return np.cumsum(begins)


def build_index(path: Path, progress: Progress = lambda _: None) -> FrameIndex:
    """List a video's frames. ``progress`` is called only where all of it must be decoded.

    Raises:
        MediaError: when it is no usable video.
    """
    check_complete(path)
    packets = _packets(path)
    if not len(packets):
        raise MediaError("The video holds no pictures (0 frames). Export it again.")
    first, came = _first_pictures(path, packets)
    order = packets.order_that_gives(came)
    if order is not None:
        return _index(first, packets, order, packets.stamps[order], {BEGINS: len(packets) - len(order)})
    order = _decoded_order(path, packets, progress)
    return _index(first, packets, order, packets.times(order), lost_from(order, len(packets)))


@dataclass(frozen=True, slots=True)
class _First:
    """What the first picture tells of all: see FrameIndex."""

    picture: av.VideoFrame
    aspect: Fraction
    codec: str


def _index(
    first: _First, packets: _Packets, order: Ordinals, times: NDArray[np.int64], reasons: dict[str, int]
) -> FrameIndex:
    orientation = orientation_of(first.picture)
    width, height = max(1, round(first.picture.width * first.aspect)), first.picture.height
    if orientation.swaps_sides:
        width, height = height, width
    if max(width, height) > MOST_PX or width * height > MOST_PIXELS:
        raise MediaError(
            f"A video's sides may have up to {MOST_PX} px, and its pictures {MOST_PIXELS // 10**6} million px; this "
            f"one has {width} x {height}. Scale it down and upload that."
        )
    stamps, positions = packets.stamps[order], packets.positions[order]
    alone = len(np.unique(stamps)) == len(stamps) and NO_STAMP not in stamps
    left_out = {
        HIDDEN: packets.hidden,
        TWIN: packets.twins,
        UNREAD: packets.unread,
        GAPS: in_gaps(times, packets.time_base),
        **reasons,
    }
    return FrameIndex(
        pts=times,
        keyframes=packets.keyframes[order],
        time_base=packets.time_base,
        orientation=orientation,
        width=width,
        height=height,
        codec=first.codec,
        stamps=np.empty(0, np.int64) if np.array_equal(stamps, times) else stamps,
        positions=np.empty(0, np.int64) if alone else positions,
        left_out={reason: count for reason, count in left_out.items() if count},
    )


def lost_from(order: Ordinals, total: int) -> dict[str, int]:
    """Why packets gave no picture, when those of ``order`` did: how many, by reason."""
    missing = np.setdiff1d(np.arange(total), order)
    if len(missing) * 5 > total * 2 and np.all(np.isin(missing - 1, order)):
        # The second fields of interlaced pictures.
        return {}
    begins = int(np.count_nonzero(missing < order.min()))
    return {BEGINS: begins, DAMAGED: len(missing) - begins}


def in_gaps(times: NDArray[np.int64], time_base: Fraction) -> int:
    """About how many frames lack in the gaps of a recording of constant rate. 0 where the rate varies: what looks like
    a gap may be a picture that stood still."""
    steps = np.diff(times)
    if not len(steps):
        return 0
    usual = float(np.median(steps))
    gaps = steps > max(GAP_STEPS * usual, GAP_S / float(time_base))
    even = np.abs(steps[~gaps] - usual) <= 1 + GAP_SLACK * usual
    return int(np.round(steps[gaps] / usual - 1).sum()) if np.count_nonzero(even) >= EVEN * len(even) else 0


def _filled(stamps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times in the order of pictures, those that lack (NO_STAMP) put evenly between their neighbours."""
    known = np.flatnonzero(stamps != NO_STAMP)
    if len(known) == len(stamps):
        return stamps
    if not len(known):
        return np.arange(len(stamps), dtype=np.int64)
    step = max((stamps[known[-1]] - stamps[known[0]]) // max(known[-1] - known[0], 1), 1)
    filled = np.interp(np.arange(len(stamps)), known, stamps[known]).astype(np.int64)
    before, after = np.arange(known[0]), np.arange(known[-1] + 1, len(stamps))
    filled[before] = stamps[known[0]] - step * (known[0] - before)
    filled[after] = stamps[known[-1]] + step * (after - known[-1])
    return filled


def _packets(path: Path) -> _Packets:
    """Read a file's packets. Raises MediaError when it is damaged between them."""
    with open_container(path) as container:
        stream = video_stream(container)
        codec = codec_of(stream)
        edits = container.format.name.startswith(EDITED) and has_edit_list(path, stream.id)
        rows: list[tuple[int, int, int, bool]] = []
        hidden = seen = 0
        try:
            for packet in container.demux(stream):
                if not is_picture(packet, codec):
                    continue
                seen += 1
                stamp = stamp_of(packet)
                if packet.is_discard or (edits and NO_STAMP < stamp < 0):
                    hidden += 1
                    continue
                decoding = stamp if packet.dts is None else packet.dts
                rows.append((stamp, decoding, position_of(packet), packet.is_keyframe))
        except av.error.FFmpegError as error:
            raise MediaError(
                f"The file is damaged after {len(rows)} frames: {in_words(error, path)}. Upload the complete file."
            ) from error
        # What lies outside of the groups that an edit list needs isn't even handed out; the file's table counts it.
        outside = max(stream.frames - seen, 0) if edits else 0
        table = np.array([row[:3] for row in rows], np.int64).reshape(-1, 3)
        _, alone = np.unique(table[:, ::2], axis=0, return_index=True)
        kept = np.sort(alone)
        return _Packets(
            stamps=table[kept, 0],
            decoding=table[kept, 1],
            positions=table[kept, 2],
            keyframes=np.array([row[3] for row in rows], bool)[kept],
            hidden=hidden + outside,
            twins=len(table) - len(kept),
            unread=_unread(container, stream, table[kept, 0]),
            time_base=Fraction(stream.time_base or Fraction(1, 1000)),
            streamed=container.format.name in STREAMED,
        )


def _unread(container: av.container.InputContainer, stream: av.VideoStream, stamps: NDArray[np.int64]) -> int:
    """About how many frames are missing at the end, by the length that a file announces: where a file of loose blocks
    is damaged, reading may end without a word. 0 for formats that announce none, or whose tables are all there is."""
    seconds = _announced_s(container, stream)
    known = stamps[stamps != NO_STAMP]
    if container.format.name not in ANNOUNCING or seconds is None or len(known) < 2:
        return 0
    read_s = float(known.max()) * float(stream.time_base or 0)
    span_s = read_s - float(known.min()) * float(stream.time_base or 0)
    missing_s = seconds - read_s
    if span_s <= 0 or missing_s <= max(SLACK_S, SLACK * seconds):
        return 0
    return round(missing_s * (len(known) - 1) / span_s) - 1


def _announced_s(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """Where a file says that its pictures end, in seconds."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if found := re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", "")):
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    # That of the longest track.
    return container.duration / av.time_base if container.duration and len(container.streams) == 1 else None


def _first_pictures(path: Path, packets: _Packets) -> tuple[_First, Ordinals]:
    """What the first picture tells, and which packets the first ones come from."""
    with _opened(path, packets) as (stream, pictures):
        first: _First | None = None
        came = []
        for number, picture in islice(pictures, CHECKED):
            came.append(number)
            if first is None:
                first = _First(picture, Fraction(stream.sample_aspect_ratio or 1), codec_of(stream))
        if first is None:
            raise MediaError("The video's pictures can't be decoded. Convert it to H.264 in MP4 and upload that.")
        return first, np.array(came, np.int64)


def _decoded_order(path: Path, packets: _Packets, progress: Progress) -> Ordinals:
    """Which packets all pictures come from, as they come out."""
    came = []
    with _opened(path, packets) as (_, pictures):
        for number, _ in pictures:
            came.append(number)
            progress(min(len(came) / len(packets), 1.0))
    order = np.array(came, np.int64)
    _, once = np.unique(order, return_index=True)
    return order[np.sort(once)]


@contextmanager
def _opened(path: Path, packets: _Packets) -> Iterator[tuple[av.VideoStream, Iterator[tuple[int, av.VideoFrame]]]]:
    numbers = PacketNumbers(packets.stamps, packets.positions)
    with open_container(path) as container:
        stream = video_stream(container)
        make_ready(stream)
        yield stream, numbered_pictures(container.demux(stream), stream, numbers.of)
