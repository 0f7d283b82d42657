"""Pictures as networks take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tracking.layers.box_tracker import LARGEST_BATCH

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalised(crops: Sequence[NDArray[np.uint8]], device: torch.device) -> Tensor:
    """A batch of equally large RGB pictures, in ImageNet's normalisation.

    Args:
        crops: N pictures (H, W, 3) uint8.

    Returns: (N, 3, H, W) float32 on ``device``, channels last in memory.
    """
    batch = torch.from_numpy(np.stack(crops)).to(device, non_blocking=True)  # (N, H, W, 3) uint8
    batch = batch.permute(0, 3, 1, 2).to(torch.float32) / 255.0
    mean = torch.tensor(IMAGENET_MEAN, device=device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=device).view(1, 3, 1, 1)
    return (batch - mean) / std


def best_device(name: str = "auto") -> torch.device:
    """The device called ``name``; for ``auto`` a GPU when there is one, the CPU otherwise."""
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def best_batch(device: torch.device) -> int:
    """How many crops to put through a large network at once.

    A crop keeps two CPU cores busy; more of them together only leave the caches (measured: 10 % slower on two cores).
    """
    return LARGEST_BATCH if device.type != "cpu" else min(max(1, torch.get_num_threads() // 2), LARGEST_BATCH)
