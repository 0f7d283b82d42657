"""What doesn't fit is told in our words, wherever it came from: where, what is needed, what came."""

from __future__ import annotations

import re
from typing import Any, Literal
from uuid import UUID

import msgspec
import pytest
from django.test import Client
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from annotator.formats.native.schema import ShapeIn
from annotator.refusals import problem_of, struct_problem
from tests.people import Team, client_of

RAW = re.compile(
    "Input should|Field required|String should|List should|Value error|Unable to|Extra inputs|Expected `|Object |"
    "validation error|valid string|to be a valid|Invalid enum|unparsable"
)
"""Words of pydantic's and msgspec's."""


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field("car", min_length=1, max_length=80)
    kind: Literal["box", "mask"] = "box"


class Asked(BaseModel):
    count: int = Field(1, ge=0, le=9)
    share: float = Field(1.0, allow_inf_nan=False)
    inner: list[Inner] = Field([], max_length=2)
    key: UUID | None = None
    value: float | bool | None = None
    even: int = 0

    @field_validator("even")
    @classmethod
    def _check(cls, value: int) -> int:
        if value % 2:
            raise ValueError(f"An even number is needed; {value} came")
        return value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"count": "many"}, "count: a whole number is needed; “many” came."),
        ({"count": 1.5}, "count: a whole number is needed; 1.5 came."),
        ({"count": None}, "count: a whole number is needed; nothing (null) came."),
        ({"count": -1}, "count: a number of at least 0 is needed; -1 came."),
        ({"count": 10**4000}, "count: a number of at most 9 is needed; a very large number came."),
        ({"share": float("nan")}, "share: a finite number is needed; nan came."),
        ({"inner": {}}, "inner: a list is needed; an object came."),
        ({"inner": [{}, {}, {}]}, "inner: a list of at most 2 is needed; a list of 3 came."),
        ({"inner": [{}, "car"]}, "inner.1: an object is needed; “car” came."),
        ({"inner": [{"name": ""}]}, "inner.0.name: a text of at least 1 characters is needed; an empty text came."),
        (
            {"inner": [{"name": "x" * 100}]},
            f"inner.0.name: a text of at most 80 characters is needed; “{'x' * 40}…” (100 characters) came.",
        ),
        ({"inner": [{"kind": "Box"}]}, "inner.0.kind: 'box' or 'mask' is needed; “Box” came."),
        ({"inner": [{"colour": "red"}]}, "inner.0.colour: there is no such field. Leave it out."),
        ({"key": "7"}, "key: an id (a UUID) is needed; “7” came."),
        ({"value": [1, 2]}, "value: a number or true or false is needed; a list of 2 came."),
        ({"even": 3}, "even: An even number is needed; 3 came."),
        ("all", "An object is needed; “all” came."),
        ({"inner": [{"kind": "\ud800"}]}, "inner.0.kind: a text of whole characters is needed; “\\ud800” came."),
    ],
)
def test_a_model_s_problem_is_a_sentence(value: Any, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Asked.model_validate(value)
    assert problem_of(caught.value) == says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1", ("", "an object is needed; a whole number came.")),
        ("{}", ("frame", "it is needed, and isn't there.")),
        ('{"frame": "a"}', ("frame", "a whole number is needed; a text came.")),
        ('{"frame": -1}', ("frame", "a whole number of at least 0 is needed.")),
        ('{"frame": 1, "box": {}}', ("box", "a list is needed; an object came.")),
        ('{"frame": 1, "box": [1, 2]}', ("box", "a list of 4 is needed.")),
        ('{"frame": 1, "box": [1, 2, null, 4]}', ("box[2]", "a number is needed; nothing (null) came.")),
        ('{"frame": 1, "confidence": 2}', ("confidence", "a number of at most 1 is needed.")),
        ('{"frame": 1, "confidence": 1e999}', ("confidence", "a finite number is needed.")),
        ('{"frame": 1, "mask": {"top": 0}}', ("mask.left", "it is needed, and isn't there.")),
        ('{"frame": 1, "size": 2}', ("size", "there is no such field. Leave it out.")),
        ('{"frame": 1, "points": [[1, 2, 3]]}', ("points[0][2]", "another value is needed; 3 came.")),
    ],
)
def test_a_struct_s_problem_is_a_sentence(text: str, says: tuple[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(text, type=ShapeIn)
    assert struct_problem(caught.value) == says


def test_the_api_says_what_came(team: Team) -> None:
    client: Client = client_of(team.mona)
    answer = client.put(f"/api/projects/{team.project.pk}/labels", {"labels": 3}, content_type="application/json")
    assert (answer.status_code, answer.json()["message"]) == (422, "labels: a list is needed; 3 came.")
