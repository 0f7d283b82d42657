"""Parameters as JAX's Haiku keeps them: read without building anything but arrays, and laid out as PyTorch has them.

Such a file is a pickle of a dictionary of arrays, ``params`` and ``state`` by module and name. A key here is
``params/<module>/<name>``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tracking.array_pickles import DamagedPickle, UnsafePickle, load_npy
from tracking.weights import WeightsError

if TYPE_CHECKING:
    from torch import Tensor


def read_arrays(path: Path, model: str) -> dict[str, Any]:
    """What the official file of ``model`` holds, by key. Raises WeightsError where it isn't such a file, or asks for
    code."""
    try:
        found = load_npy(path.read_bytes())
    except UnsafePickle as error:
        raise WeightsError(
            f"Weights may hold arrays and plain values only; {path.name} {error}. Don't use this file; get it from its "
            "official page."
        ) from error
    except DamagedPickle as error:
        raise WeightsError(f"Weights must be readable; {path.name} {error}. Get it again.") from error
    if not isinstance(found, dict) or not isinstance(found.get("params"), dict):
        raise WeightsError(f"{model}'s weights are a dictionary with params; {path.name} has none. Check the file.")
    return {
        f"{section}/{module}/{name}": value
        for section in ("params", "state")
        for module, values in found.get(section, {}).items()
        for name, value in values.items()
        if isinstance(value, np.ndarray)
    }


def as_torch(key: str, array: Tensor) -> Tensor:
    """Products (in, out) to (out, in), convolutions ([1,] h, w, in, out) to (out, in, h, w) and (w, in, out) to (out,
    in, w), norms to (channels,)."""
    if not key.endswith("/w"):
        return array.flatten() if array.ndim == 4 else array
    if array.ndim == 5:
        array = array[0]
    return (array.permute(3, 2, 0, 1) if array.ndim == 4 else array.permute(*reversed(range(array.ndim)))).contiguous()
