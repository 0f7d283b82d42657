"""Reads a YouTube-VIS file, trusting nothing in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import msgspec
import numpy as np
from pydantic import ValidationError

from annotator.formats import beside
from annotator.formats.base import Dataset, FormatError, LabelInfo, Part, Report, TrackData, VideoInfo
from annotator.formats.bounds import MOST_LABELS, MOST_ROWS, MOST_TRACKS, check_count
from annotator.formats.coco.masks import EmptyMask, read_segmentation
from annotator.formats.documents import decoded
from annotator.formats.masks import rows_of_masks
from annotator.formats.rows import Rows
from annotator.refusals import struct_problem
from tracking.shapes.chunks import Flag

ALIEN = "This is no YouTube-VIS file"
SOURCE = "ytvis"
HIGHEST_NUMBER = 2**31
LAST_NUMBER = re.compile(r"([0-9]{1,18})[^0-9]*$")

Id = int | str
Number = int | float


class CategoryIn(msgspec.Struct):
    id: Id
    name: str
    color: Any = ""
    template: Any = None


class VideoIn(msgspec.Struct):
    id: Id
    name: str = ""
    width: int = 0
    height: int = 0
    length: int = 0
    fps: float = 0.0
    file_names: list[str] = []


class AnnotationIn(msgspec.Struct):
    video_id: Id
    category_id: Id
    segmentations: list[Any]
    id: Id | None = None
    score: Number | None = None
    source: str = SOURCE
    colour: str = ""
    verdict: str = ""


class DocumentIn(msgspec.Struct):
    videos: list[VideoIn]
    annotations: list[msgspec.Raw]
    categories: list[CategoryIn]


_DOCUMENT = msgspec.json.Decoder(DocumentIn | list[msgspec.Raw])
_ANNOTATION = msgspec.json.Decoder(AnnotationIn)


def read_document(data: bytes) -> list[Part]:
    """The videos of a file. Raises FormatError where it isn't one of YouTube-VIS."""
    document = decoded(_DOCUMENT, data, ALIEN)
    if isinstance(document, list):
        return _Reader(DocumentIn([], document, []), are_results=True).parts()
    return _Reader(document, are_results=False).parts()


@dataclass
class _Video:
    """One video while it is read; ``length`` 0 where the file doesn't say."""

    told: VideoIn
    report: Report = field(default_factory=Report)
    tracks: list[TrackData] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)
    size: tuple[int, int] | None = None
    last: int = -1


