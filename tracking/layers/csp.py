"""Cross-stage blocks, which YOLOv5 and YOLOX are made of (Wang et al. 2019, https://arxiv.org/abs/1911.11929).

All take and give (N, C, H, W).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

EPS = 1e-3
"""Of the batch normalisation, in both networks."""


class Convolution(nn.Module):
    """Convolution, batch normalisation, SiLU; a border of half a kernel."""

    def __init__(
        self, channels: int, out: int, side: int = 1, stride: int = 1, *, groups: int = 1, border: int | None = None
    ) -> None:
        super().__init__()
        padding = side // 2 if border is None else border
        self.conv = nn.Conv2d(channels, out, side, stride, padding, groups=groups, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(out, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.norm(self.conv(x)), inplace=True)

    def fold(self) -> None:
        """Put the normalisation into the convolution; once, for inference."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = nn.Identity()


class Separable(nn.Module):
    """A convolution of each channel by itself, then one of a single pixel."""

    def __init__(self, channels: int, out: int, side: int, stride: int = 1) -> None:
        super().__init__()
        self.depth = Convolution(channels, channels, side, stride, groups=channels)
        self.point = Convolution(channels, out)

    def forward(self, x: Tensor) -> Tensor:
        return self.point(self.depth(x))


class Bottleneck(nn.Module):
    """1x1 and 3x3 convolutions, ``shortcut`` around them."""

    def __init__(self, channels: int, *, shortcut: bool, separable: bool) -> None:
        super().__init__()
        self.first = Convolution(channels, channels)
        self.second = Separable(channels, channels, 3) if separable else Convolution(channels, channels, 3)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        found = self.second(self.first(x))
        return x + found if self.shortcut else found


class CrossStage(nn.Module):
    """``depth`` bottlenecks on one half of the channels, the other half around them."""

    def __init__(self, channels: int, out: int, depth: int, *, shortcut: bool = True, separable: bool = False) -> None:
        super().__init__()
        half = out // 2
        self.through = Convolution(channels, half)
        self.around = Convolution(channels, half)
        self.blocks = nn.Sequential(*(Bottleneck(half, shortcut=shortcut, separable=separable) for _ in range(depth)))
        self.joined = Convolution(2 * half, out)

    def forward(self, x: Tensor) -> Tensor:
        return self.joined(torch.cat([self.blocks(self.through(x)), self.around(x)], 1))


class PyramidPooling(nn.Module):
    """A picture beside its largest values within 5, 9 and 13 px (He et al. 2014, https://arxiv.org/abs/1406.4729).

    A maximum over 5 px of one over 5 px is one over 9 px: so the larger windows are computed.
    """

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.narrowed = Convolution(channels, channels // 2)
        self.joined = Convolution(channels // 2 * 4, out)

    def forward(self, x: Tensor) -> Tensor:
        seen = [self.narrowed(x)]
        for _ in range(3):
            seen.append(F.max_pool2d(seen[-1], 5, 1, 2))
        return self.joined(torch.cat(seen, 1))


def folded(network: nn.Module) -> nn.Module:
    """``network``, whose normalisations are put into its convolutions, channels last in memory."""
    for module in list(network.modules()):
        if isinstance(module, Convolution):
            module.fold()
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def doubled(x: Tensor) -> Tensor:
    """Twice as high and wide, each pixel repeated."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
