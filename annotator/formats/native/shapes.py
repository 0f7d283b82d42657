"""Decodes lists of shapes into rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

import msgspec
import numpy as np
from numpy.typing import NDArray

from annotator.formats import geometry
from annotator.formats.base import ClickedOn, FormatError
from annotator.formats.bounds import MOST_VERTICES
from annotator.formats.native.schema import BoxIn, ClickedIn, MaskIn, ShapeIn
from annotator.formats.rows import Rows
from annotator.refusals import struct_problem
from tracking.shapes.checks import FARTHEST_PX
from tracking.shapes.chunks import Flag, Kind, Row

_BOXES = msgspec.json.Decoder(list[BoxIn])
_ANYTHING = msgspec.json.Decoder(list[msgspec.Raw])
_SHAPE = msgspec.json.Decoder(ShapeIn)
FARTHEST_CLICK = 1_000_000
GEOMETRIES = tuple(kind.name.lower() for kind in Kind)


@dataclass(slots=True)
class ShapeReader:
    """Takes the shapes of one track, list by list. ``bad``: (position, frame or None, why) of those that can't be."""

    parts: list[Rows] = field(default_factory=list)
    bad: list[tuple[int, int | None, str]] = field(default_factory=list)
    clicked: dict[int, ClickedOn] = field(default_factory=dict)
    """By frame, what masks were clicked with."""
    count: int = 0

    def add(self, text: bytes) -> None:
        """Raises msgspec.DecodeError for what is no JSON list."""
        try:
            shapes = _BOXES.decode(text)
        except msgspec.ValidationError:
            self._add_each(text)
        else:
            self._add_boxes(shapes)

    def _add_boxes(self, shapes: list[BoxIn]) -> None:
        boxes = np.array([shape.box for shape in shapes], np.float64).reshape(len(shapes), 4)
        rows = Rows(
            frames=np.array([shape.frame for shape in shapes], np.int64),
            kinds=np.full(len(shapes), Kind.BOX, np.uint8),
            flags=_flags(shapes),
            confidence=np.array([shape.confidence for shape in shapes], np.float64),
            bounds=np.clip(boxes, -FARTHEST_PX, FARTHEST_PX).astype(np.float32),
            payloads=(b"",) * len(shapes),
        )
        near, ordered = np.abs(boxes) <= FARTHEST_PX, boxes[:, :2] <= boxes[:, 2:]
        sound: NDArray[np.bool_] = np.all(np.concatenate([near, ordered], axis=1), axis=1)
        for index in np.flatnonzero(~sound).tolist():
            self._note(self.count + index, shapes[index].frame, _box_problem(shapes[index].box))
        self.count += len(shapes)
        self.parts.append(rows.take(sound))

    def _add_each(self, text: bytes) -> None:
        """Shapes of all kinds, one by one."""
        rows: list[Row] = []
        for raw in _ANYTHING.decode(text):
            frame = None
            try:
                shape = _SHAPE.decode(raw)
                frame = shape.frame
                rows.append(_row_of(shape))
                if shape.clicked is not None:
                    self.clicked[shape.frame] = _clicked(shape)
            except msgspec.ValidationError as error:
                self._note(self.count, frame, _told(error))
            except FormatError as error:
                self._note(self.count, frame, str(error))
            self.count += 1
        self.parts.append(Rows.of(rows))

    def _note(self, position: int, frame: int | None, why: str) -> None:
        self.bad.append((position, frame, why))

    def rows(self) -> Rows:
        """All of them in rising order; of several on one frame the first."""
        rows = Rows.joined(self.parts)
        order = np.argsort(rows.frames, kind="stable")
        if (order[1:] < order[:-1]).any():
            rows = rows.ordered(order)
        again = np.concatenate([[False], np.diff(rows.frames) == 0])
        for index in np.flatnonzero(again).tolist():
            self._note(index, int(rows.frames[index]), "A track has one shape per frame; this is another one.")
        return rows.take(~again)


def _flags(shapes: list[BoxIn]) -> NDArray[np.uint8]:
    flags = np.where([shape.keyframe for shape in shapes], np.uint8(Flag.KEYFRAME), np.uint8(Flag.PREDICTED))
    for flag, given in (
        (Flag.OUTSIDE, [shape.outside for shape in shapes]),
        (Flag.OCCLUDED, [shape.occluded for shape in shapes]),
        (Flag.DOUBTFUL, [shape.doubtful for shape in shapes]),
    ):
        flags = np.where(given, flags | np.uint8(flag), flags)
    return flags


