"""The layers of a video: which there are, making, renaming and deleting them, and taking tracks over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from annotator import access
from annotator.access import access_layer, access_layer_itself, access_video, access_video_for_layer
from annotator.actions import layers
from annotator.api.people import signed_in
from annotator.models import Layer, LayerKind, User
from annotator.operations import OPERATIONS, Message, Operation

router = Router(tags=["layers"])

MadeKind = Literal["ground_truth", "replica", "model"]


class LayerOut(Message):
    """One complete set of tracks for a video. `tracks` and `shapes` are without deleted tracks; `jobs` go with it when
    it is deleted, `runs` are under way in it. `may_edit`: some of its frames are the reader's to change."""

    id: int
    kind: Literal["main", "ground_truth", "replica", "model"]
    name: str
    owner: str = Field(description="Whose replica it is, or who made it; empty: nobody.")
    mine: bool
    revision: int
    tracks: int
    shapes: int
    jobs: int
    issues: int = Field(description="What people said about it; they go with it, too.")
    runs: int
    may_edit: bool
    may_rename: bool
    may_delete: bool


class LayersOut(Message):
    """The main layer first. `may_make`: the kinds that the reader may make."""

    layers: list[LayerOut]
    may_make: list[MadeKind]


class LayerIn(Message):
    name: str
    kind: MadeKind


class LayerName(Message):
    name: str


class TakeOverIn(Message):
    """Which tracks of `source` come. `labels`: those of these labels (ids) alone; `tracks`: these alone; null: all."""

    source: int
    labels: list[int] | None = None
    tracks: list[UUID] | None = None


class TakenOverOut(Message):
    """What came. `inverse` takes the change `edit` back; `renumbered`: tracks whose number was taken."""

    edit: UUID
    revision: int
    summary: str
    tracks: int
    shapes: int
    renumbered: int
    inverse: list[Operation]


@router.get("/videos/{video_id}/layers", response=LayersOut, summary="A video's layers")
def list_layers(request: HttpRequest, video_id: int) -> LayersOut:
    user = signed_in(request)
    video = access_video(user, video_id, "view")
    shown = video.layers.exclude(pk__in=access.hidden_layers(user, video.project).values("pk"))
    found = sorted(shown.select_related("video__project", "owner"), key=_order)
    role = access.role_in(user, video.project.workspace_id)
    at_work = video.project.archived_at is None
    kinds: list[MadeKind] = ["ground_truth", "replica", "model"]
    return LayersOut(
        layers=_out(user, found),
        may_make=[kind for kind in kinds if at_work and access.may(role, access.TO_MAKE[kind])],
    )


@router.post("/videos/{video_id}/layers", response={201: LayerOut}, summary="Make an empty layer")
def make(request: HttpRequest, video_id: int, wanted: LayerIn) -> Status[LayerOut]:
    """It is the maker's own: an annotator may make replicas, a reviewer every kind but a main one."""
    user = signed_in(request)
    kind = LayerKind(wanted.kind)
    video = access_video_for_layer(user, video_id, kind)
    layer = layers.make_layer(video=video, kind=kind, name=wanted.name, owner=user)
    return Status(201, _out(user, [layer])[0])


@router.patch("/layers/{layer_id}", response=LayerOut, summary="Rename a layer")
def rename(request: HttpRequest, layer_id: int, changes: LayerName) -> LayerOut:
    user = signed_in(request)
    layer = access_layer_itself(user, layer_id, "review")
    return _out(user, [layers.rename_layer(by=user, layer=layer, name=changes.name)])[0]


@router.delete("/layers/{layer_id}", response={204: None}, summary="Delete a layer with all that is in it")
def delete(request: HttpRequest, layer_id: int, revision: int) -> Status[None]:
    """`revision`: the layer's when the person was told what is in it; one that has changed since is kept."""
    user = signed_in(request)
    layers.delete_layer(by=user, layer=access_layer_itself(user, layer_id, "manage"), revision=revision)
    return Status(204, None)


@router.post("/layers/{layer_id}/take-over", response=TakenOverOut, summary="Copy tracks of another layer into it")
def take_over(request: HttpRequest, layer_id: int, wanted: TakeOverIn) -> TakenOverOut:
    user = signed_in(request)
    target = access_layer(user, layer_id, "annotate")
    source = access_layer(user, wanted.source, "view")
    taken = layers.take_over(user=user, source=source, target=target, labels=wanted.labels, tracks=wanted.tracks)
    return TakenOverOut(
        edit=taken.event.edit_id,
        revision=taken.event.revision,
        summary=taken.event.summary,
        tracks=taken.tracks,
        shapes=taken.shapes,
        renumbered=taken.renumbered,
        inverse=OPERATIONS.validate_python(taken.event.inverse),
    )


def _order(layer: Layer) -> tuple[int, str]:
    return LayerKind.values.index(layer.kind), layer.name.casefold()


def _out(user: User, found: Sequence[Layer]) -> list[LayerOut]:
    contents = layers.contents_of(found)
    return [
        LayerOut(
            id=layer.pk,
            kind=layer.kind,
            name=layer.name,
            owner=str(layer.owner or ""),
            mine=layer.owner_id is not None and layer.owner_id == user.pk,
            revision=layer.revision,
            tracks=contents[layer.pk].tracks,
            shapes=contents[layer.pk].shapes,
            jobs=contents[layer.pk].jobs,
            issues=contents[layer.pk].issues,
            runs=contents[layer.pk].runs,
            may_edit=bool(access.editable_ranges(user, layer)),
            may_rename=access.may_change_itself(user, layer, "review"),
            may_delete=access.may_change_itself(user, layer, "manage"),
        )
        for layer in found
    ]
