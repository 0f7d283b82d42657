"""Nothing that hangs on a project is forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model

from annotator.actions.parcels import upgrades
from annotator.actions.parcels.contents import CONTENTS, LEFT_OUT, Content
from annotator.actions.parcels.records import VERSION, PersonRecord
from annotator.models import Project

HOLDS = Path(__file__).parent / f"version-{VERSION}.json"


def hanging() -> set[type[Model]]:
    """The project, and every model that leads to it by its own foreign keys."""
    models = list(apps.get_app_config("annotator").get_models(include_auto_created=True))
    found: set[type[Model]] = {Project}
    while more := {
        model for model in models if model not in found and any(f.related_model in found for f in model._meta.fields)
    }:
        found |= more
    return found


def test_every_model_of_a_project_goes_along_or_is_named_as_left_out() -> None:
    known = {content.model for content in CONTENTS} | set(LEFT_OUT)
    missing = sorted(model.__name__ for model in hanging() - known)
    assert not missing, f"{', '.join(missing)}: add to CONTENTS or LEFT_OUT in actions/parcels/contents.py"
    assert not {content.model for content in CONTENTS} & set(LEFT_OUT)


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content.member)
def test_every_field_goes_along_or_is_named_as_left_out(content: Content) -> None:
    meta = content.model._meta
    fields = {field.name for field in (*meta.concrete_fields, *meta.many_to_many)}
    assert set(content.record.model_fields) | set(content.left_out) == fields
    assert not set(content.record.model_fields) & set(content.left_out)


def test_what_a_version_holds_does_not_change() -> None:
    """A record that is another one is a new version, with a line in ``upgrades.UPGRADES`` for the one before it."""
    holds = {content.member: sorted(content.record.model_fields) for content in CONTENTS}
    holds["people"] = sorted(PersonRecord.model_fields)
    assert json.loads(HOLDS.read_text()) == holds


def test_every_former_version_can_be_upgraded() -> None:
    assert set(upgrades.UPGRADES) == set(range(1, VERSION))
