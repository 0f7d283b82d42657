"""Decodes a file's pictures and tells which packet each came from, whatever its timestamps say."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray

from tracking.containers import MediaError
from tracking.frame_index import NO_STAMP

if TYPE_CHECKING:
    VideoPacket = av.Packet[av.VideoStream]
log = logging.getLogger(__name__)

VP8_SHOWN = 0x10
"""In a frame's first byte: whether it is to be shown (RFC 6386, 9.1). Others only serve to predict from."""


class PacketNumbers:
    """Finds the number of a packet by its time, and by its place in the file where times don't tell them apart.

    ``stamps``: (N,) int64 · ``positions``: (N,) int64, or empty. No two packets are the same in both.
    """

    def __init__(self, stamps: NDArray[np.int64], positions: NDArray[np.int64]) -> None:
        by_place = len(positions) > 0
        self._order = np.lexsort((positions, stamps)) if by_place else np.argsort(stamps, kind="stable")
        self._stamps = stamps[self._order]
        self._positions = positions[self._order] if by_place else positions

    def of(self, packet: VideoPacket) -> int:
        """The packet's number, -1 when it has none."""
        stamp = stamp_of(packet)
        first = int(np.searchsorted(self._stamps, stamp, "left"))
        if first == len(self._stamps) or self._stamps[first] != stamp:
            return -1
        if not len(self._positions):
            return int(self._order[first])
        end = int(np.searchsorted(self._stamps, stamp, "right"))
        place = position_of(packet)
        at = first + int(np.searchsorted(self._positions[first:end], place))
        return int(self._order[at]) if at < end and self._positions[at] == place else -1


def stamp_of(packet: VideoPacket) -> int:
    """When its picture is shown; when it is decoded, in files that say no more (AVI)."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    return NO_STAMP if stamp is None else stamp


def position_of(packet: VideoPacket) -> int:
    """Where the packet's bytes begin in the file; -1 where the container doesn't say."""
    return -1 if packet.pos is None else packet.pos


def is_picture(packet: VideoPacket, codec: str) -> bool:
    """Whether a packet is to be shown: not the empty one at a file's end, nor one that only serves to predict from."""
    return bool(packet.size) and not (codec == "vp8" and not memoryview(packet)[0] & VP8_SHOWN)


def codec_of(stream: av.VideoStream) -> str:
    """The codec's name. Raises MediaError for one that can't be decoded."""
    context = stream.codec_context
    if context is None:
        raise MediaError("The video's codec isn't supported. Convert it to H.264 in MP4 and upload that.")
    return str(context.codec.canonical_name)


def numbered_pictures(
    packets: Iterator[VideoPacket],
    stream: av.VideoStream,
    number_of: Callable[[VideoPacket], int],
) -> Iterator[tuple[int, av.VideoFrame]]:
    """The pictures of packets as they come out, that is in presentation order, each with its packet's number, which is
    also its ``pts``.

    Packets whose number is negative are decoded, as others may be predicted from them; their pictures are left out.
    A packet that can't be decoded costs its own picture, not those after it.
    """
    codec = codec_of(stream)
    for packet in packets:
        # Decoders hand this on, and look into it as little as into anything else that isn't in the bitstream. (PyAV's
        # ``opaque`` is meant for such things, but frees them under the interpreter's lock in the decoder's threads.)
        packet.pts = number_of(packet) if is_picture(packet, codec) else -1
        try:
            for picture in packet.decode():
                if picture.pts is not None and picture.pts >= 0:
                    yield picture.pts, picture
        except av.error.FFmpegError as error:
            log.info("Packet %s can't be decoded: %r", packet.pts, error)


def make_ready(stream: av.VideoStream) -> None:
    """Before the first packet is decoded: use all cores."""
    if stream.codec_context is not None:
        stream.thread_type = "AUTO"
