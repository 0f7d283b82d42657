"""Tries of a model on a frame: an object is cut out, or followed over a few frames, through the session that runs go
through."""

from __future__ import annotations

import io
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import monotonic

import numpy as np
from PIL import Image, UnidentifiedImageError

from tracking.protocol import PICTURE_BYTES
from tracking.segmenter import Click, Segmenter
from tracking.segmenting import answer
from tracking.session import Leg, Pictures, TrackingSession
from tracking.shapes.chunks import Flag, Row
from tracking.shapes.payloads import row_of, shape_of
from tracking.shapes.values import VISIBLE, bounds_of
from tracking.tracker import Tracker
from tracking.types import Box, Frame, Mask, ObjectId, Points, PromptError, Shape, TrackingError

MOST_SIDE = 4096
"""px, of a picture that is tried on."""
SURE_OF_NOTHING = 0.5
"""An answer below it is told to be a guess."""
OBJECT = ObjectId("tried")


@dataclass(frozen=True, slots=True)
class Tried:
    """``rows``: the object, by frame; ``seconds``: what it took beside loading; ``notes``: sentences for the person."""

    rows: tuple[Row, ...]
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meant:
    """What a person clicked, and the box that they drew, both in px of the frame; one of them at least."""

    clicks: Sequence[Click] = ()
    box: Box | None = None


def picture_of(text: str) -> Frame:
    """A picture that came as base64, as frame 0.

    Raises:
        TrackingError: it is none, or too large.
    """
    try:
        data = b64decode(text, validate=True)
    except NotBase64 as error:
        raise TrackingError("A picture travels in base64; what came is none. Choose another file.") from error
    if len(data) > PICTURE_BYTES:
        raise TrackingError(f"A picture has {PICTURE_BYTES:,} bytes at most; {len(data):,} came. Scale it down.")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            if max(image.size) > MOST_SIDE:
                raise TrackingError(
                    f"A picture has {MOST_SIDE} px a side at most; this one is {image.width} x {image.height} px. "
                    "Scale it down."
                )
            return Frame(0, np.asarray(image.convert("RGB")))
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise TrackingError("A picture is a JPEG, PNG or WebP file; this one can't be read. Choose another.") from error


def cut_out(segmenter: Segmenter, frame: Frame, meant: Meant) -> Tried:
    """What clicks and a box mean, as a mask.

    Raises:
        PromptError: nothing is meant, or nothing is found there.
    """
    began = monotonic()
    found = answer(segmenter, segmenter.embed(frame.image), tuple(meant.clicks), meant.box, None)
    seconds = monotonic() - began
    if not found.mask.area:
        raise PromptError("It finds nothing where you clicked. Click elsewhere, or drag a box around the object.")
    score = min(max(float(found.score), 0.0), 1.0)
    notes = () if score >= SURE_OF_NOTHING else (f"It is only {100 * score:.0f} % sure of this mask.",)
    return Tried((row_of(found.mask, frame.number, Flag.PREDICTED, score),), seconds, notes)


def begin_with(
    frame: Frame, meant: Meant, takes: Collection[str], segmenter: Callable[[], Segmenter] | None
) -> tuple[Shape, tuple[str, ...]]:
    """The shape that a model begins from, with what the person should know of how it came about.

    Args:
        takes: the kinds of geometry that the model follows.
        segmenter: makes what cuts an object out; None: nothing does.

    Raises:
        PromptError: the model can't begin from what is meant.
    """
    positive = [click for click in meant.clicks if click.positive]
    if meant.box is not None and not meant.clicks and "box" in takes:
        return meant.box, ()
    if positive and meant.box is None and "points" in takes:
        xy = np.array([(click.x, click.y) for click in positive], np.float32)
        return Points(xy, np.full(len(xy), VISIBLE, np.uint8)), ()
    if not {"mask", "box"} & set(takes):
        raise PromptError("This model follows points: click on what it is to follow, without a box.")
    if segmenter is not None:
        tried = cut_out(segmenter(), frame, meant)
        mask = _mask_in(tried)
        told = (f"The object was cut out first, in {tried.seconds:.1f} s.", *tried.notes)
        return (mask, told) if "mask" in takes else (bounds_of(mask), told)
    if meant.box is None:
        raise PromptError("Nothing on this machine answers clicks: drag a box around the object instead.")
    told = ("Nothing on this machine cuts objects out, so that all that lies in the box was followed.",)
    return (_filled(meant.box, frame), told) if "mask" in takes else (meant.box, ())


def follow(
    open_pictures: Callable[[], AbstractContextManager[Pictures]],
    create: Callable[[], Tracker],
    shape: Shape,
    first: int,
    last: int,
    *,
    got_on: Callable[[], None] = lambda: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Tried:
    """A shape on the frame ``first``, and where it is up to ``last``.

    Args:
        got_on: called with each step of the model.
        cancelled: says that nobody waits any more; what is there by then is returned.

    Raises:
        PromptError: the model can't begin from the shape.
    """
    loading = 0.0

    def created() -> Tracker:
        nonlocal loading
        began = monotonic()
        tracker = create()
        loading += monotonic() - began
        return tracker

    session = TrackingSession(open_pictures, created, [Leg(OBJECT, shape, first, "forward", last)])
    rows: dict[int, Row] = {}
    notes: list[str] = []
    began = monotonic()
    for step in session.steps():
        if cancelled():
            session.stop()
        got_on()
        # Windowed models better what they said before.
        rows |= {tracked.prediction.frame: tracked.row for tracked in step.rows}
        notes += [*step.notes, *(end.problem for end in step.ends if end.problem)]
    told = tuple(rows[frame] for frame in sorted(rows))
    if told and told[-1].frame < last and not cancelled():
        notes.append(f"It left the picture on frame {told[-1].frame}: the model followed it no further.")
    return Tried(told, monotonic() - began - loading, tuple(dict.fromkeys(notes)))


def _mask_in(tried: Tried) -> Mask:
    shape = shape_of(tried.rows[0])
    assert isinstance(shape, Mask)  # noqa: S101 (for the type checker: ``cut_out`` makes masks)
    return shape


def _filled(box: Box, frame: Frame) -> Mask:
    """The pixels of the frame that a box covers."""
    inside = box.clipped(frame.width, frame.height)
    left, top = int(inside.x1), int(inside.y1)
    height, width = max(round(inside.y2) - top, 1), max(round(inside.x2) - left, 1)
    return Mask(left, top, np.ones((height, width), np.bool_))
