"""What labels and their attributes are made of: the kinds there are, and the one rule for an attribute's values.

Pure values, without a database: the API, the pages, edits, imports and formats all go by them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from math import isfinite

LONGEST_NAME = 80
"""Characters in the name of a label, an attribute or a joint."""
MOST = 500
"""Labels of a project, attributes of a label, choices of an attribute."""
LONGEST_DESCRIPTION = 10_000
"""Characters of what a project says of itself."""
HIGHEST_ID = 2**63 - 1
"""What a database counts to."""
LONGEST_TEXT = 10_000
"""Characters in the value of a text."""
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""What no database's texts can hold: NUL, and halves of characters."""
REPLACEMENT = "\ufffd"
PALETTE = (
    "#e8590c",
    "#1c7ed6",
    "#2f9e44",
    "#ae3ec9",
    "#e03131",
    "#0c8599",
    "#f08c00",
    "#6741d9",
    "#c2255c",
    "#74b816",
)
"""Colours of labels until somebody chooses, and of people: neighbours differ in hue and brightness."""


class GeometryKind(StrEnum):
    """What a label may be drawn as."""

    BOX = "box"
    ROTATED_BOX = "rotated_box"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    POINTS = "points"
    SKELETON = "skeleton"
    MASK = "mask"
    TAG = "tag"

    @property
    def words(self) -> str:
        return "Frame tag" if self is GeometryKind.TAG else self.replace("_", " ").capitalize()


class AttributeKind(StrEnum):
    """What the values of an attribute are."""

    SELECT = "select"
    MULTI_SELECT = "multi_select"
    CHECKBOX = "checkbox"
    NUMBER = "number"
    TEXT = "text"

    @property
    def words(self) -> str:
        return self.replace("_", "-").capitalize()

    @property
    def has_choices(self) -> bool:
        return self in (AttributeKind.SELECT, AttributeKind.MULTI_SELECT)


def takes(kind: AttributeKind, choices: Collection[str]) -> str:
    """What a value of such an attribute is, to go on after "is" in a sentence."""
    named = f"{', '.join(choices):.200}"
    match kind:
        case AttributeKind.SELECT:
            return f"one of {named}"
        case AttributeKind.MULTI_SELECT:
            return f"a list, in which each of {named} may be once"
        case AttributeKind.CHECKBOX:
            return "on or off"
        case AttributeKind.NUMBER:
            return "a finite number"
        case AttributeKind.TEXT:
            return f"a text of at most {LONGEST_TEXT} characters"


def fits(kind: AttributeKind, choices: Collection[str], value: object) -> bool:
    """Whether an attribute of this kind can have the value, as a default or on a track. None, no value, always fits.

    Args:
        choices: those of a select; the other kinds have none.
        value: as JSON holds it.
    """
    if value is None:
        return True
    match kind:
        case AttributeKind.SELECT:
            return isinstance(value, str) and value in choices
        case AttributeKind.MULTI_SELECT:
            if not isinstance(value, list) or not all(isinstance(each, str) and each in choices for each in value):
                return False
            return len(set(value)) == len(value)
        case AttributeKind.CHECKBOX:
            return isinstance(value, bool)
        case AttributeKind.NUMBER:
            # Neither NaN nor infinity is JSON: no browser could read the track again.
            return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)
        case AttributeKind.TEXT:
            return isinstance(value, str) and len(value) <= LONGEST_TEXT and not UNSTORABLE.search(value)


def storable(text: str) -> str:
    """The text with a replacement for each character that a database can't keep."""
    return UNSTORABLE.sub(REPLACEMENT, text)


def _is_finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # an int beyond what a float, and so a browser, can hold
        return False


def next_colour(taken: Collection[str]) -> str:
    """The first colour of the palette that isn't taken; when all are, they come round again."""
    free = (colour for colour in PALETTE if colour not in taken)
    return next(free, PALETTE[len(taken) % len(PALETTE)])
