"""Clips with known boxes, read from the layouts that tracking data sets come in.

- *single object* (OTB, LaSOT, VOT, GOT-10k): a folder with ``groundtruth.txt`` or ``groundtruth_rect.txt`` (of several
  objects ``groundtruth_rect.1.txt`` …), a line ``x,y,w,h`` or a polygon ``x1,y1,x2,y2,…`` per frame, and the pictures
  in it, in ``img/`` or ``color/``, or as one video file.
- *masks* (DAVIS): ``JPEGImages/`` and ``Annotations/`` with one mask per frame, in the folder of the clip or with one
  folder per clip in both; a box surrounds each object.
- *MOTChallenge*: ``img1/`` and ``gt.txt`` (or ``gt/gt.txt``); every identity becomes a sequence of its own. Frames
  count from 1.

Pixels count from 1 where pictures lie in ``img/`` (OTB) and in MOTChallenge, from 0 otherwise, unless the caller says
so: the text doesn't. Masks are pictures; nothing is counted in them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracking.pictures import DecodedVideo
from tracking.types import Box, Frame, TrackingError

PICTURES = {".jpg", ".jpeg", ".png", ".bmp"}
VIDEOS = {".avi", ".mp4", ".mkv", ".mov", ".webm"}
SHORTEST = 10
"""Identities seen on fewer frames make no sequence."""
OTB_STARTS = {"BlurCar1": 247, "BlurCar3": 3, "BlurCar4": 18, "David": 300}
"""OTB labels some clips from a later picture on, whose number only its toolkit knows (Wu, Lim, Yang, 2015)."""


@dataclass(frozen=True, slots=True)
class LabelledSequence:
    """One object of one clip. ``boxes``: its place on each frame from ``first`` on, None where it isn't in view;
    ``pictures``: the files of the frames, or the one video file; ``origin``: what its text counts pixels from, 0 or 1,
    ``boxes`` never do; ``note``: what the person should know of it."""

    name: str
    pictures: tuple[Path, ...]
    first: int
    boxes: tuple[Box | None, ...]
    origin: int = 0
    note: str = ""

    def frames(self) -> Iterator[Frame]:
        """The frames that ``boxes`` speak of."""
        last = self.first + len(self.boxes)
        if _is_video(self.pictures):
            with closing(DecodedVideo(self.pictures[0]).walk(self.first, "forward")) as walk:
                for frame in walk:
                    if frame.number >= last:
                        return
                    yield frame
            return
        for number in range(self.first, last):
            yield Frame(number, read_picture(self.pictures[number]))

    @property
    def names(self) -> tuple[str, ...]:
        """What scores are told of."""
        return (self.name,)

    @property
    def shown_first(self) -> int:
        """Position in ``boxes`` of the first frame that shows the object."""
        return next(index for index, box in enumerate(self.boxes) if box is not None)

    @property
    def length(self) -> int:
        """Frames from the first one that shows the object on: those that are measured."""
        return len(self.boxes) - self.shown_first

    def shortened(self, frames: int) -> Self:
        """The same for no more than so many frames, at least 2, from the one on that shows the object."""
        return replace(self, boxes=self.boxes[: self.shown_first + frames])


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that looks like a sequence and can't be used; ``why`` is a sentence for the person."""

    name: str
    why: str


class Followable(Protocol):
    """What can be measured by itself: one object of a clip, or all of them. ``names``: what its scores are told of."""

    @property
    def name(self) -> str: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def pictures(self) -> tuple[Path, ...]: ...

    @property
    def origin(self) -> int | None: ...

    @property
    def note(self) -> str: ...

    @property
    def length(self) -> int: ...

    def shortened(self, frames: int) -> Self: ...


S = TypeVar("S", bound=Followable, covariant=True)


@dataclass(frozen=True, slots=True)
class Clips(Generic[S]):
    """What was found below a folder."""

    sequences: tuple[S, ...]
    skipped: tuple[Skipped, ...]

    def only(self, part: str) -> Clips[S]:
        """Those whose names contain ``part``."""
        return Clips(
            tuple(sequence for sequence in self.sequences if part in sequence.name),
            tuple(skipped for skipped in self.skipped if part in skipped.name),
        )

    def first(self, frames: int) -> Clips[S]:
        """The same, each for no more than ``frames`` frames, at least 2, from the one on that shows the object."""
        return Clips(tuple(one.shortened(frames) for one in self.sequences), self.skipped)


Item = LabelledSequence | Skipped
Reader = Callable[[Path, int | None], Iterator[Item]]


class Unusable(Exception):
    """Ground truth that can't be used; the message says why."""


