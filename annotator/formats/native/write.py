"""Writes a Framewise JSON, track by track."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, TextIO

import msgspec
import numpy as np

from annotator.formats import geometry
from annotator.formats.base import ClickedOn, Dataset, LabelInfo, Progress, Report, TrackData
from annotator.formats.decimals import shortest
from annotator.formats.limits import rows_of
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Flag, Kind, Row

VERSION = 1
ROWS_AT_ONCE = 4096
HALVES = re.compile("[\ud800-\udfff]")


def write_document(out: TextIO, dataset: Dataset, report: Report, progress: Progress) -> None:
    """Track by track, so that an hour of shapes is never in memory at once."""
    head = {
        "format": "framewise",
        "version": VERSION,
        "video": asdict(dataset.video),
        "labels": [_label_json(label) for label in dataset.labels],
    }
    if dataset.tracking is not None:
        head["tracking"] = dataset.tracking
    out.write(_json(head)[:-1] + ',\n "tracks": [')
    for done, track in enumerate(dataset.tracks, start=1):
        rows = rows_of(track)
        out.write(("," if done > 1 else "") + "\n  " + _json(_track_json(track))[:-1] + ', "shapes": [')
        for index, block in enumerate(_blocks(rows, track.clicked)):
            out.write((", " if index else "") + ", ".join(block))
        out.write("]}")
        report.tracks += 1
        report.shapes += int(rows.shown.sum())
        progress(done)
    out.write("\n ]}\n")


def _json(value: object) -> str:
    # UTF-8 has no halves of characters, JSON's escapes do.
    return HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", json.dumps(value, ensure_ascii=False))


def _track_json(track: TrackData) -> dict[str, Any]:
    return {
        "number": track.number,
        "label": track.label,
        "colour": track.colour,
        "source": track.source,
        "verdict": track.verdict,
        **({"verdicts": [asdict(span) for span in track.verdicts]} if track.verdicts else {}),
        "attributes": dict(track.attributes),
        "frame_attributes": {name: [list(pair) for pair in pairs] for name, pairs in track.frame_attributes.items()},
        **({"candidate": True} if track.candidate else {}),
    }


def _label_json(label: LabelInfo) -> dict[str, Any]:
    attributes = [{**asdict(attribute), "choices": list(attribute.choices)} for attribute in label.attributes]
    skeleton = {"skeleton": label.skeleton.as_json()} if label.skeleton else {}
    return {"name": label.name, "colour": label.colour, "attributes": attributes, **skeleton}


def _blocks(rows: Rows, clicked: Mapping[int, ClickedOn]) -> Iterator[list[str]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield _shapes_json(rows, clicked, slice(start, start + ROWS_AT_ONCE))


def _shapes_json(rows: Rows, clicked: Mapping[int, ClickedOn], part: slice) -> list[str]:
    """Shapes as texts, made by columns: a value for each shape would take ten times as long."""
    # Five decimals are finer than the table's 16 bits, so reading them gives the same bits.
    sure = _texts(np.round(rows.confidence[part], 5).tolist(), ", ")
    places = [f'"box": [{box}]' for box in _texts(shortest(rows.bounds[part]).tolist(), "], [")]
    kinds = rows.kinds[part]
    for index in np.flatnonzero(kinds != Kind.BOX).tolist():
        kind, payload = Kind(int(kinds[index])), rows.payloads[part.start + index]
        places[index] = f'"{kind.name.lower()}": {json.dumps(_geometry(kind, payload))}'
        said = clicked.get(int(rows.frames[part.start + index])) if kind == Kind.MASK else None
        if said is not None:
            places[index] += f', "clicked": {json.dumps(asdict(said))}'
    columns = zip(rows.frames[part].tolist(), places, sure, rows.flags[part].tolist(), strict=True)
    return [
        f'{{"frame": {frame}, {place}, "confidence": {confidence}, {_STATES[flags]}}}'
        for frame, place, confidence, flags in columns
    ]


def _texts(values: list[Any], between: str) -> list[str]:
    """The JSON of each value of a list."""
    text = msgspec.json.encode(values).decode().replace(",", ", ")
    return text.strip("[]").split(between)


def _states(flags: int) -> str:
    states = {"keyframe": bool(flags & Flag.KEYFRAME), "outside": bool(flags & Flag.OUTSIDE)}
    states |= {str(flag.name).lower(): True for flag in (Flag.OCCLUDED, Flag.DOUBTFUL) if flags & flag}
    return json.dumps(states)[1:-1]


_STATES = tuple(_states(flags) for flags in range(2 * max(Flag)))


def _geometry(kind: Kind, payload: bytes) -> Any:
    """What a shape's payload says, as values of JSON. ``kind``: any but a box, which has none."""
    # The other fields of the row say nothing of its geometry.
    row = Row(0, kind, Flag(0), 1.0, (0, 0, 0, 0), payload)
    match kind:
        case Kind.ROTATED_BOX:
            return shortest(np.frombuffer(payload, "<f4")).tolist()
        case Kind.POLYGON | Kind.POLYLINE:
            return shortest(geometry.vertices(row)).tolist()
        case Kind.POINTS | Kind.SKELETON:
            places = shortest(geometry.vertices(row)).tolist()
            return [[x, y, seen] for (x, y), seen in zip(places, geometry.visibilities(row), strict=True)]
        case Kind.MASK:
            left, top, width, height = geometry.mask_window(row)
            counts = np.frombuffer(payload, "<u4", offset=16).tolist()
            return {"left": left, "top": top, "width": width, "height": height, "counts": counts}
        case _:
            return True
