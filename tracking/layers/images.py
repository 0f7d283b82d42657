"""Pictures as networks take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class PictureInput:
    """Brings pictures to a device.

    To a GPU they go through one pinned buffer, so that the copy runs beside what the CPU does next. That isn't for
    several threads at once.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._mean = torch.tensor(IMAGENET_MEAN, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(IMAGENET_STD, device=device).view(1, 3, 1, 1)
        self._buffer = torch.empty(0, dtype=torch.uint8)
        self._copied = torch.cuda.Event() if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    def normalised(self, crops: Sequence[NDArray[np.uint8]]) -> Tensor:
        """A batch of equally large RGB pictures, in ImageNet's normalisation.

        Args:
            crops: N pictures (H, W, 3) uint8.

        Returns: (N, 3, H, W) float32 on the device, channels last in memory.
        """
        pictures = torch.from_numpy(np.stack(crops)) if self._copied is None else self._moved(crops, self._copied)
        batch = pictures.permute(0, 3, 1, 2).to(torch.float32)  # a copy: the buffer is free again
        return batch.div_(255.0).sub_(self._mean).div_(self._std)

    def _moved(self, crops: Sequence[NDArray[np.uint8]], copied: torch.cuda.Event) -> Tensor:
        """(N, H, W, 3) uint8 on the GPU."""
        copied.synchronize()  # the last copy may still read the buffer
        shape = (len(crops), *crops[0].shape)
        size = int(np.prod(shape))
        if self._buffer.numel() < size:
            self._buffer = torch.empty(size, dtype=torch.uint8, pin_memory=True)
        batch = self._buffer[:size].view(shape)
        np.stack(crops, out=batch.numpy())
        batch = batch.to(self.device, non_blocking=True)
        copied.record(torch.cuda.current_stream(self.device))
        return batch


def resized(image: NDArray[np.uint8], size: tuple[int, int], device: torch.device, *, align_corners: bool) -> Tensor:
    """One RGB picture (H, W, 3) as (1, 3, ``size``) float32 in [0, 255] on ``device``, bilinear."""
    picture = torch.from_numpy(image).to(device).permute(2, 0, 1)[None].to(torch.float32)
    return F.interpolate(picture, size, mode="bilinear", align_corners=align_corners)
