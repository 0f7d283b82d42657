"""MOTChallenge text.

The file counts frames from 1 and gives boxes by left, top, width, height in px, officially with pixels counted from 1
as well; CVAT and Datumaro write the same columns with pixels counted from 0. Dataset counts both from 0.
Ground truth has 9 columns: frame, id, left, top, width, height, considered, class, visibility. Its readers take the
7th for a whole number, so that a confidence there would say "not considered". Results have 10 columns: frame, id, left,
top, width, height, confidence, -1, -1, -1. Sources: https://motchallenge.net/instructions/ and TrackEval,
docs/MOTChallenge-format.txt.
"""

from __future__ import annotations

import configparser
import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from pathlib import Path, PurePosixPath

from annotator.formats.archive import is_archive, read_member
from annotator.formats.base import (
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
    chosen,
    silent,
)
from tracking.shapes.checks import FARTHEST_PX
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import expand

PIXELS = Option(
    "pixels",
    "Pixel coordinates",
    (("official", "Counted from 1, as MOTChallenge does"), ("cvat", "Counted from 0, as CVAT and Datumaro do")),
)
CONTENTS = Option(
    "contents",
    "Contents",
    (
        ("truth", "Ground truth, with labels"),
        ("results", "Tracker results, with confidence"),
    ),
)
SHIFT = {"official": 1.0, "cvat": 0.0}
HALF_HIDDEN = 0.5
"""Visibility written for an occluded shape, and up to which one read counts as occluded."""
RESULT_COLUMNS = 10
OFFICIAL_CLASSES = (
    "pedestrian",
    "person on vehicle",
    "car",
    "bicycle",
    "motorbike",
    "non motorized vehicle",
    "static person",
    "distractor",
    "occluder",
    "occluder on the ground",
    "occluder full",
    "reflection",
    "crowd",
)
LARGEST_NUMBER = 10**9


class Mot:
    """A zip of ``SEQ/gt/gt.txt`` and ``SEQ/gt/labels.txt``, class n being line n of it, or of results as
    ``data/SEQ.txt``, and ``SEQ/seqinfo.ini``."""

    id, label, suffix = "mot", "MOTChallenge 1.1", ".zip"
    options = (PIXELS, CONTENTS)

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        pixels, results = chosen(options, PIXELS), chosen(options, CONTENTS) == "results"
        report = Report()
        names = [label.name for label in dataset.labels]
        columns = _Results(names, report) if results else _GroundTruth(names, report)
        sequence = PurePosixPath(dataset.video.name).stem or "sequence"
        member = f"data/{sequence}.txt" if results else f"{sequence}/gt/gt.txt"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(member, "w", force_zip64=True) as raw:
                text = io.TextIOWrapper(raw, "utf-8", newline="\n")
                for line in sorted(_lines(dataset, columns, SHIFT[pixels], report, progress)):
                    text.write(f"{line[0]},{line[1]},{line[2]}\n")
                text.flush()
                text.detach()
            if not results:
                archive.writestr(f"{sequence}/gt/labels.txt", "".join(f"{name}\n" for name in names))
            archive.writestr(f"{sequence}/seqinfo.ini", _seqinfo(sequence, dataset.video, pixels))
        return report

    def limits(self, options: Options) -> Limits:
        return ()

    def read(self, source: Path) -> Reading:
        info, labels, shift = b"", b"", SHIFT["official"]
        if is_archive(source):
            info = read_member(source, "seqinfo.ini") or b""
            results = f"{_video(_text(info)).name}.txt"
            found = read_member(source, "gt/gt.txt", "gt.txt", "det/det.txt", "det.txt", results)
            if found is None:
                raise FormatError("A MOTChallenge archive holds gt/gt.txt; this one has none.")
            labels = read_member(source, "gt/labels.txt", "labels.txt") or b""
            shift = _shift_of(_parsed(_text(info)), has_labels=bool(labels))
        else:
            found = source.read_bytes()
        report = Report()
        names = [name.strip() for name in _text(labels).splitlines() if name.strip()] or list(OFFICIAL_CLASSES)
        tracks = list(_tracks(_rows(_text(found)), names, shift, report))
        used = {track.label for track in tracks}
        labels_used = [LabelInfo(name) for name in names if name in used]
        dataset = Dataset(_video(_text(info)), labels_used, tracks, len(tracks))
        return Reading([Part((dataset.video.name,), dataset, report)], Report())


