"""MixFormer: features and their comparison in one backbone (Cui et al., CVPR 2022; MixViT: TPAMI 2024).

Papers: https://arxiv.org/abs/2203.11082, https://arxiv.org/abs/2302.02814. What is unusual:

- There is no separate fusion step: templates and search picture mix inside of the backbone's attention, one way only
  (see ``attention.py``), so templates cost nothing while they stay the same.
- Any number of templates takes part; the first is the prompt's, the others come from later frames.
- Boxes are expected corners of two probability maps; a separate small head, where there is one, judges whether the box
  shows the object.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tracking.models.mixformer.attention import Memory
from tracking.models.mixformer.cvt import Cvt, CvtConfig
from tracking.models.mixformer.heads import CornerHead, ScoreHead
from tracking.models.mixformer.vit import ConvMae, ConvMaeConfig, Vit, VitConfig


@dataclass(frozen=True, slots=True)
class Config:
    """``scored``: with a score head. ``head_channels``: of the corner maps' first convolution."""

    backbone: CvtConfig | VitConfig | ConvMaeConfig
    template_px: int
    search_px: int
    scored: bool = True
    head_channels: int = 384


@dataclass(frozen=True, slots=True)
class Found:
    """What the search pictures of N objects show.

    ``boxes``: (N, 4) corners as fractions of the picture. ``certainty``: (N,) in [0, 1], how concentrated the corner
    maps are. ``scores``: (N,) logits of the score head, None without one.
    """

    boxes: Tensor
    certainty: Tensor
    scores: Tensor | None = None


class MixFormer(nn.Module):
    """``remember`` templates, then look for them with ``forward``."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        dim, plain = config.backbone.dim, isinstance(config.backbone, CvtConfig)
        self.backbone = _backbone(config)
        self.box_head = CornerHead(dim, config.head_channels, pyramid=not plain)
        self.score_head = ScoreHead(dim) if config.scored else None

    def remember(self, templates: Tensor) -> Memory:
        """What ``templates`` (N, T, 3, h, w), T per object, leave for later pictures."""
        features, left = self.backbone(templates)
        return Memory(left, features[:, 0].flatten(2).transpose(1, 2))

    def forward(self, search: Tensor, memory: Memory) -> Found:
        """Find the N remembered objects in ``search`` (N, 3, H, W), one picture each."""
        features = self.backbone(search[:, None], memory.blocks)[0][:, 0]  # (N, C, H/16, W/16)
        boxes, certainty = self.box_head(features)
        scores = None if self.score_head is None else self.score_head(features, memory.first, boxes)
        return Found(boxes, certainty, scores)


def _backbone(config: Config) -> Cvt | Vit | ConvMae:
    match config.backbone:
        case CvtConfig() as cvt:
            return Cvt(cvt)
        case VitConfig() as vit:
            return Vit(vit, config.template_px, config.search_px)
        case ConvMaeConfig() as convmae:
            return ConvMae(convmae, config.template_px, config.search_px)


def centred(corners: Tensor) -> Tensor:
    """(..., 4) corners -> centre x and y, width, height."""
    first, second = corners[..., :2], corners[..., 2:]
    return torch.cat([(first + second) / 2, second - first], dim=-1)
