"""Attention whose queries, keys and values come from different places."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.one_dnn import Linear, linear


class CrossAttention(nn.Module):
    """Scaled dot-product attention with several heads (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762).

    State keys are those of ``torch.nn.MultiheadAttention``: the three projections lie stacked in ``in_proj_*``.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = Linear(dim, dim)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """``query`` (N, L, C) asks ``key`` (N, M, C) for ``value`` (N, M, C): (N, L, C)."""
        stacked = zip((query, key, value), self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3), strict=True)
        asked, keys, values = (split_heads(linear(x, weight, bias), self.heads) for x, weight, bias in stacked)
        found = F.scaled_dot_product_attention(asked, keys, values)
        return self.out_proj(found.transpose(1, 2).flatten(2))


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(N, L, C) -> (N, heads, L, C/heads)."""
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)