def find_sequences(root: Path, origin: int | None = None) -> Clips[LabelledSequence]:
    """Every labelled object below ``root``, by name, and what looks like one but can't be used.

    Args:
        origin: what texts count pixels from, 0 or 1; None: what their layout does.

    Raises:
        TrackingError: there is neither.
    """
    found: list[tuple[Path, Item]] = []
    for folder in sorted({root, *(path for path in root.rglob("*") if path.is_dir())}):
        for read in READERS:
            items = list(_read(read, folder, origin))
            found += [(folder, item) for item in items]
            if items:
                break
    if not found:
        raise TrackingError(
            "Evaluation needs clips with ground truth (groundtruth.txt, Annotations/, or gt.txt beside the pictures); "
            f"none was found. Check the folder: {root}"
        )
    items = _named_apart(found, root)
    return Clips(
        tuple(item for item in items if isinstance(item, LabelledSequence)),
        tuple(item for item in items if isinstance(item, Skipped)),
    )


def _read(read: Reader, folder: Path, origin: int | None) -> Iterator[Item]:
    try:
        yield from map(_checked, read(folder, origin))
    except (Unusable, TrackingError, OSError, UnicodeDecodeError) as error:
        yield Skipped(folder.name, str(error))


def _checked(item: Item) -> Item:
    """A sequence that can be followed, or why it can't."""
    if isinstance(item, Skipped):
        return item
    if all(box is None for box in item.boxes):
        return Skipped(item.name, "Its object is never in view.")
    if item.length < 2:
        return Skipped(item.name, "Its object is labelled on one frame only: there is nothing to follow.")
    return item


def _named_apart(found: Sequence[tuple[Path, Item]], root: Path) -> list[Item]:
    """Sequences of one name are called by their paths."""
    names = Counter(item.name for _, item in found)
    return [
        replace(item, name="/".join((*folder.relative_to(root).parts[:-1], item.name)))
        if names[item.name] > 1
        else item
        for folder, item in found
    ]


# ---------------------------------------------------------------- one object, one text


def _read_single(folder: Path, origin: int | None) -> Iterator[Item]:
    truths = [path for name in ("groundtruth.txt", "groundtruth_rect.txt") if (path := folder / name).is_file()][:1]
    truths = truths or sorted(folder.glob("groundtruth_rect.[0-9]*.txt"))
    for truth in truths:
        part = truth.stem.partition(".")[2]
        name = f"{folder.name}/{part}" if part else folder.name
        try:
            yield _single(folder, truth, name, origin)
        except Unusable as error:
            yield Skipped(name, str(error))


def _single(folder: Path, truth: Path, name: str, origin: int | None) -> LabelledSequence:
    otb = bool(pictures_in(folder / "img"))
    from_ = (1 if otb else 0) if origin is None else origin
    boxes = _boxes_of(truth, from_)
    pictures = pictures_in(folder / "img") or pictures_in(folder / "color") or pictures_in(folder) or _video(folder)
    if not pictures:
        raise Unusable(f"Neither pictures nor a video lie beside {truth.name}.")
    there = DecodedVideo(pictures[0]).frame_count if _is_video(pictures) else len(pictures)
    first = _otb_start(folder.name, pictures) if otb and len(boxes) < there else 0
    if first + len(boxes) > there:
        raise Unusable(f"{truth.name} has {len(boxes)} boxes for {there} frames.")
    shown = f"{first}..{first + len(boxes) - 1}"
    note = f"Labels frames {shown} of {there}; the others are left out." if len(boxes) < there else ""
    return LabelledSequence(name, pictures, first, boxes, from_, note)


def _otb_start(name: str, pictures: Sequence[Path]) -> int:
    """The position of the picture with which a clip's labels begin."""
    start = OTB_STARTS.get(name)
    return next((n for n, path in enumerate(pictures) if path.stem.isdigit() and int(path.stem) == start), 0)


def _boxes_of(truth: Path, origin: int) -> tuple[Box | None, ...]:
    boxes = []
    for number, line in enumerate(truth.read_text().splitlines(), start=1):
        if line.strip():
            try:
                boxes.append(_box_of_line(line, origin))
            except ValueError:
                raise Unusable(
                    f"Line {number} of {truth.name} is neither x,y,w,h nor a polygon: {line[:60]!r}"
                ) from None
    return tuple(boxes)


def _box_of_line(line: str, origin: int) -> Box | None:
    """``x,y,w,h``, or the corners of a polygon, as a box; None for an empty one (how data sets say "not in view").

    Raises ValueError for anything else.
    """
    numbers = [float(part) for part in re.split(r"[,;\s]+", line.strip().rstrip(",;"))]
    if len(numbers) >= 6 and len(numbers) % 2 == 0:
        xs, ys = numbers[0::2], numbers[1::2]
        box = Box(min(xs), min(ys), max(xs), max(ys))
    elif len(numbers) == 4:
        box = Box.from_xywh(*numbers)
    else:
        raise ValueError
    if not all(np.isfinite(box)) or box.width <= 0 or box.height <= 0:
        return None
    return Box(box.x1 - origin, box.y1 - origin, box.x2 - origin, box.y2 - origin)


# ---------------------------------------------------------------- masks


