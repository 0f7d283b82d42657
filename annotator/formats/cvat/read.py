"""Reads CVAT for video 1.1, element by element."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException

from annotator.formats.base import AttributeInfo, Dataset, FormatError, LabelInfo, Part, Report, TrackData
from annotator.formats.bounds import MOST_PARTS, MOST_ROWS, MOST_SHAPE_PARTS, MOST_TRACKS, check_count
from annotator.formats.cvat.events import elements
from annotator.formats.cvat.meta import Meta, Task, meta_of
from annotator.formats.cvat.repaired import Repaired
from annotator.formats.cvat.skeletons import Joints, padded
from annotator.formats.cvat.text import REPLACEMENT
from annotator.formats.cvat.track import TrackReader
from annotator.formats.limits import rows_of, with_rows
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Kind, Row

log = logging.getLogger(__name__)

DEEPEST = 12
"""CVAT's own files are six elements deep; a parser that builds trees takes minutes for thousands."""


def read_document(content: IO[bytes]) -> list[Part]:
    """The videos of one file. Raises FormatError where it isn't CVAT's XML."""
    document = _Document()
    repaired = Repaired(content)
    try:
        document.read(repaired)
    except ParseError as error:
        log.info("Damaged XML: %s", error)
        line, column = error.position
        raise FormatError(
            f"The XML is damaged at line {line}, column {column + 1}. Is the file whole? Export it again."
        ) from error
    except DefusedXmlException as error:
        raise FormatError("XML with entities or a document type is refused; CVAT writes neither.") from error
    document.file_report.lose(f"characters that XML can't hold were replaced by {REPLACEMENT}", repaired.count)
    return document.parts()


@dataclass(slots=True)
class _Part:
    task: Task
    report: Report = field(default_factory=Report)
    tracks: list[TrackData] = field(default_factory=list)


