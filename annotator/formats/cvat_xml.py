"""CVAT for video 1.1, the XML of https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/.

Frames count from 0, coordinates are px from the frame's corner, as in Dataset. What differs:

- The file holds every frame of a track; shapes with ``keyframe="0"`` are CVAT's own interpolation, and readers take the
  keyframes only. CVAT knows neither predictions nor a confidence: ours are written as keyframes, so
  that nothing moves.
- CVAT holds a track's last shape to the end of the video unless a shape with ``outside="1"`` closes it. We write one on
  the frame after the last row, and drop it when reading. A track that nothing closes ends on its last written frame.
- Immutable attributes stand in the track, mutable ones in each shape.
- A mask's run lengths go row by row inside its box, and start with background.
- A skeleton's joints are labels of their own, whose parent is the skeleton's; shapes name them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import degrees, isfinite, radians
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from annotator.formats import geometry
from annotator.formats.archive import is_archive, read_member
from annotator.formats.base import (
    FRAMES,
    AttributeInfo,
    Dataset,
    FormatError,
    LabelInfo,
    Options,
    Progress,
    Report,
    TrackData,
    VideoInfo,
    chosen,
    silent,
)
from annotator.formats.cvat_skeleton import skeleton_of_svg, svg_of
from tracking.shapes.checks import FARTHEST_PX
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import expand
from tracking.shapes.masks import to_runs
from tracking.shapes.values import ABSENT, OCCLUDED, VISIBLE

INPUT_TYPES = {"select": "select", "multi_select": "text", "checkbox": "checkbox", "number": "number", "text": "text"}
KINDS = {"select": "select", "radio": "select", "checkbox": "checkbox", "number": "number", "text": "text"}
SHAPE_TAGS = ("box", "polygon", "polyline", "points", "mask", "skeleton")
STORED = Flag.KEYFRAME | Flag.PREDICTED


class CvatXml:
    """``annotations.xml`` of CVAT, alone or in the zip that CVAT makes of it."""

    id, label, suffix = "cvat", "CVAT for video 1.1", ".zip"
    options = (FRAMES,)

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        every_frame = chosen(options, FRAMES) == "all"
        report = Report()
        with (
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("annotations.xml", "w", force_zip64=True) as out,
        ):
            _Writer(out, dataset, report).document(every_frame=every_frame, progress=progress)
        return report

    def read(self, source: Path) -> tuple[Dataset, Report]:
        if not is_archive(source):
            with source.open("rb") as content:
                return _read(content)
        data = read_member(source, "annotations.xml", ".xml")
        if data is None:
            raise FormatError("A CVAT archive holds annotations.xml; this one has none.")
        return _read(io.BytesIO(data))


class _Writer:
    """Writes one document, element by element."""

    def __init__(self, out: IO[bytes], dataset: Dataset, report: Report) -> None:
        self.xml = XMLGenerator(out, "utf-8", short_empty_elements=True)
        self.dataset = dataset
        self.report = report
        self.joint_names = {
            label.name: [joint.name for joint in label.skeleton.joints] for label in dataset.labels if label.skeleton
        }

    def document(self, *, every_frame: bool, progress: Progress) -> None:
        self.xml.startDocument()
        self.open("annotations")
        self.leaf("version", "1.1")
        self.meta()
        for done, track in enumerate(self.dataset.tracks, start=1):
            self.track(track, every_frame=every_frame)
            progress(done)
        self.close("annotations")
        self.xml.endDocument()

    def meta(self) -> None:
        video = self.dataset.video
        self.open("meta")
        self.open("task")
        for name, value in (
            ("id", "1"),
            ("name", video.name),
            ("size", video.frame_count),
            ("mode", "interpolation"),
            ("overlap", "0"),
            ("start_frame", "0"),
            ("stop_frame", max(video.frame_count - 1, 0)),
            ("frame_filter", ""),
        ):
            self.leaf(name, value)
        self.open("labels")
        for label in self.dataset.labels:
            self.label(label)
        self.close("labels")
        self.open("original_size")
        self.leaf("width", video.width)
        self.leaf("height", video.height)
        self.close("original_size")
        self.close("task")
        self.close("meta")

    def label(self, label: LabelInfo) -> None:
        self.open("label")
        self.leaf("name", label.name)
        self.leaf("color", label.colour or "#808080")
        self.leaf("type", "skeleton" if label.skeleton else "any")
        self.open("attributes")
        for attribute in label.attributes:
            if attribute.kind == "multi_select":
                self.report.lose("multi-select attributes became text")
            self.open("attribute")
            self.leaf("name", attribute.name)
            self.leaf("mutable", attribute.per_frame)
            self.leaf("input_type", INPUT_TYPES[attribute.kind])
            self.leaf("default_value", _to_text(attribute.default))
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
        if track.is_frame_tag:
            self.report.lose("frame tags have no place in CVAT for video")
            return
        self.report.tracks += 1
        self.report.lose("review verdicts have no place in CVAT", int(bool(track.verdict)))
        source = "manual" if track.source == "person" else "auto"
        self.open("track", id=track.number, label=track.label, source=source)
        for name, value in track.attributes.items():
            self.leaf("attribute", _to_text(value), name=name)
        for row in _written(track.rows, every_frame=every_frame, frame_count=self.dataset.video.frame_count):
            self.shape(row, track)
        self.close("track")

    def shape(self, row: Row, track: TrackData) -> None:
        self.report.shapes += not row.flags & Flag.OUTSIDE
        self.report.lose(
            "predicted shapes became keyframes, without a confidence", int(bool(row.flags & Flag.PREDICTED))
        )
        tag, own = _shape_attributes(row)
        states = {
            "frame": row.frame,
            "outside": int(bool(row.flags & Flag.OUTSIDE)),
            "occluded": int(bool(row.flags & Flag.OCCLUDED)),
            "keyframe": int(bool(row.flags & STORED)),
        }
        self.open(tag, **states, **own, z_order=0)
        if row.kind == Kind.SKELETON:
            self.joints(row, self.joint_names.get(track.label, ()))
        for name, value in _values_on(track.frame_attributes, row.frame):
            self.leaf("attribute", _to_text(value), name=name)
        self.close(tag)

    def joints(self, row: Row, names: Sequence[str]) -> None:
        for index, ((x, y), seen) in enumerate(zip(geometry.vertices(row), geometry.visibilities(row), strict=True)):
            name = names[index] if index < len(names) else str(index + 1)
            states = {"outside": int(seen == ABSENT), "occluded": int(seen == OCCLUDED)}
            self.open("points", label=name, keyframe=1, **states, points=f"{x:.2f},{y:.2f}")
            self.close("points")

    def open(self, tag: str, **attributes: object) -> None:
        self.xml.startElement(tag, AttributesImpl({name: _to_text(value) for name, value in attributes.items()}))

    def close(self, tag: str) -> None:
        self.xml.endElement(tag)

    def leaf(self, tag: str, text: object, **attributes: object) -> None:
        self.open(tag, **attributes)
        self.xml.characters(_to_text(text))
        self.close(tag)


def _written(rows: Sequence[Row], *, every_frame: bool, frame_count: int) -> Iterator[Row]:
    """A track's shapes as CVAT wants them: in order, with the outside shape that closes it."""
    outside = [row for row in rows if row.flags & Flag.OUTSIDE]
    shapes = expand(rows) if every_frame else (row for row in rows if not row.flags & Flag.OUTSIDE)
    yield from sorted([*shapes, *outside], key=lambda row: row.frame)
    ends_early = not frame_count or (rows and rows[-1].frame + 1 < frame_count)
    if rows and ends_early and not rows[-1].flags & Flag.OUTSIDE:
        yield replace(rows[-1], frame=rows[-1].frame + 1, flags=Flag.KEYFRAME | Flag.OUTSIDE)


