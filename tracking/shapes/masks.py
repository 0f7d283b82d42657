"""Run lengths of bitmaps: COCO's way (by columns) as tables keep masks, and CVAT's (by rows)."""

from __future__ import annotations

from typing import Any, Literal

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


def by_columns(runs: NDArray[Any], width: int, height: int, *, order: Order) -> NDArray[np.uint32]:
    """Run lengths of a window in either order as run lengths by columns, without empty ones but the first.

    What it takes depends on the runs, or on the window where that is less: a window is made by nine bytes.

    Raises:
        MaskError: when the runs don't fill the window.
    """
    _check_window(runs, width, height)
    ends = np.cumsum(runs, dtype=np.int64)
    starts, ends = ends[:-1:2], ends[1::2]
    starts, ends = starts[starts < ends], ends[starts < ends]
    if order == "F":
        return _joined(starts, ends, width * height)
    columns = _segments(len(starts), width)
    if columns * SPARSE >= width * height:
        flat = np.zeros(width * height + 1, np.int8)
        flat[starts] = 1
        flat[ends] -= 1
        bitmap = np.cumsum(flat[:-1], dtype=np.int8).view(np.bool_).reshape(height, width)
        return to_runs(bitmap, order="F")
    return _joined(*_turned(starts, ends, width, height), width * height)


SPARSE = 8
"""How much more a piece of a column costs than a pixel."""


def _segments(count: int, width: int) -> int:
    """At most so many pieces of columns are in so many runs by rows."""
    return 3 * count * width


def _turned(
    starts: NDArray[np.int64], ends: NDArray[np.int64], width: int, height: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the pieces of columns begin and end, by columns, that runs by rows consist of. A run is a rectangle of
    whole rows, with a part of a row before and after it."""
    first, last = starts // width, (ends - 1) // width
    left, right = starts % width, (ends - 1) % width + 1
    one = first == last
    rectangles = np.concatenate(
        [
            np.stack([first, first + 1, left, np.where(one, right, width)], axis=1),
            np.stack([first + 1, last, 0 * first, 0 * first + width], axis=1)[last - first > 1],
            np.stack([last, last + 1, 0 * first, right], axis=1)[~one],
        ]
    )
    top, bottom, left, right = rectangles.T
    widths = right - left
    offsets = np.cumsum(widths) - widths
    columns = np.arange(int(widths.sum())) - np.repeat(offsets - left, widths)
    begin = columns * height + np.repeat(top, widths)
    until = columns * height + np.repeat(bottom, widths)
    order = np.argsort(begin, kind="stable")
    return begin[order], until[order]


def _joined(starts: NDArray[np.int64], ends: NDArray[np.int64], size: int) -> NDArray[np.uint32]:
    """Run lengths of what begins and ends there, in rising order; pieces that touch are one."""
    if not len(starts):
        return np.array([size], "<u4")
    apart = starts[1:] > ends[:-1]
    starts = starts[np.concatenate([[True], apart])]
    ends = ends[np.concatenate([apart, [True]])]
    edges = np.concatenate([[0], np.stack([starts, ends], axis=1).ravel(), [size]])
    runs = np.diff(edges)
    return (runs if runs[-1] else runs[:-1]).astype("<u4")


def _check_window(runs: NDArray[Any], width: int, height: int) -> None:
    fits = 0 < width * height <= MOST_PIXELS and width > 0 and int(runs.sum(dtype=np.float64)) == width * height
    if not fits or float(runs.max(initial=0)) > width * height:
        raise MaskError(f"A mask's run lengths add up to its window of {width} x {height} px; these don't.")


def from_runs(runs: NDArray[np.uint32], width: int, height: int, *, order: Order) -> NDArray[np.bool_]:
    """The (height, width) bitmap that ``to_runs`` was given. Raises MaskError when the runs don't fill the window."""
    _check_window(runs, width, height)
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape((height, width), order=order)