class _GroundTruth:
    """Columns after the box: considered, class, visibility."""

    def __init__(self, names: Sequence[str], report: Report) -> None:
        self.classes = {name: index for index, name in enumerate(names, start=1)}
        self.report = report

    def of(self, row: Row, track: TrackData) -> str:
        unsure = bool(row.flags & Flag.PREDICTED and row.confidence < 1)
        self.report.lose("predicted shapes are without their confidence, which tracker results have", int(unsure))
        return f"1,{self.classes[track.label]},{HALF_HIDDEN if row.flags & Flag.OCCLUDED else 1}"


class _Results:
    """Columns after the box: confidence, and three without a meaning."""

    def __init__(self, names: Sequence[str], report: Report) -> None:
        self.said = len(names) < 2
        self.report = report

    def of(self, row: Row, track: TrackData) -> str:
        self.report.lose("shapes are without their label, which ground truth has", int(not self.said))
        self.report.lose("occluded shapes aren't marked, as in ground truth", int(bool(row.flags & Flag.OCCLUDED)))
        return f"{round(row.confidence, 4):g},-1,-1,-1"


def _lines(
    dataset: Dataset, columns: _GroundTruth | _Results, shift: float, report: Report, progress: Progress
) -> Iterator[tuple[int, int, str]]:
    """(frame, id, remaining columns) of every shape, track by track."""
    for done, track in enumerate(dataset.tracks, start=1):
        if track.is_frame_tag:
            report.lose("frame tags have no place in MOTChallenge")
            continue
        report.tracks += 1
        report.lose("attributes have no place in MOTChallenge", len(track.attributes) + len(track.frame_attributes))
        for row in expand(track.rows):
            if row.kind != Kind.BOX:
                report.lose(f"{row.kind.name.lower().replace('_', ' ')} shapes became boxes")
            report.shapes += 1
            x1, y1, x2, y2 = row.bounds
            numbers = ",".join(f"{value:.3f}" for value in (x1 + shift, y1 + shift, x2 - x1, y2 - y1))
            yield row.frame + 1, track.number, f"{numbers},{columns.of(row, track)}"
        progress(done)


def _seqinfo(sequence: str, video: VideoInfo, pixels: str) -> str:
    """The sequence's facts; our own section at the end says from where pixels count, which readers pass over."""
    return (
        f"[Sequence]\nname={sequence}\nimDir=img1\nframeRate={round(video.fps)}\nseqLength={video.frame_count}\n"
        f"imWidth={video.width}\nimHeight={video.height}\nimExt=.jpg\n\n[Framewise]\npixels={pixels}\n"
    )


def _parsed(info: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(info)
    except configparser.Error as error:
        raise FormatError(f"seqinfo.ini can't be read: {error}") from error
    return parser


def _shift_of(info: configparser.ConfigParser, *, has_labels: bool) -> float:
    """How far a file's pixels are shifted against ours, in px."""
    if said := info.get("Framewise", "pixels", fallback=""):
        return SHIFT.get(said, SHIFT["official"])
    # CVAT and Datumaro put labels.txt beside gt.txt but no seqinfo.ini, and do not shift pixels.
    return SHIFT["cvat"] if has_labels and not info.sections() else SHIFT["official"]


def _video(info: str) -> VideoInfo:
    parser = _parsed(info)
    if not parser.has_section("Sequence"):
        return VideoInfo("", 0, 0, 0, 0.0)
    section = parser["Sequence"]
    try:
        return VideoInfo(
            name=section.get("name", ""),
            width=section.getint("imWidth", 0),
            height=section.getint("imHeight", 0),
            frame_count=section.getint("seqLength", 0),
            fps=section.getfloat("frameRate", 0.0),
        )
    except ValueError as error:
        raise FormatError(f"seqinfo.ini can't be read: {error}") from error


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            "MOTChallenge files are UTF-8 text; this one is not. Choose gt.txt or a zip of it."
        ) from error


