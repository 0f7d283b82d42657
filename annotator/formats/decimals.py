"""Coordinates as short texts that read back as the same 32-bit numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST_DECIMALS = 8


def shortest(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """As 64-bit numbers whose text is the shortest that gives the same 32-bit number: 12.3 for 12.300000190734863.

    Args:
        values: of any shape, finite.
    """
    exact = values.astype(np.float64)
    found = exact.copy()
    open_ = np.ones(values.shape, np.bool_)
    for decimals in range(MOST_DECIMALS + 1):
        rounded = np.round(exact, decimals)
        fits = open_ & (rounded.astype(np.float32) == values)
        found[fits] = rounded[fits]
        open_ &= ~fits
        if not open_.any():
            return found
    # Far below a millionth of a pixel: rare enough to be asked one by one.
    found[open_] = [float(str(value)) for value in values[open_]]
    return found


def texts(values: NDArray[np.float32], decimals: int) -> list[str]:
    """Texts of (n,) numbers with so many decimals, or with as many as are needed to read back the same."""
    exact, short = np.round(values.astype(np.float64), decimals), shortest(values)
    fits = exact.astype(np.float32) == values
    return [
        f"{rounded:.{decimals}f}" if fitting else plain(value)
        for rounded, value, fitting in zip(exact.tolist(), short.tolist(), fits.tolist(), strict=True)
    ]


def plain(value: float) -> str:
    """A number without an exponent."""
    text = repr(value)
    return np.format_float_positional(value, trim="-") if "e" in text else text


def pairs(xy: NDArray[np.float32], decimals: int = 2) -> list[str]:
    """(n, 2) points as "x,y" each."""
    numbers = texts(xy.reshape(-1), decimals)
    return [f"{x},{y}" for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


def agree(values: Sequence[float], payload: Sequence[float]) -> bool:
    """Whether numbers are the same in 32 bits."""
    return bool(np.array_equal(np.asarray(values, np.float32), np.asarray(payload, np.float32)))
