"""Reads a COCO file, trusting nothing in it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import PurePosixPath
from typing import Any

import msgspec
import numpy as np

from annotator.formats import geometry
from annotator.formats.base import Dataset, FormatError, LabelInfo, Part, Report, TrackData, VideoInfo
from annotator.formats.bounds import MOST_LABELS, MOST_ROWS, MOST_TRACKS, MOST_VERTICES, check_count
from annotator.formats.coco import masks
from annotator.formats.coco.limits import stored
from annotator.formats.coco.write import INTERPOLATED, PREDICTED
from annotator.formats.documents import decoded
from annotator.formats.rows import Rows
from annotator.refusals import struct_problem
from tracking.shapes.checks import FARTHEST_PX
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.skeletons import LONGEST_NAME, MOST_JOINTS, Joint, Skeleton

ALIEN = "This is no COCO file"
HIGHEST_FRAME = 2**31
HIGHEST_NUMBER = 2**31
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
VERDICTS = ("", "accepted", "rejected")

Id = int | str
Number = int | float


class CategoryIn(msgspec.Struct):
    id: Id
    name: str
    color: Any = ""
    keypoints: list[str] | None = None
    skeleton: list[tuple[int, int]] | None = None
    keypoint_places: list[tuple[float, float]] | None = None


class VideoIn(msgspec.Struct):
    id: Id
    name: str = ""
    width: int = 0
    height: int = 0
    length: int = 0
    fps: float = 0.0


class ImageIn(msgspec.Struct):
    id: Id
    file_name: str = ""
    width: int | None = None
    height: int | None = None
    video_id: Id | None = None
    frame_id: int | None = None
    frame_index: int | None = None


class TrackIn(msgspec.Struct):
    id: Id
    source: str = "person"
    colour: str = ""
    verdict: str = ""


class AnnotationIn(msgspec.Struct):
    image_id: Id
    category_id: Id
    bbox: list[Number] | None = None
    keypoints: list[Number] | None = None
    segmentation: Any = None
    whole_mask: Any = None
    track_id: Id | None = None
    instance_id: Id | None = None
    score: Number | None = None
    iscrowd: Any = 0
    attributes: Any = None


class DocumentIn(msgspec.Struct):
    images: list[ImageIn]
    annotations: list[msgspec.Raw]
    categories: list[CategoryIn]
    videos: list[VideoIn] = []
    tracks: list[Any] = []


_DOCUMENT = msgspec.json.Decoder(DocumentIn)
_ANNOTATION = msgspec.json.Decoder(AnnotationIn)


def read_document(data: bytes) -> list[Part]:
    """The videos of a file. Raises FormatError where it isn't one of COCO's."""
    document = decoded(_DOCUMENT, data, ALIEN)
    check_count("labels", len(document.categories), MOST_LABELS)
    check_count("shapes", len(document.annotations), MOST_ROWS)
    return _Reader(document).parts()


@dataclass
class _Video:
    """One video while it is read. ``rows``: by track and frame."""

    info: VideoInfo
    names: tuple[str, ...]
    report: Report = field(default_factory=Report)
    rows: dict[tuple[Id, Id], dict[int, Row]] = field(default_factory=lambda: defaultdict(dict))


class _Reader:
    def __init__(self, document: DocumentIn) -> None:
        self.document = document
        self.categories = {category.id: category for category in document.categories}
        self.videos = self._videos()
        self.frames = self._frames()
        self.tracks = self._tracks()
        self.places: dict[Id, list[tuple[float, float]]] = {}
        self.counts = {id: len(category.keypoints or ()) for id, category in self.categories.items()}

    def parts(self) -> list[Part]:
        for number, raw in enumerate(self.document.annotations, start=1):
            self._take(number, raw)
        return [self._part(video) for video in self.videos.values()]

    # ---------------------------------------------------------------- videos and frames

    def _videos(self) -> dict[Id | None, _Video]:
        found: dict[Id | None, _Video] = {}
        for each in self.document.videos:
            info = VideoInfo(
                each.name, max(each.width, 0), max(each.height, 0), max(each.length, 0), _finite(max(each.fps, 0.0))
            )
            found[each.id] = _Video(info, (each.name,) if each.name else ())
        known = {image.video_id for image in self.document.images}
        if not found or known - found.keys():
            for video_id in known - found.keys() or {None}:
                images = [image for image in self.document.images if image.video_id == video_id]
                found[video_id] = _unnamed(images)
        return found

    def _frames(self) -> dict[Id, tuple[_Video, int]]:
        """Of each image its video and frame: as the file says, or by the order of the images' names."""
        by_video: dict[Id | None, list[ImageIn]] = defaultdict(list)
        for image in self.document.images:
            by_video[image.video_id].append(image)
        found: dict[Id, tuple[_Video, int]] = {}
        for video_id, images in by_video.items():
            video = self.videos[video_id]
            told = [image.frame_id if image.frame_id is not None else image.frame_index for image in images]
            if any(frame is None or not 0 <= frame <= HIGHEST_FRAME for frame in told):
                images.sort(key=lambda image: _counted(image.file_name))
                told = list(range(len(images)))
                video.report.note("The file doesn't number frames: its images were taken in the order of their names.")
            found.update((image.id, (video, frame or 0)) for image, frame in zip(images, told, strict=True))
        return found

    def _tracks(self) -> dict[Id, TrackIn]:
        found = {}
        for each in self.document.tracks:
            try:
                track = msgspec.convert(each, TrackIn)
            except msgspec.ValidationError:
                continue  # what others say of tracks isn't needed
            found[track.id] = track
        return found

    # ---------------------------------------------------------------- annotations

    def _take(self, number: int, raw: msgspec.Raw) -> None:
        first = next(iter(self.videos.values()))
        try:
            each = _ANNOTATION.decode(raw)
        except msgspec.ValidationError as error:
            place, sentence = struct_problem(error)
            first.report.unreadable.add(f"annotation {number}", f"{place and f'{place}: '}{sentence}")
            return
        video, frame = self.frames.get(each.image_id, (first, -1))
        try:
            self._add(video, frame, each, number)
        except FormatError as error:
            video.report.unreadable.add(f"annotation {number}", str(error))

    def _add(self, video: _Video, frame: int, each: AnnotationIn, number: int) -> None:
        if frame < 0:
            raise FormatError(f"Its image_id {each.image_id!r} is that of no image.")
        if each.category_id not in self.categories:
            raise FormatError(f"Its category_id {each.category_id!r} is that of no category.")
        told = each.attributes if isinstance(each.attributes, Mapping) else {}
        if told.get("track_id") is not None and not isinstance(told["track_id"], int | str):
            raise FormatError("Its track_id is a number or a text; something else came.")
        ids = (each.track_id, each.instance_id, told.get("track_id"))
        track = next((id for id in ids if id is not None), f"annotation {number}")
        row = self._row(video, frame, each, told)
        rows = video.rows[track, each.category_id]
        if frame in rows:
            raise FormatError(f"A track has one shape per frame; track {track} has another on frame {frame}.")
        rows[frame] = row
        check_count("tracks", len(video.rows), MOST_TRACKS)

    def _row(self, video: _Video, frame: int, each: AnnotationIn, told: Mapping[str, Any]) -> Row:
        score = 1.0 if each.score is None else float(each.score)
        if not 0 <= score <= 1:
            raise FormatError(f"A score lies between 0 and 1; {score:g} came.")
        flags = {PREDICTED: Flag.PREDICTED, INTERPOLATED: Flag(0)}.get(str(told.get("origin")), Flag.KEYFRAME)
        flags |= Flag.OCCLUDED if told.get("occluded") is True else Flag(0)
        flags |= Flag.DOUBTFUL if told.get("doubtful") is True else Flag(0)
        if each.keypoints:
            if each.segmentation:
                video.report.lose("outlines of annotations with keypoints were left out")
            return self._skeleton(frame, flags, score, each)
        outline = each.segmentation if isinstance(each.segmentation, list) else []
        if len(outline) == 1 and isinstance(outline[0], list):
            return _polygon(frame, flags, score, outline[0])
        if isinstance(each.segmentation, Mapping):
            return _mask(frame, flags, score, each)
        if each.segmentation:
            video.report.lose("outlines of several parts became boxes")
        return _box(frame, flags, score, each.bbox)

    def _skeleton(self, frame: int, flags: Flag, score: float, each: AnnotationIn) -> Row:
        numbers = each.keypoints or []
        if len(numbers) % 3 or len(numbers) > 3 * MOST_JOINTS:
            raise FormatError(f"Keypoints are x, y, v of at most {MOST_JOINTS} joints; {len(numbers)} numbers came.")
        wanted = self.counts[each.category_id] or len(numbers) // 3
        if len(numbers) != 3 * wanted:
            raise FormatError(f"Its category has {wanted} joints; it has {len(numbers) // 3}.")
        self.counts[each.category_id] = wanted
        xy = [(float(x), float(y)) for x, y in zip(numbers[::3], numbers[1::3], strict=True)]
        _check([value for point in xy for value in point])
        seen = [int(state) if state in (0, 1, 2) else -1 for state in numbers[2::3]]
        row = geometry.point_row(Kind.SKELETON, frame, flags, score, xy, seen)
        if all(seen) and each.category_id not in self.places:
            self.places[each.category_id] = geometry.shares(row)
        return row

    # ---------------------------------------------------------------- what came of it

    def _part(self, video: _Video) -> Part:
        report = video.report
        tracks = []
        numbers = _numbers([track for track, _ in video.rows], report)
        for (track, category), rows in video.rows.items():
            kept = stored(Rows.of([rows[frame] for frame in sorted(rows)]))
            told = self.tracks.get(track)
            report.tracks += 1
            report.shapes += int(kept.shown.sum())
            tracks.append(
                TrackData(
                    number=numbers.pop(0),
                    label=self.categories[category].name,
                    rows=kept,
                    source=told.source[:80] if told else "coco",
                    colour=told.colour.lower() if told and COLOUR.fullmatch(told.colour) else "",
                    verdict=told.verdict if told and told.verdict in VERDICTS else "",
                    place=f"track {track}",
                )
            )
        labels = [self._label(category) for category in self.categories.values()]
        return Part(video.names, Dataset(video.info, labels, tracks, len(tracks)), report)

    def _label(self, category: CategoryIn) -> LabelInfo:
        colour = category.color if isinstance(category.color, str) and COLOUR.fullmatch(category.color) else ""
        count = self.counts[category.id]
        if not count:
            return LabelInfo(category.name, colour)
        names = category.keypoints or [str(number) for number in range(1, count + 1)]
        places = category.keypoint_places or self.places.get(category.id) or []
        if len(places) != count:
            places = [(0.5, (number + 0.5) / count) for number in range(count)]
        joints = [
            Joint(name=name[:LONGEST_NAME], x=min(max(_finite(x), 0), 1), y=min(max(_finite(y), 0), 1))
            for name, (x, y) in zip(names[:MOST_JOINTS], places, strict=False)
        ]
        edges = [(first - 1, second - 1) for first, second in (category.skeleton or ())[: MOST_JOINTS * 4]]
        within = [edge for edge in edges if all(0 <= end < len(joints) for end in edge) and edge[0] != edge[1]]
        return LabelInfo(category.name, colour, (), Skeleton(joints=tuple(joints), edges=tuple(within)))


