"""Where the object is, by its corners, and whether it is there."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.attention import split_heads
from tracking.layers.frozen_batch_norm import FrozenBatchNorm
from tracking.layers.one_dnn import Linear
from tracking.layers.perceptron import Perceptron

NEAR = 0.05
"""A cell counts as near a corner within this share of the search picture's side."""


def conv_norm_relu(channels: int, out: int) -> nn.Sequential:
    """(N, channels, h, w) -> (N, out, h, w) by a 3x3 convolution, a norm and a ReLU."""
    return nn.Sequential(nn.Conv2d(channels, out, 3, padding=1), FrozenBatchNorm(out), nn.ReLU(inplace=True))


class CornerMap(nn.Module):
    """Features to a map of how likely each cell is the corner: (N, C, h, w) -> (N, h, w) logits."""

    def __init__(self, dim: int, channels: int) -> None:
        super().__init__()
        self.conv1 = conv_norm_relu(dim, channels)
        self.conv2 = conv_norm_relu(channels, channels // 2)
        self.conv3 = conv_norm_relu(channels // 2, channels // 4)
        self.conv4 = conv_norm_relu(channels // 4, channels // 8)
        self.conv5 = nn.Conv2d(channels // 8, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv5(self.conv4(self.conv3(self.conv2(self.conv1(x)))))[:, 0]


class PyramidCornerMap(nn.Module):
    """The same at four times the resolution, from features of three sizes: (N, C, h, w) -> (N, 4h, 4w) logits."""

    def __init__(self, dim: int, channels: int) -> None:
        super().__init__()
        half, quarter, eighth = channels // 2, channels // 4, channels // 8
        self.conv1 = conv_norm_relu(dim, channels)
        self.conv2 = conv_norm_relu(channels, half)
        self.conv3 = conv_norm_relu(half, quarter)
        self.conv4 = conv_norm_relu(quarter, eighth)
        self.conv5 = nn.Conv2d(eighth, 1, 1)
        self.adjust1 = conv_norm_relu(dim, half)
        self.adjust2 = conv_norm_relu(dim, quarter)
        self.adjust3 = nn.Sequential(
            conv_norm_relu(half, quarter), conv_norm_relu(quarter, eighth), conv_norm_relu(eighth, 1)
        )
        self.adjust4 = nn.Sequential(conv_norm_relu(quarter, eighth), conv_norm_relu(eighth, 1))

    def forward(self, x: Tensor) -> Tensor:
        small = self.conv2(self.conv1(x))
        middle = self.conv3(enlarge(small, 2) + enlarge(self.adjust1(x), 2))
        large = self.conv4(enlarge(middle, 2) + enlarge(self.adjust2(x), 4))
        return (self.conv5(large) + enlarge(self.adjust3(small), 4) + enlarge(self.adjust4(middle), 2))[:, 0]


def enlarge(x: Tensor, factor: int) -> Tensor:
    """(N, C, h, w) -> (N, C, factor*h, factor*w), each cell repeated."""
    return F.interpolate(x, scale_factor=factor)


class CornerHead(nn.Module):
    """A box from the expected places of its corners. Nothing forces the first corner to be left of the second."""

    def __init__(self, dim: int, channels: int, *, pyramid: bool) -> None:
        super().__init__()
        corner_map = PyramidCornerMap if pyramid else CornerMap
        self.top_left = corner_map(dim, channels)
        self.bottom_right = corner_map(dim, channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, h, w) -> boxes (N, 4), x1, y1, x2, y2 as fractions of the picture; how sure, (N,) in [0, 1]."""
        first, sure_of_first = expected_place(self.top_left(x).float())
        second, sure_of_second = expected_place(self.bottom_right(x).float())
        return torch.cat([first, second], dim=1), (sure_of_first * sure_of_second).sqrt()


def expected_place(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The mean place under the softmax of a map, and the share of the softmax that lies near it.

    Cell i of n lies at i/n: at its first edge, not at its middle.

    Args:
        logits: (N, h, w).

    Returns: x and y, (N, 2), as fractions; share (N,).
    """
    chances = logits.flatten(1).softmax(dim=1).view_as(logits)
    at_y = torch.arange(logits.shape[1], device=logits.device) / logits.shape[1]
    at_x = torch.arange(logits.shape[2], device=logits.device) / logits.shape[2]
    y, x = (chances.sum(dim=2) * at_y).sum(dim=1), (chances.sum(dim=1) * at_x).sum(dim=1)
    near_y = (at_y - y[:, None]).abs() <= NEAR  # (N, h)
    near_x = (at_x - x[:, None]).abs() <= NEAR
    return torch.stack([x, y], dim=1), (chances * near_y[:, :, None] * near_x[:, None, :]).sum(dim=(1, 2))


class ScoreHead(nn.Module):
    """Does the found box show the object of the first template?

    A learnt query asks the search features inside of the box, then the template.
    """

    POOLED = 4
    """Cells along a side of the pooled box."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, dim))
        self.norm = nn.LayerNorm(dim)
        self.looks = nn.ModuleList(Look(dim) for _ in range(2))
        self.judge = Perceptron(dim, dim, dim, 1)

    def forward(self, search: Tensor, template: Tensor, boxes: Tensor) -> Tensor:
        """Args: search (N, C, h, w); template (N, l, C); boxes (N, 4) as fractions. Returns: logits (N,)."""
        height, width = search.shape[2:]
        left, top, right, bottom = boxes.unbind(dim=1)
        in_cells = torch.stack([left * width, top * height, right * width, bottom * height], dim=1)
        inside = pool_precisely(search, in_cells, self.POOLED).flatten(2).transpose(1, 2)  # (N, 16, C)
        asked = self.norm(self.token).expand(len(search), -1, -1)
        for look, seen in zip(self.looks, (inside, template), strict=True):
            asked = look(asked, seen)
        return self.judge(asked)[:, 0, 0].float()


class Look(nn.Module):
    """Attention of a query to what it sees, without a shortcut; scaled by the whole embedding."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.heads = max(1, dim // 64)
        self.scale = dim**-0.5
        self.query = Linear(dim, dim)
        self.key = Linear(dim, dim)
        self.value = Linear(dim, dim)
        self.merge = Linear(dim, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, asked: Tensor, seen: Tensor) -> Tensor:
        query, key, value = (split_heads(x, self.heads) for x in (self.query(asked), self.key(seen), self.value(seen)))
        found = F.scaled_dot_product_attention(query, key, value, scale=self.scale)
        return self.norm(self.merge(found.transpose(1, 2).flatten(2)))


def pool_precisely(features: Tensor, boxes: Tensor, cells: int) -> Tensor:
    """Mean of the bilinearly interpolated features over each cell of a box, integrated exactly.

    Precise RoI pooling (Jiang et al. 2018, https://arxiv.org/abs/1807.11590): values sit at integer places, zero
    surrounds them. A box without width or height gives zeros.

    Args:
        features: (N, C, h, w).
        boxes: (N, 4), one per map, in feature cells.

    Returns: (N, C, cells, cells).
    """
    left, top, right, bottom = boxes.double().unbind(dim=1)
    across = _overlaps(left, right, features.shape[3], cells).to(features.dtype)
    down = _overlaps(top, bottom, features.shape[2], cells).to(features.dtype)
    pooled = down[:, None] @ features @ across[:, None].transpose(2, 3)
    empty = (right <= left) | (bottom <= top)
    return pooled.masked_fill(empty[:, None, None, None], 0.0)


def _overlaps(start: Tensor, stop: Tensor, length: int, cells: int) -> Tensor:
    """How much each of ``length`` values counts in the mean over each cell between start and stop: (N, cells, length).

    A value's influence is a hat of width 2 around its place; its integral has a closed form.
    """
    step = ((stop - start) / cells).clamp(min=1e-12)[:, None, None]
    cell = torch.arange(cells, device=start.device)[:, None]
    place = torch.arange(length, device=start.device)
    begin = start[:, None, None] + cell * step - place  # (N, cells, length)
    return (_hat_integral(begin + step) - _hat_integral(begin)) / step


def _hat_integral(x: Tensor) -> Tensor:
    """Integral of max(0, 1 - |x|) from minus infinity."""
    x = x.clamp(-1, 1)
    return torch.where(x < 0, (x + 1) ** 2 / 2, 1 - (1 - x) ** 2 / 2)
