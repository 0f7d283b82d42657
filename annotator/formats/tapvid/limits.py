"""What TAP-Vid's pickles can't hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from annotator.formats import geometry
from annotator.formats import limits as shared
from annotator.formats.base import LabelInfo, Limit, TrackData
from annotator.formats.limits import rows_of, with_rows
from annotator.formats.mot.limits import gapped
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import ORIGINS, expand
from tracking.shapes.values import ABSENT

Held = tuple[TrackData | None, int]
FORMAT = "TAP-Vid"
HELD = (Kind.POINTS, Kind.SKELETON)


def _points_only(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    others = ~np.isin(rows.kinds, HELD)
    return (with_rows(track, rows.take(~others)) if not others.all() else None), int((others & rows.shown).sum())


def _one_count(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    signs = [(kind, len(geometry.visibilities(row))) for kind, row in zip(rows.kinds.tolist(), rows, strict=True)]
    first = next((sign for sign, shown in zip(signs, rows.shown.tolist(), strict=True) if shown), None)
    alike = np.array([sign == first for sign in signs], bool) | ~rows.shown
    return with_rows(track, rows.take(alike)), int((~alike).sum())


def _gaps(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    kept = gapped(Rows.of(expand(rows)))
    return track, max(_gap_rows(rows) - _gap_rows(kept), 0)


def _gap_rows(rows: Rows) -> int:
    """Outside rows before the last shape."""
    shown = np.flatnonzero(rows.shown)
    return int((~rows.shown[: shown[-1]]).sum()) if len(shown) else 0


def _every_frame(track: TrackData, _: LabelInfo) -> Held:
    rows = Rows.of(expand(rows_of(track)))
    return with_rows(track, rows), int((~rows.has(ORIGINS)).sum())


def _set_by_a_person(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    unsure = rows.has(Flag.PREDICTED)
    flags = rows.flags & np.uint8(Flag.OUTSIDE | Flag.OCCLUDED) | np.uint8(Flag.KEYFRAME)
    return with_rows(track, replace(rows, flags=flags)), int(unsure.sum())


def _sure(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    return with_rows(track, replace(rows, confidence=np.ones(len(rows)))), int((rows.confidence < 1).sum())


def _as_points(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    hidden = rows.has(Flag.OCCLUDED)
    return with_rows(track, replace(rows, flags=rows.flags & ~np.uint8(Flag.OCCLUDED))), int(hidden.sum())


def _present(track: TrackData, _: LabelInfo) -> Held:
    rows = rows_of(track)
    present = np.array([any(geometry.visibilities(row)) for row in rows], bool)
    return with_rows(track, gapped(rows.take(present))) if present.any() else None, int((~present).sum())


def _places(track: TrackData, _: LabelInfo) -> Held:
    kept: list[Row] = []
    lost = 0
    for row in rows_of(track):
        seen = geometry.visibilities(row)
        xy = geometry.vertices(row).copy()
        absent = np.array(seen) == ABSENT
        lost += int((xy[absent] != 0).any(axis=1).sum()) if not row.flags & Flag.OUTSIDE else 0
        xy[absent] = 0
        kept.append(geometry.point_row(row.kind, row.frame, row.flags, row.confidence, xy.tolist(), seen))
    return with_rows(track, Rows.of(kept)), lost


LIMITS: tuple[Limit, ...] = (
    shared.CANDIDATES,
    shared.frame_tags(FORMAT),
    shared.NOTHING_TO_SEE,
    Limit("shapes that aren't points or skeletons are left out", track=_points_only),
    shared.NOTHING_TO_SEE,
    shared.attributes(FORMAT),
    shared.judged_spans(FORMAT),
    Limit("shapes with another number of points than their track's first are left out", track=_one_count),
    Limit("gaps before the first shape are left out, and those that begin again within a gap are one", track=_gaps),
    Limit("interpolated shapes become keyframes: every frame has places of its own", track=_every_frame),
    Limit("shapes are without their confidence", track=_sure),
    Limit("predicted shapes become keyframes", track=_set_by_a_person),
    shared.doubts(FORMAT),
    Limit("shapes aren't marked as occluded, only their points are", track=_as_points),
    Limit("shapes of which no point is present are left out", track=_present),
    Limit("points that are absent have no place", track=_places),
)
