"""Bodies of requests as JSON that a database can keep."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

from annotator.ontology import UNSTORABLE


class UnfitBody(ValueError):
    """What is wrong with a body, in words."""


class StrictParser(Parser):
    """Takes what JSON is (RFC 8259), where Python's own reader also takes NaN and infinities; and no text that holds
    NUL or half a character, which no database does."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            value = json.loads(request.body, parse_constant=_no_number)
        except UnfitBody:
            raise
        except (ValueError, RecursionError) as error:
            raise UnfitBody("A request's body is JSON; this one isn't. Send it as UTF-8 text, whole.") from error
        # Only written as escapes do they get into a text.
        if b"\\u" in request.body:
            _check(value)
        return value


def _no_number(name: str) -> NoReturn:
    raise UnfitBody(f"{name} is no number that JSON has. Send a finite number, or null.")


def _check(value: object) -> None:
    if isinstance(value, str) and UNSTORABLE.search(value):
        raise UnfitBody("A text can't hold NUL (U+0000) or half a character; one does. Take it out.")
    if isinstance(value, dict):
        for key, inner in value.items():
            _check(key)
            _check(inner)
    elif isinstance(value, list):
        for inner in value:
            _check(inner)
