"""Clips with known tracks and given detections, in the layout of MOTChallenge (https://motchallenge.net/instructions).

A folder with ``gt/gt.txt`` and ``det/det.txt``, or both files in the folder itself; beside them ``seqinfo.ini`` (rate
and number of frames) and the pictures in ``img1/``, where they are there. Lines are ``frame,id,x,y,w,h,confidence,…``;
frames and pixels count from 1. Of nine columns (MOT16 and later) the eighth is the class: pedestrians count, and what
looks like one and is none (in a vehicle, standing still for good, a reflection) takes found boxes with it, as in
MOTChallenge's own evaluation. Lines of truth whose confidence is 0 don't count.
"""

from __future__ import annotations

from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracking.detection import Detection
from tracking.evaluate.sequences import Skipped, pictures_in, read_picture
from tracking.types import Box, Frame, TrackingError

RATE = 30.0
"""Frames a second where nothing says how many there are."""
COLUMNS_WITH_CLASS = 9
PEDESTRIAN = 1
DISTRACTORS = (2, 7, 8, 12)

Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Rows:
    """Boxes of tracks, a row each. ``frame``: (n,) from 0; ``track``: (n,); ``boxes``: (n, 4) corners in px."""

    frame: Numbers
    track: Numbers
    boxes: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, which: NDArray[np.bool_]) -> Rows:
        return Rows(self.frame[which], self.track[which], self.boxes[which])


@dataclass(frozen=True, slots=True)
class TrackClip:
    """``truth``: what is to be found; ``distractors``: what neither counts nor may be counted against anybody;
    ``detections``: by frame; ``pictures``: of all frames, or none; ``note``: what the person should know of it."""

    name: str
    rate: float
    truth: Rows
    distractors: Rows
    detections: tuple[tuple[Detection, ...], ...]
    pictures: tuple[Path, ...]
    note: str = ""

    @property
    def length(self) -> int:
        """Frames."""
        return len(self.detections)

    def frame(self, number: int) -> Frame | None:
        """The picture, if there is one."""
        return Frame(number, read_picture(self.pictures[number])) if self.pictures else None

    def shortened(self, frames: int) -> TrackClip:
        """The first ``frames`` of it."""
        truth, others = self.truth, self.distractors
        return replace(
            self,
            truth=truth.take(truth.frame < frames),
            distractors=others.take(others.frame < frames),
            detections=self.detections[:frames],
            pictures=self.pictures[:frames],
        )


class Unusable(Exception):
    """A file that can't be used; the message says why."""


def find_track_clips(root: Path, detections: str = "det.txt") -> tuple[list[TrackClip], list[Skipped]]:
    """Every clip below ``root``, by name, and what looks like one but can't be used.

    Args:
        detections: the name of the file that holds them.

    Raises:
        TrackingError: there is neither.
    """
    clips: list[TrackClip] = []
    skipped: list[Skipped] = []
    for folder in sorted({root, *(path for path in root.rglob("*") if path.is_dir())}):
        truth = _file(folder, "gt", "gt.txt")
        if truth is None or (folder.name == "gt" and _file(folder.parent, "gt", "gt.txt") == truth):
            continue
        name = "/".join(folder.relative_to(root).parts) or folder.resolve().name
        try:
            clips.append(_read(name, folder, truth, detections))
        except (Unusable, OSError, UnicodeDecodeError) as error:
            skipped.append(Skipped(name, str(error)))
    if not clips and not skipped:
        raise TrackingError(
            "Evaluation of tracks needs folders of MOTChallenge, with gt/gt.txt and det/det.txt (or gt.txt and "
            f"det.txt); none was found. Check the folder: {root}"
        )
    return clips, skipped


def _file(folder: Path, part: str, name: str) -> Path | None:
    return next((path for path in (folder / part / name, folder / name) if path.is_file()), None)


