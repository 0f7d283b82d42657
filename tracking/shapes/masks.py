"""Run lengths of bitmaps: COCO's way (by columns) as tables keep masks, and CVAT's (by rows)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

MOST_PIXELS = 2**28
"""A mask's window may not be larger; real ones are the size of a frame."""

Order = Literal["F", "C"]


class MaskError(ValueError):
    """Run lengths that no window has."""


def to_runs(bitmap: NDArray[np.bool_], *, order: Order) -> NDArray[np.uint32]:
    """Run lengths of a (h, w) bitmap read by columns ("F") or by rows ("C"), starting with background."""
    flat = bitmap.ravel(order=order)
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], edges, [flat.size]]))
    if flat.size and flat[0]:
        runs = np.concatenate([[0], runs])
    return runs.astype("<u4")


def from_runs(runs: NDArray[np.uint32], width: int, height: int, *, order: Order) -> NDArray[np.bool_]:
    """The (height, width) bitmap that ``to_runs`` was given. Raises MaskError when the runs don't fill the window."""
    if not 0 < width * height <= MOST_PIXELS or int(runs.sum(dtype=np.uint64)) != width * height:
        raise MaskError(f"A mask's run lengths add up to its window of {width} x {height} px; these don't.")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape((height, width), order=order)