def _read_masks(folder: Path, _: int | None) -> Iterator[Item]:
    masks, pictures = folder / "Annotations", folder / "JPEGImages"
    if not masks.is_dir():
        return
    if pictures_in(masks):
        yield from _masked(folder.name, masks, pictures)
        return
    for clip in sorted(path for path in masks.rglob("*") if path.is_dir() and pictures_in(path)):
        try:
            yield from _masked(clip.name, clip, pictures / clip.relative_to(masks))
        except Unusable as error:
            yield Skipped(clip.name, str(error))


def _masked(name: str, masks: Path, folder: Path) -> Iterator[Item]:
    files, pictures = pictures_in(masks), pictures_in(folder)
    if len(files) != len(pictures):
        raise Unusable(f"It has {len(files)} masks for {len(pictures)} pictures; one for each is needed.")
    tracks: dict[int, dict[int, Box]] = defaultdict(dict)
    for number, path in enumerate(files):
        labels = _labels_in(path)
        for value in np.unique(labels[labels > 0]).tolist():
            tracks[value][number] = _surrounding(labels == value)
    if not tracks:
        raise Unusable("Its masks are all empty.")
    yield from _sequences(name, tracks, pictures)


def _labels_in(mask: Path) -> NDArray[np.uint8]:
    """(H, W): the number of the object on each pixel, 0 for none. Where a mask has a palette, it is the index."""
    try:
        with Image.open(mask) as image:
            return np.asarray(image if image.mode in ("P", "L") else image.convert("L"), np.uint8)
    except OSError:
        raise Unusable(f"A mask can't be read: {mask.name}") from None


def _surrounding(mask: NDArray[np.bool_]) -> Box:
    rows, columns = np.nonzero(mask)
    return Box(float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))


# ---------------------------------------------------------------- MOTChallenge


def _read_mot(folder: Path, origin: int | None) -> Iterator[Item]:
    truth = next((path for path in (folder / "gt.txt", folder / "gt" / "gt.txt") if path.is_file()), None)
    if truth is None or (folder.name == "gt" and (folder.parent / "img1").is_dir()):
        return
    pictures = pictures_in(folder / "img1")
    if not pictures:
        raise Unusable(f"No pictures lie in img1/ beside {truth.name}.")
    from_ = 1 if origin is None else origin
    yield from _sequences(folder.name, _mot_tracks(truth, from_), pictures, from_, shortest=SHORTEST)


def _mot_tracks(truth: Path, origin: int) -> dict[int, dict[int, Box]]:
    """Boxes by identity and frame (from 0), but for those that are marked to be left out of a comparison."""
    tracks: dict[int, dict[int, Box]] = defaultdict(dict)
    for number, line in enumerate(truth.read_text().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            frame, identity, left, top, width, height, *more = [float(part) for part in line.split(",")]
        except ValueError:
            raise Unusable(f"Line {number} of {truth.name} is no frame,id,x,y,w,h: {line[:60]!r}") from None
        if not more or more[0]:
            tracks[int(identity)][int(frame) - 1] = Box.from_xywh(left - origin, top - origin, width, height)
    if not tracks:
        raise Unusable(f"{truth.name} holds nothing that is to be compared.")
    return tracks


# ---------------------------------------------------------------- what they share


def _sequences(
    name: str,
    tracks: Mapping[int, Mapping[int, Box]],
    pictures: tuple[Path, ...],
    origin: int = 0,
    *,
    shortest: int = 1,
) -> Iterator[Item]:
    """One per object, from the first frame on which it is in view to the last."""
    for key, track in sorted(tracks.items()):
        called = name if len(tracks) == 1 else f"{name}/{key}"
        first, last = min(track), max(track)
        if len(track) < shortest:
            yield Skipped(called, f"It is in view on {len(track)} frames; at least {shortest} are needed.")
        elif first < 0 or last >= len(pictures):
            beyond = (first if first < 0 else last) + 1
            yield Skipped(called, f"It is labelled on frame {beyond} of 1..{len(pictures)}.")
        else:
            boxes = tuple(track.get(number) for number in range(first, last + 1))
            yield LabelledSequence(called, pictures, first, boxes, origin)


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """The pictures in a folder, by number."""
    return _files(folder, PICTURES)


def _video(folder: Path) -> tuple[Path, ...]:
    return _files(folder, VIDEOS)[:1]


def _files(folder: Path, suffixes: Collection[str]) -> tuple[Path, ...]:
    """Files of a kind in the order of their numbers: 9.jpg before 10.jpg."""
    if not folder.is_dir():
        return ()
    files = [path for path in folder.iterdir() if path.suffix.lower() in suffixes and not path.name.startswith(".")]
    return tuple(sorted(files, key=_counted))


def _counted(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.findall(r"\d+|\D+", path.name)]


def _is_video(pictures: Sequence[Path]) -> bool:
    return len(pictures) == 1 and pictures[0].suffix.lower() in VIDEOS


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) RGB. Raises TrackingError when it can't be read."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise TrackingError(f"Frames must be readable pictures; this one isn't. Get it again: {path}")
    return np.asarray(image, np.uint8)


READERS: tuple[Reader, ...] = (_read_single, _read_masks, _read_mot)
