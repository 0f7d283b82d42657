from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import NinjaAPI
from pydantic import Field, TypeAdapter

from annotator.contract import Schema, contract
from annotator.operations import Message


class Frame(Message):
    number: int
    title: str = ""


class Asked(Message):
    """A question."""

    type: Literal["asked"] = "asked"
    frame: Frame | None = Field(None, description="null: none.")


class Left(Message):
    type: Literal["left"] = "left"


Sent = Annotated[Asked | Left, Field(discriminator="type")]


def schemas(received: object = None, sent: object = None) -> Schema:
    """Of an API without paths, and one message each way."""
    api = {"openapi": "3.1.0", "paths": {}, "components": {"schemas": {}}}
    found: Schema = contract(
        api,
        received={} if received is None else {"In": TypeAdapter(received)},
        sent={} if sent is None else {"Out": TypeAdapter(sent)},
    )["components"]["schemas"]
    return found


def test_what_a_client_sends_may_lack_what_has_a_default() -> None:
    assert schemas(received=Frame)["Frame"]["required"] == ["number"]


def test_what_the_server_sends_has_every_field() -> None:
    assert schemas(sent=Frame)["Frame"]["required"] == ["number", "title"]


def test_what_travels_both_ways_counts_as_what_a_client_sends() -> None:
    assert schemas(received=Frame, sent=Asked)["Frame"]["required"] == ["number"]


def test_every_message_tells_its_type() -> None:
    asked = schemas(received=Asked)["Asked"]
    assert asked["required"] == ["type"]
    assert asked["properties"]["type"]["const"] == "asked"


def test_a_union_has_a_name() -> None:
    members = schemas(sent=Sent)["Out"]["oneOf"]
    assert [member["$ref"].rpartition("/")[2] for member in members] == ["Asked", "Left"]


def test_the_words_of_models_and_fields_arrive_and_titles_do_not() -> None:
    asked = schemas(sent=Asked)["Asked"]
    assert asked["description"] == "A question."
    assert asked["properties"]["frame"]["description"] == "null: none."
    assert "title" not in asked
    assert "title" in schemas(sent=Frame)["Frame"]["properties"], "A field may be called that."


def test_paths_of_the_api_stay() -> None:
    api = NinjaAPI(urls_namespace="contract")

    @api.get("/frames/{number}", response=Frame)
    def frame(request: HttpRequest, number: int) -> Frame:
        return Frame(number=number)

    document = contract(dict(api.get_openapi_schema(path_prefix="")), received={}, sent={})
    answer = document["paths"]["/frames/{number}"]["get"]["responses"][200]["content"]["application/json"]
    assert answer["schema"] == {"$ref": "#/components/schemas/Frame"}
    assert document["components"]["schemas"]["Frame"]["required"] == ["number", "title"]
