"""What MOTChallenge can't hold: ground truth and tracker results lack different things."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from annotator.formats import limits as shared
from annotator.formats.base import LabelInfo, Limit, TrackData
from annotator.formats.limits import rows_of, with_rows
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Flag, Kind, quantised
from tracking.shapes.interpolation import ORIGINS, expand

Held = tuple[TrackData | None, int]
FORMAT = "MOTChallenge"
SOURCE = "mot"
"""Where tracks come from that are read from such files."""
UNNAMED = "pedestrian"
"""The label of results, which have no classes: MOTChallenge is about pedestrians."""


def _source(track: TrackData, _: LabelInfo) -> Held:
    return replace(track, source=SOURCE), int(track.source not in ("person", SOURCE))


def _every_frame(track: TrackData, _: LabelInfo) -> Held:
    """A line for each frame: what was interpolated is a shape as any other, and a frame without one is a gap."""
    rows = Rows.of(expand(rows_of(track)))
    return with_rows(track, gapped(rows)), int((~rows.has(ORIGINS)).sum())


def gapped(rows: Rows) -> Rows:
    """With an outside row where each gap begins: a frame without a row is one without the object."""
    ends = np.flatnonzero(np.diff(rows.frames) > 1)
    if not len(ends):
        return rows
    at = ends + 1
    origin = rows.flags[ends] & np.uint8(ORIGINS)
    payloads = list(rows.payloads)
    for index in reversed(ends.tolist()):
        payloads.insert(index + 1, rows.payloads[index])
    return Rows(
        frames=np.insert(rows.frames, at, rows.frames[ends] + 1),
        kinds=np.insert(rows.kinds, at, rows.kinds[ends]),
        flags=np.insert(rows.flags, at, origin | np.uint8(Flag.OUTSIDE)),
        confidence=np.insert(rows.confidence, at, 1.0),
        bounds=np.insert(rows.bounds, at, rows.bounds[ends], axis=0),
        payloads=tuple(payloads),
    )


def _sure(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    unsure = rows.has(Flag.KEYFRAME) & (rows.confidence < 1)
    confidence = np.where(unsure, 1.0, rows.confidence)
    return with_rows(track, replace(rows, confidence=confidence)), int((unsure & rows.shown).sum())


def _set_by_a_person(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    unsure = rows.has(Flag.PREDICTED) & rows.shown
    flags = rows.flags & np.uint8(Flag.OUTSIDE | Flag.OCCLUDED) | np.uint8(Flag.KEYFRAME)
    return with_rows(track, replace(rows, flags=flags, confidence=np.ones(len(rows)))), int(unsure.sum())


def _found_by_a_model(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    drawn = rows.has(Flag.KEYFRAME) & rows.shown
    flags = rows.flags & np.uint8(Flag.OUTSIDE | Flag.OCCLUDED) | np.uint8(Flag.PREDICTED)
    # Between two rows it is any number; a table keeps 16 bits of it.
    confidence = quantised(rows.confidence.tolist()) / 65535
    return with_rows(track, replace(rows, flags=flags, confidence=confidence)), int(drawn.sum())


def _occluded(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    hidden = rows.has(Flag.OCCLUDED) & rows.shown
    return with_rows(track, replace(rows, flags=rows.flags & ~np.uint8(Flag.OCCLUDED))), int(hidden.sum())


def _unlabelled(track: TrackData, _: LabelInfo) -> Held:
    count = int(rows_of(track).shown.sum()) if track.label != UNNAMED else 0
    return replace(track, label=UNNAMED), count


def _one_line(text: str) -> tuple[str, int]:
    flat = "".join(" " if sign in "\r\n" else sign for sign in text)
    return flat, sum(sign in "\r\n" for sign in text)


def _label_lines(label: LabelInfo) -> tuple[LabelInfo, int]:
    name, lost = _one_line(label.name)
    return LabelInfo(name), lost


def _track_label(track: TrackData, _: LabelInfo) -> Held:
    return replace(track, label=_one_line(track.label)[0]), 0


_FIRST = (
    shared.CANDIDATES,
    shared.frame_tags(FORMAT),
    shared.NOTHING_TO_SEE,
    shared.verdicts(FORMAT),
    shared.colours(FORMAT),
    shared.attributes(FORMAT),
    Limit("names of models have no place in MOTChallenge", track=_source),
    shared.doubts(FORMAT),
)
_BOXES = tuple(shared.as_boxes(kind) for kind in Kind if kind not in (Kind.BOX, Kind.TAG))
TRUTH: tuple[Limit, ...] = (
    *_FIRST,
    Limit("keyframes are without their confidence", track=_sure),
    Limit("interpolated shapes become keyframes: every frame has a line of its own", track=_every_frame),
    *_BOXES,
    Limit(
        "predicted shapes become keyframes, without their confidence, which tracker results have",
        track=_set_by_a_person,
    ),
    Limit("ends of lines in labels become blanks", track=_track_label, label=_label_lines),
)
RESULTS: tuple[Limit, ...] = (
    *_FIRST,
    Limit("interpolated shapes become predicted: every frame has a line of its own", track=_every_frame),
    *_BOXES,
    Limit("keyframes become predicted shapes", track=_found_by_a_model),
    Limit("occluded shapes aren't marked, as in ground truth", track=_occluded),
    Limit("shapes are without their label, which ground truth has", track=_unlabelled),
)
