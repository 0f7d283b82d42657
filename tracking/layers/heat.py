"""Where a map is hottest, between its cells."""

from __future__ import annotations

import torch
from torch import Tensor

NEAR_CELLS = 5
"""A point lies at the middle of the heat nearer than this to the hottest cell."""


def hottest(heat: Tensor) -> Tensor:
    """Where each of (B, h, w) maps is hottest, as (B, 2) shares of its width and height: the mean of the cells around
    the hottest one, weighted by the softmax of ``heat`` (Doersch et al. 2022, https://arxiv.org/abs/2211.03726)."""
    height, width = heat.shape[-2:]
    weights = heat.flatten(1).softmax(-1)
    y, x = torch.meshgrid(*(torch.arange(side, device=heat.device) for side in (height, width)), indexing="ij")
    places = torch.stack([x, y], -1).flatten(0, 1).to(heat.dtype) + 0.5
    middle = places[weights.argmax(-1)]
    near = (places - middle[:, None]).square().sum(-1) < NEAR_CELLS**2
    weights = (weights * near)[..., None]
    found = (weights * places).sum(1) / weights.sum(1).clamp(min=1e-12)
    return found / found.new_tensor([width, height])
