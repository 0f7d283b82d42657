"""Layers to check: tracks of a few boxes, most of which are as they should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.formats.rows import Rows
from tracking.review.layer import Facts, LabelRule, Track
from tracking.shapes.checks import Picture
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.payloads import row_of
from tracking.shapes.values import Shape

FACTS = Facts(Picture(640, 360), 200, 25.0, {"car": LabelRule("car")}, {})


def boxes(
    centres: NDArray[np.float64], *, frames: Sequence[int] | None = None, side: float | NDArray[np.float64] = 40
) -> Rows:
    """Predicted squares about ``centres`` (n, 2) px."""
    half = np.broadcast_to(np.asarray(side, np.float64), len(centres))[:, None] / 2
    bounds = np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)
    count = len(centres)
    return Rows(
        frames=np.arange(count) if frames is None else np.asarray(frames, np.int64),
        kinds=np.full(count, Kind.BOX, np.uint8),
        flags=np.full(count, Flag.PREDICTED, np.uint8),
        confidence=np.full(count, 0.9),
        bounds=bounds,
        payloads=(b"",) * count,
    )


def walk(count: int = 60, *, by: float = 2.0, start: tuple[float, float] = (100, 100)) -> NDArray[np.float64]:
    """(count, 2): a straight way with a wobble of a third of a pixel, as trackers see it."""
    at = np.arange(count)[:, None]
    wobble = np.random.default_rng(count).normal(0, 0.3, (count, 2))
    found: NDArray[np.float64] = np.asarray(start) + at * (by, by / 4) + wobble
    return found


def track(rows: Rows | Sequence[Row], number: int = 1, label: str = "car", **said: Any) -> Track:
    return Track(str(number), number, label, Rows.of(rows), **said)


def shapes(*shown: Shape, frame: int = 0) -> Rows:
    """A person's shapes, one frame after the other."""
    rows = [row_of(shape, frame + at, Flag.KEYFRAME, 1.0) for at, shape in enumerate(shown)]
    return Rows.of(rows)


def flagged(rows: Rows, flags: Flag, *, at: slice) -> Rows:
    changed = rows.flags.copy()
    changed[at] = flags
    return Rows(rows.frames, rows.kinds, changed, rows.confidence, rows.bounds, rows.payloads)
