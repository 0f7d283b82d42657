"""Writes MOTChallenge text: a line for each shape, by frame and then by track."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from annotator.formats import decimals
from annotator.formats.base import Progress, Report, TrackData, VideoInfo
from annotator.formats.limits import rows_of
from tracking.shapes.chunks import Flag

HALF_HIDDEN = 0.5
"""Visibility written for an occluded shape, and up to which one read counts as occluded."""
LINES_AT_ONCE = 10_000
DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a file as columns, in their order. ``boxes``: (n, 4) float32, x1, y1, x2, y2 in our px."""

    frames: NDArray[np.int64]
    ids: NDArray[np.int64]
    boxes: NDArray[np.float32]
    confidence: NDArray[np.float64]
    classes: NDArray[np.int64]
    occluded: NDArray[np.bool_]


def lines_of(tracks: Iterator[TrackData], classes: Mapping[str, int], report: Report, progress: Progress) -> Lines:
    """Everything that is shown, as 45 bytes a shape: a file is sorted by frames, and tracks come one by one."""
    found = [_nothing()]
    for done, track in enumerate(tracks, start=1):
        rows = rows_of(track)
        rows = rows.take(rows.shown)
        count = len(rows)
        report.tracks += 1
        report.shapes += count
        found.append(
            Lines(
                frames=rows.frames + 1,
                ids=np.full(count, track.number, np.int64),
                boxes=rows.bounds,
                confidence=rows.confidence,
                classes=np.full(count, classes.get(track.label, 1), np.int64),
                occluded=rows.has(Flag.OCCLUDED),
            )
        )
        progress(done)
    names = Lines.__dataclass_fields__
    joined = Lines(**{name: np.concatenate([getattr(part, name) for part in found]) for name in names})
    order = np.lexsort((joined.ids, joined.frames))
    return Lines(**{name: getattr(joined, name)[order] for name in names})


def _nothing() -> Lines:
    none = np.empty(0, np.int64)
    return Lines(none, none, np.empty((0, 4), np.float32), np.empty(0), none, np.empty(0, np.bool_))


def write_lines(text: TextIO, lines: Lines, *, results: bool, shift: float) -> None:
    for start in range(0, len(lines.frames), LINES_AT_ONCE):
        part = slice(start, start + LINES_AT_ONCE)
        ends = _scores(lines.confidence[part]) if results else _truths(lines.classes[part], lines.occluded[part])
        columns = zip(
            lines.frames[part].tolist(), lines.ids[part].tolist(), _boxes(lines.boxes[part], shift), ends, strict=True
        )
        text.writelines(f"{frame},{number},{box},{end}\n" for frame, number, box, end in columns)


def _scores(confidence: NDArray[np.float64]) -> list[str]:
    # Five decimals are finer than the 16 bits that tables keep.
    return [f"{round(value, 5):g},-1,-1,-1" for value in confidence.tolist()]


def _truths(classes: NDArray[np.int64], occluded: NDArray[np.bool_]) -> list[str]:
    """Considered, class, visibility."""
    pairs = zip(classes.tolist(), occluded.tolist(), strict=True)
    return [f"1,{number},{HALF_HIDDEN if hidden else 1}" for number, hidden in pairs]


def _boxes(boxes: NDArray[np.float32], shift: float) -> list[str]:
    """ "left,top,width,height" with three decimals, or as many as it takes to read back the same 32-bit numbers."""
    exact = boxes.astype(np.float64)
    rounded = _measured(exact, shift, DECIMALS)
    fits = (_read_back(rounded, shift) == boxes).all(axis=1)
    if fits.all():
        return [",".join(f"{value:.{DECIMALS}f}" for value in row) for row in rounded.tolist()]
    fine = _measured(decimals.shortest(boxes), shift, 9)
    close = (_read_back(fine, shift) == boxes).all(axis=1)
    fine = np.where(close[:, None], fine, _measured(exact, shift, None))
    return [
        ",".join(f"{value:.{DECIMALS}f}" if plain else decimals.plain(value) for value in (short if plain else long))
        for short, long, plain in zip(rounded.tolist(), fine.tolist(), fits.tolist(), strict=True)
    ]


def _measured(corners: NDArray[np.float64], shift: float, digits: int | None) -> NDArray[np.float64]:
    """(n, 4) left, top, width, height in the file's px."""
    measured = np.concatenate([corners[:, :2] + shift, corners[:, 2:] - corners[:, :2]], axis=1)
    return measured if digits is None else np.round(measured, digits)


def _read_back(measured: NDArray[np.float64], shift: float) -> NDArray[np.float32]:
    return corners_of(measured, shift).astype(np.float32)


def corners_of(measured: NDArray[np.float64], shift: float) -> NDArray[np.float64]:
    """(n, 4) x1, y1, x2, y2 in our px of left, top, width, height in the file's."""
    first = measured[:, :2] - shift
    return np.concatenate([first, first + measured[:, 2:]], axis=1)


def seqinfo(sequence: str, video: VideoInfo, pixels: str) -> str:
    """The sequence's facts; our own section at the end, which readers pass over, says from where pixels count and what
    the video is called in full."""
    name = "".join(sign if sign.isprintable() else " " for sign in video.name)
    return f"{facts(sequence, video)}\n[Framewise]\npixels={pixels}\nvideo={name}\n"


def facts(sequence: str, video: VideoInfo) -> str:
    """The section of a seqinfo.ini that readers know."""
    return (
        f"[Sequence]\nname={sequence}\nimDir=img1\nframeRate={round(video.fps)}\nseqLength={video.frame_count}\n"
        f"imWidth={video.width}\nimHeight={video.height}\nimExt=.jpg\n"
    )
