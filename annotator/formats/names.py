"""File names that every system can hold, whatever a person called things."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

MOST_BYTES = 150
"""Of a safe name in UTF-8: file systems hold 255, and endings are added."""
# What separates paths or is a sign to a shell of Windows, controls nothing else, turns the direction of text (which
# hides what a name ends with), or is half a character.
UNSAFE = re.compile(
    '[\x00-\x1f\x7f-\x9f/\\\\:*?"<>|\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]'
)
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)


def safe_name(text: str, default: str) -> str:
    """A name for a file or folder inside of an archive: one part of a path, of at most MOST_BYTES. ``default``: where
    nothing else is left."""
    clean = UNSAFE.sub("_", unicodedata.normalize("NFC", text)).strip(" .")
    clean = clean.encode()[:MOST_BYTES].decode(errors="ignore").strip(" .")
    return f"_{clean}" if RESERVED.match(clean) else clean or default


def safe_stem(name: str, default: str) -> str:
    """The safe name of a file without its ending."""
    return safe_name(PurePosixPath(name.replace("/", "_")).stem, default)
