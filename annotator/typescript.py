"""TypeScript declarations from pydantic models, by way of their JSON schemas.

What a client sends has optional fields (those with a default); what a server sends always has all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

WIDTH = 120
Schema = Mapping[str, Any]


def declarations(*, received: Iterable[type[BaseModel]], sent: Iterable[type[BaseModel]]) -> str:
    """An ``export interface`` for every model and each one they are made of.

    Args:
        received: models the server validates; a field with a default may be absent.
        sent: models the server writes; every field is present. A model that is also received counts as that.
    """
    complete, partial = _definitions(sent, "serialization"), _definitions(received, "validation")
    definitions = {name: _all_required(schema) for name, schema in complete.items()} | dict(partial)
    return "\n".join(_declaration(name, definitions[name]) for name in sorted(definitions))


def union(name: str, members: Iterable[type[BaseModel]]) -> str:
    """``export type name = A | B``."""
    return f"export type {name} =" + "".join(f"\n  | {member.__name__}" for member in members) + "\n"


def _definitions(models: Iterable[type[BaseModel]], mode: Any) -> dict[str, Schema]:
    _, schema = models_json_schema([(model, mode) for model in models], ref_template="{model}")
    definitions: dict[str, Schema] = schema.get("$defs", {})
    return definitions


def _all_required(schema: Schema) -> Schema:
    return {**schema, "required": list(schema.get("properties", ()))}


def _declaration(name: str, schema: Schema) -> str:
    required = set(schema.get("required", ()))
    lines = [*_comment(schema.get("description", ""), ""), f"export interface {name} {{"]
    for field, inner in schema.get("properties", {}).items():
        lines += _comment(inner.get("description", ""), "  ")
        # A message is told by its type: that one is there even though it has a default.
        always = field in required or "const" in inner
        lines.append(f"  {field}{'' if always else '?'}: {_type(inner)}")
    return "\n".join([*lines, "}", ""])


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(_type(option) for option in schema[key]))
    match schema.get("type"):
        case "array":
            return _array(schema)
        case "object":
            inner = schema.get("additionalProperties")
            return f"Record<string, {_type(inner) if isinstance(inner, Mapping) else 'unknown'}>"
        case "integer" | "number":
            return "number"
        case "string" | "boolean" | "null" as plain:
            return str(plain)
    return "unknown"


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(item) for item in schema['prefixItems'])}]"
    inner = _type(schema["items"])
    return f"({inner})[]" if " | " in inner else f"{inner}[]"


def _literal(value: object) -> str:
    return json.dumps(value).replace('"', "'")


def _comment(text: str, indent: str) -> list[str]:
    words = text.split()
    if not words:
        return []
    one_line = f"{indent}/** {' '.join(words)} */"
    if len(one_line) <= WIDTH:
        return [one_line]
    lines, line = [f"{indent}/**"], f"{indent} *"
    for word in words:
        if len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = f"{indent} *"
        line += f" {word}"
    return [*lines, line, f"{indent} */"]
