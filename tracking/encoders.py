"""Which encoder writes videos. PyAV brings FFmpeg's libraries, and not every build of them has one for H.264: the best
one, libx264, is under the GPL."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, cast, get_args

from av.codec.codec import Codec, UnknownCodecError
from av.container import OutputContainer
from av.video.stream import VideoStream

from tracking.types import TrackingError

VideoCodec = Literal["h264", "vp9"]
Choice = Literal["auto", "h264", "vp9"]

ENCODERS: Mapping[VideoCodec, str] = {"h264": "libx264", "vp9": "libvpx-vp9"}
"""The encoder of each codec that every browser decodes; VP9's is under the BSD licence."""
SMALL: Mapping[VideoCodec, dict[str, str]] = {
    "h264": {"preset": "veryfast", "crf": "21"},
    "vp9": {"deadline": "good", "cpu-used": "5", "crf": "32", "b": "0", "row-mt": "1"},
}
"""Settings for a file that is looked at or passed on; proxies have their own (``annotator/media/proxy.py``)."""


def codec_for(choice: Choice = "auto") -> VideoCodec:
    """The codec to write: the one that is chosen; without a choice H.264, or VP9 where this PyAV has no encoder of it.

    Raises:
        TrackingError: this PyAV can't write it.
    """
    wanted: tuple[VideoCodec, ...] = get_args(VideoCodec) if choice == "auto" else (choice,)
    for codec in wanted:
        if has_encoder(ENCODERS[codec]):
            return codec
    names = " or ".join(ENCODERS[codec] for codec in wanted)
    raise TrackingError(
        f"Videos are written by the encoder {names}, which this installation's PyAV doesn't have. Install PyAV's own "
        "wheel (pip install --force-reinstall av), or choose another codec with FRAMEWISE_PROXY_CODEC."
    )


def add_video(
    out: OutputContainer, codec: VideoCodec, *, rate: Fraction | int, options: dict[str, str] | None = None
) -> VideoStream:
    """A new video stream of a file; ``options`` are the encoder's."""
    stream = out.add_stream(ENCODERS[codec], rate=rate, options=SMALL[codec] if options is None else options)
    return cast(VideoStream, stream)


def has_encoder(name: str) -> bool:
    """Whether this PyAV can encode by it."""
    try:
        Codec(name, "w")
    except UnknownCodecError:
        return False
    return True
