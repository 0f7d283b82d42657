"""Where in a video's file its packets lie, so that a browser that knows the codec may read the file itself.

The browser asks for the bytes of packets by range and gives each to its decoder with the number of its frame: what
frame N is stays decided by the index, whatever the container. A file whose packets don't lie in it in one piece (MPEG
transport streams) has no map; nor has one of a codec that no browser decodes.
"""

from __future__ import annotations

import base64
import gzip
import json
import mmap
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tracking.containers import open_container, video_stream
from tracking.decoding import PacketNumbers, is_picture
from tracking.frames import FrameIndex

PIXELS = ("yuv420p", "yuvj420p")
"""What all browsers decode: 8 bits, colours at half the resolution."""
NEAR = 64
"""A packet's bytes begin this close to where the container says that the packet lies: after a block's own head."""
IDR, SLICES = 5, range(1, 6)
"""NAL unit types of H.264 (ITU-T H.264, table 7-1)."""
MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020-ncl"}
UNKNOWN_MATRIX = "smpte170m"
"""Where a stream doesn't say: what FFmpeg takes, and so what all other ways of reading show."""


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The packets in the order of decoding, and how to decode them.

    ``offsets``, ``sizes``: (N,) bytes · ``frames``: (N,) the frame that each shows, -1 none · ``keys``: (N,) bool,
    where a decoder may begin · ``codec``: as in WebCodecs' registry, with ``description`` · ``matrix``,
    ``full_range``: how colours are to be read.
    """

    codec: str
    description: bytes
    matrix: str
    full_range: bool
    offsets: NDArray[np.int64]
    sizes: NDArray[np.uint32]
    frames: NDArray[np.int32]
    keys: NDArray[np.bool_]

    def longest_group(self) -> int:
        """Of the groups of frames that a decoder must go through, the length of the longest."""
        shown = self.frames >= 0
        # An edit list may hide the keyframe that the first frames depend on.
        starts = np.union1d([0], self.frames[self.keys & shown])
        return int(np.diff(np.append(starts, np.count_nonzero(shown))).max())

    def packed(self, index: FrameIndex) -> bytes:
        """The file that browsers get, gzipped: u32 length, a JSON head of that length (which ends at a multiple of 8),
        then four tables with a value for each packet: f64 offset, i32 frame, u32 size, u8 key; all little-endian."""
        head: dict[str, Any] = {
            "codec": self.codec,
            "description": base64.b64encode(self.description).decode(),
            "matrix": self.matrix,
            "fullRange": self.full_range,
            "orientation": asdict(index.orientation),
            "packets": len(self.offsets),
        }
        text = json.dumps(head).encode()
        text += b" " * (-(4 + len(text)) % 8)
        tables = (
            self.offsets.astype("<f8"),
            self.frames.astype("<i4"),
            self.sizes.astype("<u4"),
            self.keys.astype(np.uint8),
        )
        return gzip.compress(b"".join([struct.pack("<I", len(text)), text, *(t.tobytes() for t in tables)]), mtime=0)


def map_source(path: Path, index: FrameIndex) -> SourceMap | None:
    """Find a file's packets in it; None where browsers can't read it themselves."""
    with open_container(path) as container, path.open("rb") as file:
        stream = video_stream(container)
        context = stream.codec_context
        codec = _codec_string(context)
        if codec is None or context.pix_fmt not in PIXELS or _size(context) != _stored_size(index):
            return None
        numbers = PacketNumbers(index.stamps, index.positions)
        rows: list[tuple[int, int, int, bool]] = []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                data = memoryview(packet)
                offset = _place(whole, packet.pos, data)
                if offset is None:
                    return None
                shown = not packet.is_discard and is_picture(packet, index.codec)
                key = packet.is_keyframe and (index.codec != "h264" or _is_idr(data, context.extradata or b""))
                rows.append((offset, packet.size, numbers.of(packet) if shown else -1, key))
        return _from_rows(rows, codec, context, len(index))


def _from_rows(
    rows: list[tuple[int, int, int, bool]], codec: str, context: av.VideoCodecContext, frame_count: int
) -> SourceMap | None:
    table = np.array([row[:3] for row in rows], np.int64)
    keys = np.array([row[3] for row in rows], bool)
    frames = table[:, 2]
    # Every frame once, or the map isn't the index's; a decoder needs a place to begin.
    if not np.array_equal(np.sort(frames[frames >= 0]), np.arange(frame_count)) or not keys[0]:
        return None
    return SourceMap(
        codec=codec,
        description=(context.extradata or b"") if codec.startswith("avc1") else b"",
        matrix=MATRICES.get(int(context.colorspace), UNKNOWN_MATRIX),
        full_range=context.pix_fmt == "yuvj420p" or int(context.color_range) == 2,
        offsets=table[:, 0],
        sizes=table[:, 1].astype(np.uint32),
        frames=frames.astype(np.int32),
        keys=keys,
    )


def _place(whole: mmap.mmap, position: int | None, data: memoryview) -> int | None:
    """Where a packet's bytes lie in the file, all in one piece; None where they don't."""
    if position is None or position < 0:
        return None
    found = whole.find(data[:NEAR], position, position + 2 * NEAR)
    return found if found >= 0 and whole[found : found + len(data)] == data else None


def _codec_string(context: av.VideoCodecContext | None) -> str | None:
    """The codec as WebCodecs names it (https://www.w3.org/TR/webcodecs-codec-registry/), None for others."""
    name = context.codec.canonical_name if context is not None else ""
    extra = (context.extradata if context is not None else None) or b""
    if name == "vp8":
        return "vp8"
    if name == "vp9":
        # Profile 0; the level only tells how much work it may be, and this one allows all.
        return "vp09.00.62.08"
    if name == "h264" and len(extra) >= 7 and extra[0] == 1:
        return f"avc1.{extra[1]:02x}{extra[2]:02x}{extra[3]:02x}"
    if name == "av1" and len(extra) >= 4 and extra[0] == 0x81:
        # AV1 in ISO base media, 2.3.3: profile (3 bits) and level (5), then the tier.
        return f"av01.{extra[1] >> 5}.{extra[1] & 31:02}{'H' if extra[2] >> 7 else 'M'}.08"
    return None


def _is_idr(data: memoryview, configuration: bytes) -> bool:
    """Whether a packet of H.264 begins with a picture that nothing before it is needed for. Browsers take no other for
    a key, unlike FFmpeg, to which a recovery point is one."""
    return next((kind == IDR for kind in _nal_types(data, (configuration[4] & 3) + 1) if kind in SLICES), False)


def _nal_types(data: memoryview, length_size: int) -> Iterator[int]:
    """The types of the units in a packet, each after its length (ISO/IEC 14496-15, 5.3.2)."""
    at = 0
    while at + length_size < len(data):
        length = int.from_bytes(data[at : at + length_size], "big")
        yield data[at + length_size] & 31
        at += length_size + length


def _size(context: av.VideoCodecContext) -> tuple[int, int]:
    aspect = context.sample_aspect_ratio or Fraction(1)
    return max(1, round(context.width * aspect)), context.height


def _stored_size(index: FrameIndex) -> tuple[int, int]:
    return (index.height, index.width) if index.orientation.swaps_sides else (index.width, index.height)
