"""XML with characters that XML can't hold: CVAT writes what people pasted, and no parser reads the file again."""

from __future__ import annotations

import re
from typing import IO

from annotator.formats.cvat.text import ILLEGAL

# As single bytes and as references.
CONTROLS = bytes({*range(0x20)} - {*b"\t\n\r"})
SUSPECT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}));")
REPLACEMENT = b"&#xFFFD;"
LONGEST_REFERENCE = 12
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Repaired:
    """A file to parse, with a replacement for each such character; ``count`` says how many there were. Texts in UTF-16
    pass as they are."""

    def __init__(self, content: IO[bytes]) -> None:
        self.count = 0
        self._content = content
        self._kept = b""
        self._as_it_is: bool | None = None

    def read(self, size: int = -1) -> bytes:
        """The next bytes, about ``size`` of them; none at the end."""
        while True:
            data = self._content.read(size)
            if self._as_it_is is None:
                self._as_it_is = data.startswith(BYTE_ORDER_MARKS) or b"\0" in data[:4]
            if self._as_it_is:
                return data
            piece = self._mended(self._whole(data))
            if piece or not data:
                return piece

    def _whole(self, data: bytes) -> bytes:
        """What has come without a reference at its end that isn't complete, which is kept for the next time."""
        piece, self._kept = self._kept + data, b""
        begun = piece.rfind(b"&", max(len(piece) - LONGEST_REFERENCE, 0)) if data else -1
        if begun < 0 or b";" in piece[begun:]:
            return piece
        self._kept = piece[begun:]
        return piece[:begun]

    def _mended(self, piece: bytes) -> bytes:
        if b"&#" not in piece and len(piece.translate(None, CONTROLS)) == len(piece):
            return piece
        return SUSPECT.sub(self._replaced, piece)

    def _replaced(self, found: re.Match[bytes]) -> bytes:
        hexadecimal, decimal = found.groups()
        if hexadecimal or decimal:
            code = int(hexadecimal, 16) if hexadecimal else int(decimal)
            if code <= 0x10FFFF and not ILLEGAL.match(chr(code)):
                return found.group()
        self.count += 1
        return REPLACEMENT
