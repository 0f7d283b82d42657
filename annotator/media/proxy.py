"""The copy of a video that browsers seek in quickly."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.error
import av.filter
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray
from PIL import Image

from annotator.config import config
from annotator.media.strip import Seen, look_through
from tracking.containers import in_words, open_container, video_stream
from tracking.encoders import VideoCodec, add_video, codec_for
from tracking.frames import FrameIndex, MediaError, upright_image
from tracking.orientation import Orientation
from tracking.types import TrackingError

GROUP = 12
"""Frames from one keyframe to the next: a seek decodes at most so many. At 12, random seeks took 33 ms instead of
180 ms at 250 (720p)."""
QUALITY = "22"
MOST_OF_SOURCE = 1.8
"""The proxy's rate is at most so many times the source's."""
LEAST_BITS = 0.06
"""Per pixel: what short groups need at least to look like the source; it lifts the bound for sources of little rate,
whose proxy may be larger than twice the source, but small."""
MOST_SIDE, MOST_PIXELS = 8192, 8192 * 4320
"""What H.264's highest levels hold, and browsers draw; a larger source is scaled down for them."""
LEAST_BOUND = 8
"""kbit/s below which a rate says nothing: a frame every few seconds."""

# Superfast with the look-ahead of veryfast looks as good as that in 70 % of its time; without CABAC and deblocking a
# browser decodes noisy footage in half of it (docs/decisions/0019-…).
H264 = {
    "preset": "superfast",
    "crf": QUALITY,
    "bf": "0",
    "sc_threshold": "0",
    "tune": "fastdecode",
    "x264-params": "mbtree=1:rc-lookahead=10",
}
# Without looking ahead and without hidden frames: a packet is a picture, and every group begins where it should
# (docs/decisions/0026-…).
VP9 = {
    "deadline": "realtime",
    "cpu-used": "8",
    "crf": "32",
    "lag-in-frames": "0",
    "auto-alt-ref": "0",
    "row-mt": "1",
    "tile-columns": "2",
}
# In front, the table of an hour (86,400 frames) is 375 kB: a browser opens it in 95 ms with one request, and seeks in 6
# ms. Fragments opened in 22 ms and sought in 3, but only by reading on does a player learn how long they are.
FASTSTART = {"movflags": "+faststart"}
BT601 = 6
KNOWN = (1, 5, 6, 7, 9)
"""Matrices of ITU-T H.273 that a browser can read: BT.709, the two of BT.601, SMPTE 240M, BT.2020."""

Progress = Callable[[float, int], None]
"""Called with the share that is done, in [0, 1], and the bytes written so far; raises to cancel."""


def make_proxy(source: Path, index: FrameIndex, *, proxy: Path, strip: Path, progress: Progress) -> Seen:
    """Write ``proxy`` (H.264 or VP9, MP4) and ``strip`` (JPEG).

    Frame N of the proxy is frame N of the index at N / fps seconds, upright, padded at the right and bottom to even
    sides, or scaled (``proxy_size``). A frame that can't be decoded shows the one before it.

    Raises:
        MediaError: when the pictures can't be decoded, or not be encoded.
    """
    rate = _rate(index)
    try:
        codec = codec_for(config.proxy_codec)
        with av.open(str(proxy), "w", format="mp4", options=FASTSTART) as out:
            stream = add_video(out, codec, rate=rate, options=_options(codec, source, index))
            stream.width, stream.height = proxy_size(index.width, index.height)
            stream.pix_fmt = "yuv420p"
            stream.codec_context.gop_size = GROUP
            stream.codec_context.time_base = 1 / rate
            stream.codec_context.color_range = ColorRange.MPEG
            fitted = Fitted(index)

            def encode(number: int, given: av.VideoFrame) -> None:
                picture = fitted.picture(given)
                if not number:
                    stream.codec_context.colorspace = _matrix(picture)
                picture.pts, picture.time_base = number, 1 / rate
                # The source's own picture types would force its keyframes on the encoder.
                picture.pict_type = av.video.frame.PictureType.NONE
                out.mux(stream.encode(picture))

            def tell(share: float) -> None:
                progress(share, proxy.stat().st_size)

            seen = look_through(source, index, strip=strip, progress=tell, each=encode)
            out.mux(stream.encode(None))
            return seen
    except TrackingError as error:
        raise MediaError(f"The copy for quick playback can't be made. {error}") from error
    except av.error.FFmpegError as error:
        raise MediaError(
            f"The copy for quick playback can't be made: {in_words(error, source)}. Try again; if it fails again, tell "
            "your admin."
        ) from error