def _columns(text: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(text.splitlines())
    except csv.Error as error:
        raise FormatError(f"Each line holds numbers separated by commas; this file doesn't: {error}.") from error


def _rows(text: str) -> Iterator[tuple[int, list[float]]]:
    """(line number, columns) of every line that isn't empty."""
    for number, columns in enumerate(_columns(text), start=1):
        if not columns or not any(column.strip() for column in columns):
            continue
        try:
            values = [float(column) for column in columns]
        except ValueError as error:
            raise FormatError(
                f"Each line holds numbers separated by commas; line {number} does not: {error}."
            ) from error
        if len(values) < 6 or not all(isfinite(value) and abs(value) <= LARGEST_NUMBER for value in values):
            raise FormatError(
                "A line begins with frame, id, left, top, width, height, all of them finite and of sensible size; "
                f"line {number} doesn't."
            )
        yield number, values


def _tracks(
    rows: Iterable[tuple[int, list[float]]], names: list[str], shift: float, report: Report
) -> Iterator[TrackData]:
    shapes: dict[int, dict[int, Row]] = {}
    classes: dict[int, int] = {}
    for line, values in rows:
        frame, number = int(values[0]), int(values[1])
        if frame < 1:
            raise FormatError(f"MOTChallenge counts frames from 1; line {line} has frame {frame}.")
        if number < 1:
            raise FormatError(
                f"A track's id is at least 1; line {line} has {number}. Detections have no tracks to read."
            )
        result = len(values) >= RESULT_COLUMNS
        if not result and len(values) > 6 and values[6] == 0:
            report.lose("lines marked 'not considered' were left out")
            continue
        if frame in shapes.setdefault(number, {}):
            raise FormatError(f"A track has one box per frame; line {line} repeats track {number} on frame {frame}.")
        shapes[number][frame] = _row(frame - 1, values, shift, result=result)
        classes.setdefault(number, int(values[7]) if not result and len(values) > 7 else 1)
    for number in sorted(shapes):
        named = classes[number]
        if not 1 <= named <= len(names):
            raise FormatError(f"Classes count from 1 to {len(names)} here; track {number} has class {named}.")
        stored = _with_gaps([shapes[number][frame] for frame in sorted(shapes[number])])
        report.tracks += 1
        report.shapes += len(shapes[number])
        yield TrackData(number, names[named - 1], stored, source="mot")


def _row(frame: int, values: list[float], shift: float, *, result: bool) -> Row:
    left, top, width, height = (min(max(value, -FARTHEST_PX / 2), FARTHEST_PX / 2) for value in values[2:6])
    x1, y1 = left - shift, top - shift
    flags = Flag.PREDICTED if result else Flag.KEYFRAME
    if not result and len(values) > 8 and 0 <= values[8] <= HALF_HIDDEN:
        flags |= Flag.OCCLUDED
    confidence = min(max(values[6], 0.0), 1.0) if result else 1.0
    return Row(frame, Kind.BOX, flags, confidence, (x1, y1, x1 + max(width, 0.0), y1 + max(height, 0.0)))


def _with_gaps(rows: list[Row]) -> list[Row]:
    """A frame without a line is a frame without the object: an outside row where each gap begins."""
    stored: list[Row] = []
    for row in rows:
        if stored and row.frame > stored[-1].frame + 1:
            before = stored[-1]
            origin = before.flags & (Flag.KEYFRAME | Flag.PREDICTED)
            stored.append(Row(before.frame + 1, Kind.BOX, origin | Flag.OUTSIDE, 1.0, before.bounds))
        stored.append(row)
    return stored
