"""Mixed attention: what a picture attends to, and what it leaves for later pictures.

Templates attend to the templates; the search picture attends to the templates and to itself. Nothing flows from the
search picture to the templates, so their keys and values are computed once and remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.one_dnn import Linear


class KeyValue(NamedTuple):
    """Keys and values of one block, both (N, heads, L, C/heads)."""

    key: Tensor
    value: Tensor


@dataclass(frozen=True, slots=True)
class Memory:
    """What the templates of N objects leave. ``blocks``: one entry per attention block. ``first``: (N, l, C), each
    object's first template after the last block."""

    blocks: list[KeyValue]
    first: Tensor

    @classmethod
    def join(cls, memories: Sequence[Memory]) -> Memory:
        """One memory of all the objects; all must hold equally many templates."""
        if len(memories) == 1:
            return memories[0]
        blocks = [
            KeyValue(torch.cat([block.key for block in same]), torch.cat([block.value for block in same]))
            for same in zip(*(memory.blocks for memory in memories), strict=True)
        ]
        return cls(blocks, torch.cat([memory.first for memory in memories]))

    def split(self) -> list[Memory]:
        """A memory per object, each in storage of its own, so that dropping one object frees its share."""
        return [
            Memory([KeyValue(key[n : n + 1].clone(), value[n : n + 1].clone()) for key, value in self.blocks],
                   self.first[n : n + 1].clone())
            for n in range(len(self.first))
        ]  # fmt: skip

    def tensors(self) -> tuple[Tensor, ...]:
        """All it holds, in an order that ``of`` knows."""
        return self.first, *(tensor for block in self.blocks for tensor in block)

    @classmethod
    def of(cls, first: Tensor, *blocks: Tensor) -> Memory:
        """The memory that ``tensors`` took apart."""
        return cls([KeyValue(*pair) for pair in zip(blocks[::2], blocks[1::2], strict=True)], first)

    def to(self, device: torch.device) -> Memory:
        """The same on ``device``, as float32."""
        blocks = [
            KeyValue(block.key.to(device, torch.float32), block.value.to(device, torch.float32))
            for block in self.blocks
        ]
        return Memory(blocks, self.first.to(device, torch.float32))

    @property
    def templates_key(self) -> int:
        """Equal for memories that can be joined."""
        return self.blocks[0].key.shape[2]


def mix(query: Tensor, own: KeyValue, remembered: KeyValue | None, scale: float) -> Tensor:
    """Attention of ``query`` (N, heads, L, D) to what is remembered and to its own picture: (N, L, heads*D)."""
    key, value = own
    if remembered is not None:
        key, value = torch.cat([remembered.key, key], dim=2), torch.cat([remembered.value, value], dim=2)
    mixed = F.scaled_dot_product_attention(query, key, value, scale=scale)
    return mixed.transpose(1, 2).flatten(2)


class Mlp(nn.Module):
    """(..., C) -> (..., C) through four times as many channels."""

    def __init__(self, dim: int, *, quick: bool = False) -> None:
        super().__init__()
        self.expand = Linear(dim, 4 * dim)
        self.contract = Linear(4 * dim, dim)
        self.activation = quick_gelu if quick else F.gelu

    def forward(self, x: Tensor) -> Tensor:
        return self.contract(self.activation(self.expand(x)))


def quick_gelu(x: Tensor) -> Tensor:
    """x * sigmoid(1.702 x), element by element: the approximation of GELU in section 2 of Hendrycks and Gimpel 2016,
    https://arxiv.org/abs/1606.08415, which the authors' CvT uses."""
    return (1.702 * x).sigmoid_().mul_(x)
