"""What must be known of a video before anybody works with it: its frames, and how browsers get at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from annotator.media.source_map import SourceMap, map_source
from tracking.frames import FrameIndex, build_index

QUICK_PX = 30 * 1280 * 720
"""Pictures of the longest group together: decoding half of it takes a browser 20 ms or so."""
QUICK_FRAMES = 60
QUICK_BITS = 30e6
"""Per second: what also a slower network carries."""
QUICK_CODECS = ("h264", "vp8", "vp9")
"""What every browser decodes quickly without help of the hardware."""
FAR, FARTHER = 300, 2
"""Frames that a browser may have to decode for a jump, where the server may begin that many times nearer: there the
server's images come sooner."""


@dataclass(frozen=True, slots=True)
class Opened:
    """``packets``: the file for browsers that read the source themselves, None where they can't; ``quick``: they find
    frames in it as quickly as in a proxy, so that none is needed."""

    index: FrameIndex
    packets: bytes | None
    quick: bool


def open_video(source: Path, progress: Callable[[float], None]) -> Opened:
    """Read a video's packets, and decode its first pictures; all only where timestamps can't be trusted.

    Raises:
        MediaError: when it is no usable video.
    """
    index = build_index(source, progress)
    found = map_source(source, index)
    if found is None or found.longest_group() > max(FAR, FARTHER * index.longest_group()):
        return Opened(index, None, quick=False)
    return Opened(index, found.packed(index), quick=_is_quick(found, index, source.stat().st_size))


def _is_quick(found: SourceMap, index: FrameIndex, size_bytes: int) -> bool:
    longest = found.longest_group()
    return (
        index.codec in QUICK_CODECS
        and index.orientation.is_upright
        and longest <= QUICK_FRAMES
        and longest * index.width * index.height <= QUICK_PX
        and 8 * size_bytes / index.duration_s <= QUICK_BITS
    )