def _unnamed(images: Sequence[ImageIn]) -> _Video:
    """A video that the file knows by its images only."""
    folders = {str(PurePosixPath(image.file_name.replace("\\", "/")).parent) for image in images} - {"", "."}
    name = folders.pop().rpartition("/")[2] if len(folders) == 1 else ""
    width = max((image.width or 0 for image in images), default=0)
    height = max((image.height or 0 for image in images), default=0)
    return _Video(VideoInfo(name, max(width, 0), max(height, 0), len(images), 0.0), (name,) if name else ())


def _numbers(tracks: Sequence[Id], report: Report) -> list[int]:
    """Of tracks by their ids; 0, the next free one, where an id is no number that a track can have."""
    shift = 1 if 0 in tracks else 0
    if shift:
        report.note("The file counts tracks from 0; here they count from 1.")
    seen: set[int] = set()
    found = []
    for track in tracks:
        number = track + shift if isinstance(track, int) and 1 <= track + shift <= HIGHEST_NUMBER else 0
        if number in seen:
            report.lose("tracks got new numbers, because the file uses one for several labels")
            number = 0
        if number:
            seen.add(number)
        found.append(number)
    return found


def _polygon(frame: int, flags: Flag, score: float, numbers: list[Any]) -> Row:
    if len(numbers) % 2 or len(numbers) > 2 * MOST_VERTICES:
        raise FormatError(f"An outline is x, y of at most {MOST_VERTICES:,} points; {len(numbers)} numbers came.")
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers):
        raise FormatError("An outline is of numbers; something else came.")
    _check(numbers)
    xy = [(float(x), float(y)) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    return geometry.vertex_row(Kind.POLYGON, frame, flags, score, xy)


def _mask(frame: int, flags: Flag, score: float, each: AnnotationIn) -> Row:
    whole = each.whole_mask
    if not isinstance(whole, Mapping):
        return masks.read_segmentation(frame, flags, score, each.segmentation, each.bbox)
    places = whole.get("left"), whole.get("top")
    if not all(type(place) is int and abs(place) <= FARTHEST_PX for place in places):
        raise FormatError(f"A mask's window lies within ±{FARTHEST_PX:,.0f} px, at whole ones; this one doesn't.")
    left, top = (int(place) for place in places if place is not None)
    size = whole.get("size")
    sides = [0, 0, size[1], size[0]] if isinstance(size, list) and len(size) == 2 else None
    row = masks.read_segmentation(frame, flags, score, whole, sides)
    _, _, columns, rows = geometry.mask_window(row)
    payload = np.array([left, top, columns, rows], "<i4").tobytes() + row.payload[16:]
    return replace(row, bounds=(left, top, left + columns, top + rows), payload=payload)


def _box(frame: int, flags: Flag, score: float, numbers: list[Number] | None) -> Row:
    if numbers is None or len(numbers) != 4:
        raise FormatError("An annotation has keypoints, an outline or a bbox of left, top, width, height.")
    left, top, width, height = (float(value) for value in numbers)
    if width < 0 or height < 0:
        raise FormatError(f"A bbox has a width and a height of at least 0; {width:g} and {height:g} came.")
    with np.errstate(over="ignore"):
        x2, y2 = np.array([left + width, top + height]).astype(np.float32).tolist()
    _check([left, top, x2, y2])  # as they are kept: a width in few digits may lead a little too far
    return Row(frame, Kind.BOX, flags, score, (left, top, max(x2, left), max(y2, top)))


def _check(numbers: Sequence[Number]) -> None:
    if not all(isfinite(value) and abs(value) <= FARTHEST_PX for value in numbers):
        raise FormatError(f"Coordinates lie within ±{FARTHEST_PX:,.0f} px; these don't.")


def _finite(value: float) -> float:
    return value if isfinite(value) else 0.0


def _counted(name: str) -> list[tuple[int, str]]:
    """So that 9.jpg comes before 10.jpg."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.findall(r"\d{1,18}|\D+", name)]
