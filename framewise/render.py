"""Draws boxes into a copy of a video, for looking at."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterable
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import av.error
import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.pictures import DecodedVideo
from tracking.types import Box, TrackingError

GOLDEN_RATIO = 0.618034


class Drawn(NamedTuple):
    """One box on one frame, in px; ``confidence`` in [0, 1]."""

    number: int
    box: Box
    confidence: float


def render(
    pictures: DecodedVideo,
    drawn: Callable[[int], Iterable[Drawn]],
    target: Path,
    advance: Callable[[], object] = lambda: None,
) -> None:
    """Write all frames of a video, with boxes on those that have some, as H.264 in MP4.

    Nothing is left at ``target`` by a rendering that doesn't come to its end.

    Raises:
        TrackingError: when the target can't be written, or a frame can't be decoded.
    """
    unfinished = target.with_name(target.name + ".partial")
    try:
        _write(pictures, drawn, unfinished, advance)
        unfinished.replace(target)
    except (OSError, av.error.FFmpegError) as error:
        raise TrackingError(
            f"The rendered video can't be written ({error}). Choose another --render: {target}"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _write(
    pictures: DecodedVideo,
    drawn: Callable[[int], Iterable[Drawn]],
    target: Path,
    advance: Callable[[], object],
) -> None:
    with (
        av.open(str(target), "w", format="mp4") as container,
        closing(pictures.walk(0, "forward")) as walk,
    ):
        stream = container.add_stream("libx264", rate=Fraction(pictures.fps).limit_denominator(1001))
        # 4:2:0 needs even sides; the odd last row or column is left out.
        stream.width, stream.height = pictures.width // 2 * 2, pictures.height // 2 * 2
        stream.pix_fmt = "yuv420p"
        rendered = 0
        for frame in walk:
            image = _with_boxes(frame.image, drawn(frame.number))[: stream.height, : stream.width]
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            container.mux(stream.encode(picture))
            rendered += 1
            advance()
        if rendered < pictures.frame_count:
            raise TrackingError(
                f"A rendered video has all frames; after {rendered} of {pictures.frame_count} no more can be decoded."
            )
        container.mux(stream.encode())


def colour_of(number: int) -> tuple[int, int, int]:
    """A bright RGB colour per track number, far from those of its neighbours."""
    red, green, blue = colorsys.hsv_to_rgb(number * GOLDEN_RATIO % 1, 0.75, 1)
    return round(255 * red), round(255 * green), round(255 * blue)


def _with_boxes(image: NDArray[np.uint8], drawn: Iterable[Drawn]) -> NDArray[np.uint8]:
    canvas = image.copy()
    for number, box, confidence in drawn:
        colour = colour_of(number)
        x1, y1, x2, y2 = (round(edge) for edge in box)
        cv2.rectangle(canvas, (x1, y1), (x2, y2), colour, 2)
        at = (x1, max(y1 - 5, 12))
        cv2.putText(canvas, f"{number} {confidence:.2f}", at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    return canvas
