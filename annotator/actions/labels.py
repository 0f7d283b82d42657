"""The ontology of a project: its labels and their attributes, saved as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field

from annotator.actions.errors import ActionError
from annotator.models import Attribute, AttributeKind, GeometryKind, Label, Project, Track

LABELS_LIMIT = 500


class AttributeValues(BaseModel):
    """One attribute as it shall be; without ``id`` it is a new one."""

    model_config = ConfigDict(extra="forbid")

    id: int | None = None
    name: str = Field(max_length=80)
    kind: Literal["select", "multi_select", "checkbox", "number", "text"]
    per_frame: bool = False
    choices: list[str] = Field([], max_length=200)
    default: Any = None


class LabelValues(BaseModel):
    """One label as it shall be; without ``id`` it is a new one."""

    model_config = ConfigDict(extra="forbid")

    id: int | None = None
    name: str = Field(max_length=80)
    colour: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    hotkey: str = Field("", pattern=r"^[0-9a-z]?$")
    geometry_kinds: list[GeometryKind] = [GeometryKind.BOX]
    attributes: list[AttributeValues] = Field([], max_length=100)


def save_labels(*, project: Project, labels: Sequence[LabelValues]) -> None:
    """Make a project's labels what ``labels`` says, in that order; those that it leaves out are removed.

    Raises:
        ActionError: two share a name or a hotkey, one can't be what it says, or one that goes is in use.
    """
    if len(labels) > LABELS_LIMIT:
        raise ActionError(f"A project has at most {LABELS_LIMIT} labels; {len(labels)} came.")
    labels = [_cleaned(values) for values in labels]
    _refuse_twice("name", [values.name.casefold() for values in labels])
    _refuse_twice("hotkey", [values.hotkey for values in labels if values.hotkey])
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        kept = {label.pk: label for label in project.labels.all()}
        _refuse_foreign("label", (values.id for values in labels), kept)
        for label in kept.values():
            if label.pk not in {values.id for values in labels}:
                _remove_label(label)
        # Names and hotkeys may change places: they make room for each other first.
        for label in project.labels.all():
            Label.objects.filter(pk=label.pk).update(name=f"\0{label.pk}", hotkey="")
        for position, values in enumerate(labels):
            _save_label(project, kept.get(values.id or 0), values, position)


def _save_label(project: Project, label: Label | None, values: LabelValues, position: int) -> None:
    label = label or Label(project=project)
    label.name, label.colour, label.hotkey = values.name, values.colour.lower(), values.hotkey
    label.geometry_kinds = [kind.value for kind in values.geometry_kinds]
    label.position = position
    label.save()
    kept = {attribute.pk: attribute for attribute in label.attributes.all()}
    _refuse_foreign("attribute", (each.id for each in values.attributes), kept)
    for attribute in kept.values():
        if attribute.pk not in {each.id for each in values.attributes}:
            _refuse_used(attribute, "removed")
            attribute.delete()
    for attribute in label.attributes.all():
        Attribute.objects.filter(pk=attribute.pk).update(name=f"\0{attribute.pk}")
    for place, each in enumerate(values.attributes):
        _save_attribute(label, kept.get(each.id or 0), each, place)


def _save_attribute(label: Label, attribute: Attribute | None, values: AttributeValues, position: int) -> None:
    attribute = attribute or Attribute(label=label, kind=values.kind, per_frame=values.per_frame)
    if (attribute.kind, attribute.per_frame) != (values.kind, values.per_frame):
        _refuse_used(attribute, "made another kind")
    attribute.name, attribute.kind, attribute.per_frame = values.name, values.kind, values.per_frame
    attribute.choices, attribute.default, attribute.position = values.choices, values.default, position
    attribute.save()


def _remove_label(label: Label) -> None:
    tracks = Track.objects.filter(label=label)
    count = tracks.count()
    if count:
        deleted = tracks.exclude(deleted_at=None).count()
        note = f" ({deleted} of them deleted, which can be restored)" if deleted else ""
        objects = "1 object has" if count == 1 else f"{count} objects have"
        raise ActionError(f"“{label.name}” can't be removed: {objects} it{note}. Give them another label first.")
    label.delete()


def _refuse_used(attribute: Attribute, what: str) -> None:
    """Raises ActionError when a track has a value of the attribute: nobody could read it any more."""
    field = "frame_attributes" if attribute.per_frame else "attributes"
    count = Track.objects.filter(label=attribute.label, **{f"{field}__has_key": str(attribute.pk)}).count()
    if count:
        objects = "1 object has" if count == 1 else f"{count} objects have"
        raise ActionError(
            f"“{attribute.name}” of “{attribute.label.name}” can't be {what}: {objects} a value of it. Add a new "
            "attribute instead, or clear the values first."
        )


def _cleaned(values: LabelValues) -> LabelValues:
    """Without stray spaces. Raises ActionError for what no label may be."""
    name = " ".join(values.name.split())
    if not name:
        raise ActionError("Every label needs a name; one has none.")
    if not values.geometry_kinds:
        raise ActionError(f"“{name}” can't be drawn: choose at least one kind of shape.")
    attributes = [_cleaned_attribute(name, each) for each in values.attributes]
    _refuse_twice(f"attribute of “{name}”", [each.name.casefold() for each in attributes])
    kinds = list(dict.fromkeys(values.geometry_kinds))
    return values.model_copy(update={"name": name, "attributes": attributes, "geometry_kinds": kinds})


def _cleaned_attribute(label: str, values: AttributeValues) -> AttributeValues:
    name = " ".join(values.name.split())
    if not name:
        raise ActionError(f"Every attribute of “{label}” needs a name; one has none.")
    chosen = values.kind in (AttributeKind.SELECT, AttributeKind.MULTI_SELECT)
    choices = [choice.strip() for choice in values.choices if choice.strip()] if chosen else []
    if chosen and not choices:
        raise ActionError(f"“{name}” of “{label}” needs choices, one a line.")
    _refuse_twice(f"choice of “{name}”", choices)
    default = _default(f"“{name}” of “{label}”", values.kind, values.default, choices)
    return values.model_copy(update={"name": name, "choices": choices, "default": default})


def _default(where: str, kind: str, value: Any, choices: Sequence[str]) -> Any:
    """The value a new object begins with; None: none. Raises ActionError when the kind can't have it."""
    if value is None or value == "" or value == []:
        return None
    fits = {
        AttributeKind.SELECT: lambda: value in choices,
        AttributeKind.MULTI_SELECT: lambda: isinstance(value, list) and all(each in choices for each in value),
        AttributeKind.CHECKBOX: lambda: isinstance(value, bool),
        AttributeKind.NUMBER: lambda: isinstance(value, int | float) and not isinstance(value, bool),
        AttributeKind.TEXT: lambda: isinstance(value, str) and len(value) <= 1000,
    }
    if not fits[AttributeKind(kind)]():
        allowed = f" It is one of: {', '.join(choices)}." if choices else ""
        raise ActionError(f"The default of {where} doesn't fit: {value!r}.{allowed}")
    return value


def _refuse_twice(what: str, values: Sequence[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ActionError(f"Each {what} is there once; “{value}” is there {values.count(value)} times.")


def _refuse_foreign(what: str, ids: Iterable[int | None], kept: dict[int, Any]) -> None:
    """Raises ActionError for ids that aren't of this place: somebody else has changed the labels meanwhile."""
    given = [each for each in ids if each is not None]
    if len(set(given)) != len(given) or not set(given) <= set(kept):
        raise ActionError(f"A {what} has been removed by somebody else meanwhile. Reload the page.")
