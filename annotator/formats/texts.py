"""Lists as one text, for formats whose attributes hold a text alone."""

from __future__ import annotations

from collections.abc import Iterable


def joined(parts: Iterable[str]) -> str:
    """Parts with ";" between them; what is like one inside of a part gets a backslash before it."""
    return ";".join(part.replace("\\", "\\\\").replace(";", "\\;") for part in parts)


def parted(text: str) -> list[str]:
    """The parts that were joined; none of an empty text."""
    if not text:
        return []
    parts, escaped = [""], False
    for sign in text:
        if escaped or sign not in ";\\":
            parts[-1] += sign
            escaped = False
        elif sign == ";":
            parts.append("")
        else:
            escaped = True
    return parts
