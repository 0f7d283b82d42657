"""Which layer a video of a sweep is written to, and what is there to go on from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID, uuid4

from django.db import transaction

from annotator.actions.edits.apply import write_tracks
from annotator.actions.errors import ActionError
from annotator.actions.layers import free_name, make_layer, take_over
from annotator.actions.sweeps.planning import Plan
from annotator.models import Destination, Layer, LayerKind, SweptState, SweptVideo, Track, User
from tracking.shapes.chunks import Flag, Row


def main_layer(swept: SweptVideo) -> Layer:
    """That which every ready video has."""
    return Layer.objects.select_related("video__project").get(video=swept.video_id, kind=LayerKind.MAIN)


def target_layer(swept: SweptVideo, main: Layer) -> Layer:
    """The main layer, or the new one, which is made where it isn't there yet."""
    if swept.sweep.destination != Destination.LAYER:
        return main
    if swept.layer is not None:
        return swept.layer
    name = free_name(main.video, swept.sweep.layer_name)
    return make_layer(video=main.video, kind=LayerKind.MODEL, name=name, owner=swept.sweep.created_by)


def take_result_over(*, by: User, swept: SweptVideo, labels: Collection[int] | None) -> SweptVideo:
    """Copy what a video got in a layer of its own into the main one: one event, which undo there takes back.

    Args:
        labels: ids; tracks of these alone. None: of all.

    Raises:
        PermissionDenied: the main layer isn't the person's to change.
        ActionError: there is nothing to take over, or it isn't done yet.
    """
    if swept.layer is None or swept.sweep.destination != Destination.LAYER:
        raise ActionError("What went into a layer of its own can be taken over; this didn't, or its layer was deleted.")
    if swept.state in (SweptState.WAITING, SweptState.RUNNING):
        raise ActionError("It is taken over once it has ended. Wait, or cancel it.")
    with transaction.atomic():
        taken = take_over(user=by, source=swept.layer, target=main_layer(swept), labels=labels)
        swept.taken_over += taken.tracks
        swept.save(update_fields=["taken_over"])
    return swept


def bring(swept: SweptVideo, plan: Plan, main: Layer, layer: Layer) -> list[tuple[UUID, int]]:
    """(track, frame) to go on from in ``layer``: in a new one tracks of their own begin with what the main one shows
    there, under the same numbers."""
    if layer.pk == main.pk:
        return [(track, row.frame) for track, row in plan.rows.items()]
    originals = Track.objects.select_related("label").in_bulk(plan.rows)
    copies = {track: _copy(swept, originals[track]) for track in plan.rows}
    write_tracks(
        user=swept.sweep.created_by,
        layer_id=layer.pk,
        tracks=[(copies[track], [_as_keyframe(row)]) for track, row in plan.rows.items()],
        summary=f"Began with the last shapes of {len(copies)} track{'' if len(copies) == 1 else 's'}",
    )
    return [(copies[track].pk, row.frame) for track, row in plan.rows.items()]


def _copy(swept: SweptVideo, track: Track) -> Track:
    return Track(
        id=uuid4(),
        number=track.number,
        label=track.label,
        colour=track.colour,
        attributes=track.attributes,
        frame_attributes=track.frame_attributes,
        source=track.source,
        created_by=swept.sweep.created_by,
    )


def _as_keyframe(row: Row) -> Row:
    return replace(row, flags=Flag.KEYFRAME | (row.flags & Flag.OCCLUDED), confidence=1.0)
