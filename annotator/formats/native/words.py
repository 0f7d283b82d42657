"""What a model says of a value, in words for who made the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS = {
    "int": "a whole number",
    "float": "a number",
    "string": "a text",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "an object",
    "model": "an object",
    "dataclass": "an object",
}
LIMITS = {
    "greater_than_equal": ("ge", "at least {}"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "at most {}"),
    "less_than": ("lt", "less than {}"),
    "string_too_short": ("min_length", "a text of at least {} characters"),
    "string_too_long": ("max_length", "a text of at most {} characters"),
    "too_long": ("max_length", "a list of at most {}"),
    "too_short": ("min_length", "a list of at least {}"),
    "literal_error": ("expected", "{}"),
    "enum": ("expected", "one of {}"),
}


def in_words(problem: Mapping[str, Any]) -> str:
    """A sentence for one of a ValidationError's problems (https://docs.pydantic.dev/latest/errors/validation_errors/)."""
    kind, context = str(problem["type"]), problem.get("ctx", {})
    if kind == "missing":
        return "it is needed, and isn't there."
    if kind == "extra_forbidden":
        return "there is no such field."
    if kind == "too_many":
        return f"{problem['msg']}."
    if kind in LIMITS:
        name, words = LIMITS[kind]
        return f"{words.format(context.get(name, ''))} is needed."
    if kind == "string_pattern_mismatch":
        return "a text of another form is needed."
    needed = KINDS.get(kind.partition("_")[0])
    return f"{needed} is needed." if needed else "it isn't what it should be."
