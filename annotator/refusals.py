"""What is wrong with a value that a model or a struct doesn't take, in words: what is needed, and what came.

The one place that turns problems of pydantic and of msgspec into sentences: for the API, the sockets and imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from pydantic import ValidationError

Problem = Mapping[str, Any]

MOST_SHOWN = 40
"""Characters of a value that came."""
LONGEST_PLACE = 200

KINDS = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "decimal": "a number",
    "string": "a text",
    "str": "a text",
    "bytes": "a text",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen": "a list",
    "array": "a list",
    "iterable": "a list",
    "dict": "an object",
    "mapping": "an object",
    "model": "an object",
    "dataclass": "an object",
    "object": "an object",
    "none": "null",
    "uuid": "an id (a UUID)",
    "url": "an address",
    "datetime": "a time (ISO 8601)",
    "date": "a date (ISO 8601)",
    "time": "a time (ISO 8601)",
    "json": "JSON",
}
"""By how types of problems begin (https://docs.pydantic.dev/latest/errors/validation_errors/), and msgspec's names."""
LIMITS = {
    "greater_than_equal": ("ge", "a number of at least {}"),
    "greater_than": ("gt", "a number of more than {}"),
    "less_than_equal": ("le", "a number of at most {}"),
    "less_than": ("lt", "a number of less than {}"),
    "multiple_of": ("multiple_of", "a multiple of {}"),
    "int_parsing_size": ("", "a smaller whole number"),
    "string_too_short": ("min_length", "a text of at least {} characters"),
    "string_too_long": ("max_length", "a text of at most {} characters"),
    "string_pattern_mismatch": ("", "a text of another form"),
    "string_unicode": ("", "a text of whole characters"),
    "too_long": ("max_length", "a list of at most {}"),
    "too_short": ("min_length", "a list of at least {}"),
    "literal_error": ("expected", "{}"),
    "enum": ("expected", "one of {}"),
    "union_tag_invalid": ("expected_tags", "one of {}"),
    "union_tag_not_found": ("discriminator", "an object with {}"),
}
OWN = {"value_error", "assertion_error"}
"""Raised by validators of ours, in words of ours."""


def problem_of(error: ValidationError | Sequence[Problem]) -> str:
    """The first problem as ``where: what``; without a place, what.

    Args:
        error: pydantic's error, or its problems. Where these have an ``input``, the sentence says what came.
    """
    place, sentence = first_problem(error)
    return f"{place}: {sentence}" if place else sentence[:1].upper() + sentence[1:]


def first_problem(error: ValidationError | Sequence[Problem]) -> tuple[str, str]:
    """(where, with dots; what, as a sentence that begins small)."""
    problems = error.errors(include_url=False) if isinstance(error, ValidationError) else error
    first = problems[0]
    where = tuple(first["loc"])
    others = list(_of_one_union(problems))
    if len(others) < 2:
        return _spelt(where), in_words(first)
    needed = " or ".join(dict.fromkeys(filter(None, map(_needed, others)))) or "something else"
    return _spelt(where[:-1]), _sentence(needed, first)


def in_words(problem: Problem) -> str:
    """A sentence for one problem; it begins small, to follow a place."""
    kind = str(problem["type"])
    if kind == "missing":
        return "it is needed, and isn't there."
    if kind == "extra_forbidden":
        return "there is no such field. Leave it out."
    if kind == "json_invalid":
        return "it isn't JSON."
    if kind == "recursion_loop":
        return "it is too deep."
    if kind in OWN:
        return f"{problem['ctx']['error']}".rstrip(".") + "."
    needed = _needed(problem)
    if needed is not None:
        return _sentence(needed, problem)
    # Of a validator of ours, by a name of its own.
    return f"{problem['msg']}".rstrip(".") + "." if kind == "too_many" else "it isn't what it should be."


def struct_problem(error: msgspec.ValidationError) -> tuple[str, str]:
    """The same of msgspec's error, whose place is at its end: ``Expected `int`, got `str` - at `$.mask.width```."""
    message, _, place = str(error).partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    if lacking := re.match(r"Object missing required field `(.*)`", message):
        return ".".join(filter(None, [place, lacking[1]])), "it is needed, and isn't there."
    if unknown := re.match(r"Object contains unknown field `(.*)`", message):
        return ".".join(filter(None, [place, unknown[1]])), "there is no such field. Leave it out."
    if message.startswith("Number out of range"):
        return place, "a finite number is needed."
    if other := re.match(r"Invalid enum value (.*)", message):
        return place, f"another value is needed; {other[1]} came."
    asked = re.match(
        r"Expected `([^`]*)`(?: of length)?(?: (>=|<=|>|<)? ?(-?[\d.e+]+))?(?:, got `?([^`]+)`?)?$", message
    )
    if asked is None:
        return place, "it isn't what it should be."
    return place, f"{_expected(asked[1], asked[2], asked[3])} is needed{_got(asked[4])}."


# ---------------------------------------------------------------- what is needed


def _needed(problem: Problem) -> str | None:
    kind, context = str(problem["type"]), problem.get("ctx", {})
    if kind in LIMITS:
        name, words = LIMITS[kind]
        return words.format(context.get(name, ""))
    return KINDS.get(kind.partition("_")[0])


def _expected(types: str, comparison: str | None, limit: str | None) -> str:
    """What a struct asks for, of msgspec's types (``array | null``)."""
    kinds = [KINDS.get(name, "something else") for name in types.split(" | ") if name != "null"]
    needed = " or ".join(dict.fromkeys(kinds)) or "null"
    if limit is None:
        return needed
    words = (
        {">=": "at least ", "<=": "at most ", ">": "more than ", "<": "less than "}[comparison] if comparison else ""
    )
    return f"{needed} of {words}{limit.removesuffix('.0')}"


def _of_one_union(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Of a value that may be of several types there is a problem for each of them, at the same place."""
    first = problems[0]
    if first["type"] in ("missing", "extra_forbidden") or "input" not in first:
        return
    for problem in problems:
        if problem["loc"][:-1] == first["loc"][:-1] and problem.get("input") is first["input"]:
            yield problem


# ---------------------------------------------------------------- what came


def _sentence(needed: str, problem: Problem) -> str:
    return f"{needed} is needed; {came(problem['input'])} came." if "input" in problem else f"{needed} is needed."


def came(value: object) -> str:
    """A value that came, in a few words."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        # A number may have thousands of digits, which Python doesn't even write out.
        long = isinstance(value, int) and value.bit_length() > 120
        return "a very large number" if long else f"{value!r}"
    if value == "":
        return "an empty text"
    if isinstance(value, str):
        shown = value[:MOST_SHOWN].encode("unicode_escape" if not value.isprintable() else "utf-8").decode()
        return f"“{shown}”" if len(value) <= MOST_SHOWN else f"“{shown}…” ({len(value):,} characters)"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value):,}" if value else "an empty list"
    return "something else"


def _got(name: str | None) -> str:
    if name is None:
        return ""
    return f"; {KINDS.get(name, name) if name != 'null' else 'nothing (null)'} came"


def _spelt(where: Iterable[object]) -> str:
    place = ".".join(str(part) for part in where)
    return place if len(place) <= LONGEST_PLACE else f"{place[:LONGEST_PLACE]}…"
