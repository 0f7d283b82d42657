"""Reads MOTS, trusting nothing in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO

import numpy as np

from annotator.formats import beside
from annotator.formats.archive import Archive
from annotator.formats.base import Dataset, FormatError, LabelInfo, Part, Reading, Report, TrackData, VideoInfo
from annotator.formats.bounds import MOST_ROWS, MOST_TRACKS, check_count
from annotator.formats.coco.masks import EmptyMask, read_segmentation
from annotator.formats.masks import packed, rows_of_masks
from annotator.formats.mots.limits import IGNORED, OFFICIAL, PER_CLASS
from annotator.formats.pngs import PictureFolder, PictureReader, folders_in
from tracking.shapes.bitmaps import cropped
from tracking.shapes.chunks import Flag

SOURCE = "mots"
MODES = ("I;16", "I;16B", "I")
WANTED = "a MOTS picture is a PNG of 16 bits whose values are 1000 times the class and a number"
FIELDS = 6
LONGEST_LINE = 8 * 2**20
HIGHEST = 2**31
MOST_VIDEOS = 1_000
NAMES = {number: name for name, number in OFFICIAL.items()}

Key = tuple[int, int]
"""Id and class."""


@dataclass
class Found:
    """What a file says of one video. ``masks``: packed, by object and by the frame's number in the file."""

    report: Report = field(default_factory=Report)
    masks: dict[Key, dict[int, bytes]] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    count: int = 0

    def add(self, key: Key, frame: int, mask: bytes) -> None:
        """Raises FormatError for a second mask of an object on a frame."""
        frames = self.masks.setdefault(key, {})
        if frame in frames:
            raise FormatError(f"A track has one mask per frame; {key[0]} has another on frame {frame}.")
        frames[frame] = mask
        self.count += 1
        check_count("shapes", self.count, MOST_ROWS)
        check_count("tracks", len(self.masks), MOST_TRACKS)

    @property
    def counts_from_zero(self) -> bool:
        return any(0 in frames for frames in self.masks.values())


def read_archive(archive: Archive) -> Reading:
    """The videos of an archive: its texts, or else its pictures. Raises FormatError for neither."""
    told = beside.told_in(archive, "mots")
    report = Report()
    read = [beside.NAME] if told else []
    texts = [path for path in archive.ending(".txt") if _holds_masks(archive, path)]
    folders = folders_in(archive)
    if texts:
        # What a sequence's facts say of masks, each line says too: their size and their frame.
        read += [*texts, *archive.ending("seqinfo.ini")]
        parts = []
        for path in texts:
            name = _sequence(path)
            with archive.read(path) as content:
                parts.append(read_text(content, (name,), told if told and told.folder == name else None))
    elif folders:
        check_count("videos", len(folders), MOST_VIDEOS)
        reader = PictureReader(archive, MODES, WANTED)
        parts = [_pictures(reader, each, told if told and told.folder == each.name else None) for each in folders]
        read += [path for folder in folders for path in folder.paths.values()]
    else:
        raise FormatError("The archive holds neither lines of masks (.txt) nor numbered 16-bit PNGs. Is it of MOTS?")
    archive.note_unread(read, report)
    return Reading(parts, report)


def _holds_masks(archive: Archive, path: str) -> bool:
    """Whether a text is lines of masks, or of nothing: archives hold read-me files too."""
    with archive.read(path) as content:
        first = content.read(200)
    fields = first.split()
    return not fields or (len(fields) >= FIELDS - 1 and all(each.isdigit() for each in fields[: FIELDS - 1]))


def _sequence(path: str) -> str:
    """SEQ of ``SEQ/gt/gt.txt`` and of ``instances_txt/SEQ.txt``."""
    parts = PurePosixPath(path)
    if parts.stem.casefold() != "gt":
        return parts.stem
    folder = parts.parent.parent if parts.parent.name == "gt" else parts.parent
    return folder.name


def read_text(content: IO[bytes], names: tuple[str, ...], told: beside.Told | None) -> Part:
    """The masks of a text. Lines that can't be taken are noted."""
    found = Found()
    for number, line in enumerate(_lines(content), start=1):
        if not line.strip():
            continue
        try:
            _take(found, line)
        except EmptyMask:
            found.report.lose("masks without a pixel were left out")
        except FormatError as error:
            found.report.unreadable.add(f"line {number}", str(error))
    first = told.first if told else 0 if found.counts_from_zero else 1
    if told is None and found.masks:
        found.report.note(
            "The file counts frames from 0, as KITTI MOTS does."
            if first == 0
            else "Frames were read as counted from 1, as MOTSChallenge counts them; KITTI MOTS counts from 0."
        )
    return _part(found, names, told, first, None)


