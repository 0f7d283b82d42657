"""What COCO files can't hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from annotator.formats import geometry
from annotator.formats import limits as shared
from annotator.formats.base import LabelInfo, Limit, TrackData
from annotator.formats.limits import rows_of, with_rows
from annotator.formats.mot.limits import gapped
from annotator.formats.rows import Rows
from tracking.shapes.chunks import Flag, Kind
from tracking.shapes.interpolation import ORIGINS, expand
from tracking.shapes.values import ABSENT

FORMAT = "COCO"
HELD = (Kind.BOX, Kind.POLYGON, Kind.SKELETON, Kind.MASK)


def stored(every: Rows) -> Rows:
    """The rows to store of those that show on every frame, interpolated ones among them: keyframes, predictions, and
    an outside row where a gap begins, also behind what is held after the last of them."""
    rows = gapped(every)
    if len(rows) and not rows.flags[-1] & np.uint8(ORIGINS):
        last = replace(rows[-1], frame=int(rows.frames[-1]) + 1, flags=Flag.OUTSIDE)
        rows = Rows.joined([rows, Rows.of([last])])
    return rows.take(rows.has(ORIGINS | Flag.OUTSIDE))


def _gaps(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
    rows = rows_of(track)
    kept = stored(Rows.of(expand(rows)))
    return with_rows(track, kept), max(_gap_rows(rows) - _gap_rows(kept), 0)


def _gap_rows(rows: Rows) -> int:
    """Outside rows before the last shape."""
    shown = np.flatnonzero(rows.shown)
    return int((~rows.shown[: shown[-1]]).sum()) if len(shown) else 0


def _places(track: TrackData, _: LabelInfo) -> tuple[TrackData | None, int]:
    rows = rows_of(track)
    if not (rows.kinds == Kind.SKELETON).any():
        return track, 0
    kept, lost = [], 0
    for row in rows:
        if row.kind == Kind.SKELETON:
            seen = geometry.visibilities(row)
            xy = geometry.vertices(row).copy()
            absent = np.array(seen) == ABSENT
            lost += int((xy[absent] != 0).any(axis=1).sum()) if not row.flags & Flag.OUTSIDE else 0
            xy[absent] = 0
            kept.append(geometry.point_row(row.kind, row.frame, row.flags, row.confidence, xy.tolist(), seen))
        else:
            kept.append(row)
    return with_rows(track, Rows.of(kept)), lost


LIMITS: tuple[Limit, ...] = (
    shared.CANDIDATES,
    shared.frame_tags(FORMAT),
    shared.NOTHING_TO_SEE,
    shared.attributes(FORMAT),
    shared.judged_spans(FORMAT),
    *(shared.as_boxes(kind) for kind in Kind if kind not in (*HELD, Kind.TAG)),
    Limit("gaps before the first shape are left out, and those that begin again within a gap are one", track=_gaps),
    Limit("joints that are absent have no place", track=_places),
)