def _shape_attributes(row: Row) -> tuple[str, dict[str, object]]:
    """A row's element and its geometry."""
    match row.kind:
        case Kind.BOX:
            return "box", _corners(*row.bounds)
        case Kind.ROTATED_BOX:
            x, y, width, height, angle = geometry.rotated_values(row)
            corners = _corners(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            return "box", {**corners, "rotation": f"{degrees(angle) % 360:.4f}"}
        case Kind.POLYGON | Kind.POLYLINE | Kind.POINTS:
            points = ";".join(f"{x:.2f},{y:.2f}" for x, y in geometry.vertices(row))
            return row.kind.name.lower(), {"points": points}
        case Kind.SKELETON:
            return "skeleton", {}
        case Kind.MASK:
            left, top, width, height = geometry.mask_window(row)
            runs = to_runs(geometry.mask_bitmap(row), order="C")
            rle = ", ".join(str(run) for run in runs)
            return "mask", {"rle": rle, "left": left, "top": top, "width": width, "height": height}
        case Kind.TAG:
            raise AssertionError("A frame tag is no shape; its track is left out.")


def _corners(x1: float, y1: float, x2: float, y2: float) -> dict[str, object]:
    return {"xtl": f"{x1:.3f}", "ytl": f"{y1:.3f}", "xbr": f"{x2:.3f}", "ybr": f"{y2:.3f}"}


def _values_on(values: Mapping[str, Sequence[tuple[int, Any]]], frame: int) -> Iterator[tuple[str, Any]]:
    """Per-frame attributes that hold on ``frame``."""
    for name, pairs in values.items():
        held = [value for since, value in pairs if since <= frame]
        if held:
            yield name, held[-1]


def _to_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ";".join(str(part) for part in value)
    return str(value)


def _read(content: IO[bytes]) -> tuple[Dataset, Report]:
    report = Report()
    labels: list[LabelInfo] = []
    tracks: list[TrackData] = []
    meta = VideoInfo("", 0, 0, 0, 0.0)
    try:
        for _, element in iterparse(content, events=("end",)):
            if element.tag == "meta":
                meta, labels = _video_of(element), _labels_of(element)
            elif element.tag == "track":
                tracks.append(_track_of(element, labels, len(tracks) + 1, report))
                element.clear()
            elif element.tag == "image":
                raise FormatError(
                    'This is "CVAT for images", where shapes have no tracks. Export the task as "CVAT for video 1.1".'
                )
    except ParseError as error:
        raise FormatError(f"The XML is damaged ({error}). Export it again.") from error
    except DefusedXmlException as error:
        raise FormatError("XML with entities or a document type is refused; CVAT writes neither.") from error
    report.tracks = len(tracks)
    known = {label.name for label in labels}
    labels += [LabelInfo(name) for name in dict.fromkeys(track.label for track in tracks) if name not in known]
    return Dataset(meta, labels, _numbered(tracks), len(tracks)), report


def _numbered(tracks: list[TrackData]) -> list[TrackData]:
    """CVAT's ids count from 0, ours from 1: shifted when one is 0, renumbered when they repeat."""
    numbers = [track.number for track in tracks]
    if len(set(numbers)) != len(numbers):
        return [replace(track, number=index) for index, track in enumerate(tracks, start=1)]
    shift = 1 if 0 in numbers else 0
    return [replace(track, number=track.number + shift) for track in tracks]


def _video_of(meta: Element) -> VideoInfo:
    def number(path: str) -> int:
        text = meta.findtext(path) or "0"
        return int(text) if text.isdigit() and len(text) < 10 else 0

    # A task's export has <task>, a job's <job>; both have the same fields.
    return VideoInfo(
        name=meta.findtext("task/name") or meta.findtext("job/name") or "",
        width=number(".//original_size/width"),
        height=number(".//original_size/height"),
        frame_count=number("task/size") or number("job/size"),
        fps=0.0,
    )


def _labels_of(meta: Element) -> list[LabelInfo]:
    """The labels of objects; a skeleton's joints are labels too, with a parent."""
    return [_label_of(label) for label in meta.iter("label") if label.find("parent") is None]


def _label_of(label: Element) -> LabelInfo:
    colour = (label.findtext("color") or "").lower()
    return LabelInfo(
        name=label.findtext("name") or "",
        colour=colour if len(colour) == 7 and colour.startswith("#") else "",
        attributes=tuple(_attribute_of(attribute) for attribute in label.iter("attribute")),
        skeleton=skeleton_of_svg(label.findtext("svg") or ""),
    )


def _attribute_of(attribute: Element) -> AttributeInfo:
    kind = KINDS.get(attribute.findtext("input_type") or "text", "text")
    choices = tuple((attribute.findtext("values") or "").split("\n")) if kind == "select" else ()
    return AttributeInfo(
        name=attribute.findtext("name") or "",
        kind=kind,
        per_frame=(attribute.findtext("mutable") or "").lower() == "true",
        choices=choices,
        default=_of_text(attribute.findtext("default_value") or "", kind),
    )


def _of_text(text: str, kind: str) -> Any:
    if kind == "checkbox":
        return text.lower() == "true"
    if kind == "number":
        try:
            value = float(text)
        except ValueError:
            return None
        return int(value) if value.is_integer() else value
    return text or None


def _track_of(track: Element, labels: list[LabelInfo], position: int, report: Report) -> TrackData:
    name = track.get("label") or ""
    kinds = {a.name: a.kind for label in labels if label.name == name for a in label.attributes}
    skeletons = [label.skeleton for label in labels if label.name == name and label.skeleton]
    joints = [joint.name for skeleton in skeletons for joint in skeleton.joints]
    rows: list[Row] = []
    changes: dict[str, list[tuple[int, Any]]] = {}
    shapes = [element for element in track if element.tag in SHAPE_TAGS]
    for element in sorted(shapes, key=_frame_of):
        row = _row_of(element, joints)
        if not row.flags & STORED and element is not shapes[-1]:
            continue
        if rows and rows[-1].frame == row.frame:
            raise FormatError(f"A track has one shape per frame; track {track.get('id')} repeats frame {row.frame}.")
        rows.append(replace(row, flags=row.flags | Flag.KEYFRAME))
        for value in element.findall("attribute"):
            _note_change(changes, value.get("name") or "", row.frame, value.text or "", kinds)
    if len(rows) > 1 and rows[-1].flags & Flag.OUTSIDE and rows[-2].frame + 1 == rows[-1].frame:
        rows.pop()
    report.shapes += sum(not row.flags & Flag.OUTSIDE for row in rows)
    number = track.get("id") or ""
    return TrackData(
        number=int(number) if number.isdigit() and len(number) < 10 else position,
        label=name,
        rows=rows,
        source="person" if track.get("source", "manual") == "manual" else "cvat",
        attributes={
            a.get("name") or "": _of_text(a.text or "", kinds.get(a.get("name") or "", "text"))
            for a in track.findall("attribute")
        },
        frame_attributes=changes,
    )


def _note_change(
    changes: dict[str, list[tuple[int, Any]]], name: str, frame: int, text: str, kinds: Mapping[str, str]
) -> None:
    """Remember a per-frame value where it changes."""
    value = _of_text(text, kinds.get(name, "text"))
    pairs = changes.setdefault(name, [])
    if not pairs or pairs[-1][1] != value:
        pairs.append((frame, value))


def _row_of(element: Element, joints: Sequence[str]) -> Row:
    frame = _frame_of(element)
    flags = Flag.KEYFRAME if element.get("keyframe", "1") == "1" else Flag(0)
    flags |= Flag.OUTSIDE if element.get("outside") == "1" else Flag(0)
    flags |= Flag.OCCLUDED if element.get("occluded") == "1" else Flag(0)
    match element.tag:
        case "box":
            return _box_row(element, frame, flags)
        case "polygon" | "polyline":
            kind = Kind.POLYGON if element.tag == "polygon" else Kind.POLYLINE
            return geometry.vertex_row(kind, frame, flags, 1.0, _points(element))
        case "points":
            places = _points(element)
            return geometry.point_row(Kind.POINTS, frame, flags, 1.0, places, [VISIBLE] * len(places))
        case "mask":
            return _mask_row(element, frame, flags)
        case _:
            return _skeleton_row(element, frame, flags, joints)


def _box_row(element: Element, frame: int, flags: Flag) -> Row:
    x1, y1, x2, y2 = (_number(element, name) for name in ("xtl", "ytl", "xbr", "ybr"))
    if x1 > x2 or y1 > y2:
        raise FormatError(f"A box goes from its left top to its right bottom corner; frame {frame} has another.")
    angle = _number(element, "rotation") if element.get("rotation") else 0.0
    if angle % 360 == 0:
        return Row(frame, Kind.BOX, flags, 1.0, (x1, y1, x2, y2))
    turned = radians(180 - (180 - angle) % 360)  # CVAT writes 0..360 degrees.
    values = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, turned)
    return geometry.rotated_row(frame, flags, 1.0, values)


