"""The colours by which segmentation data sets show indices (PASCAL VOC's, which DAVIS and YouTube-VOS took over)."""

from __future__ import annotations

COLOURS = 256


def palette() -> bytes:
    """Red, green and blue of 256 indices: the bits of an index in turn go to the highest free bit of each."""
    return bytes(_channel(index, channel) for index in range(COLOURS) for channel in range(3))


def _channel(index: int, channel: int) -> int:
    """Of an index's bits, every third one from ``channel`` on, from the top bit downwards."""
    return sum((index >> (3 * place + channel) & 1) << (7 - place) for place in range(3))
