"""Reads goldens and compares with them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.golden import goldfill

RELATIVE_ERROR = 1e-4
"""Of a network's outputs in float32, relative to the largest value of the array."""


class Golden:
    """One archive of expected arrays, with the weights and inputs they belong to."""

    def __init__(self, folder: str, archive: str = "golden.npz", keys: str = "keys.json") -> None:
        self.folder = Path(__file__).parent / folder
        self.arrays: Mapping[str, NDArray[Any]] = np.load(self.folder / archive)
        self.keys = official_keys(folder, keys)
        self.meta = json.loads(str(self.arrays["meta_json"]))

    def tensors(self) -> dict[str, Tensor]:
        """Filled weights by official key."""
        gains = [tuple(gain) for gain in json.loads(str(self.arrays["gains_json"]))]
        filled = {key: goldfill.fill_(key, shape, dtype, gains) for key, (shape, dtype) in self.keys.items()}
        return {key: torch.from_numpy(np.asarray(value)) for key, value in filled.items() if value is not None}

    def picture(self, name: str, size: int) -> Tensor:
        """(1, 3, size, size) normalised input; refused when it isn't what the reference saw."""
        picture = goldfill.normalised(goldfill.image01(name, size, size))
        assert goldfill.crc(picture) == self.arrays[f"crc/{name}"]
        return torch.from_numpy(picture)[None]

    def part(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The arrays whose names begin with ``prefix``, without it."""
        return {name.removeprefix(prefix): self.arrays[name] for name in self.arrays if name.startswith(prefix)}

    def assert_close(self, name: str, got: Tensor | NDArray[Any]) -> None:
        """Compare with the array called ``name``."""
        assert_close(got, self.arrays[name], name)

    def assert_slice(self, name: str, got: Tensor, channels: int = 16, stride: int = 4) -> None:
        """Compare a whole (1, C, H, W) or (1, N, C) tensor with the stored slice and summary of it."""
        assert_close(sliced(got, channels, stride), self.arrays[f"slice/{name}"], name)
        expected = self.arrays[f"sum/{name}"]
        error = np.abs(goldfill.summary(got.numpy()) - expected).max()
        assert error <= RELATIVE_ERROR * np.abs(expected).max(), f"{name}: mean, std, min, max are off by {error}"


def sliced(tensor: Tensor, channels: int, stride: int) -> Tensor:
    """The part of a tensor that an archive keeps."""
    if tensor.ndim == 4:
        return tensor[:, :: max(1, tensor.shape[1] // channels), ::stride, ::stride]
    return tensor[:, :: max(1, tensor.shape[1] // 64), :: max(1, tensor.shape[2] // channels)]


def assert_close(got: Tensor | NDArray[Any], expected: NDArray[Any], name: str) -> None:
    """Largest difference against largest value, in float64."""
    got = np.asarray(got, np.float64)
    assert got.shape == expected.shape, f"{name}: shape {got.shape}, expected {expected.shape}"
    error = np.abs(got - expected).max() / max(np.abs(expected).max(), 1e-12)
    assert error <= RELATIVE_ERROR, f"{name}: relative error {error:.2e}"


@cache
def official_keys(folder: str, file: str = "keys.json") -> dict[str, tuple[tuple[int, ...], str]]:
    """Official key -> (shape, dtype)."""
    rows = json.loads((Path(__file__).parent / folder / file).read_text())["keys"]
    return {key: (tuple(shape), dtype) for key, shape, dtype in rows}


def blank_tensors(folder: str, file: str) -> dict[str, Tensor]:
    """Tensors without content that have the official keys and shapes."""
    dtypes = {"float32": torch.float32, "int64": torch.int64}
    return {
        key: torch.empty(shape, dtype=dtypes[dtype], device="meta")
        for key, (shape, dtype) in official_keys(folder, file).items()
    }


class Record:
    """Outputs of the modules named by ``names``, call by call: ``record[name][call]``, while it is open."""

    def __init__(self, network: torch.nn.Module, names: str) -> None:
        self.calls: dict[str, list[Any]] = {}
        self._handles = [
            module.register_forward_hook(self._keep(name))
            for name, module in network.named_modules()
            if re.fullmatch(names, name)
        ]

    def _keep(self, name: str) -> Callable[..., None]:
        def keep(module: object, inputs: object, output: Any) -> None:
            # A copy: what follows may work in place.
            self.calls.setdefault(name, []).append(output.clone() if isinstance(output, Tensor) else output)

        return keep

    def __getitem__(self, name: str) -> list[Any]:
        return self.calls[name]

    def __enter__(self) -> Record:
        return self

    def __exit__(self, *error: object) -> None:
        for handle in self._handles:
            handle.remove()
