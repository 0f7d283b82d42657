"""Draws shapes into a copy of a video, for looking at."""

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

from tracking.encoders import add_video, codec_for
from tracking.pictures import DecodedVideo
from tracking.shapes.values import Box, Mask, Points, Polygon, Polyline, RotatedBox, Shape, bounds_of
from tracking.types import TrackingError

GOLDEN_RATIO = 0.618034


class Drawn(NamedTuple):
    """One shape on one frame; ``confidence`` in [0, 1]."""

    number: int
    shape: Shape
    confidence: float


def render(
    pictures: DecodedVideo,
    drawn: Callable[[int], Iterable[Drawn]],
    target: Path,
    advance: Callable[[], object] = lambda: None,
) -> None:
    """Write all frames of a video, with shapes on those that have some, as an MP4: H.264, or VP9 where that
    can't be written.

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
        stream = add_video(container, codec_for(), rate=Fraction(pictures.fps).limit_denominator(1001))
        # 4:2:0 needs even sides; the odd last row or column is left out.
        stream.width, stream.height = pictures.width // 2 * 2, pictures.height // 2 * 2
        stream.pix_fmt = "yuv420p"
        rendered = 0
        for frame in walk:
            image = _with_shapes(frame.image, drawn(frame.number))[: stream.height, : stream.width]
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


def _with_shapes(image: NDArray[np.uint8], drawn: Iterable[Drawn]) -> NDArray[np.uint8]:
    canvas = image.copy()
    for number, shape, confidence in drawn:
        colour = colour_of(number)
        _draw(canvas, shape, colour)
        bounds = bounds_of(shape)
        at = (round(bounds.x1), max(round(bounds.y1) - 5, 12))
        cv2.putText(canvas, f"{number} {confidence:.2f}", at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    return canvas


def _draw(canvas: NDArray[np.uint8], shape: Shape, colour: tuple[int, int, int]) -> None:
    match shape:
        case Box():
            x1, y1, x2, y2 = (round(edge) for edge in shape)
            cv2.rectangle(canvas, (x1, y1), (x2, y2), colour, 2)
        case RotatedBox():
            cv2.polylines(canvas, [_whole(shape.corners)], True, colour, 2)
        case Polygon() | Polyline():
            cv2.polylines(canvas, [_whole(shape.xy)], isinstance(shape, Polygon), colour, 2)
        case Points():
            for x, y in _whole(shape.xy[shape.present]):
                cv2.circle(canvas, (int(x), int(y)), 4, colour, -1)
        case Mask():
            _tint(canvas, shape, colour)


def _whole(places: NDArray[np.floating]) -> NDArray[np.int32]:
    whole: NDArray[np.int32] = np.rint(places).astype(np.int32)
    return whole


def _tint(canvas: NDArray[np.uint8], mask: Mask, colour: tuple[int, int, int]) -> None:
    """Half of the colour over a mask's pixels that lie in the picture, and an outline around them."""
    height, width = mask.bitmap.shape
    window = canvas[max(mask.top, 0) : max(mask.top + height, 0), max(mask.left, 0) : max(mask.left + width, 0)]
    top, left = max(-mask.top, 0), max(-mask.left, 0)
    inside = mask.bitmap[top : top + window.shape[0], left : left + window.shape[1]]
    window[inside] = window[inside] // 2 + np.array(colour, np.uint8) // 2
    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, outlines, -1, colour, 1, offset=(max(mask.left, 0), max(mask.top, 0)))
