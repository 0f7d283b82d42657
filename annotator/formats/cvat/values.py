"""Attribute values as CVAT's texts, and back."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from annotator.formats.texts import joined

INPUT_TYPES = {"select": "select", "multi_select": "text", "checkbox": "checkbox", "number": "number", "text": "text"}
KINDS = {"select": "select", "radio": "select", "checkbox": "checkbox", "number": "number", "text": "text"}
EXACT = 2**53
"""Whole numbers below this are the same as int and as float."""
WHOLE = re.compile(r"[+-]?[0-9]{1,300}")


def to_text(value: object) -> str:
    """A value's text; of a list, its parts as ``parted`` takes them apart."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return joined(to_text(part) for part in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return str(value)


def of_text(text: str, kind: str) -> Any:
    """The value of an attribute of that kind; None where the text gives none."""
    if kind == "checkbox":
        return text.strip().lower() == "true"
    if kind == "number":
        return _number(text.strip())
    return (text or None) if kind == "select" else text


def fits(text: str, kind: str) -> bool:
    """Whether a text gives a value of that kind, or none."""
    if kind == "checkbox":
        return text.strip().lower() in ("true", "false", "")
    return kind != "number" or not text.strip() or _number(text.strip()) is not None


def _number(text: str) -> int | float | None:
    if WHOLE.fullmatch(text):
        return int(text)
    try:
        value = float(text)
    except ValueError:
        return None
    if not isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < EXACT else value
