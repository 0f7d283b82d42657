"""Residual blocks (He et al. 2015, https://arxiv.org/abs/1512.03385), named like torchvision's in state dicts."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.one_dnn import Conv1x1


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions around a shortcut; the 3x3 one carries stride and dilation.

    ``channels`` in; ``4 * width`` channels out.
    """

    def __init__(self, channels: int, width: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        grown = 4 * width
        self.conv1 = Conv1x1(channels, width, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=dilation, dilation=dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = Conv1x1(width, grown, bias=False)
        self.bn3 = nn.BatchNorm2d(grown)
        self.downsample: nn.Module | None = None
        if stride != 1 or channels != grown:
            self.downsample = nn.Sequential(Conv1x1(channels, grown, stride, bias=False), nn.BatchNorm2d(grown))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = F.relu(self.bn2(self.conv2(x)), inplace=True)
        return F.relu(self.bn3(self.conv3(x)) + shortcut, inplace=True)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut; the first one carries the stride."""

    def __init__(self, channels: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Module | None = None
        if stride != 1 or channels != width:
            self.downsample = nn.Sequential(Conv1x1(channels, width, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(x)) + shortcut, inplace=True)


def basic_blocks(channels: int, width: int, depth: int, *, stride: int = 1) -> nn.Sequential:
    """One stage: ``depth`` blocks, of which the first alone carries ``stride``."""
    return nn.Sequential(
        BasicBlock(channels, width, stride=stride), *(BasicBlock(width, width) for _ in range(depth - 1))
    )


def bottlenecks(channels: int, width: int, depth: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """One stage: ``depth`` blocks, of which the first alone carries ``stride`` and ``dilation``."""
    first = Bottleneck(channels, width, stride=stride, dilation=dilation)
    return nn.Sequential(first, *(Bottleneck(4 * width, width) for _ in range(depth - 1)))
