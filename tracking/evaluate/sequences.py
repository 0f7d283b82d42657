"""Clips with known boxes, read from the layouts that tracking data sets come in.

- *single object*: a folder with ``groundtruth*.txt`` or ``groundtruth_rect.txt`` (a line ``x,y,w,h`` per frame) and the
  pictures in it, in ``img/``, or as one video file. OTB counts pixels from 1, and keeps its pictures in ``img/``.
- *masks* (DAVIS): ``JPEGImages/`` and ``Annotations/`` with one mask per frame; a box surrounds each object.
- *MOTChallenge*: ``img1/`` and ``gt.txt`` (or ``gt/gt.txt``); every identity becomes a sequence of its own. Frames and
  pixels count from 1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.types import Box, Frame, TrackingError

PICTURES = {".jpg", ".jpeg", ".png", ".bmp"}
VIDEOS = {".avi", ".mp4", ".mkv", ".mov", ".webm"}
SHORTEST = 10
"""Identities seen on fewer frames make no sequence."""


@dataclass(frozen=True, slots=True)
class LabelledSequence:
    """One object of one clip. ``boxes``: its place on each frame from ``first`` on, None where it isn't in view;
    ``pictures``: the files of the frames, or the one video file."""

    name: str
    pictures: tuple[Path, ...]
    first: int
    boxes: tuple[Box | None, ...]

    def frames(self) -> Iterator[Frame]:
        """The frames that ``boxes`` speak of."""
        last = self.first + len(self.boxes)
        if len(self.pictures) == 1 and self.pictures[0].suffix.lower() in VIDEOS:
            yield from _video_frames(self.pictures[0], self.first, last)
            return
        for number in range(self.first, last):
            yield Frame(number, _picture(self.pictures[number]))


def find_sequences(root: Path) -> list[LabelledSequence]:
    """Every labelled object below ``root``, by name. Raises TrackingError when there is none."""
    found: list[LabelledSequence] = []
    for folder in sorted({root, *(path for path in root.rglob("*") if path.is_dir())}):
        found += _read_single(folder) or _read_masks(folder) or _read_mot(folder)
    if not found:
        raise TrackingError(
            "Evaluation needs clips with ground truth (groundtruth.txt, Annotations/, or gt.txt beside the pictures); "
            f"none was found. Check the folder: {root}"
        )
    return found


def _read_single(folder: Path) -> list[LabelledSequence]:
    names = ("groundtruth.txt", "groundtruth_rect.txt")
    truth = next((folder / name for name in names if (folder / name).is_file()), None)
    if truth is None:
        return []
    otb = (folder / "img").is_dir()
    pictures = _pictures(folder / "img" if otb else folder) or _video(folder)
    if not pictures:
        raise TrackingError(f"Ground truth needs its pictures or one video beside it; none was found: {truth}")
    boxes = tuple(_box_of_line(line, origin=1 if otb else 0) for line in truth.read_text().split("\n") if line.strip())
    return [LabelledSequence(folder.name, pictures, 0, boxes)]


def _box_of_line(line: str, origin: int) -> Box | None:
    """``x,y,w,h``, or the corners of a polygon, as a box; None for an empty one (how data sets say "not in view")."""
    numbers = [float(part) for part in re.split(r"[,\s]+", line.strip())]
    if len(numbers) >= 8:
        xs, ys = numbers[0::2], numbers[1::2]
        box = Box(min(xs), min(ys), max(xs), max(ys))
    else:
        box = Box.from_xywh(*numbers[:4])
    if not all(np.isfinite(box)) or box.width <= 0 or box.height <= 0:
        return None
    return Box(box.x1 - origin, box.y1 - origin, box.x2 - origin, box.y2 - origin)


def _read_masks(folder: Path) -> list[LabelledSequence]:
    masks, pictures = _pictures(folder / "Annotations"), _pictures(folder / "JPEGImages")
    if not masks or len(masks) != len(pictures):
        return []
    tracks: dict[int, dict[int, Box]] = defaultdict(dict)
    for number, path in enumerate(masks):
        labels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if labels is None:
            raise TrackingError(f"Masks must be readable pictures; this one isn't. Get it again: {path}")
        for value in np.unique(labels[labels > 0]).tolist():
            tracks[value][number] = _surrounding(labels == value)
    return [_sequence(_numbered(folder.name, tracks, key), pictures, track) for key, track in sorted(tracks.items())]


def _surrounding(mask: NDArray[np.bool_]) -> Box:
    rows, columns = np.nonzero(mask)
    return Box(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))


def _read_mot(folder: Path) -> list[LabelledSequence]:
    truth = next((path for path in (folder / "gt.txt", folder / "gt" / "gt.txt") if path.is_file()), None)
    pictures = _pictures(folder / "img1")
    if truth is None or not pictures:
        return []
    tracks: dict[int, dict[int, Box]] = defaultdict(dict)
    for line in truth.read_text().split("\n"):
        if not line.strip():
            continue
        frame, identity, left, top, width, height, considered = [float(part) for part in line.split(",")[:7]]
        if considered:
            tracks[int(identity)][int(frame) - 1] = Box.from_xywh(left - 1, top - 1, width, height)
    return [
        _sequence(_numbered(folder.name, tracks, key), pictures, track)
        for key, track in sorted(tracks.items())
        if len(track) >= SHORTEST
    ]


def _numbered(name: str, tracks: dict[int, dict[int, Box]], key: int) -> str:
    return name if len(tracks) == 1 else f"{name}/{key}"


def _sequence(name: str, pictures: tuple[Path, ...], track: dict[int, Box]) -> LabelledSequence:
    first, last = min(track), max(track)
    return LabelledSequence(name, pictures, first, tuple(track.get(number) for number in range(first, last + 1)))


def _pictures(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES))


def _video(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEOS))[:1]


def _picture(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise TrackingError(f"Frames must be readable pictures; this one isn't. Get it again: {path}")
    return np.asarray(image, np.uint8)


def _video_frames(path: Path, first: int, last: int) -> Iterator[Frame]:
    with av.open(str(path)) as container:
        for number, picture in enumerate(container.decode(video=0)):
            if number >= last:
                return
            if number >= first:
                yield Frame(number, np.asarray(picture.to_ndarray(format="rgb24"), np.uint8))
