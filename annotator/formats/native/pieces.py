"""A file cut into pieces while it is read, so that no more than one of them lies in memory.

The lists of shapes are nearly all of a file, and as Python values twenty times as large. So the text is cut where a
shape ends, and the pieces are decoded one after the other; what is left of a track without its shapes, and of the file
without its tracks, is small. Cutting trusts nothing: a piece that was cut wrong, because the file isn't as it should
be, can't be decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from annotator.formats.base import FormatError

BLOCK = 1 << 20
LARGEST_SHAPE = 16 << 20
LARGEST_HEAD = 8 << 20
LARGEST_TRACK = 1 << 20
"""Bytes of one shape, of what isn't tracks, and of a track without its shapes."""
DEEPEST = 32
"""Objects and lists inside of each other; our own files have seven."""

# A string, whole or cut off; or a bracket.
TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[\[\]{}]', re.DOTALL)
# Where a list of shapes ends: no list in a shape ends with an object.
END = re.compile(rb"\}\s*\]")
BLANK = b" \t\r\n"
NO_BLANK = re.compile(rb"[^ \t\r\n]")
MOST_BLANKS = 256
"""Between two shapes, where a list of them is cut."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """A JSON list of shapes, those that follow in the current track."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Track:
    """A track, whose shapes have come before; its own list of them is empty."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The file, whose list of tracks is empty."""

    text: bytes


Piece = Shapes | Track | Head


def pieces(file: BinaryIO) -> Iterator[Piece]:
    """The file's pieces in their order, the head at the end. Raises FormatError for a file that is too deep, or breaks
    off, or has a piece that is too large."""
    return _Cutter(file).pieces()


class _Cutter:
    """``buffer`` from ``at`` on is still to be looked at; ``kept`` collects what is left without lists of shapes;
    ``since``: what has come after the last string, which is ``key``."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.buffer = b""
        self.at = 0
        self.depth = 0
        self.key = b""
        self.since = bytearray()
        self.count = 0
        self.head = bytearray()
        self.track = bytearray()
        self.in_tracks = False

    def pieces(self) -> Iterator[Piece]:
        self._refill()
        self.at = 3 if self.buffer.startswith(b"\xef\xbb\xbf") else 0
        while (bracket := self._next_bracket()) is not None:
            if bracket in b"{[":
                self.depth += 1
                if self.depth > DEEPEST:
                    raise FormatError(f"A Framewise JSON is at most {DEEPEST} levels deep; this file isn't one.")
                if bracket == b"[" and self.depth == 2 and self.key == b'"tracks"':
                    self.in_tracks = True
                elif bracket == b"[" and self.depth == 4 and self.in_tracks and self.key == b'"shapes"':
                    yield from self._shapes()
            else:
                self.depth -= 1
                if self.in_tracks and self.depth == 2:
                    yield self._end_of_track()
                elif self.in_tracks and self.depth == 1:
                    self._end_of_tracks()
            self.key = b""
        yield Head(bytes(self.head))

    @property
    def kept(self) -> bytearray:
        return self.track if self.in_tracks else self.head

    def _next_bracket(self) -> bytes | None:
        """The next bracket that isn't in a string; what lies before it is kept, and so is the bracket."""
        while True:
            found = TOKEN.search(self.buffer, self.at)
            if found is None or (found[0][:1] == b'"' and not found[1]):
                end = len(self.buffer) if found is None else found.start()
                self.since += self.buffer[self.at : end]
                self._keep(end)
                if len(self.buffer) > LARGEST_HEAD or not self._refill():
                    self._keep(len(self.buffer))
                    return None
                continue
            token = found[0]
            if token[:1] == b'"':
                self.key = token
                self.since.clear()
                self._keep(found.end())
                continue
            self.since += self.buffer[self.at : found.start()]
            if self.since.strip(BLANK) != b":":
                self.key = b""
            self.since.clear()
            self._keep(found.end())
            return token

    def _keep(self, end: int) -> None:
        self.kept.extend(self.buffer[self.at : end])
        self.at = end
        if len(self.head) > LARGEST_HEAD:
            raise FormatError(f"What isn't tracks takes at most {LARGEST_HEAD >> 20} MiB; this file has more.")
        if len(self.track) > LARGEST_TRACK:
            raise FormatError(
                f"What isn't shapes of a track takes at most {LARGEST_TRACK >> 20} MiB; one of this file has more."
            )

    def _refill(self) -> bool:
        """Read on; False at the file's end. What was looked at is forgotten."""
        block = self.file.read(BLOCK)
        self.buffer = self.buffer[self.at :] + block
        self.at = 0
        return bool(block)

    def _end_of_track(self) -> Track:
        """The text since the last track but for the comma between the two."""
        text = bytes(self.track).strip(BLANK)
        self.track.clear()
        self.count += 1
        return Track(text.removeprefix(b",") if self.count > 1 else text)

    def _end_of_tracks(self) -> None:
        rest = bytes(self.track).strip(BLANK)
        self.track.clear()
        self.in_tracks = False
        self.head += rest
        # A second list of that name would be another file's.
        if rest != b"]":
            raise FormatError("This is no Framewise JSON: tracks: a list of tracks is needed.")

    def _shapes(self) -> Iterator[Shapes]:
        """The shapes of a list that has just begun; its end is left to be found as any other bracket."""
        # Found in place: the buffer is long, and there may be a list for every few bytes of it.
        while (begin := NO_BLANK.search(self.buffer, self.at)) is None:
            if not self._refill():
                return
        searched = looked = self.at
        if begin[0] == b"]":
            return
        while True:
            found = END.search(self.buffer, searched)
            if found is not None:
                yield Shapes(b"[" + self.buffer[self.at : found.start() + 1] + b"]")
                self.at = found.start() + 1
                return
            cut = self._last_boundary(max(looked - MOST_BLANKS, self.at))
            if cut > self.at:
                yield Shapes(b"[" + self.buffer[self.at : cut] + b"]")
                self.at = self.buffer.index(b",", cut) + 1
            elif len(self.buffer) - self.at > LARGEST_SHAPE:
                raise FormatError(f"A shape takes at most {LARGEST_SHAPE >> 20} MiB; one takes more.")
            seen = len(self.buffer) - self.at
            if not self._refill():
                return
            # An object may end in what was there before, and the list in what has come.
            searched, looked = max(self.buffer.rfind(b"}", 0, seen), 0), seen

    def _last_boundary(self, looked: int) -> int:
        """Where the last shape ends behind which another begins; ``at`` where none does. Objects inside of a shape
        have a name before them, not a comma. What lies before ``looked`` was looked at before."""
        end = len(self.buffer)
        while (begin := self.buffer.rfind(b"{", looked, end)) > self.at:
            # No more than that: it is done again for each bracket.
            before = self.buffer[max(begin - MOST_BLANKS, self.at) : begin].rstrip(BLANK)
            if before[-1:] == b",":
                return begin - min(begin - self.at, MOST_BLANKS) + len(before[:-1].rstrip(BLANK))
            end = begin
        return self.at
