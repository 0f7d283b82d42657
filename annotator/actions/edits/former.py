"""A track's rows as they were at an earlier revision."""

from __future__ import annotations

from uuid import UUID

from annotator import stored_shapes
from annotator.actions.edits.past import TrackPast, read_past
from annotator.models import Layer
from tracking.shapes.chunks import Table, tables_of


def former_rows(layer: Layer, track: UUID, revision: int, first: int, last: int) -> tuple[list[Table], bool]:
    """The rows of a track on ``first..last`` at ``revision``, with the nearest ones beside them, between which the
    others are interpolated; and whether everything since is known."""
    past = read_past(layer, revision, {track})
    was = past.tracks.get(track, TrackPast())
    known = {start + int(at) for start, mask in was.known.items() for at in mask.nonzero()[0]}
    stored = stored_shapes.read(layer.chunks.filter(track_id=track))
    rows = {row.frame: row for _, table in stored for row in table.rows() if row.frame not in known}
    rows |= {row.frame: row for table in was.rows.values() for row in table.rows()}
    before = max((frame for frame in rows if frame < first), default=first)
    behind = min((frame for frame in rows if frame > last), default=last)
    return tables_of([rows[frame] for frame in sorted(rows) if before <= frame <= behind]), past.exact
