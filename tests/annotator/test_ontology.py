from __future__ import annotations

import json
from math import inf, nan

import pytest

from annotator.ontology import LONGEST_TEXT, PALETTE, AttributeKind, GeometryKind, fits, next_colour
from tracking.shapes.chunks import Kind

CHOICES = ("red", "green")
TAKEN = {
    AttributeKind.SELECT: ["red"],
    AttributeKind.MULTI_SELECT: [[], ["red"], ["green", "red"]],
    AttributeKind.CHECKBOX: [True, False],
    AttributeKind.NUMBER: [0, -3, 1.5],
    AttributeKind.TEXT: ["", "a note", "x" * LONGEST_TEXT],
}
REFUSED = {
    AttributeKind.SELECT: ["blue", "", 1, ["red"]],
    AttributeKind.MULTI_SELECT: ["red", ["blue"], ["red", "red"], [["red"]], [None]],
    AttributeKind.CHECKBOX: ["on", 0, 1],
    AttributeKind.NUMBER: ["1", True, nan, inf, -inf, 10**400],
    AttributeKind.TEXT: [3, True, ["a"], "x" * (LONGEST_TEXT + 1), "a\0b"],
}


def pairs(values: dict[AttributeKind, list[object]]) -> list[tuple[AttributeKind, object]]:
    return [(kind, value) for kind, listed in values.items() for value in listed]


def test_every_kind_is_tried() -> None:
    assert set(TAKEN) == set(REFUSED) == set(AttributeKind)


@pytest.mark.parametrize(("kind", "value"), pairs(TAKEN))
def test_a_value_of_its_kind_is_taken(kind: AttributeKind, value: object) -> None:
    assert fits(kind, CHOICES, value)
    assert fits(kind, CHOICES, json.loads(json.dumps(value))), "As it comes back from the database."


@pytest.mark.parametrize(("kind", "value"), pairs(REFUSED))
def test_any_other_value_is_not(kind: AttributeKind, value: object) -> None:
    assert not fits(kind, CHOICES, value)


@pytest.mark.parametrize("kind", AttributeKind)
def test_no_value_always_fits(kind: AttributeKind) -> None:
    assert fits(kind, (), None)


def test_what_labels_may_be_drawn_as_is_what_can_be_stored() -> None:
    assert set(GeometryKind) == {kind.name.lower() for kind in Kind}


def test_a_new_colour_is_one_that_nobody_has() -> None:
    assert next_colour(()) == PALETTE[0]
    assert next_colour(PALETTE[:3]) == PALETTE[3]
    assert next_colour(PALETTE) in PALETTE