def proxy_size(width: int, height: int) -> tuple[int, int]:
    """The sides of a proxy, which are even: one px more where that is all, else scaled to what browsers take."""
    scale = min(1.0, MOST_SIDE / max(width, height), math.sqrt(MOST_PIXELS / (width * height)))
    if scale == 1.0:
        return width + width % 2, height + height % 2
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def is_scaled(width: int, height: int) -> bool:
    """Whether the proxy of a video of this size has other pixels than the video."""
    return proxy_size(width, height) != (width + width % 2, height + height % 2)


def proxy_index(path: Path, *, frame_count: int) -> FrameIndex:
    """The index of a proxy, which follows from how it is made; reading an hour's packets would take seconds."""
    with open_container(path) as container:
        stream = video_stream(container)
        time_base, rate = stream.time_base, stream.average_rate
        if not time_base or not rate:
            raise MediaError("The proxy says no rate. Remove the video and upload it again.")
        numbers = np.arange(frame_count, dtype=np.int64)
        return FrameIndex(
            pts=numbers * round(1 / (rate * time_base)),
            keyframes=numbers % GROUP == 0,
            time_base=time_base,
            orientation=Orientation(),
            width=stream.codec_context.width,
            height=stream.codec_context.height,
            codec=stream.codec_context.codec.canonical_name,
        )


def jpeg(image: NDArray[np.uint8], *, quality: int = 90) -> bytes:
    """(H, W, 3) uint8 RGB as a JPEG file."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _rate(index: FrameIndex) -> Fraction:
    """Frames per second as a fraction that an MP4 can count in: 30000/1001, not 29.97002997."""
    return Fraction(index.fps).limit_denominator(1001)


def _matrix(picture: av.VideoFrame) -> int:
    """How the proxy's colours are to be read: as the source's are; FFmpeg takes BT.601 where it says nothing."""
    return int(picture.colorspace) if picture.format.name.startswith("yuv") and picture.colorspace in KNOWN else BT601


def _options(codec: VideoCodec, source: Path, index: FrameIndex) -> dict[str, str]:
    """The encoder's settings. The rate is bounded by the source's: short groups would take up to five times as much."""
    least = LEAST_BITS * index.width * index.height
    bits = max(MOST_OF_SOURCE * 8 * source.stat().st_size / len(index), least)
    kilobits = round(bits * float(_rate(index)) / 1000)
    bounded = kilobits >= LEAST_BOUND
    if codec == "vp9":
        # Beside a quality, its bitrate is the bound.
        return {**VP9, "b": f"{kilobits}k" if bounded else "0"}
    return {**H264, **({"maxrate": f"{kilobits}k", "bufsize": f"{kilobits}k"} if bounded else {})}


class Fitted:
    """Pictures turned, padded and scaled for the encoder; most need none of it."""

    def __init__(self, index: FrameIndex) -> None:
        self._index = index
        self._size = proxy_size(index.width, index.height)
        self._turner: av.filter.Graph | None = None

    def picture(self, given: av.VideoFrame) -> av.VideoFrame:
        """A stored picture as the encoder takes it; its colours stay as they are where that is possible."""
        full_range = given.color_range == ColorRange.JPEG or given.format.name.startswith("yuvj")
        stored = self._size[::-1] if self._index.orientation.swaps_sides else self._size
        if full_range or (given.width, given.height) != stored:
            return self._reworked(given)
        if self._index.orientation.is_upright:
            return given
        return self._turned(given) if given.format.name == "yuv420p" else self._reworked(given)

    def _turned(self, given: av.VideoFrame) -> av.VideoFrame:
        """By FFmpeg, in the planes that it has: through RGB, upright phone footage took twice as long."""
        if self._turner is None:
            self._turner = _turner(given, self._index.orientation)
        self._turner.push(given)
        return cast(av.VideoFrame, self._turner.pull())

    def _reworked(self, given: av.VideoFrame) -> av.VideoFrame:
        upright = upright_image(given, self._index)
        if not is_scaled(self._index.width, self._index.height):
            return av.VideoFrame.from_ndarray(_even(upright), format="rgb24")
        whole = av.VideoFrame.from_ndarray(upright, format="rgb24")
        return whole.reformat(width=self._size[0], height=self._size[1])


def _turner(given: av.VideoFrame, orientation: Orientation) -> av.filter.Graph:
    graph = av.filter.Graph()
    chain: list[Any] = [
        graph.add_buffer(width=given.width, height=given.height, format=given.format, time_base=Fraction(1, 1000))
    ]
    if orientation.mirrored:
        chain.append(graph.add("hflip"))
    chain += [graph.add("transpose", "cclock") for _ in range(orientation.turns)]
    chain.append(graph.add("buffersink"))
    graph.link_nodes(*chain).configure()
    return graph


def _even(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Repeat the last column and row where a side is odd: 4:2:0 video has even sides."""
    height, width = image.shape[:2]
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