def _lines(content: IO[bytes]) -> Iterable[bytes]:
    while line := content.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise FormatError(f"A line has at most {LONGEST_LINE:,} bytes; one goes on. Is this a MOTS text?")
        yield line


def _take(found: Found, line: bytes) -> None:
    fields = line.split()
    if len(fields) != FIELDS:
        raise FormatError(
            f"A line has {FIELDS} fields: frame, id, class, height, width, run lengths; this one has {len(fields)}."
        )
    if not all(each.isdigit() and len(each) <= 10 and int(each) <= HIGHEST for each in fields[:-1]):
        raise FormatError(f"Frame, id, class, height and width are whole numbers up to {HIGHEST:,}; others came.")
    frame, value, class_, height, width = map(int, fields[:-1])
    if found.size is None:
        found.size = (height, width)
    if (height, width) != found.size:
        raise FormatError(
            f"Masks of a video have one size, first {found.size[1]} x {found.size[0]} px; this one has {width} x "
            f"{height}."
        )
    if class_ == IGNORED:
        found.report.lose("areas that shall not be judged (class 10) were left out")
        return
    told = {"size": [height, width], "counts": fields[-1].decode("ascii", errors="replace")}
    row = read_segmentation(frame, Flag.KEYFRAME, 1.0, told, None)
    found.add((value, class_), frame, row.payload)


def _pictures(reader: PictureReader, folder: PictureFolder, told: beside.Told | None) -> Part:
    """The masks of a folder of pictures."""
    found = Found()
    masks: dict[int, bytes] = {}
    for frame, picture, same in reader.of(folder):
        if not same:
            found.size = (picture.shape[0], picture.shape[1])
            masks = {value: packed(cropped(picture == value)) for value in np.unique(picture).tolist() if value}
        for value, mask in masks.items():
            class_ = value // PER_CLASS
            if class_ == IGNORED:
                found.report.lose("areas that shall not be judged (class 10) were left out")
            elif class_ < 1:
                found.report.unreadable.add(
                    f"frame {frame}", f"Values are 1000 times the class and a number; {value} came."
                )
            else:
                found.add((value, class_), frame, mask)
    frames = sorted(folder.paths)
    first = told.first if told else min(frames[0], 1)
    if told is None:
        found.report.note(f"The names of the pictures count frames from {first}.")
    return _part(found, (folder.name,), told, first, [frame - first for frame in frames])


def _part(
    found: Found, names: tuple[str, ...], told: beside.Told | None, first: int, frames: Sequence[int] | None
) -> Part:
    """``first``: the number of the first frame; ``frames``: those of which the file says what is on them."""
    report = found.report
    classes = {label.value: label.name for label in told.labels if label.value} if told else NAMES
    by_value = {track.value: track for track in told.tracks} if told else {}
    tracks, seen = [], set[int]()
    for (value, class_), masks in sorted(found.masks.items()):
        early = [frame for frame in masks if frame < first]
        for frame in early:
            report.unreadable.add(f"track {value}", f"Frames count from {first}; {frame} came.")
            del masks[frame]
        if not masks:
            continue
        rows = rows_of_masks({frame - first: mask for frame, mask in masks.items()}, frames)
        label = classes.get(class_, f"class {class_}")
        if value in seen:
            report.lose("tracks got a new number: another class has theirs")
            track = TrackData(0, label, rows, source=SOURCE)
        elif value in by_value:
            own = by_value[value]
            track = TrackData(own.number, own.label, rows, own.colour.lower(), own.source[:80], own.verdict)
        else:
            track = TrackData(value, label, rows, source=SOURCE)
        seen.add(value)
        tracks.append(track)
        report.shapes += len(masks)
    report.tracks += len(tracks)
    tracks.sort(key=lambda track: track.number)
    height, width = found.size or (0, 0)
    video = VideoInfo("", width, height, 0, 0.0)
    labels = [LabelInfo(name) for name in dict.fromkeys(track.label for track in tracks)]
    if told:
        video, labels = told.video.info(), [label.info() for label in told.labels]
    called = dict.fromkeys([told.video.name if told else "", *names])
    return Part(tuple(filter(None, called)), Dataset(video, labels, tracks, len(tracks)), report)
