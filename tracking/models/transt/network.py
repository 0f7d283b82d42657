"""TransT: a template and a search picture, fused by attention only (Chen et al., CVPR 2021).

Paper: https://arxiv.org/abs/2103.15436. Written from the paper. What is unusual:

- The ResNet-50 ends after its third stage, which keeps the stride at 8 and dilates its first block.
- Every fusion layer lets each side attend to itself, then both sides to each other at once: neither sees what the
  other has just learnt.
- Each search cell speaks for itself: target or not, and a box. No anchors, no box penalties.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.attention import CrossAttention
from tracking.layers.one_dnn import Conv1x1, Linear
from tracking.layers.perceptron import Perceptron
from tracking.layers.resnet import bottlenecks


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes of the network; the defaults are TransT-N4."""

    fusion_layers: int = 4
    template_px: int = 128
    search_px: int = 256
    dim: int = 256
    heads: int = 8
    mlp: int = 2048
    stem: int = 64
    """Channels after the first convolution; the stages have 4, 8 and 16 times as many."""
    depths: tuple[int, int, int] = (3, 4, 6)

    @property
    def grid(self) -> int:
        """Cells along a side of the search picture."""
        return self.search_px // 8


class TransT(nn.Module):
    """``encode`` a template once and a search picture per frame, then ``forward`` compares them."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.backbone = Backbone(config)
        self.projection = Conv1x1(16 * config.stem, config.dim)
        self.fusion = nn.ModuleList(FusionLayer(config) for _ in range(config.fusion_layers))
        self.decoder = Decoder(config)
        self.classify = Perceptron(config.dim, config.dim, config.dim, 2)
        self.locate = Perceptron(config.dim, config.dim, config.dim, 4)

    def encode(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) normalised -> (N, C, H/8, W/8)."""
        return self.projection(self.backbone(images))

    def forward(self, template: Tensor, search: Tensor) -> tuple[Tensor, Tensor]:
        """What each search cell says, row by row.

        Args:
            template, search: (N, C, h, w) from ``encode``.

        Returns: logits (N, h*w, 2), class 0 is the target; boxes (N, h*w, 4), centre x and y, width, height, as
            fractions of the search picture.
        """
        template_at, search_at = tokens(sine_position(template)), tokens(sine_position(search))
        template, search = tokens(template), tokens(search)
        for layer in self.fusion:
            template, search = layer(template, template_at, search, search_at)
        found = self.decoder(search, search_at, template, template_at)
        return self.classify(found).float(), self.locate(found).float().sigmoid()


class Backbone(nn.Module):
    """ResNet-50 up to its third stage, at stride 8: (N, 3, H, W) -> (N, 16*stem, H/8, W/8)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        stem, depths = config.stem, config.depths
        self.conv1 = nn.Conv2d(3, stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.layer1 = bottlenecks(stem, stem, depths[0])
        self.layer2 = bottlenecks(4 * stem, 2 * stem, depths[1], stride=2)
        self.layer3 = bottlenecks(8 * stem, 4 * stem, depths[2], dilation=2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        return self.layer3(self.layer2(self.layer1(x)))


class FusionSide(nn.Module):
    """One side (template or search) of a fusion layer."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.self_attention = CrossAttention(config.dim, config.heads)
        self.cross_attention = CrossAttention(config.dim, config.heads)
        self.expand = Linear(config.dim, config.mlp)
        self.contract = Linear(config.mlp, config.dim)
        self.norm_self = nn.LayerNorm(config.dim)
        self.norm_cross = nn.LayerNorm(config.dim)
        self.norm_mlp = nn.LayerNorm(config.dim)

    def look_inward(self, x: Tensor, at: Tensor) -> Tensor:
        return self.norm_self(x + attend(self.self_attention, x, at, x, at))

    def look_across(self, x: Tensor, at: Tensor, other: Tensor, other_at: Tensor) -> Tensor:
        x = self.norm_cross(x + attend(self.cross_attention, x, at, other, other_at))
        return self.norm_mlp(x + self.contract(F.relu(self.expand(x), inplace=True)))


class FusionLayer(nn.Module):
    """Lets template and search exchange what they know, each from the other's state before the exchange."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.template = FusionSide(config)
        self.search = FusionSide(config)

    def forward(
        self, template: Tensor, template_at: Tensor, search: Tensor, search_at: Tensor
    ) -> tuple[Tensor, Tensor]:
        template = self.template.look_inward(template, template_at)
        search = self.search.look_inward(search, search_at)
        return (
            self.template.look_across(template, template_at, search, search_at),
            self.search.look_across(search, search_at, template, template_at),
        )


class Decoder(nn.Module):
    """One last look of the search side at the template."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention = CrossAttention(config.dim, config.heads)
        self.expand = Linear(config.dim, config.mlp)
        self.contract = Linear(config.mlp, config.dim)
        self.norm_attention = nn.LayerNorm(config.dim)
        self.norm_mlp = nn.LayerNorm(config.dim)
        self.norm = nn.LayerNorm(config.dim)

    def forward(self, search: Tensor, search_at: Tensor, template: Tensor, template_at: Tensor) -> Tensor:
        x = self.norm_attention(search + attend(self.attention, search, search_at, template, template_at))
        x = self.norm_mlp(x + self.contract(F.relu(self.expand(x), inplace=True)))
        return self.norm(x)


def attend(attention: CrossAttention, x: Tensor, at: Tensor, other: Tensor, other_at: Tensor) -> Tensor:
    """``x`` (N, L, C) asks ``other`` (N, M, C); positions steer where it looks, not what it takes."""
    attended: Tensor = attention(x + at, other + other_at, other)
    return attended


def tokens(features: Tensor) -> Tensor:
    """(N, C, h, w) -> (N, h*w, C), row by row."""
    return features.flatten(2).transpose(1, 2).contiguous()


def sine_position(features: Tensor) -> Tensor:
    """Sines and cosines of each cell's place, rows first: (1, C, h, w) for ``features`` (N, C, h, w)."""
    _, channels, height, width = features.shape
    frequencies = 10000.0 ** -(torch.arange(channels // 4, device=features.device) * 4 / channels)
    y = _waves(height, frequencies).T[:, :, None].expand(-1, -1, width)  # (C/2, h, w)
    x = _waves(width, frequencies).T[:, None, :].expand(-1, height, -1)
    return torch.cat([y, x])[None]


def _waves(length: int, frequencies: Tensor) -> Tensor:
    """(length, 2F): sine and cosine by turns, for places 1..length spread over one turn."""
    place = torch.arange(1, length + 1, device=frequencies.device, dtype=torch.float32)
    angle = (place / (length + 1e-6) * 2 * math.pi)[:, None] * frequencies
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)
