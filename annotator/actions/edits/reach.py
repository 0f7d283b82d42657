"""How far an annotator's changes reach: what is said of a whole track lies on all of its frames, others' too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from annotator.actions.edits.shape_draft import FrameRange

Steps = Sequence[tuple[int, Any]]
"""(frame, value), rising; each value from its frame to the next one. None, and no step at all: the default."""


def spelt(ranges: Sequence[FrameRange]) -> str:
    """Ranges as a sentence says them: "0..99, 200..299", or "none"."""
    return ", ".join(f"{first}..{last}" for first, last in ranges) or "none"


def is_inside(frame: int, ranges: Sequence[FrameRange]) -> bool:
    """Whether one of the ranges, both ends included, has the frame."""
    return any(first <= frame <= last for first, last in ranges)


def value_at(steps: Steps, frame: int) -> Any:
    """The value that holds on a frame; None before the first step."""
    return next((value for at, value in reversed(steps) if at <= frame), None)


def kept_outside(former: Steps, wanted: Steps, ranges: Sequence[FrameRange], last_frame: int) -> Steps | None:
    """The wanted values on the frames of ``ranges``, and the former ones on all others.

    A value lasts until the next step: where one would go on beyond the ranges, a step brings the former one back.

    Args:
        ranges: rising, apart; ``last_frame``: of the video.

    Returns:
        The steps; None when ``wanted`` also sets others outside.
    """
    if _outside(former, ranges, last_frame) == _outside(wanted, ranges, last_frame):
        return wanted
    if _set_outside(former, ranges) != _set_outside(wanted, ranges):
        return None
    steps = dict(wanted)
    for beyond in sorted(last + 1 for _, last in ranges):
        if beyond <= last_frame and not is_inside(beyond, ranges) and beyond not in steps:
            held = value_at(former, beyond)
            if value_at(sorted(steps.items(), key=lambda step: step[0]), beyond) != held:
                steps[beyond] = held
    return sorted(steps.items(), key=lambda step: step[0])


def _set_outside(steps: Steps, ranges: Sequence[FrameRange]) -> list[tuple[int, Any]]:
    return [(frame, value) for frame, value in steps if not is_inside(frame, ranges)]


def _outside(steps: Steps, ranges: Sequence[FrameRange], last_frame: int) -> list[list[tuple[int, Any]]]:
    """What holds on the frames outside, stretch by stretch: (frame, value) where it changes."""
    found = []
    for first, last in _gaps(ranges, last_frame):
        changes = [(first, value_at(steps, first))]
        for frame, value in steps:
            if first < frame <= last and value != changes[-1][1]:
                changes.append((frame, value))
        found.append(changes)
    return found


def _gaps(ranges: Sequence[FrameRange], last_frame: int) -> Iterator[FrameRange]:
    begin = 0
    for first, last in sorted(ranges):
        if begin < first:
            yield begin, first - 1
        begin = max(begin, last + 1)
    if begin <= last_frame:
        yield begin, last_frame