def _read(name: str, folder: Path, truth: Path, detections: str) -> TrackClip:
    given = _file(folder, "det", detections)
    if given is None:
        raise Unusable(f"It has no detections: neither det/{detections} nor {detections} is there.")
    wanted, seen = _table(truth), _table(given)
    rate, length = _sequence_info(folder / "seqinfo.ini")
    length = length or int(max(wanted[:, 0].max(), seen[:, 0].max() if len(seen) else 0))
    if (last := int(wanted[:, 0].max())) > length:
        raise Unusable(f"{truth.name} speaks of frame {last}; seqinfo.ini says that {length} is the last.")
    pictures = pictures_in(folder / "img1")
    notes = [] if rate else [f"No seqinfo.ini says its rate; {RATE:g} frames a second are taken."]
    if 0 < len(pictures) < length:
        notes.append(f"Only {len(pictures)} of its {length} pictures are there: nobody looks at them.")
    confidences, note = _confidences(seen, detections)
    counted = wanted[:, 6] != 0 if wanted.shape[1] > 6 else np.ones(len(wanted), np.bool_)
    distracting = np.zeros(len(wanted), np.bool_)
    if wanted.shape[1] == COLUMNS_WITH_CLASS:
        counted &= wanted[:, 7] == PEDESTRIAN
        distracting = np.isin(wanted[:, 7], DISTRACTORS)
    if not counted.any():
        raise Unusable(f"{truth.name} holds nothing that counts.")
    return TrackClip(
        name,
        rate or RATE,
        _rows(wanted[counted], truth),
        _rows(wanted[distracting], truth, unique=False),
        _detections(seen, confidences, length),
        pictures[:length] if len(pictures) >= length else (),
        " ".join([*notes, note]).strip(),
    )


def _table(path: Path) -> NDArray[np.float64]:
    """(n, columns), of as many columns as each line has."""
    rows: list[list[float]] = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = [float(part) for part in line.replace(",", " ").split()]
        except ValueError:
            row = []
        if len(row) < 6 or not np.isfinite(row).all() or row[0] < 1 or (rows and len(row) != len(rows[0])):
            raise Unusable(f"Line {number} of {path.name} is no frame,id,x,y,w,h,… like the others: {line[:60]!r}")
        rows.append(row)
    if not rows:
        raise Unusable(f"{path.name} is empty.")
    return np.array(rows)


def _sequence_info(path: Path) -> tuple[float | None, int | None]:
    """Frames a second, and frames, if they are written down."""
    info = ConfigParser()
    try:
        info.read(path)
        rate = info.getfloat("Sequence", "frameRate", fallback=0.0)
        length = info.getint("Sequence", "seqLength", fallback=0)
    except (ConfigError, ValueError) as error:
        raise Unusable(f"seqinfo.ini can't be read: {error}") from None
    return (rate if rate > 0 else None), (length if length > 0 else None)


def _confidences(rows: NDArray[np.float64], name: str) -> tuple[NDArray[np.float64], str]:
    """(n,) in [0, 1]; scores on another scale say nothing about it, and all count as sure."""
    scores = rows[:, 6] if rows.shape[1] > 6 else np.ones(len(rows))
    if (scores >= 0).all() and (scores <= 1).all():
        return scores, ""
    return np.ones(len(rows)), f"Confidences in {name} aren't between 0 and 1; all count as 1."


def _corners(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    corner = rows[:, 2:4] - 1
    return np.concatenate([corner, corner + rows[:, 4:6]], axis=1)


def _rows(table: NDArray[np.float64], path: Path, *, unique: bool = True) -> Rows:
    frame, track = table[:, 0].astype(np.intp) - 1, table[:, 1].astype(np.intp)
    if unique and len(np.unique(np.stack([frame, track]), axis=1).T) < len(frame):
        raise Unusable(f"An identity is twice on a frame in {path.name}.")
    return Rows(frame, track, _corners(table))


def _detections(
    table: NDArray[np.float64], confidences: NDArray[np.float64], length: int
) -> tuple[tuple[Detection, ...], ...]:
    frames: list[list[Detection]] = [[] for _ in range(length)]
    for number, detection in _each(table, confidences):
        if number < length:
            frames[number].append(detection)
    return tuple(map(tuple, frames))


def _each(table: NDArray[np.float64], confidences: NDArray[np.float64]) -> Iterator[tuple[int, Detection]]:
    for frame, corners, confidence in zip(table[:, 0], _corners(table), confidences, strict=True):
        yield int(frame) - 1, Detection(Box(*corners.tolist()), float(confidence))
