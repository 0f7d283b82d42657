"""What the pages of a project hand to their scripts."""

from __future__ import annotations

from django.db.models import Count
from pydantic import Field

from annotator.announce.labels import LabelOut, label_out
from annotator.models import Project
from annotator.ontology import PALETTE, AttributeKind, GeometryKind
from annotator.operations import Message


class VideosPage(Message):
    """What the list of a project's videos begins with."""

    project: int
    may_manage: bool
    may_upload: bool
    may_annotate: bool
    csrf_token: str


class ParcelsPage(Message):
    """What the list of a project's whole exports begins with, or that of a workspace's imported projects."""

    project: int | None
    workspace: int
    csrf_token: str


class GeometryKindOut(Message):
    kind: GeometryKind
    words: str


class AttributeKindOut(Message):
    kind: AttributeKind
    words: str


class LabelsPage(Message):
    """What the label editor begins with."""

    project: int
    may_manage: bool
    csrf_token: str
    labels: list[LabelOut]
    used: dict[int, int] = Field(description="By label id: how many tracks have it. One that is used can't be deleted.")
    geometry_kinds: list[GeometryKindOut]
    attribute_kinds: list[AttributeKindOut]
    palette: list[str] = Field(description="#rrggbb: colours of new labels, in this order.")


def labels_page(project: Project, *, may_manage: bool, csrf_token: str) -> LabelsPage:
    labels = project.labels.annotate(used=Count("tracks")).prefetch_related("attributes")
    return LabelsPage(
        project=project.pk,
        may_manage=may_manage,
        csrf_token=csrf_token,
        labels=[label_out(label) for label in labels],
        used={label.pk: label.used for label in labels if label.used},
        geometry_kinds=[GeometryKindOut(kind=kind, words=kind.words) for kind in GeometryKind],
        attribute_kinds=[AttributeKindOut(kind=kind, words=kind.words) for kind in AttributeKind],
        palette=list(PALETTE),
    )
