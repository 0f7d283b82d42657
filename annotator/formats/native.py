"""Framewise's own JSON: everything a layer holds, and nothing that can be derived. ``framewise track``
writes it too.

::

    {"format": "framewise", "version": 1,
     "video": {"name", "width", "height", "frame_count", "fps"},
     "labels": [{"name", "colour", "attributes": [{"name", "kind", "per_frame", "choices", "default"}],
                 "skeleton": {"joints": [{"name", "x", "y"}], "edges": [[0, 1], …]}}],
     "tracks": [{"number", "label", "colour", "source", "verdict", "attributes", "frame_attributes",
                 "shapes": [{"frame": 12, "box": [x1, y1, x2, y2], "confidence": 0.93,
                             "keyframe": false, "outside": false}]}]}

A label has ``"skeleton"`` only where it may be drawn as one; its joints lie in 0..1 of a drawn box, its edges are
positions in them. A shape has ``"occluded"`` or ``"doubtful"`` only where they are true, and instead of ``"box"`` one
of ``"rotated_box": [centre x, centre y, width, height, clockwise angle in radians]``, ``"polygon"`` or ``"polyline":
[[x, y], …]``, ``"points"`` or ``"skeleton": [[x, y, 0 absent | 1 occluded | 2 visible], …]``, ``"mask": {"left",
"top", "width", "height", "counts": [COCO-style run lengths]}``. Frames count from 0; lengths are px of the display-
oriented frame, (0, 0) the corner of its top-left pixel. A shape that is no keyframe was predicted.

``framewise track`` also says how far it came; nothing of this is read::

    "tracking": {"model", "end": "reached" | "failed" | "interrupted",
                 "tracks": [{"number", "frames": 126, "asked": 231, "lost": 5,
                             "legs": [{"direction": "forward", "first": 0, "last": 230, "until": 125,
                                       "end": "reached" | "left the frame" | "lost at the border" | "failed" |
                                              "interrupted", "problem"}]}]}

A track has ``frames`` of the frames ``asked`` for; ``lost``: those of them where the model held the object to be lost
or hidden. ``until``: the last frame of a leg that has a shape. ``problem`` is only there where something failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, cast

import ijson
import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from annotator.formats import geometry
from annotator.formats.archive import is_archive, read_member
from annotator.formats.base import (
    AttributeInfo,
    Dataset,
    FormatError,
    LabelInfo,
    Limits,
    Option,
    Options,
    Part,
    Progress,
    Reading,
    Report,
    TrackData,
    VideoInfo,
    silent,
)
from annotator.ontology import AttributeKind
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.skeletons import Skeleton

VERSION = 1
Pixels = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Point = tuple[Pixels, Pixels]
SeenPoint = tuple[Pixels, Pixels, Literal[0, 1, 2]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MaskIn(_Part):
    left: int = Field(ge=-1_000_000, le=1_000_000)
    top: int = Field(ge=-1_000_000, le=1_000_000)
    width: int = Field(ge=1, le=65_536)
    height: int = Field(ge=1, le=65_536)
    counts: list[Annotated[int, Field(ge=0, le=2**32 - 1)]]


class ShapeIn(_Part):
    frame: int = Field(ge=0, le=2**31)
    box: tuple[Pixels, Pixels, Pixels, Pixels] | None = None
    rotated_box: tuple[Pixels, Pixels, Pixels, Pixels, Pixels] | None = None
    polygon: list[Point] | None = None
    polyline: list[Point] | None = None
    points: list[SeenPoint] | None = None
    skeleton: list[SeenPoint] | None = None
    mask: MaskIn | None = None
    tag: Literal[True] | None = None
    confidence: float = Field(1.0, ge=0, le=1)
    keyframe: bool = True
    outside: bool = False
    occluded: bool = False
    doubtful: bool = False

    @model_validator(mode="after")
    def one_geometry(self) -> ShapeIn:
        given = [kind.name.lower() for kind in Kind if getattr(self, kind.name.lower()) is not None]
        if len(given) != 1:
            raise ValueError(f"a shape has exactly one geometry; this one has {len(given)}")
        return self


def _row_of(shape: ShapeIn) -> Row:
    flags = Flag.KEYFRAME if shape.keyframe else Flag.PREDICTED
    for flag, given in (
        (Flag.OUTSIDE, shape.outside),
        (Flag.OCCLUDED, shape.occluded),
        (Flag.DOUBTFUL, shape.doubtful),
    ):
        flags |= flag if given else Flag(0)
    frame, confidence = shape.frame, shape.confidence
    if shape.box is not None:
        x1, y1, x2, y2 = shape.box
        if x1 > x2 or y1 > y2:
            raise FormatError(f"A box is [x1, y1, x2, y2] with x1 <= x2 and y1 <= y2; frame {frame} has {shape.box}.")
        return Row(frame, Kind.BOX, flags, confidence, shape.box)
    if shape.tag:
        return Row(frame, Kind.TAG, flags, confidence, (0.0, 0.0, 0.0, 0.0))
    if shape.rotated_box is not None:
        return geometry.rotated_row(frame, flags, confidence, shape.rotated_box)
    if shape.mask is not None:
        mask = shape.mask
        bitmap = geometry.from_runs(np.asarray(mask.counts, np.uint32), mask.width, mask.height, order="F")
        return geometry.mask_row(frame, flags, confidence, mask.left, mask.top, bitmap)
    for kind, xy in ((Kind.POLYGON, shape.polygon), (Kind.POLYLINE, shape.polyline)):
        if xy is not None:
            return geometry.vertex_row(kind, frame, flags, confidence, xy)
    kind = Kind.POINTS if shape.points is not None else Kind.SKELETON
    points = shape.points or shape.skeleton or []
    places, seen = [point[:2] for point in points], [point[2] for point in points]
    return geometry.point_row(kind, frame, flags, confidence, places, seen)


class TrackIn(_Part):
    number: int = Field(ge=1, le=2**31)
    label: str
    colour: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$")
    source: str = "person"
    verdict: Literal["", "accepted", "rejected"] = ""
    attributes: dict[str, Any] = {}
    frame_attributes: dict[str, list[tuple[int, Any]]] = {}
    # Each becomes a row at once: a million parsed shapes would take gigabytes.
    shapes: list[Annotated[ShapeIn, AfterValidator(_row_of)]]


class AttributeIn(_Part):
    name: str
    kind: AttributeKind
    per_frame: bool = False
    choices: list[str] = []
    default: Any = None


class LabelIn(_Part):
    name: str = Field(min_length=1, max_length=80)
    colour: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$")
    attributes: list[AttributeIn] = []
    skeleton: Skeleton | None = None


class VideoIn(_Part):
    name: str = ""
    width: int = Field(0, ge=0)
    height: int = Field(0, ge=0)
    frame_count: int = Field(0, ge=0)
    fps: float = Field(0, ge=0, allow_inf_nan=False)


class HeadIn(_Part):
    """A file but for its tracks."""

    format: Literal["framewise"]
    version: Literal[1]
    video: VideoIn = VideoIn()
    labels: list[LabelIn] = []


class Native:
    """Lossless: reading what it wrote gives the same dataset, bit by bit."""

    id, label, suffix = "framewise", "Framewise JSON (lossless)", ".json"
    options: tuple[Option, ...] = ()

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        report = Report()
        head = {
            "format": "framewise",
            "version": VERSION,
            "video": _fields(dataset.video),
            "labels": [_label_json(label) for label in dataset.labels],
        }
        if dataset.tracking is not None:
            head["tracking"] = dataset.tracking
        with target.open("w", encoding="utf-8") as out:
            # Track by track, so that an hour of shapes is never in memory at once.
            out.write(json.dumps(head, ensure_ascii=False)[:-1] + ',\n "tracks": [')
            for done, track in enumerate(dataset.tracks, start=1):
                out.write(("," if done > 1 else "") + "\n  ")
                out.write(json.dumps(_track_json(track), ensure_ascii=False))
                report.tracks += 1
                report.shapes += len(track.rows)
                progress(done)
            out.write("\n ]}\n")
        return report

    def limits(self, options: Options) -> Limits:
        return ()

    def read(self, source: Path) -> Reading:
        with _opened(source) as file:
            try:
                head = HeadIn.model_validate(_head(file))
                tracks = [_track_of(track) for track in _tracks(file)]
            except ValidationError as error:
                raise FormatError(f"This is no Framewise JSON: {_first_problem(error)}") from error
            except (ijson.JSONError, UnicodeDecodeError) as error:
                raise FormatError(
                    f"This is no Framewise JSON: {_first_line(error)}. Is the file whole? Export it again."
                ) from error
        numbers = [track.number for track in tracks]
        if len(set(numbers)) != len(numbers):
            raise FormatError("A track's number is unique in a file; this file repeats one.")
        video = VideoInfo(**head.video.model_dump())
        report = Report(tracks=len(tracks), shapes=sum(len(track.rows) for track in tracks))
        dataset = Dataset(video, [_label_of(label) for label in head.labels], tracks, len(tracks))
        return Reading([Part((video.name,), dataset, report)], Report())


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    """The JSON file, or the one inside of an archive."""
    if not is_archive(source):
        with source.open("rb") as file:
            yield file
        return
    data = read_member(source, "tracks.json", ".json")
    if data is None:
        raise FormatError("The archive holds no .json file. Choose a Framewise JSON export.")
    yield BytesIO(data)


def _head(file: BinaryIO) -> dict[str, Any]:
    """What the file says before its tracks, and behind them where they come first."""
    head: dict[str, Any] = {}
    for key, value in ijson.kvitems(file, "", use_float=True):
        if key not in ("tracks", "tracking"):
            head[key] = value
        if HeadIn.model_fields.keys() <= head.keys():
            break  # tracks are read one by one: of a million shapes the values alone take gigabytes
    return head


def _tracks(file: BinaryIO) -> Iterator[TrackIn]:
    """The file's tracks one after the other. Raises FormatError for one that isn't as it should be."""
    file.seek(0)
    index = -1
    for index, track in enumerate(ijson.items(file, "tracks.item", use_float=True)):
        try:
            yield TrackIn.model_validate(track)
        except ValidationError as error:
            raise FormatError(f"This is no Framewise JSON: tracks.{index}.{_first_problem(error)}") from error
    file.seek(0)
    if index < 0 and next(ijson.items(file, "tracks"), None) != []:
        raise FormatError("This is no Framewise JSON: tracks: a list is needed. Choose a Framewise JSON export.")


def shape_json(row: Row) -> dict[str, Any]:
    """One row as an object of the file."""
    shape: dict[str, Any] = {
        "frame": row.frame,
        row.kind.name.lower(): _geometry_json(row),
        # Five decimals are finer than the table's 16 bits, so reading them gives the same bits.
        "confidence": round(row.confidence, 5),
        "keyframe": bool(row.flags & Flag.KEYFRAME),
        "outside": bool(row.flags & Flag.OUTSIDE),
    }
    for flag in (Flag.OCCLUDED, Flag.DOUBTFUL):
        if row.flags & flag:
            shape[str(flag.name).lower()] = True
    return shape


def _geometry_json(row: Row) -> Any:
    match row.kind:
        case Kind.BOX:
            return [geometry.short(value) for value in row.bounds]
        case Kind.ROTATED_BOX:
            return [geometry.short(value) for value in geometry.rotated_values(row)]
        case Kind.POLYGON | Kind.POLYLINE:
            return [[geometry.short(x), geometry.short(y)] for x, y in geometry.vertices(row)]
        case Kind.POINTS | Kind.SKELETON:
            seen = zip(geometry.vertices(row), geometry.visibilities(row), strict=True)
            return [[geometry.short(x), geometry.short(y), visible] for (x, y), visible in seen]
        case Kind.MASK:
            left, top, width, height = geometry.mask_window(row)
            counts = np.frombuffer(row.payload, "<u4", offset=16).tolist()
            return {"left": left, "top": top, "width": width, "height": height, "counts": counts}
        case Kind.TAG:
            return True


def _track_json(track: TrackData) -> dict[str, Any]:
    return {
        "number": track.number,
        "label": track.label,
        "colour": track.colour,
        "source": track.source,
        "verdict": track.verdict,
        "attributes": dict(track.attributes),
        "frame_attributes": {name: [list(pair) for pair in pairs] for name, pairs in track.frame_attributes.items()},
        "shapes": [shape_json(row) for row in track.rows],
    }


def _track_of(track: TrackIn) -> TrackData:
    rows = sorted(cast(list[Row], track.shapes), key=lambda row: row.frame)
    if any(a.frame == b.frame for a, b in pairwise(rows)):
        raise FormatError(f"A track has one shape per frame; track {track.number} repeats one.")
    return TrackData(
        number=track.number,
        label=track.label,
        rows=rows,
        colour=track.colour.lower(),
        source=track.source,
        verdict=track.verdict,
        attributes=track.attributes,
        frame_attributes=track.frame_attributes,
    )


def _label_json(label: LabelInfo) -> dict[str, Any]:
    attributes = [{**_fields(attribute), "choices": list(attribute.choices)} for attribute in label.attributes]
    skeleton = {"skeleton": label.skeleton.as_json()} if label.skeleton else {}
    return {"name": label.name, "colour": label.colour, "attributes": attributes, **skeleton}


def _label_of(label: LabelIn) -> LabelInfo:
    attributes = tuple(
        AttributeInfo(**{**attribute.model_dump(), "choices": tuple(attribute.choices)})
        for attribute in label.attributes
    )
    return LabelInfo(label.name, label.colour, attributes, label.skeleton)


def _fields(value: VideoInfo | AttributeInfo) -> Mapping[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _first_line(error: Exception) -> str:
    """What a parser says, without its picture of the place."""
    return str(error).strip().partition("\n")[0].rstrip(".")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}." if where else f"{problem['msg']}."
