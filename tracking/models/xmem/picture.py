"""Frames and masks as XMem takes them, and its probabilities as pixels of the frame again."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from tracking.models.xmem.network import STRIDE


class Fit:
    """Scales frames of ``width`` x ``height`` px to ``size`` px along their short side (0: not at all), and puts as
    much of nothing around them as whole cells need, evenly; an odd pixel goes to the right and to the bottom."""

    def __init__(self, width: int, height: int, size: int) -> None:
        self.width, self.height = width, height
        self.scaled = (height, width)
        if size and min(width, height) != size:
            long = int(size * max(width, height) / min(width, height))
            self.scaled = (size, long) if width >= height else (long, size)
        self._padding = (*_halves(-self.scaled[1] % STRIDE), *_halves(-self.scaled[0] % STRIDE))

    def picture(self, image: Tensor) -> Tensor:
        """A normalised frame (1, 3, height, width) -> (1, 3, 16h, 16w)."""
        if self.scaled != (self.height, self.width):
            image = F.interpolate(image, self.scaled, mode="bilinear", align_corners=False)
        return F.pad(image, self._padding)

    def mask(self, bitmap: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(height, width) with at least one pixel -> (16h, 16w) of 0 and 1 with at least one."""
        whole = torch.from_numpy(bitmap.astype(np.float32))[None, None]
        scaled = F.interpolate(whole, self.scaled, mode="nearest")
        if not scaled.any():  # it lies between the pixels that are looked at
            y, x = (np.argwhere(bitmap).mean(axis=0) * self.scaled / bitmap.shape).astype(int)
            scaled[0, 0, y, x] = 1
        padded: NDArray[np.float32] = F.pad(scaled, self._padding)[0, 0].numpy()
        return padded

    def pixels(self, probabilities: Tensor) -> Tensor:
        """(N, 16h, 16w) -> (N, height, width)."""
        left, _, top, _ = self._padding
        height, width = self.scaled
        inner = probabilities[:, top : top + height, left : left + width]
        if self.scaled == (self.height, self.width):
            return inner
        return F.interpolate(inner[None], (self.height, self.width), mode="bilinear", align_corners=False)[0]


def _halves(pixels: int) -> tuple[int, int]:
    return pixels // 2, pixels - pixels // 2