class _Reader:
    """``are_results``: the file says neither how many videos nor which categories there are."""

    def __init__(self, document: DocumentIn, *, are_results: bool) -> None:
        check_count("labels", len(document.categories), MOST_LABELS)
        check_count("tracks", len(document.annotations), MOST_TRACKS)
        check_count("videos", len(document.videos), MOST_TRACKS)
        self.document = document
        self.are_results = are_results
        self.categories = {category.id: category.name for category in document.categories}
        self.videos = {video.id: _Video(video) for video in document.videos}
        self.strays = Report()
        self.shapes = 0

    def parts(self) -> list[Part]:
        for number, raw in enumerate(self.document.annotations, start=1):
            try:
                self._take(number, raw)
            except FormatError as error:
                self.strays.unreadable.add(f"annotation {number}", str(error))
        parts = [self._part(video) for video in self.videos.values()]
        if not parts:
            if self.strays.unreadable.count:
                raise FormatError(f"{ALIEN}: {self.strays.unreadable.told()}")
            return [Part((), Dataset(VideoInfo("", 0, 0, 0, 0.0), [], []), self.strays)]
        parts[0].report.join(self.strays)
        return parts

    def _take(self, number: int, raw: msgspec.Raw) -> None:
        try:
            each = _ANNOTATION.decode(raw)
        except msgspec.ValidationError as error:
            place, sentence = struct_problem(error)
            raise FormatError(f"{place and f'{place}: '}{sentence}") from error
        if self.are_results:
            self.videos.setdefault(each.video_id, _Video(VideoIn(each.video_id)))
            self.categories.setdefault(each.category_id, f"category {each.category_id}"[:80])
        if each.video_id not in self.videos:
            raise FormatError(f"Its video_id {each.video_id!r} is that of no video.")
        if each.category_id not in self.categories:
            raise FormatError(f"Its category_id {each.category_id!r} is that of no category.")
        video = self.videos[each.video_id]
        told = video.told.length or len(video.told.file_names)
        if told and len(each.segmentations) != told:
            raise FormatError(
                f"segmentations has an entry for each frame of its video, which has {told}; "
                f"{len(each.segmentations)} came."
            )
        rows = self._rows(video, each, f"annotation {number}")
        if len(rows):
            video.tracks.append(self._track(video, each, rows))
            video.report.tracks += 1
            video.report.shapes += int(rows.shown.sum())

    def _rows(self, video: _Video, each: AnnotationIn, place: str) -> Rows:
        """What of an annotation can be taken."""
        masks: dict[int, bytes] = {}
        known: dict[str, bytes] = {}
        for frame, told in enumerate(each.segmentations):
            if told is None:
                continue
            try:
                if not isinstance(told, Mapping):
                    raise FormatError("A mask has run lengths, counts, of a size; something else came.")
                counts = told.get("counts")
                packed = known.get(counts) if isinstance(counts, str) else None
                if packed is None or told.get("size") != list(video.size or ()):
                    packed = self._mask(video, told)
                if isinstance(counts, str):
                    known[counts] = packed
                masks[frame] = packed
            except EmptyMask:
                video.report.lose("masks without a pixel were left out")
            except FormatError as error:
                video.report.unreadable.add(f"{place}, frame {frame}", str(error))
        self.shapes += len(masks)
        check_count("shapes", self.shapes, MOST_ROWS)
        video.last = max(video.last, *masks, -1)
        rows = rows_of_masks(masks)
        if each.score is None:
            return rows
        if not 0 <= each.score <= 1:
            raise FormatError(f"A score lies between 0 and 1; {each.score:g} came.")
        flags = rows.flags & np.uint8(Flag.OUTSIDE) | np.uint8(Flag.PREDICTED)
        scores = np.where(rows.shown, float(each.score), 1.0)
        return Rows(rows.frames, rows.kinds, flags, scores, rows.bounds, rows.payloads)

    def _mask(self, video: _Video, told: Mapping[str, Any]) -> bytes:
        if video.size is None and video.told.width > 0 and video.told.height > 0:
            video.size = (video.told.height, video.told.width)
        row = read_segmentation(0, Flag.KEYFRAME, 1.0, told, None)
        size = tuple(told["size"])
        if video.size is None:
            video.size = size
        if size != video.size:
            raise FormatError(
                f"Masks have the size of their video, {video.size[1]} x {video.size[0]} px; this one {size[1]} x "
                f"{size[0]}."
            )
        return row.payload

    def _track(self, video: _Video, each: AnnotationIn, rows: Rows) -> TrackData:
        number = each.id if isinstance(each.id, int) and 1 <= each.id <= HIGHEST_NUMBER else 0
        if number and number in video.numbers:
            video.report.lose("tracks got new numbers, because the file repeats some")
            number = 0
        video.numbers.add(number)
        return TrackData(
            number=number,
            label=self.categories[each.category_id],
            rows=rows,
            source=each.source[:80],
            colour=each.colour.lower() if re.fullmatch(beside.COLOUR, each.colour) else "",
            verdict=each.verdict if each.verdict in ("", "accepted", "rejected") else "",
            place=f"track {each.id}" if each.id is not None else "",
        )

    def _part(self, video: _Video) -> Part:
        told, report = video.told, video.report
        if _counts_otherwise(told.file_names):
            report.note(
                "The names of the frames don't count up by one; frames were counted by their place in the lists."
            )
        height, width = video.size or (max(told.height, 0), max(told.width, 0))
        count = max(told.length, len(told.file_names), video.last + 1, 0)
        info = VideoInfo(told.name or _folder(told), width, height, count, told.fps if 0 <= told.fps < 1e6 else 0.0)
        used = {track.label for track in video.tracks}
        labels = [_label(category) for category in self.document.categories]
        labels += [LabelInfo(name) for name in used if self.are_results]
        names = tuple(dict.fromkeys(name for name in (told.name, _folder(told)) if name))
        return Part(names, Dataset(info, labels, video.tracks, len(video.tracks)), report)


def _label(category: CategoryIn) -> LabelInfo:
    colour = category.color if isinstance(category.color, str) and re.fullmatch(beside.COLOUR, category.color) else ""
    try:
        return beside.LabelTold(name=category.name, colour=colour, skeleton=category.template).info()
    except ValidationError:
        return LabelInfo(category.name, colour)


def _folder(told: VideoIn) -> str:
    """The video as the names of its frames call it: the folder that they lie in."""
    return PurePosixPath(told.file_names[0].replace("\\", "/")).parent.name if told.file_names else ""


def _counts_otherwise(names: list[str]) -> bool:
    numbers = [int(found[1]) for name in names if (found := LAST_NUMBER.search(name))]
    return len(numbers) == len(names) and any(b - a != 1 for a, b in pairwise(numbers))
