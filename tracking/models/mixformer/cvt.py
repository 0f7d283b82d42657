"""CvT with mixed attention (Wu et al. 2021, https://arxiv.org/abs/2103.15808, as MixFormer changes it).

What is unusual:

- Queries, keys and values come through a depthwise convolution, on each picture by itself; keys and values at half
  the resolution.
- Attention is scaled by the whole embedding, not by a head's share of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, repeat

from torch import Tensor, nn

from tracking.layers.attention import split_heads
from tracking.layers.frozen_batch_norm import FrozenBatchNorm
from tracking.layers.one_dnn import Linear
from tracking.models.mixformer.attention import KeyValue, Mlp, mix


@dataclass(frozen=True, slots=True)
class CvtConfig:
    """One number per stage; the defaults are CvT-21."""

    dims: tuple[int, ...] = (64, 192, 384)
    heads: tuple[int, ...] = (1, 3, 6)
    depths: tuple[int, ...] = (1, 4, 16)

    @property
    def dim(self) -> int:
        return self.dims[-1]


class Cvt(nn.Module):
    """Three stages, strides 4, 8, 16."""

    def __init__(self, config: CvtConfig) -> None:
        super().__init__()
        self.depths = config.depths
        channels = (3, *config.dims[:-1])
        self.stages = nn.ModuleList(
            Stage(*sizes, first=n == 0)
            for n, sizes in enumerate(zip(channels, config.dims, config.heads, config.depths, strict=True))
        )

    def forward(self, pictures: Tensor, remembered: list[KeyValue] | None = None) -> tuple[Tensor, list[KeyValue]]:
        """Look at pictures that belong together.

        Args:
            pictures: (N, T, 3, H, W), T pictures per object.
            remembered: what ``T`` templates left, per block; None to look at the templates themselves.

        Returns: features (N, T, C, H/16, W/16), and what the pictures leave (empty when looking with memory).
        """
        count = pictures.shape[1]
        x = pictures.flatten(0, 1)
        left: list[KeyValue] = []
        known: Iterator[KeyValue | None] = iter(remembered) if remembered else repeat(None)
        for stage, depth in zip(self.stages, self.depths, strict=True):
            x, kept = stage(x, count, list(islice(known, depth)))
            left += kept if remembered is None else []
        return x.reshape(-1, count, *x.shape[1:]), left


class Patches(nn.Module):
    """Overlapping patches to vectors: (N, C, H, W) -> (N, D, H/s, W/s)."""

    def __init__(self, channels: int, dim: int, *, size: int, stride: int, padding: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, dim, size, stride, padding)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Stage(nn.Module):
    """Overlapping patches and the blocks that mix them (section 3 of the paper; ``stage0`` … in the official code)."""

    def __init__(self, channels: int, dim: int, heads: int, depth: int, *, first: bool) -> None:
        super().__init__()
        size, stride, padding = (7, 4, 2) if first else (3, 2, 1)
        self.patches = Patches(channels, dim, size=size, stride=stride, padding=padding)
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))

    def forward(self, x: Tensor, count: int, remembered: list[KeyValue | None]) -> tuple[Tensor, list[KeyValue]]:
        """(N*T, C, H, W), T = ``count`` -> (N*T, D, h, w), and what each block leaves."""
        x = self.patches(x)
        height, width = x.shape[2:]
        x = x.permute(0, 2, 3, 1).reshape(-1, count * height * width, x.shape[1])  # (N, T*h*w, D)
        left = []
        for block, known in zip(self.blocks, remembered, strict=True):
            x, own = block(x, (count, height, width), known)
            left.append(own)
        return x.view(-1, height, width, x.shape[2]).permute(0, 3, 1, 2), left


class Block(nn.Module):
    """Mixed attention, then a perceptron, each behind a norm and beside a shortcut."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = ConvAttention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, quick=True)

    def forward(self, x: Tensor, layout: tuple[int, int, int], remembered: KeyValue | None) -> tuple[Tensor, KeyValue]:
        """``x``: (N, T*h*w, C) -> the same; ``layout``: T, h, w. Also what it leaves for later pictures."""
        mixed, own = self.attention(self.norm1(x), layout, remembered)
        x = x + mixed
        return x + self.mlp(self.norm2(x)), own


class ConvAttention(nn.Module):
    """Mixed attention whose queries, keys and values see a cell's neighbours."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = dim**-0.5
        self.query = ConvProjection(dim, stride=1)
        self.key = ConvProjection(dim, stride=2)
        self.value = ConvProjection(dim, stride=2)
        self.merge = Linear(dim, dim)

    def forward(self, x: Tensor, layout: tuple[int, int, int], remembered: KeyValue | None) -> tuple[Tensor, KeyValue]:
        """``x``: (N, T*h*w, C); ``layout``: T, h, w."""
        batch, (_, height, width) = len(x), layout
        maps = x.view(-1, height, width, x.shape[2]).permute(0, 3, 1, 2)  # (N*T, C, h, w), channels last
        query, key, value = (
            split_heads(project(maps).reshape(batch, -1, x.shape[2]), self.heads)
            for project in (self.query, self.key, self.value)
        )
        own = KeyValue(key, value)
        return self.merge(mix(query, own, remembered, self.scale)), own


class ConvProjection(nn.Module):
    """(N, C, h, w) -> (N, h/s * w/s, C)."""

    def __init__(self, dim: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, stride, padding=1, groups=dim, bias=False)
        self.norm = FrozenBatchNorm(dim)
        self.linear = Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x))
        return self.linear(x.flatten(2).transpose(1, 2).contiguous())
