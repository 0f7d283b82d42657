"""Features of the last frames, kept without being copied."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class FeatureRing:
    """Features of the last ``size`` frames at several levels of detail.

    Frames are counted by a clock; frame ``clock`` lies in the slot ``clock % size``. ``levels``: per level
    (size, C, h, w), channels last in memory, as ``patches`` reads it; empty until something was put in.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.levels: list[Tensor] = []

    def put(self, clock: int, levels: Sequence[Tensor]) -> None:
        """Keep a frame's ``levels``, (1, C, h, w) each, in place of the oldest."""
        if [level.shape[1:] for level in levels] != [level.shape[1:] for level in self.levels]:
            self.levels = [_empty(self.size, level) for level in levels]
        for kept, level in zip(self.levels, levels, strict=True):
            kept[clock % self.size] = level[0]

    def to(self, device: torch.device) -> None:
        self.levels = [level.to(device) for level in self.levels]


def _empty(size: int, like: Tensor) -> Tensor:
    shape = (size, *like.shape[1:])
    return torch.empty(shape, dtype=torch.float32, device=like.device, memory_format=torch.channels_last)
