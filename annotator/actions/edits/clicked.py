"""What masks were clicked with, kept beside them: for who goes on from them after a reload, or is somebody else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from uuid import UUID

from django.utils import timezone

from annotator import stored_shapes
from annotator.announce.messages import ClickedShape
from annotator.formats.base import ClickedOn
from annotator.models import ClickedMask, Layer
from tracking.shapes.chunks import Kind, Row

KEPT = 16
"""Masks of one frame of a track whose clicks are kept: as far as these go, undo and redo find them again."""


def keep_clicks(layer: Layer, clicked: Sequence[ClickedShape], changed: Collection[UUID]) -> None:
    """Keep what the masks were clicked with that an edit has put into ``layer``.

    Args:
        changed: tracks whose shapes the edit has changed; of others nothing is kept, nor where no mask is.
    """
    wanted = {(one.track, one.frame): one for one in clicked if one.track in changed}
    if not wanted:
        return
    rows = stored_shapes.rows_at(stored_shapes.chunks_in(Layer.objects.filter(pk=layer.pk)), wanted.keys())
    found = {(track, row.frame): row for track, row in rows}
    write_clicks(
        (track, found[track, frame], value_of(one))
        for (track, frame), one in wanted.items()
        if (track, frame) in found and (one.clicks or one.box)
    )
    for track, frame in wanted:
        newest = ClickedMask.objects.filter(track=track, frame=frame).order_by("-kept_at", "-pk")[KEPT:]
        ClickedMask.objects.filter(pk__in=list(newest.values_list("pk", flat=True))).delete()


def value_of(one: ClickedShape) -> ClickedOn:
    clicks = tuple((each.x, each.y, each.positive) for each in one.clicks)
    return ClickedOn(clicks, one.box, alone=one.alone)


def write_clicks(clicked: Iterable[tuple[UUID, Row, ClickedOn]]) -> None:
    """Keep what the masks ``(track, its row, clicks)`` came of; rows of other kinds have none."""
    now = timezone.now()
    ClickedMask.objects.bulk_create(
        [
            ClickedMask(
                track_id=track,
                frame=row.frame,
                digest=_digest(row),
                clicks=[list(click) for click in said.clicks],
                box=said.box and list(said.box),
                alone=said.alone,
                kept_at=now,
            )
            for track, row, said in clicked
            if row.kind == Kind.MASK
        ],
        update_conflicts=True,
        unique_fields=["track", "frame", "digest"],
        update_fields=["clicks", "box", "alone", "kept_at"],
    )


def clicks_on(layer: Layer, track: UUID, frame: int) -> tuple[Row, ClickedOn] | None:
    """The mask that is stored of a track on a frame, with what it was clicked with; None: nothing is known of it."""
    row = next(
        (
            row
            for _, row in stored_shapes.rows_at(
                stored_shapes.chunks_in(Layer.objects.filter(pk=layer.pk)), [(track, frame)]
            )
        ),
        None,
    )
    if row is None or row.kind != Kind.MASK:
        return None
    known = ClickedMask.objects.filter(track=track, frame=frame, digest=_digest(row)).first()
    return None if known is None else (row, _said(known))


def clicks_of(tracks: Collection[UUID]) -> Mapping[UUID, Mapping[tuple[int, str], ClickedOn]]:
    """What is known of tracks, by frame and digest; some of it may be of masks that were there before."""
    told: dict[UUID, dict[tuple[int, str], ClickedOn]] = {}
    for each in ClickedMask.objects.filter(track__in=tracks):
        told.setdefault(each.track_id, {})[each.frame, each.digest] = _said(each)
    return told


def shown_clicks(known: Mapping[tuple[int, str], ClickedOn], rows: Iterable[Row]) -> dict[int, ClickedOn]:
    """Of what is known of a track that which its ``rows`` still are, by frame."""
    frames = {frame for frame, _ in known}
    return {
        row.frame: said
        for row in rows
        if row.frame in frames and (said := known.get((row.frame, _digest(row)))) is not None
    }


def _digest(row: Row) -> str:
    return sha256(row.payload).hexdigest()


def _said(each: ClickedMask) -> ClickedOn:
    clicks = tuple((float(x), float(y), bool(positive)) for x, y, positive in each.clicks)
    box = None if each.box is None else (each.box[0], each.box[1], each.box[2], each.box[3])
    return ClickedOn(clicks, box, alone=each.alone)