class _Document:
    """What has been read so far."""

    def __init__(self) -> None:
        self.meta = Meta()
        self.file_report = Report()
        self.by_task: dict[str, _Part] = {}
        self.joints: dict[str, Joints] = {}
        self.count = 0
        self.rows = 0
        self.first_number = 1

    def read(self, content: Repaired) -> None:
        open_: list[Element] = []
        track: TrackReader | None = None
        parts = 0
        for event, element in elements(content):
            if event == "start":
                open_.append(element)
                self._check(open_)
                whole, most = (2, MOST_PARTS) if track is None else (3, MOST_SHAPE_PARTS)
                parts = parts + 1 if len(open_) > whole else 0
                if parts > most:
                    tag = open_[whole - 1].tag[:40]
                    raise FormatError(f"<{tag}> has at most {most:,} elements inside; this one has more.")
                if element.tag == "track" and len(open_) == 2:
                    track = self._begin(element)
                continue
            open_.pop()
            if len(open_) == 2 and track is not None:
                self.rows += 1
                check_count("shapes", self.rows, MOST_ROWS)
                track.add(element)
                open_[-1].clear()  # what was read of a track, or it would be in memory whole
            elif len(open_) == 1:
                self._end(element, track)
                track = None
                open_[-1].clear()

    def _check(self, open_: list[Element]) -> None:
        element = open_[-1]
        if len(open_) > DEEPEST:
            raise FormatError(f"CVAT's XML is at most {DEEPEST} elements deep; this file isn't CVAT's.")
        if len(open_) == 1 and element.tag != "annotations":
            raise FormatError(f"CVAT's XML begins with <annotations>; this begins with <{element.tag[:40]}>.")
        if len(open_) == 2 and element.tag == "image":
            raise FormatError(
                'This is "CVAT for images", where shapes have no tracks. Export the task as "CVAT for video 1.1".'
            )

    def _begin(self, element: Element) -> TrackReader:
        self.count += 1
        check_count("tracks", self.count, MOST_TRACKS)
        attributes = dict(element.attrib)
        if attributes.get("id") == "0":
            self.first_number = 0
        name = attributes.get("label", "")
        label = self.meta.by_name.get(name) or LabelInfo(name)
        part = self._part(attributes)
        return TrackReader(
            attributes=attributes,
            label=label,
            joints=self.joints.setdefault(name, Joints.of(label.skeleton)),
            step=part.task.step,
            position=self.count,
            report=part.report,
        )

    def _part(self, attributes: dict[str, str]) -> _Part:
        """Where a track belongs: of a project's export, to the task that it names."""
        tasks = self.meta.by_id
        task = self.meta.tasks[0]
        if (self.meta.of_project and len(tasks) > 1) or (
            "task_id" in attributes and attributes["task_id"] not in tasks
        ):
            task = tasks.get(attributes.get("task_id", "")) or replace(task, id="", names=(), step=1)
        return self.by_task.setdefault(task.id, _Part(task))

    def _end(self, element: Element, track: TrackReader | None) -> None:
        if element.tag == "meta":
            self.meta = meta_of(element, self.file_report)
        elif track is not None:
            self._keep(track)
        elif element.tag == "tag":
            self.file_report.lose("tags of frames have no place in CVAT for video")
        elif element.tag != "version":
            self.file_report.lose(f"<{element.tag}> elements have no place here")

    def _keep(self, track: TrackReader) -> None:
        part = self._part(dict(track.attributes))
        if not track.label.name:
            part.report.unreadable.add(track.where, "A track names its label; this one doesn't.")
            return
        data = track.finish()
        if data is not None:
            part.tracks.append(data)

    def parts(self) -> list[Part]:
        for task in self.meta.tasks:
            self.by_task.setdefault(task.id, _Part(task))
        parts = [self._finished(part) for part in self.by_task.values()]
        for part in parts:
            part.report.join(self.file_report)
        return parts

    def _finished(self, part: _Part) -> Part:
        tracks = self._numbered([self._padded(track) for track in part.tracks], part.report)
        return Part(part.task.names, Dataset(part.task.video, self._labels(tracks), tracks, len(tracks)), part.report)

    def _numbered(self, tracks: list[TrackData], report: Report) -> list[TrackData]:
        """CVAT's ids count from 0, ours from 1: shifted where the file has a 0, renumbered when they repeat."""
        numbers = [track.number for track in tracks]
        if len(set(numbers)) != len(numbers):
            report.lose("tracks got new numbers, because the file repeats some", len(tracks))
            return [replace(track, number=index) for index, track in enumerate(tracks, start=1)]
        return [replace(track, number=track.number + 1 - self.first_number) for track in tracks]

    def _padded(self, track: TrackData) -> TrackData:
        rows, joints = rows_of(track), self.joints[track.label]
        if joints.template or not (rows.kinds == Kind.SKELETON).any():
            return track
        return with_rows(track, Rows.of(padded(row, joints) for row in rows))

    def _labels(self, tracks: list[TrackData]) -> list[LabelInfo]:
        """The file's labels, with what it doesn't declare and tracks have."""
        declared = list(self.meta.labels)
        known = {label.name for label in declared}
        declared += [LabelInfo(name) for name in dict.fromkeys(track.label for track in tracks) if name not in known]
        of_label: dict[str, list[TrackData]] = {}
        for track in tracks:
            of_label.setdefault(track.label, []).append(track)
        return [self._completed(label, of_label.get(label.name, [])) for label in declared]

    def _completed(self, label: LabelInfo, tracks: list[TrackData]) -> LabelInfo:
        known = {info.name for info in label.attributes}
        changing = {name for track in tracks for name in track.frame_attributes}
        constant = {name for track in tracks for name in track.attributes}
        added = tuple(
            AttributeInfo(name, "text", per_frame=name in changing) for name in sorted((changing | constant) - known)
        )
        joints = self.joints.get(label.name)
        skeleton = joints.as_skeleton(next(_skeletons(tracks), None)) if joints else label.skeleton
        return replace(label, attributes=label.attributes + added, skeleton=skeleton)


def _skeletons(tracks: list[TrackData]) -> Iterator[Row]:
    for track in tracks:
        rows = rows_of(track)
        for index in (rows.kinds == Kind.SKELETON).nonzero()[0][:1]:
            yield rows[int(index)]
