"""Labels as the browser gets them: one form for the API, the editor and the label page."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from annotator.models import Label
from annotator.ontology import AttributeKind, GeometryKind
from annotator.operations import Message
from tracking.shapes.skeletons import Skeleton


class AttributeOut(Message):
    """A field of a label's objects."""

    id: int
    name: str
    kind: AttributeKind
    per_frame: bool = Field(description="Its value may change from frame to frame; otherwise it holds for the track.")
    choices: list[str] = Field(description="Of a select; the other kinds have none.")
    default: Any = Field(description="What a new object begins with; null: no value.")


class LabelOut(Message):
    """A class of object."""

    id: int
    name: str
    colour: str = Field(description="#rrggbb")
    hotkey: str = Field(description="One digit or letter; empty: none.")
    geometry_kinds: list[GeometryKind] = Field(description="What it may be drawn as.")
    attributes: list[AttributeOut]
    skeleton: Skeleton | None = Field(description="What its skeletons consist of.")


def label_out(label: Label) -> LabelOut:
    """A label with its attributes, in their order; prefetch them where several labels are asked for."""
    attributes = [
        {
            "id": each.pk,
            "name": each.name,
            "kind": each.kind,
            "per_frame": each.per_frame,
            "choices": each.choices,
            "default": each.default,
        }
        for each in label.attributes.all()
    ]
    return LabelOut.model_validate(
        {
            "id": label.pk,
            "name": label.name,
            "colour": label.colour,
            "hotkey": label.hotkey,
            "geometry_kinds": label.geometry_kinds,
            "attributes": attributes,
            "skeleton": label.skeleton,
        }
    )
