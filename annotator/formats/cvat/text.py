"""Text in XML: what needs escaping so that it reads back the same, and what XML 1.0 can't hold at all."""

from __future__ import annotations

import re

# https://www.w3.org/TR/xml/#charsets
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REPLACEMENT = "\ufffd"
# A parser makes \n of \r, and blanks of \n and \t in an attribute, unless they are written by number.
IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
IN_ATTRIBUTE = IN_TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


def legal(text: str) -> tuple[str, int]:
    """The text with a replacement for each character that XML can't hold, and how many there were."""
    return ILLEGAL.subn(REPLACEMENT, text)


def in_text(text: str) -> str:
    return text.translate(IN_TEXT)


def in_attribute(text: str) -> str:
    return text.translate(IN_ATTRIBUTE)