def _box_problem(box: tuple[float, float, float, float]) -> str:
    return f"A box is [x1, y1, x2, y2] with x1 <= x2 and y1 <= y2, within ±{FARTHEST_PX:,.0f} px; {list(box)} came."


def _row_of(shape: ShapeIn) -> Row:
    """Raises FormatError for geometry that can't be."""
    given = [name for name in GEOMETRIES if getattr(shape, name) is not None]
    if len(given) != 1 or shape.tag is False:
        raise FormatError(f"A shape has exactly one geometry; this one has {len(given)}.")
    flags = Flag.KEYFRAME if shape.keyframe else Flag.PREDICTED
    for flag, is_set in (
        (Flag.OUTSIDE, shape.outside),
        (Flag.OCCLUDED, shape.occluded),
        (Flag.DOUBTFUL, shape.doubtful),
    ):
        flags |= flag if is_set else Flag(0)
    return _geometry(shape, flags)


def _geometry(shape: ShapeIn, flags: Flag) -> Row:
    frame, confidence = shape.frame, shape.confidence
    if shape.tag:
        return Row(frame, Kind.TAG, flags, confidence, (0.0, 0.0, 0.0, 0.0))
    if shape.box is not None:
        x1, y1, x2, y2 = shape.box
        if x1 > x2 or y1 > y2 or not _near(shape.box):
            raise FormatError(_box_problem(shape.box))
        return Row(frame, Kind.BOX, flags, confidence, shape.box)
    if shape.rotated_box is not None:
        _check(shape.rotated_box)
        return geometry.rotated_row(frame, flags, confidence, shape.rotated_box)
    if shape.mask is not None:
        return _mask(shape.mask, frame, flags, confidence)
    for kind, xy in ((Kind.POLYGON, shape.polygon), (Kind.POLYLINE, shape.polyline)):
        if xy is not None:
            _check_count(xy)
            _check([value for point in xy for value in point])
            return geometry.vertex_row(kind, frame, flags, confidence, xy)
    kind = Kind.POINTS if shape.points is not None else Kind.SKELETON
    points = shape.points or shape.skeleton or []
    _check_count(points)
    _check([value for point in points for value in point[:2]])
    places, seen = [point[:2] for point in points], [point[2] for point in points]
    return geometry.point_row(kind, frame, flags, confidence, places, seen)


def _clicked(shape: ShapeIn) -> ClickedOn:
    """Raises FormatError for what can't have been clicked."""
    said = shape.clicked or ClickedIn()
    if shape.mask is None:
        raise FormatError("Masks alone are clicked; this shape is none.")
    places = [value for x, y, _ in said.clicks for value in (x, y)]
    if not all(0 <= value <= FARTHEST_CLICK for value in places):
        raise FormatError(f"Clicks lie within 0..{FARTHEST_CLICK:,} px; these don't.")
    box = said.box
    if box is not None and not (_near(box) and box[0] < box[2] and box[1] < box[3]):
        raise FormatError(_box_problem(box))
    return ClickedOn(tuple(said.clicks), box, alone=said.alone)


def _mask(mask: MaskIn, frame: int, flags: Flag, confidence: float) -> Row:
    window = mask.left, mask.top, mask.width, mask.height
    return geometry.mask_of_runs(frame, flags, confidence, window, np.asarray(mask.counts, np.uint32), order="F")


def _near(values: tuple[float, ...] | list[float]) -> bool:
    return all(isfinite(value) and abs(value) <= FARTHEST_PX for value in values)


def _check(values: tuple[float, ...] | list[float]) -> None:
    if not _near(values):
        raise FormatError(f"Coordinates lie within ±{FARTHEST_PX:,.0f} px; these don't.")


def _check_count(points: Sequence[object]) -> None:
    if len(points) > MOST_VERTICES:
        raise FormatError(f"A shape has at most {MOST_VERTICES:,} points; this one has {len(points):,}.")


def _told(error: msgspec.ValidationError) -> str:
    place, sentence = struct_problem(error)
    return f"{place}: {sentence}" if place else sentence[:1].upper() + sentence[1:]
