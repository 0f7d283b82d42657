"""Opens video files that anybody may have made: which formats, with what access, and whether the file is all there."""

from __future__ import annotations

import errno
import logging
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av
import av.container
import av.error

from tracking.types import TrackingError

log = logging.getLogger(__name__)

# Formats that hold a whole video in the one file. Left out are those that name other files or addresses to read
# (playlists, concatenations), single pictures, text that would be drawn as terminal output, and raw streams without
# timestamps.
FORMATS = (
    *("mov", "matroska", "webm", "avi", "mpegts", "mpegtsraw", "mpeg", "asf", "flv", "live_flv", "ogg", "mxf", "gif"),
    *("wtv", "nut", "ivf", "rm", "dv", "dvr-ms", "gxf", "apng"),
)
SAFELY = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}

EDITED = "mov"
"""Of the formats, only MP4 and MOV have lists of what to leave out; everywhere else a negative time is just early."""
MOV_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot")
EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


class MediaError(TrackingError):
    """A file that is no usable video; the message says what is wrong with it and what to do."""


WORDS: tuple[tuple[type[Exception], str], ...] = (
    (av.error.EOFError, "the file ends early"),
    (av.error.InvalidDataError, "its data is damaged"),
    (av.error.PatchWelcomeError, "it uses something of its format that isn't supported"),
    (av.error.DecoderNotFoundError, "its codec isn't supported"),
    (av.error.MemoryError, "its pictures are too large for the server's memory"),
    (FileNotFoundError, "the file isn't there any more"),
    (PermissionError, "the server may not read the file"),
    (TimeoutError, "the disk didn't answer in time"),
    (OSError, "the disk reported a fault"),
)
"""What FFmpeg's errors mean for a person, the first that fits."""


def in_words(error: Exception, path: Path) -> str:
    """What went wrong with a file, as a part of a sentence. FFmpeg's own words are for whoever runs the server: its log
    gets them."""
    log.warning("FFmpeg on %s: %r", path, error)
    if getattr(error, "errno", None) == errno.ENOSPC:
        return "the server's disk is full"
    return next((words for kind, words in WORDS if isinstance(error, kind)), "it can't be read")


def open_container(path: Path) -> av.container.InputContainer:
    """Open a video file. Raises MediaError for what is none; nothing but this one file is ever read."""
    try:
        return av.open(str(path), mode="r", metadata_errors="replace", options=SAFELY)
    except (av.error.FFmpegError, ValueError) as error:
        in_words(error, path)
        raise MediaError(
            "This is no video that can be read. Check that it plays; a video of another kind can be converted to MP4 "
            "and uploaded then."
        ) from error


def video_stream(container: av.container.InputContainer) -> av.VideoStream:
    """The first video stream. Raises MediaError when there is none."""
    # An attached picture (the cover of an audio file) is a video stream to the container, but no video.
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        sound = " It holds only sound." if container.streams.audio else ""
        raise MediaError(f"The file holds no video stream.{sound} Choose a video file.")
    return streams[0]


def check_complete(path: Path) -> None:
    """Raise MediaError for an empty file, and for one that ends before its own structure does.

    MP4 and MOV, Matroska and WebM, and AVI say how long they are. A header's frame count is no evidence: an edit list
    hides frames, and streams that are still being written announce none.
    """
    size = path.stat().st_size
    if not size:
        raise MediaError("The file is empty (0 bytes). Upload it again.")
    with path.open("rb") as file:
        announced = max(_ends(file, size), default=0)
    if announced > size:
        raise MediaError(
            f"The file is truncated: {size} of at least {announced} bytes are here. Upload the complete file."
        )


def has_edit_list(path: Path, track: int) -> bool:
    """Whether an MP4 or MOV says which part of a track is to be shown (ISO/IEC 14496-12, 8.6.6)."""
    with path.open("rb") as file:
        tracks = _inner(file, 0, path.stat().st_size, b"moov", b"trak")
        return any(_track_id(file, *box) == track and _edits(file, *box) for box in tracks)


def _track_id(file: BinaryIO, start: int, end: int) -> int:
    for at, _ in _inner(file, start, end, b"tkhd"):
        file.seek(at)
        data = file.read(24)
        if len(data) == 24:
            return int(struct.unpack_from(">I", data, 20 if data[0] else 12)[0])
    return -1


def _edits(file: BinaryIO, start: int, end: int) -> int:
    """How many entries the edit list of a track has."""
    for at, _ in _inner(file, start, end, b"edts", b"elst"):
        file.seek(at + 4)
        data = file.read(4)
        return int(struct.unpack(">I", data)[0]) if len(data) == 4 else 0
    return 0


def _inner(file: BinaryIO, start: int, end: int, *kinds: bytes) -> Iterator[tuple[int, int]]:
    """Where the contents of the boxes begin and end that lie in one another by ``kinds``, outermost first."""
    while start + 8 <= end:
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header[:8])
        head = 8
        if length == 1 and len(header) == 16:
            length, head = struct.unpack(">Q", header[8:])[0], 16
        length = length or end - start
        if length < head:
            return
        if kind == kinds[0]:
            inside = (start + head, min(start + length, end))
            yield from _inner(file, *inside, *kinds[1:]) if kinds[1:] else (inside,)
        start += length


def _ends(file: BinaryIO, size: int) -> Iterator[int]:
    """Where the parts of a file end by what they say of themselves, in bytes from its start."""
    start = file.read(16)
    if start[4:8] in MOV_BOXES:
        yield from _box_ends(file, size)
    elif start[:4] == EBML:
        yield from _segment_end(file)
    elif start[:4] == b"RIFF" and (length := struct.unpack("<I", start[4:8])[0]):
        yield 8 + length


def _box_ends(file: BinaryIO, size: int) -> Iterator[int]:
    """The end of each top-level box of an MP4 (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        length, kind = struct.unpack(">I4s", header[:8])
        if length == 1 and len(header) == 16:
            length = struct.unpack(">Q", header[8:])[0]
        # 0 means "to the file's end"; less than a header, or no letters, is something appended that is no box.
        if length < 8 or not kind.isalnum():
            return
        at += length
        yield at


def _segment_end(file: BinaryIO) -> Iterator[int]:
    """The end of a Matroska file's segment (RFC 8794); none for a live recording, whose size is unknown."""
    file.seek(4)
    length = _vint(file)
    if length is None:
        return
    file.seek(length, 1)
    if file.read(4) == SEGMENT and (length := _vint(file)) is not None:
        yield file.tell() + length


def _vint(file: BinaryIO) -> int | None:
    """EBML's number of variable length; None when it stands for "unknown" or isn't there."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & (0x7F >> more)]) + file.read(more), "big")
    return None if value == (1 << 7 * (more + 1)) - 1 else value
