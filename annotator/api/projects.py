"""A project's labels, as the label editor and scripts read and write them: all together."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from annotator.access import access_project
from annotator.actions.labels import AttributeDraft, LabelDraft, LabelsRefused, save_labels
from annotator.models import Label
from tracking.shapes.skeletons import Skeleton, skeleton_of

router = Router(tags=["projects"])
MOST = 500


class AttributeIO(Schema):
    """`id` null: a new attribute. `choices` are those of a select; `default` is what a new object begins with."""

    id: int | None = None
    name: str
    kind: str
    per_frame: bool = False
    choices: list[str] = Field([], max_length=MOST)
    default: Any = None


class LabelIO(Schema):
    """`id` null: a new label."""

    id: int | None = None
    name: str
    colour: str
    hotkey: str = ""
    geometry_kinds: list[str] = ["box"]
    attributes: list[AttributeIO] = Field([], max_length=MOST)
    skeleton: Skeleton | None = None


class LabelsIn(Schema):
    """The labels as they shall be, in their order. What is neither mentioned nor removed stays."""

    labels: list[LabelIO] = Field(max_length=MOST)
    removed: list[int] = Field([], description="Ids of labels to delete.")
    removed_attributes: list[int] = Field([], description="Ids of attributes to delete.")


class ProblemOut(Schema):
    """`path`: ["0", "hotkey"] is the hotkey of the first label that was sent."""

    path: list[str]
    message: str


class RefusedOut(Schema):
    message: str
    problems: list[ProblemOut]


@router.get("/{project_id}/labels", response=list[LabelIO], summary="A project's labels")
def get_labels(request: HttpRequest, project_id: int) -> list[LabelIO]:
    project = access_project(request.user, project_id, "view")
    return [label_out(label) for label in project.labels.prefetch_related("attributes")]


@router.put("/{project_id}/labels", response={200: list[LabelIO], 422: RefusedOut}, summary="Save a project's labels")
def put_labels(request: HttpRequest, project_id: int, sent: LabelsIn) -> Status[list[LabelIO] | RefusedOut]:
    project = access_project(request.user, project_id, "manage")
    try:
        save_labels(
            project=project,
            drafts=[_draft(label) for label in sent.labels],
            removed=sent.removed,
            removed_attributes=sent.removed_attributes,
        )
    except LabelsRefused as refused:
        problems = [ProblemOut(path=list(each.path), message=each.message) for each in refused.problems]
        return Status(422, RefusedOut(message=str(refused), problems=problems))
    return Status(200, [label_out(label) for label in project.labels.prefetch_related("attributes")])


def label_out(label: Label) -> LabelIO:
    return LabelIO(
        id=label.pk,
        name=label.name,
        colour=label.colour,
        hotkey=label.hotkey,
        geometry_kinds=label.geometry_kinds,
        attributes=[
            AttributeIO(
                id=each.pk,
                name=each.name,
                kind=each.kind,
                per_frame=each.per_frame,
                choices=each.choices,
                default=each.default,
            )
            for each in label.attributes.all()
        ],
        skeleton=skeleton_of(label.skeleton),
    )


def _draft(label: LabelIO) -> LabelDraft:
    attributes = tuple(
        AttributeDraft(each.name, each.kind, each.id, each.per_frame, tuple(each.choices), each.default)
        for each in label.attributes
    )
    kinds = tuple(label.geometry_kinds)
    return LabelDraft(label.name, label.colour, label.id, label.hotkey, kinds, attributes, label.skeleton)
