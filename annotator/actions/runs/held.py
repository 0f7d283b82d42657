"""Which points of an object a correction leaves alone."""

from __future__ import annotations

from uuid import UUID

from annotator.actions.edits.layer_draft import decoded
from annotator.models import Event, EventKind, Layer
from annotator.operations import OPERATIONS, ShapesReplace
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.joints import unmoved
from tracking.shapes.payloads import shape_of

MOST_EDITS = 50
"""So many of a layer's last edits are looked through for what was predicted on a frame before it was corrected."""


def left_alone(layer: Layer, track: UUID, corrected: Row) -> list[int]:
    """The points of a corrected shape, by number, that lie where the model had put them; none where all were moved, or
    where points were added or removed."""
    before = _predicted_before(layer, track, corrected.frame)
    return [] if before is None else unmoved(shape_of(before), shape_of(corrected))


def _predicted_before(layer: Layer, track: UUID, frame: int) -> Row | None:
    """What a model had said of a frame before people's last edits there."""
    edits = Event.objects.filter(layer=layer, kind=EventKind.EDIT).order_by("-revision")
    for revision, extent in edits.values_list("revision", "extent")[:MOST_EDITS]:
        if not _touches(extent, track, frame):
            continue
        inverse = Event.objects.values_list("inverse", flat=True).get(layer=layer, revision=revision)
        row = _row_before(inverse, track, frame)
        if row is None or row.flags & Flag.PREDICTED:
            return row
    return None


def _touches(extent: list[tuple[str, int | None, int | None]], track: UUID, frame: int) -> bool:
    return any(
        one == str(track) and first is not None and last is not None and first <= frame <= last
        for one, first, last in extent
    )


def _row_before(inverse: object, track: UUID, frame: int) -> Row | None:
    """The row of a frame that an edit replaced."""
    for operation in OPERATIONS.validate_python(inverse or []):
        if isinstance(operation, ShapesReplace) and operation.track == track:
            for table in map(decoded, operation.tables):
                if (row := table.at(frame)) is not None:
                    return row
    return None
