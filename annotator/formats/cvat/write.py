"""Writes CVAT for video 1.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import degrees
from typing import IO, Any

import numpy as np

from annotator.formats import decimals, geometry
from annotator.formats.base import Dataset, LabelInfo, Progress, Report, TrackData
from annotator.formats.cvat.templates import svg_of
from annotator.formats.cvat.text import in_attribute, in_text, legal
from annotator.formats.cvat.values import INPUT_TYPES, to_text
from annotator.formats.limits import rows_of
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import expand
from tracking.shapes.masks import to_runs
from tracking.shapes.values import ABSENT, OCCLUDED

STORED = Flag.KEYFRAME | Flag.PREDICTED


class Writer:
    """Writes one document, element by element. ``dataset`` is within CVAT's limits."""

    def __init__(self, out: IO[bytes], dataset: Dataset, report: Report) -> None:
        self.out = out
        self.dataset = dataset
        self.report = report
        self.joint_names = {
            label.name: [joint.name for joint in label.skeleton.joints] for label in dataset.labels if label.skeleton
        }

    def document(self, *, every_frame: bool, progress: Progress) -> None:
        self.put('<?xml version="1.0" encoding="utf-8"?>\n')
        self.open("annotations")
        self.leaf("version", "1.1")
        self.meta()
        for done, track in enumerate(self.dataset.tracks, start=1):
            self.track(track, every_frame=every_frame)
            progress(done)
        self.close("annotations")

    def meta(self) -> None:
        video = self.dataset.video
        name, _ = legal(video.name)
        self.open("meta")
        self.open("task")
        for tag, value in (
            ("id", "1"),
            ("name", name),
            ("size", video.frame_count),
            ("mode", "interpolation"),
            ("overlap", "0"),
            ("start_frame", "0"),
            ("stop_frame", max(video.frame_count - 1, 0)),
            ("frame_filter", ""),
        ):
            self.leaf(tag, value)
        self.open("labels")
        for label in self.dataset.labels:
            self.label(label)
        self.close("labels")
        self.open("original_size")
        self.leaf("width", video.width)
        self.leaf("height", video.height)
        self.close("original_size")
        self.leaf("source", name)
        self.close("task")
        self.close("meta")

    def label(self, label: LabelInfo) -> None:
        self.open("label")
        self.leaf("name", label.name)
        self.leaf("color", label.colour or "#808080")
        self.leaf("type", "skeleton" if label.skeleton else "any")
        self.open("attributes")
        for attribute in label.attributes:
            self.open("attribute")
            self.leaf("name", attribute.name)
            self.leaf("mutable", attribute.per_frame)
            self.leaf("input_type", INPUT_TYPES[attribute.kind])
            self.leaf("default_value", attribute.default)
            self.leaf("values", "\n".join(attribute.choices))
            self.close("attribute")
        self.close("attributes")
        if label.skeleton:
            self.leaf("svg", svg_of(label.skeleton))
        self.close("label")
        for name in self.joint_names.get(label.name, ()):
            self.joint_label(name, parent=label)

    def joint_label(self, name: str, *, parent: LabelInfo) -> None:
        self.open("label")
        self.leaf("name", name)
        self.leaf("color", parent.colour or "#808080")
        self.leaf("type", "points")
        self.leaf("attributes", "")
        self.leaf("parent", parent.name)
        self.close("label")

    def track(self, track: TrackData, *, every_frame: bool) -> None:
        self.report.tracks += 1
        rows = rows_of(track)
        self.report.shapes += int(rows.shown.sum())
        self.open("track", id=track.number, label=track.label, source="manual" if track.source == "person" else "auto")
        for row in _written(list(rows), every_frame=every_frame, frame_count=self.dataset.video.frame_count):
            self.shape(row, track)
        self.close("track")

    def shape(self, row: Row, track: TrackData) -> None:
        tag, own = _shape_attributes(row)
        states = {
            "frame": row.frame,
            "outside": int(bool(row.flags & Flag.OUTSIDE)),
            "occluded": int(bool(row.flags & Flag.OCCLUDED)),
            "keyframe": int(bool(row.flags & STORED)),
        }
        inner = self.joints(row, self.joint_names.get(track.label, ())) if row.kind == Kind.SKELETON else ""
        # CVAT's reader looks for constant attributes in the shapes too; in the track it doesn't.
        for name, value in (*track.attributes.items(), *_values_on(track.frame_attributes, row.frame)):
            inner += _element("attribute", in_text(to_text(value)), name=name)
        self.put(_element(tag, inner, **states, **own, z_order=0))

    def joints(self, row: Row, names: Sequence[str]) -> str:
        """Every joint carries what CVAT reads in joints alone: whether it is a keyframe's, and there."""
        places = decimals.pairs(geometry.vertices(row))
        keyframe, gone = int(bool(row.flags & STORED)), bool(row.flags & Flag.OUTSIDE)
        joints = ""
        for index, (place, seen) in enumerate(zip(places, geometry.visibilities(row), strict=True)):
            name = names[index] if index < len(names) else str(index + 1)
            states = {"outside": int(gone or seen == ABSENT), "occluded": int(seen == OCCLUDED)}
            joints += _element("points", "", label=name, keyframe=keyframe, **states, points=place)
        return joints

    def put(self, text: str) -> None:
        self.out.write(text.encode())

    def open(self, tag: str, **attributes: object) -> None:
        self.put(_start(tag, attributes) + ">")

    def close(self, tag: str) -> None:
        self.put(f"</{tag}>")

    def leaf(self, tag: str, content: object) -> None:
        self.put(_element(tag, in_text(to_text(content))))


