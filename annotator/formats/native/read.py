"""Reads a Framewise JSON, piece by piece."""

from __future__ import annotations

import json
import logging
from typing import Any, BinaryIO, NoReturn

import msgspec
from pydantic import ValidationError

from annotator.formats.base import (
    AttributeInfo,
    Dataset,
    FormatError,
    JudgedSpan,
    LabelInfo,
    Part,
    Report,
    TrackData,
    VideoInfo,
)
from annotator.formats.bounds import MOST_ROWS, MOST_TRACKS, check_count
from annotator.formats.native.pieces import Head, Shapes, Track, pieces
from annotator.formats.native.schema import HeadIn, LabelIn, TrackIn
from annotator.formats.native.shapes import ShapeReader
from annotator.refusals import first_problem, problem_of

log = logging.getLogger(__name__)

ALIEN = "This is no Framewise JSON"


def read_document(file: BinaryIO) -> Part:
    """The video of a file. Raises FormatError where it isn't a Framewise JSON."""
    document = _Document()
    try:
        for piece in pieces(file):
            document.take(piece)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        log.info("No JSON: %s", error)
        raise FormatError(f"{ALIEN}: {_place_of(error)} Is the file whole? Export it again.") from error
    return document.part()


class _Document:
    """What has been read so far: rows as columns, 50 bytes a box."""

    def __init__(self) -> None:
        self.report = Report()
        self.tracks: list[TrackData] = []
        self.head: HeadIn | None = None
        self.shapes = ShapeReader()
        self.count = 0
        self.rows = 0

    def take(self, piece: Shapes | Track | Head) -> None:
        match piece:
            case Shapes(text):
                self.shapes.add(text)
            case Track(text):
                self._take_track(_decoded(text))
            case Head(text):
                self.head = self._head(_decoded(text))

    def _take_track(self, value: Any) -> None:
        shapes, self.shapes = self.shapes, ShapeReader()
        position = self.count
        self.count += 1
        check_count("tracks", self.count, MOST_TRACKS)
        try:
            track = TrackIn.model_validate(value)
        except ValidationError as error:
            where, why = first_problem(error)
            self.report.unreadable.add(f"tracks.{position}{where and f'.{where}'}", why)
            return
        rows, clicked = shapes.rows(), shapes.clicked
        self.rows += len(rows)
        check_count("shapes", self.rows, MOST_ROWS)
        for at, frame, why in shapes.bad:
            place = f"shape {at + 1}" if frame is None else f"frame {frame}"
            self.report.unreadable.add(f"track {track.number}, {place}", why)
        self.report.tracks += 1
        self.report.shapes += int(rows.shown.sum())
        self.tracks.append(
            TrackData(
                number=track.number,
                label=track.label,
                rows=rows,
                colour=track.colour.lower(),
                source=track.source,
                verdict=track.verdict,
                attributes=track.attributes,
                frame_attributes=track.frame_attributes,
                verdicts=tuple(JudgedSpan(**span.model_dump()) for span in track.verdicts),
                candidate=track.candidate,
                clicked=clicked,
            )
        )

    def _head(self, value: Any) -> HeadIn:
        if isinstance(value, dict) and not isinstance(value.get("tracks"), list):
            raise FormatError(f"{ALIEN}: tracks: a list is needed. Choose a Framewise JSON export.")
        try:
            return HeadIn.model_validate(value)
        except ValidationError as error:
            raise FormatError(f"{ALIEN}: {problem_of(error)}") from error

    def part(self) -> Part:
        head = self.head
        if head is None:
            raise FormatError(f"{ALIEN}: it is empty.")
        video = VideoInfo(**head.video.model_dump())
        if head.tracking is not None:
            self.report.note("What the file says of how tracking went isn't kept.")
        tracks = self._numbered()
        dataset = Dataset(video, [_label_of(label) for label in head.labels], tracks, len(tracks))
        return Part((video.name,) if video.name else (), dataset, self.report)

    def _numbered(self) -> list[TrackData]:
        """Tracks with a number that the file has given already get the next free one when they are imported."""
        seen: set[int] = set()
        for index, track in enumerate(self.tracks):
            if track.number in seen:
                self.report.lose("tracks got new numbers, because the file repeats some")
                self.tracks[index] = track.with_number(0)
            seen.add(track.number)
        return self.tracks


def _decoded(text: bytes) -> Any:
    return json.loads(text, parse_constant=_no_number)


class _NoNumber(ValueError):
    """NaN, Infinity or -Infinity."""


def _no_number(name: str) -> NoReturn:
    raise _NoNumber(name)


def _label_of(label: LabelIn) -> LabelInfo:
    attributes = tuple(
        AttributeInfo(**{**attribute.model_dump(), "choices": tuple(attribute.choices)})
        for attribute in label.attributes
    )
    return LabelInfo(label.name, label.colour, attributes, label.skeleton)


def _place_of(error: Exception) -> str:
    """What is wrong, in our words."""
    if isinstance(error, UnicodeDecodeError):
        return "it isn't UTF-8 text."
    if isinstance(error, RecursionError) or "recursion" in str(error):
        return "it is too deep."
    if isinstance(error, _NoNumber):
        return f"{error} is no number that JSON has."
    return "a part of it isn't JSON."
