"""The image encoder that PIPs and CoTracker share: a residual network whose stages meet at a quarter of the size."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 4
"""Pixels from one cell of the features to the next."""


class PointEncoder(nn.Module):
    """Frames (T, 3, H, W) to features (T, ``channels``, H/4, W/4); H and W are multiples of ``STRIDE``.

    Four stages of two residual blocks at 1/2, 1/4, 1/8 and 1/16 of the size are each brought to 1/4 and mixed (RAFT's
    encoder with features of several scales; Harley et al. 2022, https://arxiv.org/abs/2204.04153, section 3.1).
    ``widths``: channels of the first convolution and of the stages. Norms are over each picture's channel and have no
    parameters, so that the biases before them cancel; the official files have them all the same.
    """

    def __init__(self, channels: int = 128, widths: tuple[int, ...] = (64, 64, 96, 128, 128)) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 7, stride=2, padding=3)
        self.stages = nn.ModuleList(
            nn.Sequential(Block(before, width, stride=1 if number == 0 else 2), Block(width, width, stride=1))
            for number, (before, width) in enumerate(pairwise(widths))
        )
        self.conv2 = nn.Conv2d(sum(widths[1:]), 2 * channels, 3, padding=1)
        self.conv3 = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, frames: Tensor) -> Tensor:
        height, width = frames.shape[-2:]
        x = F.relu(F.instance_norm(self.conv1(frames)))
        found = []
        for stage in self.stages:
            x = stage(x)
            size = (height // STRIDE, width // STRIDE)
            found.append(F.interpolate(x, size, mode="bilinear", align_corners=True))
        x = F.relu(F.instance_norm(self.conv2(torch.cat(found, dim=1))))
        return self.conv3(x)


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016, https://arxiv.org/abs/1512.03385, figure 2)."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, stride=stride, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.shortcut = nn.Conv2d(before, width, 1, stride=stride) if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(F.instance_norm(self.conv1(x)))
        y = F.relu(F.instance_norm(self.conv2(y)))
        if self.shortcut is not None:
            x = F.instance_norm(self.shortcut(x))
        return F.relu(x + y)