def _mask_row(element: Element, frame: int, flags: Flag) -> Row:
    left, top, width, height = (int(_number(element, name)) for name in ("left", "top", "width", "height"))
    try:
        runs = np.array([int(run) for run in (element.get("rle") or "").split(",")], np.uint32)
    except (ValueError, OverflowError) as error:
        raise FormatError(f"A mask's rle is whole numbers separated by commas; frame {frame} has another.") from error
    return geometry.mask_row(frame, flags, 1.0, left, top, geometry.from_runs(runs, width, height, order="C"))


def _skeleton_row(element: Element, frame: int, flags: Flag, joints: Sequence[str]) -> Row:
    """``joints``: names in the template's order, which shapes may not keep; points of other names come as they are."""
    places: list[list[float]] = []
    seen: list[int] = []
    named = {point.get("label"): point for point in element.findall("points")}
    for joint in [named[name] for name in joints] if set(named) == set(joints) else element.findall("points"):
        places += _points(joint)[:1]
        hidden = OCCLUDED if joint.get("occluded") == "1" else VISIBLE
        seen.append(ABSENT if joint.get("outside") == "1" else hidden)
    return geometry.point_row(Kind.SKELETON, frame, flags, 1.0, places, seen)


def _points(element: Element) -> list[list[float]]:
    try:
        pairs = [[float(value) for value in pair.split(",")] for pair in (element.get("points") or "").split(";")]
    except ValueError as error:
        raise FormatError(f'Points are "x,y;x,y"; {element.get("points", "")[:40]!r} came.') from error
    if any(len(pair) != 2 or not all(_sensible(value) for value in pair) for pair in pairs):
        raise FormatError(f'Points are "x,y;x,y" in px; {element.get("points", "")[:40]!r} came.')
    return pairs


def _frame_of(element: Element) -> int:
    text = element.get("frame") or ""
    if not text.isdigit() or len(text) > 9:
        raise FormatError(f"A shape's frame is a whole number from 0; {text[:20]!r} came.")
    return int(text)


def _number(element: Element, name: str) -> float:
    try:
        value = float(element.get(name) or "")
    except ValueError:
        value = float("nan")
    if not _sensible(value):
        raise FormatError(f"A {element.tag}'s {name} is a number of px; {element.get(name)!r} came.")
    return value


def _sensible(value: float) -> bool:
    return isfinite(value) and abs(value) <= FARTHEST_PX
