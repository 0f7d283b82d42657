"""Plain transformers with mixed attention: MixViT's backbones (Cui et al., https://arxiv.org/abs/2302.02814).

What is unusual: search picture and templates have position tables of their own, taken from the weights; every template
uses the same one. No normalisation follows the last block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.attention import split_heads
from tracking.layers.one_dnn import Conv1x1, Linear
from tracking.models.mixformer.attention import KeyValue, Mlp, mix

STRIDE = 16


@dataclass(frozen=True, slots=True)
class VitConfig:
    """The defaults are ViT-B."""

    dim: int = 768
    heads: int = 12
    depth: int = 12


@dataclass(frozen=True, slots=True)
class ConvMaeConfig:
    """Two convolutional stages before the attention (Gao et al. 2022, https://arxiv.org/abs/2205.03892); the defaults
    are ConvMAE-B."""

    dims: tuple[int, int, int] = (256, 384, 768)
    heads: int = 12
    depths: tuple[int, int, int] = (2, 2, 11)

    @property
    def dim(self) -> int:
        return self.dims[-1]


class MixVit(nn.Module):
    """Attention blocks over what ``embed`` makes of each picture."""

    blocks: nn.ModuleList

    def __init__(self, dim: int, template_px: int, search_px: int) -> None:
        super().__init__()
        self.pos_embed_s = nn.Parameter(torch.zeros(1, (search_px // STRIDE) ** 2, dim))
        self.pos_embed_t = nn.Parameter(torch.zeros(1, (template_px // STRIDE) ** 2, dim))

    def embed(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, H/16 * W/16, C)."""
        raise NotImplementedError

    def forward(self, pictures: Tensor, remembered: list[KeyValue] | None = None) -> tuple[Tensor, list[KeyValue]]:
        """Look at pictures that belong together.

        Args:
            pictures: (N, T, 3, H, W), T pictures per object.
            remembered: what templates left, per block; None to look at the templates themselves.

        Returns: features (N, T, C, H/16, W/16), and what the pictures leave (empty when looking with memory).
        """
        batch, count, _, height, width = pictures.shape
        table = self.pos_embed_t if remembered is None else self.pos_embed_s
        x = self.embed(pictures.flatten(0, 1)) + table
        x = x.reshape(batch, -1, x.shape[2])  # (N, T*l, C)
        left = []
        known: Iterator[KeyValue | None] = iter(remembered) if remembered else repeat(None)
        for block in self.blocks:
            x, own = block(x, next(known))
            if remembered is None:
                left.append(own)
        maps = x.transpose(1, 2).reshape(batch, -1, count, height // STRIDE, width // STRIDE)
        return maps.transpose(1, 2), left


class Vit(MixVit):
    """16x16 px patches, straight into attention."""

    def __init__(self, config: VitConfig, template_px: int, search_px: int) -> None:
        super().__init__(config.dim, template_px, search_px)
        self.patches = nn.ModuleDict({"conv": nn.Conv2d(3, config.dim, STRIDE, STRIDE)})
        self.blocks = nn.ModuleList(Block(config.dim, config.heads) for _ in range(config.depth))

    def embed(self, pictures: Tensor) -> Tensor:
        return self.patches["conv"](pictures).flatten(2).transpose(1, 2)


class ConvMae(MixVit):
    """Strides 4, 8, 16: convolutions at the first two, attention at the third."""

    def __init__(self, config: ConvMaeConfig, template_px: int, search_px: int) -> None:
        super().__init__(config.dim, template_px, search_px)
        first, second, third = config.dims
        self.patches1 = ConvPatches(3, first, 4)
        self.patches2 = ConvPatches(first, second, 2)
        self.patches3 = ConvPatches(second, third, 2)
        self.patches4 = Linear(third, third)
        self.blocks1 = nn.Sequential(*(ConvBlock(first) for _ in range(config.depths[0])))
        self.blocks2 = nn.Sequential(*(ConvBlock(second) for _ in range(config.depths[1])))
        self.blocks = nn.ModuleList(Block(third, config.heads) for _ in range(config.depths[2]))

    def embed(self, pictures: Tensor) -> Tensor:
        x = self.blocks1(self.patches1(pictures))
        x = self.patches3(self.blocks2(self.patches2(x)))
        return self.patches4(x.flatten(2).transpose(1, 2))


class Block(nn.Module):
    """Mixed attention, then a perceptron, each behind a norm and beside a shortcut."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attention = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim)

    def forward(self, x: Tensor, remembered: KeyValue | None) -> tuple[Tensor, KeyValue]:
        """``x``: (N, L, C) -> the same, and what it leaves for later pictures."""
        mixed, own = self.attention(self.norm1(x), remembered)
        x = x + mixed
        return x + self.mlp(self.norm2(x)), own


class Attention(nn.Module):
    """Mixed attention, scaled by a head's share of the embedding."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.qkv = Linear(dim, 3 * dim)
        self.merge = Linear(dim, dim)

    def forward(self, x: Tensor, remembered: KeyValue | None) -> tuple[Tensor, KeyValue]:
        """``x``: (N, L, C) -> (N, L, C), and its own keys and values."""
        query, key, value = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=2))
        own = KeyValue(key, value)
        return self.merge(mix(query, own, remembered, self.scale)), own


class ConvPatches(nn.Module):
    """Patches to vectors: (N, C, H, W) -> (N, D, H/s, W/s)."""

    def __init__(self, channels: int, dim: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, dim, stride, stride)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(over_channels(self.norm, self.conv(x)))


class ConvBlock(nn.Module):
    """An attention block with a 5x5 depthwise convolution in attention's place."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.conv1 = Conv1x1(dim, dim)
        self.attention = nn.Conv2d(dim, dim, 5, padding=2, groups=dim)
        self.conv2 = Conv1x1(dim, dim)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.ModuleDict({"expand": Conv1x1(dim, 4 * dim), "contract": Conv1x1(4 * dim, dim)})

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.conv2(self.attention(self.conv1(over_channels(self.norm1, x))))
        return x + self.mlp["contract"](F.gelu(self.mlp["expand"](over_channels(self.norm2, x))))


def over_channels(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """Normalise each cell of (N, C, H, W) over its channels."""
    return norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
