"""A project's labels, as the label editor and scripts read and write them: all together."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from annotator.access import access_project, require_at_work
from annotator.actions.class_labels import class_labels, map_classes
from annotator.actions.labels import LabelDraft, LabelsRefused, save_labels
from annotator.announce.labels import LabelOut, label_out
from annotator.api.people import signed_in
from annotator.ontology import MOST
from annotator.operations import Message

router = Router(tags=["projects"])


class LabelsIn(Message):
    """The labels as they shall be, in their order. What is neither mentioned nor removed stays."""

    labels: list[LabelDraft] = Field(max_length=MOST)
    removed: list[int] = Field([], description="Ids of labels to delete.")
    removed_attributes: list[int] = Field([], description="Ids of attributes to delete.")
    seen: list[LabelDraft] = Field(
        [],
        max_length=MOST,
        description="The labels that `labels` began from: what others changed since, and the sender did not, stays.",
    )


class ClassLabels(Message):
    """By a class's name, as detectors have it: the label that such objects get; null: they are left out."""

    labels: dict[Annotated[str, Field(min_length=1, max_length=200)], Annotated[int, Field(ge=1, lt=2**63)] | None] = (
        Field(max_length=1000)
    )


class ClassLabelsOut(Message):
    labels: dict[str, int | None]


class ProblemOut(Message):
    """`path`: ["0", "hotkey"] is the hotkey of the first label that was sent."""

    path: list[str]
    message: str


class RefusedOut(Message):
    message: str
    problems: list[ProblemOut]


@router.get("/{project_id}/labels", response=list[LabelOut], summary="A project's labels")
def get_labels(request: HttpRequest, project_id: int) -> list[LabelOut]:
    project = access_project(request.user, project_id, "view")
    return [label_out(label) for label in project.labels.prefetch_related("attributes")]


@router.put("/{project_id}/labels", response={200: list[LabelOut], 422: RefusedOut}, summary="Save a project's labels")
def put_labels(request: HttpRequest, project_id: int, sent: LabelsIn) -> Status[list[LabelOut] | RefusedOut]:
    project = access_project(request.user, project_id, "manage")
    require_at_work(project)
    try:
        save_labels(
            by=signed_in(request),
            project=project,
            drafts=sent.labels,
            removed=sent.removed,
            removed_attributes=sent.removed_attributes,
            seen=sent.seen,
        )
    except LabelsRefused as refused:
        problems = [ProblemOut(path=list(each.path), message=each.message) for each in refused.problems]
        return Status(422, RefusedOut(message=str(refused), problems=problems))
    return Status(200, [label_out(label) for label in project.labels.prefetch_related("attributes")])


@router.get("/{project_id}/class-labels", response=ClassLabelsOut, summary="What detectors' classes become")
def get_class_labels(request: HttpRequest, project_id: int) -> ClassLabelsOut:
    return ClassLabelsOut(labels=class_labels(access_project(request.user, project_id, "view")))


@router.patch("/{project_id}/class-labels", response=ClassLabelsOut, summary="Say what detectors' classes become")
def patch_class_labels(request: HttpRequest, project_id: int, sent: ClassLabels) -> ClassLabelsOut:
    """Classes that aren't named stay as they are."""
    project = access_project(request.user, project_id, "annotate")
    require_at_work(project)
    return ClassLabelsOut(labels=map_classes(project=project, labels=sent.labels))