def _element(tag: str, inner: str, **attributes: object) -> str:
    """``inner``: XML."""
    start = _start(tag, attributes)
    return f"{start}>{inner}</{tag}>" if inner else f"{start}/>"


def _start(tag: str, attributes: Mapping[str, object]) -> str:
    return f"<{tag}" + "".join(f' {name}="{in_attribute(to_text(value))}"' for name, value in attributes.items())


def _written(rows: Sequence[Row], *, every_frame: bool, frame_count: int) -> Iterator[Row]:
    """A track's shapes as CVAT wants them: in order, with the outside shape that closes it."""
    shapes = expand(rows) if every_frame else (row for row in rows if not row.flags & Flag.OUTSIDE)
    yield from sorted([*shapes, *_gaps(rows)], key=lambda row: row.frame)
    ends_early = not frame_count or (rows and rows[-1].frame + 1 < frame_count)
    if rows and ends_early and not rows[-1].flags & Flag.OUTSIDE:
        yield replace(rows[-1], frame=rows[-1].frame + 1, flags=Flag.KEYFRAME | Flag.OUTSIDE)


def _gaps(rows: Sequence[Row]) -> Iterator[Row]:
    """The outside rows. They have no geometry of their own here, but in CVAT that of the shape that went."""
    last = next(row for row in rows if not row.flags & Flag.OUTSIDE)
    for row in rows:
        if row.flags & Flag.OUTSIDE:
            yield replace(last, frame=row.frame, flags=Flag.KEYFRAME | Flag.OUTSIDE, confidence=row.confidence)
        else:
            last = row


def _shape_attributes(row: Row) -> tuple[str, dict[str, object]]:
    """A row's element and its geometry."""
    match row.kind:
        case Kind.BOX:
            x1, y1, x2, y2 = decimals.texts(np.asarray(row.bounds, np.float32), 3)
            return "box", {"xtl": x1, "ytl": y1, "xbr": x2, "ybr": y2}
        case Kind.ROTATED_BOX:
            return "box", _rotated(geometry.rotated_values(row))
        case Kind.POLYGON | Kind.POLYLINE | Kind.POINTS:
            return row.kind.name.lower(), {"points": ";".join(decimals.pairs(geometry.vertices(row)))}
        case Kind.SKELETON:
            return "skeleton", {}
        case Kind.MASK:
            left, top, width, height = geometry.mask_window(row)
            runs = to_runs(geometry.mask_bitmap(row), order="C")
            rle = ", ".join(str(run) for run in runs)
            return "mask", {"rle": rle, "left": left, "top": top, "width": width, "height": height}
        case Kind.TAG:
            raise AssertionError("A frame tag is no shape; its track is left out.")


def _rotated(values: Sequence[float]) -> dict[str, object]:
    """Corners before turning and clockwise degrees, 0 to 360, in texts from which the same box is read."""
    x, y, width, height, angle = values
    corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    turn = degrees(angle) % 360
    for digits in range(3, 16):
        texts = [f"{value:.{digits}f}" for value in corners]
        if decimals.agree(_read_back(texts, "0")[:4], values[:4]):
            break
    for digits in range(4, 16):
        rotation = f"{turn:.{digits}f}"
        if decimals.agree(_read_back(texts, rotation)[4:], values[4:]):
            break
    return dict(zip(("xtl", "ytl", "xbr", "ybr", "rotation"), (*texts, rotation), strict=True))


def _read_back(corners: Sequence[str], rotation: str) -> Sequence[float]:
    x1, y1, x2, y2 = map(float, corners)
    return geometry.turned(x1, y1, x2, y2, float(rotation))


def _values_on(values: Mapping[str, Sequence[tuple[int, Any]]], frame: int) -> Iterator[tuple[str, Any]]:
    """Per-frame attributes that hold on ``frame``."""
    for name, pairs in values.items():
        held = [value for since, value in pairs if since <= frame]
        if held:
            yield name, held[-1]
