"""All that travels between server and browser as one OpenAPI document, from which the browser's types are made.

The API's paths come from django-ninja; beside them stand the messages of the live channel and what pages hand to their
scripts.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

REF = "#/components/schemas/{model}"
Schema = dict[str, Any]
Named = Mapping[str, TypeAdapter[Any]]


def contract(api: Schema, *, received: Named, sent: Named) -> Schema:
    """The document, OpenAPI 3.1.

    Args:
        api: the OpenAPI of the JSON API.
        received: by name, what the server validates beside it; a field with a default may be absent.
        sent: by name, what the server writes beside it. A model that is also received counts as that.
    """
    document = copy.deepcopy(api)
    schemas = document["components"]["schemas"]
    schemas |= _schemas(sent, "serialization") | _schemas(received, "validation")
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    for schema in _objects(document):
        _settle(schema)
    return document


def _schemas(named: Named, mode: Literal["validation", "serialization"]) -> Schema:
    """Definitions of all that the adapters are made of, and of each under its own name."""
    inputs = [(name, mode, adapter) for name, adapter in named.items()]
    found, definitions = TypeAdapter.json_schemas(inputs, ref_template=REF)
    unions: Schema = {name: schema for (name, _), schema in found.items() if "$ref" not in schema}
    return {**definitions.get("$defs", {}), **unions}


def _objects(value: object) -> Iterator[Schema]:
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _objects(each)


def _settle(schema: Schema) -> None:
    """Leave out what says nothing to a reader, and have every message tell its type though that has a default."""
    for name in ("title", "operationId"):
        if isinstance(schema.get(name), str):
            del schema[name]
    if "propertyName" in schema.get("discriminator", {}):
        # Literals tell the members of a union apart by themselves.
        del schema["discriminator"]
    properties = schema.get("properties", {})
    told = [name for name, field in properties.items() if isinstance(field, dict) and "const" in field]
    for name in told:
        properties[name].pop("default", None)
    if told:
        schema["required"] = list(dict.fromkeys([*told, *schema.get("required", ())]))
